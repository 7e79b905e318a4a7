"""What there is to exercise in a schema: one goal for each bound, branch, member, type, presence and keyword."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..ecma import in_python
from .shapes import is_found
from .strategy_nodes import Node, SchemaGraph

Test = Callable[[Any], bool]
LONGEST = 100_000
"""Lengths and counts above this are not asked for: no transport would thank us."""

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_LENGTHS = {"Length": (str, "characters"), "Items": (list, "elements"), "Properties": (dict, "properties")}
_KINDS = {"Length": "string", "Items": "array", "Properties": "object"}
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
    needs: Mapping[str, Any] | tuple[Node, ...] | None = None
    """What a value that passes `test` satisfies at the least, as a schema or nodes; shows that a goal cannot be met."""


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
            yield Goal(f"{place}: member {member!r}", True, _equals(member), {"const": member})
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
        yield Goal(f"{place}: type {kind}", True, _is(kind), {"type": kind})
    every = frozenset(kinds)
    others = [kind for kind in TYPES if not (kind in every or (kind == "integer" and "number" in every))]
    if others:
        yield Goal(f"{place}: wrong type", False, lambda value: not is_of(value, every), {"type": others})


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
            yield Goal(f"{text}, at it", True, near(inside=True), _needed_near(bound, sign, whole, exclusive))
            outside = _or_next(near(inside=False), bound, sign, schema.get("multipleOf"))
            yield Goal(f"{text}, just outside", False, outside, {"type": "number"})


def _or_next(near: Test, bound: float, sign: int, step: Any) -> Test:
    """Return the test, met by the next multiple outside as well: nearer ones break `multipleOf` too."""
    if not _is_number(step):
        return near
    return lambda value: near(value) or (_is_number(value) and 0 < (bound - value) * sign <= step)


def _needed_near(bound: float, sign: int, whole: bool, exclusive: bool) -> dict[str, Any]:
    if whole:
        return {"const": _first_inside(bound, sign, exclusive)}
    if not exclusive:
        return {"const": bound}
    low, high = (bound, bound + 1) if sign > 0 else (bound - 1, bound)
    return {"type": "number", "minimum": low, "maximum": high}


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
    _, unit = _LENGTHS[suffix]
    least, most = int(schema.get(f"min{suffix}", 0)), schema.get(f"max{suffix}")
    if least:
        yield Goal(f"{place}: min{suffix} {least}, at it", True, *_of_size(suffix, least))
        yield Goal(f"{place}: min{suffix} {least}, one of the {unit} fewer", False, *_of_size(suffix, least - 1))
    if most is not None and most <= LONGEST:
        yield Goal(f"{place}: max{suffix} {most}, at it", True, *_of_size(suffix, int(most)))
        yield Goal(f"{place}: max{suffix} {most}, one of the {unit} more", False, *_of_size(suffix, int(most) + 1))
    if suffix == "Items" and schema.get("uniqueItems"):
        yield Goal(f"{place}: uniqueItems, a repeated element", False, _repeats, {"type": "array"})


def _of_size(suffix: str, wanted: int) -> tuple[Test, dict[str, Any]]:
    holder: Any = _LENGTHS[suffix][0]
    kind = _KINDS[suffix]
    needs = {"type": kind, f"min{suffix}": wanted, f"max{suffix}": wanted}
    return (lambda value: isinstance(value, holder) and len(value) == wanted), needs


def _repeats(value: Any) -> bool:
    return isinstance(value, list) and any(item in value[:index] for index, item in enumerate(value))


def _presence(schema: Mapping[str, Any], place: str) -> Iterator[Goal]:
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    for name in required:
        yield Goal(f"{place}: {name} left out", False, _lacks(name), {"type": "object"})
    known = schema.get("properties") or {}
    for name, inner in known.items():
        if inner is False:
            yield Goal(f"{place}: {name} present", False, has_member(name), {"type": "object"})
        elif name not in required:
            present, absent = {"required": [name]}, {"properties": {name: False}}
            yield Goal(f"{place}: {name} present", True, has_member(name), {"type": "object", **present})
            yield Goal(f"{place}: {name} absent", True, _lacks(name), {"type": "object", **absent})
    patterns = schema.get("patternProperties") or {}
    for pattern, inner in patterns.items():
        yield Goal(f"{place}: a property like {pattern}", inner is not False, _has_like(pattern), {"type": "object"})
    extra = schema.get("additionalProperties")
    if extra is not None and extra is not True:
        beside = _has_beside(frozenset(known), [*patterns])
        yield Goal(f"{place}: an additional property", extra is not False, beside, {"type": "object"})


def has_member(name: str) -> Test:
    """Return the test for objects with a member of that name."""
    return lambda value: isinstance(value, dict) and name in value


def _lacks(name: str) -> Test:
    return lambda value: isinstance(value, dict) and name not in value


def _has_like(pattern: str) -> Test:
    return lambda value: isinstance(value, dict) and any(is_found(pattern, name) for name in value)


def _has_beside(known: frozenset[str], patterns: list[str]) -> Test:
    """Return the test for objects with a member that is neither named nor like a pattern."""
    if not patterns:
        return lambda value: isinstance(value, dict) and not known.issuperset(value)
    return lambda value: (
        isinstance(value, dict)
        and any(name not in known and not any(is_found(pattern, name) for pattern in patterns) for name in value)
    )


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
_NAMES_OF: dict[Any, str] = {str: "string", (int, float): "number", list: "array", dict: "object"}
_NEIGHBOURS = {"contains": ("minContains", "maxContains")}


def _checked(graph: SchemaGraph, node: Node, place: str, keyword: str) -> Iterator[Goal]:
    """Yield the goals of a keyword that is simply kept or broken, judged by the validator on that keyword alone."""
    if node.schema[keyword] in (True, {}) or (keyword == "format" and not _is_asserted(graph, node.schema[keyword])):
        return
    whole = keyword.startswith("unevaluated")
    names = (keyword, *_NEIGHBOURS.get(keyword, ()))
    alone = {name: node.schema[name] for name in names if name in node.schema}
    only = node if whole else graph.made(node, f"{keyword} alone", alone)
    spoken: Any = _SPEAKS_OF.get(keyword, object)
    kept, broken = _needed_by(graph, node, keyword)
    if keyword not in ("anyOf", "oneOf", "not") and not whole:
        yield Goal(f"{place}: {keyword} kept", True, lambda v: _speaks(v, spoken) and graph.is_valid(v, only), kept)
    if not _is_unbreakable(keyword, node.schema[keyword]):
        unkept = lambda v: _speaks(v, spoken) and not graph.is_valid(v, only)  # noqa: E731 - too long for one line
        yield Goal(f"{place}: {keyword} broken", False, unkept, broken)


def _needed_by(graph: SchemaGraph, node: Node, keyword: str) -> tuple[Any, Any]:
    """Return what a value must satisfy at the least to keep, and to break, a keyword."""
    if keyword == "not":
        return None, (graph.child(node, node.schema["not"]),)
    kinds = _NAMES_OF.get(_SPEAKS_OF.get(keyword))
    needs = {"type": kinds} if kinds else None
    return needs, needs


def _is_unbreakable(keyword: str, value: Any) -> bool:
    """Whether every value keeps the keyword; True only where that is certain."""
    if keyword in ("anyOf", "oneOf"):
        return any(part in (True, {}) for part in value) and (keyword == "anyOf" or len(value) == 1)
    if keyword == "dependentRequired":
        return not any(value.values())
    if keyword in ("dependentSchemas", "dependencies"):
        return all(part in (True, {}, []) for part in value.values())
    return keyword == "pattern" and _matches_anything(value)


def _matches_anything(pattern: str) -> bool:
    """Whether a pattern without anchors and lookarounds matches the empty text, and so is found in every text."""
    bare = pattern.removeprefix("^")
    if re.search(r"[\^$]|\\[bBAZz]|\(\?[=!<]", bare):
        return False
    try:
        return re.search(in_python(bare), "") is not None
    except re.error:
        return False


def _speaks(value: Any, spoken: Any) -> bool:
    return isinstance(value, spoken) and not (isinstance(value, bool) and spoken is not object)


def _is_asserted(graph: SchemaGraph, name: Any) -> bool:
    return graph.checker is not None and name in graph.checker.checkers
