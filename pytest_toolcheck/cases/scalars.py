"""Changes of values that hold no other values: bounds, enums, formats, patterns, wrong types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from . import numbers, texts
from .changes import Change, change
from .identity import describe
from .shapes import Shape
from .turns import interleaved

_WRONG: tuple[tuple[str, Any], ...] = (
    *(("string", "text"), ("number", 1.5), ("integer", 7), ("boolean", True), ("object", {}), ("array", [])),
    *(("boolean", False), ("number", 1)),
)


_FEW_MEMBERS, _INSIDE = 6, 9
"""So many near misses of each part of a listed array or object."""
_LONGEST_NUMBER = 18


_OF_EACH_TYPE = (change("null", None), *(change("type", value, f"{kind} {describe(value)}") for kind, value in _WRONG))


def wrong_types(base: Any) -> Iterator[Change]:
    """Yield a value of every JSON type, what spells the base in another type, and the base wrapped."""
    yield from _OF_EACH_TYPE
    yield from _twins(base)
    yield change("type", [base], "in an array")
    yield change("type", {"value": base}, "in an object")
    if isinstance(base, list) and base:
        yield change("type", base[0], "first item alone")


def _twins(base: Any) -> Iterator[Change]:
    if isinstance(base, bool):
        yield from (change("type", value) for value in (int(base), str(base).lower(), float(base), "", "yes"))
    elif isinstance(base, (int, float)):
        yield change("type", str(base), f"string {base}")
        yield change("type", "", "empty string")
        yield change("type", f"{base}x", f"string {base}x")
    elif isinstance(base, str):
        yield from (change("type", value) for value in (0, 12345))
        yield change("type", list(base[:4]), "array of letters")
    elif base is None:
        yield from (change("type", value, f"{value!r} for null") for value in ("", "null", 0, False))


def enum_members(members: list[Any]) -> Iterator[Change]:
    """Yield every member, then near misses: case, white space, cut, doubled, type twins, a neighbour."""
    ends = [members[at] for at in dict.fromkeys((0, len(members) - 1, len(members) // 2))] if members else []
    rest = [member for at, member in enumerate(members) if at not in (0, len(members) - 1, len(members) // 2)]
    chosen = (
        members if len(members) <= _FEW_MEMBERS else list({id(m): m for m in (*ends, *_one_of_each(members))}.values())
    )
    near = [(change("enum", value, f"not {describe(value)}") for value in _near(member)) for member in chosen]
    yield from map(partial(change, "enum"), ends)
    yield from interleaved([map(partial(change, "enum"), rest), interleaved([*near])])
    yield change("enum", "not a member", "not a member")


def _one_of_each(members: list[Any]) -> list[Any]:
    """Return a member of each type, one that another type could stand for first: 1 and 0 before other numbers."""
    found: dict[type, Any] = {}
    for member in sorted(members, key=lambda m: m in (0, 1) and is_number(m), reverse=True):
        found.setdefault(type(member), member)
    return list(found.values())


def is_number(value: Any) -> bool:
    """Whether the value is a number, and no boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _near(member: Any) -> Iterator[Any]:
    if isinstance(member, str):
        yield from (member.upper(), member.lower(), member.capitalize(), member.swapcase(), f" {member}", f"{member} ")
        yield from (f"{member}\n", member[:-1], f"{member}x", f"{member}{member}", member.strip(), "")
        yield from (
            member.translate({ord(sign): other}) for sign in "-_ " if sign in member for other in ("_", "-", "")
        )
        yield from _next_in_form(member)
    elif isinstance(member, bool):
        yield from (int(member), str(member).lower(), not member)
    elif isinstance(member, (int, float)):
        yield from (member + 1, member - 1, -member, str(member), float(member), member + 0.5, bool(member))
        yield from [int(member)] if float(member).is_integer() else []
    elif member is None:
        yield from ("", "null", 0, False)
    elif isinstance(member, list):
        yield from ([], [*member, *member[:1]], member[:-1], member[::-1])
        places = dict.fromkeys((0, len(member) - 1, *range(min(len(member), _INSIDE)))) if member else ()
        yield from interleaved([_near_at(member, place) for place in places])
    elif isinstance(member, dict):
        yield from ({}, {**member, "unexpected": 1})
        yield from interleaved([_near_under(member, name) for name in islice(member, _INSIDE)])


def _near_at(member: list[Any], place: int) -> Iterator[Any]:
    for near in islice(_near_inside(member[place]), _INSIDE):
        yield [*member[:place], near, *member[place + 1 :]]


def _near_under(member: dict[str, Any], name: str) -> Iterator[Any]:
    yield {other: value for other, value in member.items() if other != name}
    for near in islice(_near_inside(member[name]), _INSIDE):
        yield {**member, name: near}


