"""Why no value satisfies a part of a schema, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import reduce

from . import numbers, texts
from .schema import ALL_TYPES, MOST_EQUAL, MOST_NEEDED, Conjunction, Document, Node
from .shapes import Shape, alternatives
from .valid import MOST_MEMBERS, needed, samples

_DEEPEST_LOOKED, _MOST_LEFT_OUT = 6, 2
_NOT_FOUND = "no value was found that satisfies this part"
_BLAMED_LAST = ("required", "properties", "$ref", "items", "minLength", "maxLength", "type")
_TELL_NOTHING = frozenset(("$defs", "definitions", "$schema", "$id", "title", "description", "default", "examples"))


def why_empty(document: Document, conjunction: Conjunction, *, depth: int = 0) -> str:
    """Return what leaves a part of a schema without a value, as far as that can be told."""
    for node in conjunction:
        if node.keywords().get("enum") == []:
            return "enum has no member"
        if (broken := leads_nowhere(document, node)) is not None:
            return broken
    shapes = alternatives(document, conjunction)
    if document.is_recursive and _holds_itself(document, conjunction, ()):
        return "each value has to hold another of the same kind, and so on without end"
    if shapes and all(not shape.types() for shape in shapes):
        stated = sorted({str(names) for shape in shapes for names in shape.all_of("type")})
        return f"no value can be of all these types: {', '.join(stated)}"
    reasons = [next(_reasons(document, shape, depth), "") for shape in shapes]
    if reasons and all(reasons):
        return reasons[0]
    return _NOT_FOUND + _at_odds(document, conjunction)


def leads_nowhere(document: Document, node: Node) -> str | None:
    """Return that the node refers to what is not there; None where it does not."""
    reference = node.keywords().get("$ref")
    is_broken = isinstance(reference, str) and not any(document.targets(node))
    return f"$ref {reference!r} leads nowhere" if is_broken else None


def _at_odds(document: Document, conjunction: Conjunction) -> str:
    """Return which keywords could be left out, each alone, for a value to be found; empty where none could."""
    found: list[str] = []
    for node in conjunction if len(conjunction) == 1 and isinstance(conjunction[0].schema, dict) else ():
        names = sorted(node.schema, key=lambda name: (name in _BLAMED_LAST, name in _BLAMED_LAST[-1:]))
        for name in (name for name in names if name not in _TELL_NOTHING):
            rest = {keyword: value for keyword, value in node.schema.items() if keyword != name}
            document.kept.append(rest)
            several = {**rest, "allOf": [*rest.get("allOf", ()), {"anyOf": node.schema[name]}]}
            document.kept.append(several)
            if name == "oneOf" and samples(document, (node.child(several),)):
                return "; each that was tried satisfies more than one of oneOf"
            if len(found) < _MOST_LEFT_OUT and rest.keys() - _TELL_NOTHING and samples(document, (node.child(rest),)):
                found.append(name)
    return f"; without {' or without '.join(found)} there are some" if found else ""


def _reasons(document: Document, shape: Shape, depth: int) -> Iterator[str]:
    """Yield what leaves one alternative without a value."""
    if any(refused in ({}, True) for refused in shape.all_of("not")):
        yield "not refuses every value"
    if 0 < len(shape.members() or ()) <= MOST_MEMBERS:
        yield "none of the values that enum and const allow satisfies all else that is asked for"
    kinds = shape.types()
    yield from _too_many(shape)
    if set(kinds) <= {"integer", "number"}:
        yield from _no_number(shape, whole="number" not in kinds)
    elif kinds == ("string",):
        yield from _no_text(shape)
    elif kinds == ("array",):
        yield from _too_few_items(shape)
        yield from _not_contained(document, shape)
    elif kinds == ("object",):
        yield from _forbidden_members(document, shape, depth)


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


def _no_text(shape: Shape) -> Iterator[str]:
    """Yield what a text is to be like, where a length goes with a form: which of them are at odds is not known."""
    forms = [f"{word} {value!r}" for word in ("format", "pattern") for value in shape.all_of(word)]
    least, most = shape.largest("minLength"), shape.smallest("maxLength")
    lengths = [f"at least {least} characters"] if least else []
    lengths += [f"at most {most} characters"] if most is not None else []
    if forms and len(forms) + len(lengths) > 1:
        yield f"no text was found of {' and '.join(forms)}{' with ' if lengths else ''}{' and '.join(lengths)}"


def _no_number(shape: Shape, *, whole: bool) -> Iterator[str]:
    low, high = numbers.bounds(shape)
    steps = shape.numbers("multipleOf")
    if low is None or high is None or not (whole or steps):
        return
    step = reduce(_common, map(_fraction, steps), Fraction(1) if whole else _fraction(steps[0]))
    first = math.ceil(_fraction(low) / step) * step
    lows, highs = ([*map(_fraction, shape.numbers(f"exclusive{end}"))] for end in ("Minimum", "Maximum"))
    if first in lows:
        first += step
    what = f"multiple of {' and '.join(map(str, steps))}" if steps else "integer"
    if first > _fraction(high) or first in highs:
        yield f"no {what} lies within the bounds {low} and {high}"
    elif any(isinstance(each, float) for each in steps):
        yield f"{float(first)} and any other {what} within the bounds {low} and {high} is none in binary fractions"


def _fraction(number: float) -> Fraction:
    """Return the number that is written so: 0.1 is a tenth, and not the binary fraction next to it."""
    return Fraction(str(number) if isinstance(number, float) and not number.is_integer() else number)


def _common(first: Fraction, second: Fraction) -> Fraction:
    """Return the least that is a multiple of both."""
    return Fraction(math.lcm(first.numerator, second.numerator), math.gcd(first.denominator, second.denominator))


def _too_few_items(shape: Shape) -> Iterator[str]:
    listed = [len(node.schema["enum"]) for node in shape.item(shape.prefix_length()) if "enum" in node.keywords()]
    wanted, first = shape.largest("minItems"), shape.prefix_length()
    if wanted > first and any(False in shape.all_of(keyword) for keyword in ("items", "additionalItems")):
        yield f"minItems {wanted} is more than the {first} that are allowed"
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


def _forbidden_members(document: Document, shape: Shape, depth: int) -> Iterator[str]:
    """Yield names that are asked for and refused, and a count that no allowed names make."""
    naming = shape.nodes("propertyNames")
    for name in shape.required():
        if not document.holds(naming, name):
            yield f"property {name!r} is required, and propertyNames refuses its name"
        elif name in shape.forbidden_names():
            yield f"property {name!r} is required, and a `not` forbids it"
        elif any(node.schema is False for node in shape.member(name)):
            yield f"property {name!r} is required, and a part of the schema forbids it"
        elif not samples(document, shape.member(name), depth=1):
            why = why_empty(document, shape.member(name), depth=depth + 1) if depth < _DEEPEST_LOOKED else _NOT_FOUND
            yield f"property {name!r} is required, and no value was found for it{'' if why == _NOT_FOUND else f': {why}'}"
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
