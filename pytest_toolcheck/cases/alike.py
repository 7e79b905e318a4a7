"""Numbers beside each other: equal ones, two points at the same place, a range of no length; what lies across; little of much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from . import numbers
from .changes import Change, change
from .corners import MOST, at_ends
from .identity import identity
from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .valid import samples

_MOST_MEMBERS, _MOST_VALUES, _MOST_OPPOSITE = 8, 14, 3
_SILENT = frozenset(("title", "description", "default", "examples"))
_USUAL = (12.5, 48.8566, -33.8688, 0.1, 2.3522, 151.2093, -0.7, 1e-3, 37.7749, 1234.5678, -118.2437, 52.52, 1e6)
"""Of what programs compute with equal numbers, rounding goes wrong for some only."""
_MORE_THAN_ONE = (48.2, -74.6, 41.1, -66.2, 57.3)
_MOST_TURN = 1e6
_LONGITUDE = re.compile(r"lon(?:g(?:itude)?)?(?![a-z])|lng", re.IGNORECASE)
Place = tuple[str, ...]
"""A parameter, or a member of one that is an object."""
Pair = tuple[Place, Place]


def alike(document: Document, base: Any) -> Iterator[Change]:
    """Yield the base with equal numbers, and with opposite ones, in each two parameters that are of one kind."""
    if not isinstance(base, dict) or document.is_weary:
        return
    for shape in alternatives(document, (document.root,))[:1]:
        yield from _of_numbers(document, _numbers_in(document, shape), base)
        yield from _little(document, shape, base)
        inner, full = _inside(document, shape, base)
        if inner:
            yield from _of_numbers(document, inner, full)


def _of_numbers(document: Document, numbers_in: Mapping[Place, Conjunction], base: dict[str, Any]) -> Iterator[Change]:
    for kind, pairs in _pairings(_groups(numbers_in)):
        values = {pair: _values(document, numbers_in[pair[0]]) for pair in pairs}
        for turn in range(_MOST_VALUES):
            equal = {place: _nth(values[pair], turn) for pair in pairs for place in pair}
            yield change("combination", _put(base, equal), f"equal {kind} {turn + 1}", only_if_valid=True)
        for turn in range(_MOST_OPPOSITE):
            first = {left: _nth(values[left, right], turn + 1) for left, right in pairs}
            other = {right: -first[left] for left, right in pairs}
            yield change("combination", _put(base, first | other), f"opposite {kind} {turn + 1}", only_if_valid=True)
        yield from _across(document, numbers_in, base, pairs, values)


def _put(base: dict[str, Any], values: Mapping[Place, Any]) -> dict[str, Any]:
    """Return the base with these values at their places."""
    made = {**base}
    for (name, *rest), value in values.items():
        made[name] = _put(made[name], {tuple(rest): value}) if rest else value
    return made


def _little(document: Document, shape: Shape, base: dict[str, Any]) -> Iterator[Change]:
    """Yield 1 of what may be none, beside the most of the other numbers: a share of it is a fraction, or rounded to nothing."""
    names = [name for name in shape.property_names() if _is_number(document, shape, name)][:_MOST_MEMBERS]
    most = {name: found[0] for name in names if (found := at_ends(document, shape.member(name), MOST))}
    for name in names if len(names) > 1 else ():
        lows = [numbers.bounds(inner)[0] for inner in alternatives(document, shape.member(name))]
        if all(low is not None and -1 < low <= 0 for low in lows):
            yield change("combination", {**base, **most, name: 1}, f"1 {name} beside the most", only_if_valid=True)


def _is_number(document: Document, shape: Shape, name: str) -> bool:
    kinds = [inner for inner in alternatives(document, shape.member(name)) if {"integer", "number"} & {*inner.types()}]
    return len(kinds) == 1 and kinds[0].members() is None and name not in shape.forbidden_names()


def _across(
    document: Document,
    numbers_in: Mapping[Place, Conjunction],
    base: dict[str, Any],
    pairs: Sequence[Pair],
    values: dict[Pair, list[Any]],
) -> Iterator[Change]:
    """Yield pairs that are half a turn apart, the others opposite: a point and the one across the globe."""
    halves = {pair: _half_a_turn(document, numbers_in[pair[0]], pair[0][-1]) for pair in pairs}
    widest = max(filter(None, halves.values()), default=None)
    for turn in range(_MOST_VALUES if widest is not None else 0):
        given = {
            pair: _nth([*_off_by_rounding(values[pair], halves[pair] == widest), *values[pair]], turn) for pair in pairs
        }
        first = {pair[0]: given[pair] for pair in pairs}
        other = {pair[1]: _turned(given[pair], halves[pair] if halves[pair] == widest else None) for pair in pairs}
        yield change("combination", _put(base, first | other), f"across {turn + 1}", only_if_valid=True)


def _off_by_rounding(values: Sequence[Any], is_turned: bool) -> Sequence[Any]:
    """Return latitudes whose squared sine and cosine add up to more than 1: an arc of that is an error."""
    return () if is_turned or not any(isinstance(value, float) for value in values) else _MORE_THAN_ONE


def _half_a_turn(document: Document, about: Conjunction, name: str) -> float | None:
    """Return half the range of a number that goes as far below nought as above; of a longitude without bounds 180."""
    for inner in alternatives(document, about):
        low, high = numbers.bounds(inner)
        if low is not None and high is not None and low == -high > -_MOST_TURN:
            return float(high)
        if (low, high) == (None, None) and _LONGITUDE.search(name):
            return 180.0
    return None


def _turned(value: Any, half: float | None) -> Any:
    """Return the opposite number, or the one that is half a turn away."""
    if half is None:
        return -value
    turned = value - half if value > 0 else value + half
    return round(turned) if isinstance(value, int) else float(f"{turned:.12g}")


def _nth(values: Sequence[Any], turn: int) -> Any:
    return values[turn % len(values)]


def _numbers_in(document: Document, shape: Shape, *above: str) -> dict[Place, Conjunction]:
    """Return the members that are numbers, and what is said of each."""
    found: dict[Place, Conjunction] = {}
    for name in shape.property_names():
        if _is_number(document, shape, name):
            found[*above, name] = shape.member(name)
    return found


def _inside(document: Document, shape: Shape, base: dict[str, Any]) -> tuple[dict[Place, Conjunction], dict[str, Any]]:
    """Return the numbers in members that are objects of several, and a base that has these; nothing in others."""
    found: dict[Place, Conjunction] = {}
    full = {**base}
    for name in shape.property_names()[:_MOST_MEMBERS]:
        for inner in alternatives(document, shape.member(name))[:1]:
            numbers_in = _numbers_in(document, inner, name) if inner.types()[:1] == ("object",) else {}
            options = [full.get(name), *samples(document, shape.member(name), depth=1)] if len(numbers_in) > 1 else []
            own = next((value for value in options if isinstance(value, dict)), None)
            if own is not None:
                found |= numbers_in
                full[name] = own
    return found, full


def _groups(numbers_in: Mapping[Place, Conjunction]) -> list[list[Place]]:
    """Return the places of numbers by what their schemas say, but for words."""
    found: dict[str, list[Place]] = {}
    for place, about in numbers_in.items():
        found.setdefault(identity([_said(node.schema) for node in about]), []).append(place)
    return [places[:_MOST_MEMBERS] for places in found.values() if len(places) > 1]


def _said(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {keyword: value for keyword, value in schema.items() if keyword not in _SILENT}


def _pairings(groups: list[list[Place]]) -> Iterator[tuple[str, list[Pair]]]:
    """Yield which parameters are to be equal: of `x1, y1, x2, y2` the first and the third, or neighbours."""
    apart = [pair for names in groups for pair in zip(names, names[len(names) // 2 :], strict=False)]
    beside = [pair for names in groups for pair in zip(names[::2], names[1::2], strict=False)]
    if groups:
        yield "numbers", apart
    if beside != apart:
        yield "neighbours", beside


def _values(document: Document, conjunction: Conjunction) -> list[Any]:
    """Return numbers of many digits within the bounds, then the ends."""
    found: dict[str, Any] = {}
    for shape in alternatives(document, conjunction):
        whole = "number" not in shape.types()
        made = (*numbers.inside(shape, whole=whole), *_USUAL, *islice(numbers.good(shape, whole=whole), 4))
        for value in (round(value) if whole else value for value in made):
            if document.holds(conjunction, value):
                found.setdefault(identity(value), value)
    return [*islice(found.values(), _MOST_VALUES)] or samples(document, conjunction, depth=1)[:1] or [0]
