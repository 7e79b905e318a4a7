"""What there is to exercise in a schema: one goal for each bound, branch, member, type, presence and keyword."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .strategy_nodes import Node, SchemaGraph

Test = Callable[[Any], bool]
LONGEST = 100_000
"""Lengths and counts above this are not asked for: no transport would thank us."""

_LENGTHS = {"Length": (str, "characters"), "Items": (list, "elements"), "Properties": (dict, "properties")}
_CHECKED = (
    "pattern",
    "format",
    "multipleOf",
    "contains",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "not",
    "oneOf",
    "anyOf",
    "unevaluatedProperties",
    "unevaluatedItems",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing to exercise: met by an input of label `valid` (or invalid) whose value at the place passes `test`."""

    text: str
    is_valid: bool
    test: Test


def kind_of(value: Any) -> str:
    """Return the JSON type of a value; a float without fraction is an integer, as in JSON Schema."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "integer" if isinstance(value, int) or value.is_integer() else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def is_of(value: Any, kinds: frozenset[str]) -> bool:
    """Say whether the value is of one of the JSON types."""
    kind = kind_of(value)
    return kind in kinds or (kind == "integer" and "number" in kinds)


def goals_of(graph: SchemaGraph, node: Node, place: str) -> Iterator[Goal]:
    """Yield the goals of one subschema's own keywords; what cannot be reached is left out."""
    schema = node.schema
    if "enum" in schema or "const" in schema:
        yield from _listed(graph, node, place)
        return
    yield from _types(schema, place)
    yield from _numbers(schema, place)
    for suffix in _LENGTHS:
        yield from _lengths(schema, place, suffix)
    yield from _presence(schema, place)
    for keyword in _CHECKED:
        if keyword in schema:
            yield from _checked(graph, node, place, keyword)


def _listed(graph: SchemaGraph, node: Node, place: str) -> Iterator[Goal]:
    members = [node.schema["const"]] if "const" in node.schema else list(node.schema["enum"])
    for member in members:
        if graph.is_valid(member, node):
            yield Goal(f"{place}: member {member!r}", True, _equals(member))
    yield Goal(f"{place}: not a member", False, lambda value: not any(_equals(member)(value) for member in members))


def _equals(member: Any) -> Test:
    kind = kind_of(member)
    return lambda value: kind_of(value) == kind and bool(value == member)


def _types(schema: Mapping[str, Any], place: str) -> Iterator[Goal]:
    named = schema.get("type")
    if named is None:
        return
    kinds = [named] if isinstance(named, str) else list(named)
    for kind in kinds:
        yield Goal(f"{place}: type {kind}", True, _is(kind))
    every = frozenset(kinds)
    if len(every) < 7:
        yield Goal(f"{place}: wrong type", False, lambda value: not is_of(value, every))


def _is(kind: str) -> Test:
    kinds = frozenset({kind})
    return lambda value: is_of(value, kinds)


def _numbers(schema: Mapping[str, Any], place: str) -> Iterator[Goal]:
    whole = schema.get("type") == "integer"
    for keyword, sign in (("minimum", 1), ("exclusiveMinimum", 1), ("maximum", -1), ("exclusiveMaximum", -1)):
        bound = schema.get(keyword)
        if isinstance(bound, (int, float)) and not isinstance(bound, bool):
            text, exclusive = f"{place}: {keyword} {bound}", keyword.startswith("exclusive")
            near = partial(_near, bound, sign, whole, exclusive=exclusive)
            yield Goal(f"{text}, at it", True, near(inside=True))
            yield Goal(f"{text}, just outside", False, near(inside=False))


def _near(bound: float, sign: int, whole: bool, *, exclusive: bool, inside: bool) -> Test:
    """Return a test for the first value inside, or the values just outside, of a bound (within 1 for non-integers)."""
    low, high = (0.0, 1.0) if inside else (-1.0, 0.0)
    edge = not exclusive if inside else exclusive
    if whole:
        first = _first_inside(bound, sign, exclusive)
        wanted = first if inside else first - sign
        return lambda value: _is_number(value) and bool(value == wanted)
    if inside and not exclusive:
        return lambda value: _is_number(value) and bool(value == bound)

    def test(value: Any) -> bool:
        if not _is_number(value):
            return False
        distance = (value - bound) * sign
        is_near = abs(distance) == 1 and (distance > 0) == inside
        return bool((low < distance < high) or (edge and distance == 0) or is_near)

    return test