def _near_inside(value: Any) -> Iterator[Any]:
    """Yield near misses of a part of a listed value: first what many programs take for the same."""
    if isinstance(value, bool):
        yield from (int(value), str(value).lower(), float(value), not value)
    elif is_number(value):
        yield from (bool(value), float(value), str(value), value + 1)
    yield from _near(value)


def _next_in_form(member: str) -> Iterator[str]:
    """Yield a text of the same form: its last number one higher, its last letter the next one."""
    number, letter = re.search(r"[0-9]+(?=[^0-9]*$)", member), re.search(r"[a-yA-Y](?=[^a-zA-Z]*$)", member)
    if number and len(number[0]) < _LONGEST_NUMBER:
        yield f"{member[: number.start()]}{int(number[0]) + 1:0{len(number[0])}}{member[number.end() :]}"
    if letter:
        yield f"{member[: letter.start()]}{chr(ord(letter[0]) + 1)}{member[letter.end() :]}"


_SPECIAL = tuple(change("number", value, name) for name, value in numbers.SPECIAL)


def of_number(shape: Shape, *, whole: bool) -> Iterator[Change]:
    """Yield numbers around the bounds, and numbers that programs stumble over."""
    yield from (change("boundary", value) for value in numbers.around_bounds(shape, whole=whole))
    if whole:
        yield from (change("number", value) for value in numbers.fractions(shape))
    yield from _SPECIAL
    yield from (change("number", value) for value in list(numbers.good(shape, whole=whole))[:10])
    yield from (change("number", value) for value in numbers.inside(shape, whole=whole))
    yield from (change("number", value) for value in numbers.landmarks(shape))


_ENDLESS = "a" * 35 + "!"
"""What an expression with a repeated repetition, such as `(\\w+_?)+`, tries to match for ever."""


def of_string(shape: Shape) -> Iterator[Change]:
    """Yield strings around lengths, formats and patterns; unusual ones; long ones."""
    low, high = shape.largest("minLength"), shape.smallest("maxLength")
    bounds = [(n, by) for n, by in ((low if shape.all_of("minLength") else None, -1), (high, 1)) if n is not None]
    for bound, outward in bounds:
        for length in (bound, bound + outward, bound - outward):
            text = texts.of_length(shape, length)
            if text is not None:
                yield change("boundary", text, f"length {length}")
    yield from _code_points(shape, low if shape.all_of("minLength") else None, high)
    yield from (change("format", text, f"{name} {describe(text)}") for name, text in texts.bad_formats(shape))
    yield from (change("pattern", text, f"{name} {describe(text)}") for name, text in texts.near_patterns(shape))
    yield from _odd_texts(low, high, is_free=not shape.all_of("pattern") and not shape.all_of("format"))
    yield from _long(shape, high)


@lru_cache(maxsize=256)
def _odd_texts(low: int, high: int | None, *, is_free: bool) -> tuple[Change, ...]:
    """Return the unusual texts between two lengths, which are the same for most parameters; more where any will do."""
    found = [change("unicode", text, name) for name, text in texts.unusual(low, high)]
    if is_free:
        found += [change("unicode", text, name) for name, text in texts.awkward(low, high)]
        found.append(change("size", _ENDLESS, "one word and a sign", only_if_valid=True))
    return tuple(found)


_LONGER = (("astral", "\U0001f600"), ("dotted I", "\u0130"), ("ligature", "\ufb01"), ("quotes", '"'))
"""What more is counted of: in UTF-16 or bytes, in small letters or taken apart, in capitals or compatible, escaped."""
_SHORTER = (("combining", "e\u0301"), ("line ends", "\r\n"), ("blank", " "))
"""What less is counted of: put together or as seen, as one line end, stripped."""
_LONGEST_ODD = 10_000


def _code_points(shape: Shape, low: int | None, high: int | None) -> Iterator[Change]:
    """Yield texts of such characters that a tool which counts anything but code points is wrong at a bound."""
    if shape.all_of("pattern") or shape.all_of("format"):
        return
    ends = [(low, -1), (high, 1)]
    telling = [
        *((kind, high) for kind in _LONGER), *((kind, low - 1) for kind in _LONGER if low),
        *((kind, low) for kind in _SHORTER), *((kind, high + 1) for kind in _SHORTER if high is not None),
        *((kind, bound + by) for bound, sign in ends if bound is not None for by in (sign, 0)
          for kind in (_LONGER[0], _SHORTER[0])),
    ]  # fmt: skip
    for (name, piece), length in telling:
        if length is not None and 0 < length <= _LONGEST_ODD:
            yield change("boundary", (piece * length)[:length], f"length {length} {name}")


def _long(shape: Shape, high: int | None) -> Iterator[Change]:
    for length in texts.LENGTHS if high is None else (*texts.INNER_LENGTHS, *texts.LENGTHS):
        if shape.largest("minLength") < length < (high or length + 1):
            text = texts.about_length(shape, length)
            if text is not None:
                yield change("size", text, f"length {len(text)}")
