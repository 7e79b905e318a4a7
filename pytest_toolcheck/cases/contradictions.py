"""Parts of a schema that no value can satisfy, and schemas that are no schemas."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..spec.model import JSONSchema
from . import numbers, texts
from .identity import pointer_of
from .schema import ALL_TYPES, MOST_EQUAL, MOST_NEEDED, Conjunction, Document, Node
from .shapes import Shape, alternatives
from .valid import MOST_MEMBERS, needed, samples

Path = tuple[str | int, ...]
_DEEPEST_LOOKED = 6

_BOUNDS = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
    ("minimum", "maximum"),
)
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "contains", "additionalProperties", "propertyNames", "then", "else")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A part of a schema, by its JSON Pointer, and why it cannot be met."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.message}"


def satisfiability(schema: JSONSchema) -> list[Contradiction]:
    """Return what is wrong with a schema: not a valid one, contradictory bounds, parts for which no value was found.

    An empty list for a schema without findings. A part that is written `false` on purpose is no finding.
    """
    document = Document(schema).lavish()
    broken = _not_a_schema(document)
    if broken:
        return broken
    if document.is_endless:
        return [Contradiction("", "a reference leads back to itself: no value can ever be validated")]
    found: dict[str, Contradiction] = {}
    for item in _walk(document, document.root, ()):
        inner = any(other.startswith(f"{item.pointer}/") for other in found)
        if item.pointer not in found and not inner:
            found[item.pointer] = item
    if "" in found and _has_valid_case(schema):
        del found[""]
    return list(found.values())


def _has_valid_case(schema: JSONSchema) -> bool:
    """Whether the generator, which tries more than samples do, finds a value after all."""
    from .plan import generate_cases

    return any(case.label == "valid" for case in generate_cases(schema, limit=50))


def _not_a_schema(document: Document) -> list[Contradiction]:
    flaw = document.flaw
    if flaw is None:
        return []
    return [Contradiction(pointer_of(tuple(flaw.absolute_path)), f"not a valid schema: {flaw.message[:200]}")]


def _walk(document: Document, node: Node, path: Path) -> Iterator[Contradiction]:
    """Yield contradictions, the innermost first."""
    if not isinstance(node.schema, Mapping) or len(path) > 40:
        return
    for step, child in _children(node):
        yield from _walk(document, child, (*path, *step))
    reasons = [*_crossed_bounds(node.schema), *_dead_members(node.schema)]
    if not reasons and not samples(document, (node,)):
        reasons = [_why_empty(document, node)]
    yield from (Contradiction(pointer_of(path), reason) for reason in reasons[:1])


def _children(node: Node) -> Iterator[tuple[Path, Node]]:
    words = node.keywords()
    for keyword in _MAPS:
        for name, schema in _mapping(words.get(keyword)).items():
            yield (keyword, name), node.child(schema)
    for keyword in _LISTS:
        found = words.get(keyword)
        for index, schema in enumerate(found if isinstance(found, list) else ()):
            yield (keyword, index), node.child(schema)
    for keyword in _SINGLE:
        if isinstance(words.get(keyword), Mapping):
            yield (keyword,), node.child(words[keyword])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _crossed_bounds(words: Mapping[str, Any]) -> Iterator[str]:
    for low, high in _BOUNDS:
        if low in words and high in words and words[low] > words[high]:
            yield f"{low} {words[low]} is more than {high} {words[high]}"
    low_open, high_open = words.get("exclusiveMinimum"), words.get("exclusiveMaximum")
    uppers = [bound for bound in (words.get("maximum"), high_open) if bound is not None]
    if low_open is not None and uppers and low_open >= min(uppers):
        yield f"exclusiveMinimum {low_open} leaves no number below the upper bound"
    if high_open is not None and "minimum" in words and words["minimum"] >= high_open:
        yield f"exclusiveMaximum {high_open} leaves no number above minimum {words['minimum']}"


def _dead_members(words: Mapping[str, Any]) -> Iterator[str]:
    names, properties = words.get("required", ()), _mapping(words.get("properties"))
    closed = words.get("additionalProperties") is False and not words.get("patternProperties")
    for name in names if isinstance(names, list) else ():
        if properties.get(name, True) is False:
            yield f"property {name!r} is required, and its schema is false"
        elif closed and name not in properties:
            yield f"property {name!r} is required, and additionalProperties: false forbids it"


def _why_empty(document: Document, node: Node) -> str:
    if node.keywords().get("enum") == []:
        return "enum has no member"
    reference = node.keywords().get("$ref")
    if isinstance(reference, str) and not any(document.targets(node)):
        return f"$ref {reference!r} leads nowhere"
    shapes = alternatives(document, (node,))
    if document.is_recursive and _holds_itself(document, (node,), ()):
        return "each value has to hold another of the same kind, and so on without end"
    if shapes and all(not shape.types() for shape in shapes):
        stated = sorted({str(names) for shape in shapes for names in shape.all_of("type")})
        return f"no value can be of all these types: {', '.join(stated)}"
    reasons = [next(_reasons(document, shape), "") for shape in shapes]
    return reasons[0] if reasons and all(reasons) else "no value was found that satisfies this part"


def _reasons(document: Document, shape: Shape) -> Iterator[str]:
    """Yield what leaves one alternative without a value."""
    if any(refused in ({}, True) for refused in shape.all_of("not")):
        yield "not refuses every value"
    if 0 < len(shape.members() or ()) <= MOST_MEMBERS:
        yield "none of the values that enum and const allow satisfies all else that is asked for"
    kinds = shape.types()
    yield from _too_many(shape)
    if set(kinds) <= {"integer", "number"}:
        yield from _no_number(shape, whole="number" not in kinds)
    elif kinds == ("array",):
        yield from _too_few_items(shape)
        yield from _not_contained(document, shape)
    elif kinds == ("object",):
        yield from _forbidden_members(document, shape)


def _too_many(shape: Shape) -> Iterator[str]:
    """Yield what asks for more than is made."""
    differs = shape.all_of("contains") or any(shape.all_of("uniqueItems"))
    most = {
        "minItems": MOST_NEEDED if differs else MOST_EQUAL,
        **dict.fromkeys(("minContains", "minProperties"), MOST_NEEDED),
        "minLength": texts.LONGEST_NEEDED,
    }
    for keyword, limit in most.items():
        if shape.largest(keyword) > limit:
            yield f"{keyword} {shape.largest(keyword)} is more than the {limit} that are made for a case"


def _no_number(shape: Shape, *, whole: bool) -> Iterator[str]:
    low, high = numbers.bounds(shape)
    steps = shape.numbers("multipleOf")
    if low is None or high is None or not (whole or steps) or len(steps) > 1:
        return
    step = Fraction(str(steps[0])) if steps else Fraction(1)
    first = math.ceil(Fraction(low) / step) * step
    lows, highs = shape.numbers("exclusiveMinimum"), shape.numbers("exclusiveMaximum")
    if first in lows:
        first += step
    if first > high or first in highs:
        what = f"multiple of {steps[0]}" if steps else "integer"
        yield f"no {what} lies within the bounds {low} and {high}"


def _too_few_items(shape: Shape) -> Iterator[str]:
    listed = [len(node.schema["enum"]) for node in shape.item(shape.prefix_length()) if "enum" in node.keywords()]
    wanted = shape.largest("minItems")
    if any(shape.all_of("uniqueItems")) and listed and min(listed) + shape.prefix_length() < wanted:
        yield f"minItems {wanted} is more than the {min(listed)} different items that there are"
        return
    if any(shape.all_of("uniqueItems")) and wanted > 2 and _kinds_of_items(shape) <= {"boolean", "null"}:
        yield f"minItems {wanted} is more than the different items that there are"


def _kinds_of_items(shape: Shape) -> set[str]:
    """Return the types that the items behind the prefix may have, as far as they are said at once; else all."""
    said = [node.keywords().get("type") for node in shape.item(shape.prefix_length())]
    kinds = [{names} if isinstance(names, str) else {*names} for names in said if names is not None]
    return set.intersection(*kinds) if kinds and not shape.prefix_length() else {*ALL_TYPES}


def _not_contained(document: Document, shape: Shape) -> Iterator[str]:
    most, least = shape.smallest("maxItems"), needed(shape)
    if most is not None and least > most:
        yield f"contains asks for {least} items, and maxItems allows {most}"
    wanted, items = shape.nodes("contains"), shape.item(shape.prefix_length())
    if least and not shape.prefix_length() and items and not samples(document, (*wanted[:1], *items)):
        yield "no item was found that satisfies both items and contains"


def _forbidden_members(document: Document, shape: Shape) -> Iterator[str]:
    """Yield names that are asked for and refused, and a count that no allowed names make."""
    naming = shape.nodes("propertyNames")
    for name in shape.required():
        if not document.holds(naming, name):
            yield f"property {name!r} is required, and propertyNames refuses its name"
        elif any(node.schema is False for node in shape.member(name)):
            yield f"property {name!r} is required, and a part of the schema forbids it"
        elif not samples(document, shape.member(name), depth=1):
            yield f"property {name!r} is required, and no value was found for it"
    allowed = [name for name in shape.property_names() if name not in shape.forbidden_names()]
    is_closed = False in shape.all_of("additionalProperties") and not shape.all_of("patternProperties")
    if is_closed and shape.largest("minProperties") > len(allowed):
        yield f"minProperties {shape.largest('minProperties')} is more than the {len(allowed)} that are allowed"


def _holds_itself(document: Document, conjunction: Conjunction, above: tuple[tuple[int, ...], ...]) -> bool:
    """Whether a value of each alternative has to hold a value of the same schema."""
    about = tuple(id(node.schema) for node in conjunction)
    if about in above or len(above) > _DEEPEST_LOOKED:
        return about in above
    shapes = alternatives(document, conjunction) if conjunction else []
    return bool(shapes) and all(_goes_on(document, shape, (*above, about)) for shape in shapes)


def _goes_on(document: Document, shape: Shape, above: tuple[tuple[int, ...], ...]) -> bool:
    if shape.types() == ("object",):
        return any(_holds_itself(document, shape.member(name), above) for name in shape.required())
    if shape.types() == ("array",) and shape.largest("minItems") > shape.prefix_length():
        return _holds_itself(document, shape.item(shape.prefix_length()), above)
    return False