def _first_inside(bound: float, sign: int, exclusive: bool) -> int:
    nearest = math.ceil(bound) if sign > 0 else math.floor(bound)
    return nearest + sign if exclusive and nearest == bound else nearest


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _lengths(schema: Mapping[str, Any], place: str, suffix: str) -> Iterator[Goal]:
    holder, unit = _LENGTHS[suffix]
    least, most = int(schema.get(f"min{suffix}", 0)), schema.get(f"max{suffix}")
    if least:
        yield Goal(f"{place}: min{suffix} {least}, at it", True, _counts(holder, least))
        yield Goal(f"{place}: min{suffix} {least}, one of the {unit} fewer", False, _counts(holder, least - 1))
    if most is not None and most <= LONGEST:
        yield Goal(f"{place}: max{suffix} {most}, at it", True, _counts(holder, int(most)))
        yield Goal(f"{place}: max{suffix} {most}, one of the {unit} more", False, _counts(holder, int(most) + 1))
    if suffix == "Items" and schema.get("uniqueItems"):
        yield Goal(f"{place}: uniqueItems, a repeated element", False, _repeats)


def _counts(holder: type[Any], wanted: int) -> Test:
    return lambda value: isinstance(value, holder) and len(value) == wanted


def _repeats(value: Any) -> bool:
    return isinstance(value, list) and any(item in value[:index] for index, item in enumerate(value))


def _presence(schema: Mapping[str, Any], place: str) -> Iterator[Goal]:
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    for name in required:
        yield Goal(f"{place}: {name} left out", False, _lacks(name))
    known = schema.get("properties") or {}
    for name, inner in known.items():
        if inner is False:
            yield Goal(f"{place}: {name} present", False, _has(name))
        elif name not in required:
            yield Goal(f"{place}: {name} present", True, _has(name))
            yield Goal(f"{place}: {name} absent", True, _lacks(name))
    extra = schema.get("additionalProperties")
    if extra is not None and extra is not True and not schema.get("patternProperties"):
        yield Goal(f"{place}: an additional property", extra is not False, _has_beside(frozenset(known)))


def _has(name: str) -> Test:
    return lambda value: isinstance(value, dict) and name in value


def _lacks(name: str) -> Test:
    return lambda value: isinstance(value, dict) and name not in value


def _has_beside(known: frozenset[str]) -> Test:
    return lambda value: isinstance(value, dict) and not known.issuperset(value)


_SPEAKS_OF = {
    "pattern": str,
    "format": str,
    "multipleOf": (int, float),
    "contains": list,
    "unevaluatedItems": list,
    "propertyNames": dict,
    "dependentRequired": dict,
    "dependentSchemas": dict,
    "dependencies": dict,
    "unevaluatedProperties": dict,
}
_NEIGHBOURS = {"contains": ("minContains", "maxContains")}


def _checked(graph: SchemaGraph, node: Node, place: str, keyword: str) -> Iterator[Goal]:
    """Yield the goals of a keyword that is simply kept or broken, judged by the validator on that keyword alone."""
    if node.schema[keyword] in (True, {}) or (keyword == "format" and not _is_asserted(graph, node.schema[keyword])):
        return
    whole = keyword.startswith("unevaluated")
    names = (keyword, *_NEIGHBOURS.get(keyword, ()))
    alone = {name: node.schema[name] for name in names if name in node.schema}
    only = node if whole else graph.made(node, f"{keyword} alone", alone)
    spoken = _SPEAKS_OF.get(keyword, object)
    if keyword not in ("anyOf", "oneOf", "not") and not whole:
        yield Goal(f"{place}: {keyword} kept", True, lambda v: _speaks(v, spoken) and graph.is_valid(v, only))
    yield Goal(f"{place}: {keyword} broken", False, lambda v: _speaks(v, spoken) and not graph.is_valid(v, only))


def _speaks(value: Any, spoken: Any) -> bool:
    return isinstance(value, spoken) and not (isinstance(value, bool) and spoken is not object)


def _is_asserted(graph: SchemaGraph, name: Any) -> bool:
    return graph.checker is not None and name in graph.checker.checkers
