"""Equal numbers in parameters of one kind: two points at the same place, a range of no length, a difference of nought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from . import numbers
from .changes import Change, change
from .identity import identity
from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .valid import samples

_MOST_MEMBERS, _MOST_VALUES, _MOST_OPPOSITE = 8, 14, 3
_SILENT = frozenset(("title", "description", "default", "examples"))
_USUAL = (12.5, 48.8566, -33.8688, 0.1, 2.3522, 151.2093, -0.7, 1e-3, 37.7749, 1234.5678, -118.2437, 52.52, 1e6)
"""Of what programs compute with equal numbers, rounding goes wrong for some only."""
Pair = tuple[str, str]


def alike(document: Document, base: Any) -> Iterator[Change]:
    """Yield the base with equal numbers, and with opposite ones, in each two parameters that are of one kind."""
    if not isinstance(base, dict) or document.is_weary:
        return
    for shape in alternatives(document, (document.root,))[:1]:
        for kind, pairs in _pairings(_groups(document, shape)):
            values = {pair: _values(document, shape.member(pair[0])) for pair in pairs}
            for turn in range(_MOST_VALUES):
                equal = {name: _nth(values[pair], turn) for pair in pairs for name in pair}
                yield change("combination", {**base, **equal}, f"equal {kind} {turn + 1}", only_if_valid=True)
            for turn in range(_MOST_OPPOSITE):
                first = {left: _nth(values[left, right], turn + 1) for left, right in pairs}
                other = {right: -first[left] for left, right in pairs}
                yield change(
                    "combination", {**base, **first, **other}, f"opposite {kind} {turn + 1}", only_if_valid=True
                )


def _nth(values: Sequence[Any], turn: int) -> Any:
    return values[turn % len(values)]


def _groups(document: Document, shape: Shape) -> list[list[str]]:
    """Return the names of numbers by what their schemas say, but for words."""
    found: dict[str, list[str]] = {}
    for name in shape.property_names():
        about = shape.member(name)
        kinds = [inner for inner in alternatives(document, about) if {"integer", "number"} & {*inner.types()}]
        if len(kinds) == 1 and kinds[0].members() is None and name not in shape.forbidden_names():
            found.setdefault(identity([_said(node.schema) for node in about]), []).append(name)
    return [names[:_MOST_MEMBERS] for names in found.values() if len(names) > 1]


def _said(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {keyword: value for keyword, value in schema.items() if keyword not in _SILENT}


def _pairings(groups: list[list[str]]) -> Iterator[tuple[str, list[Pair]]]:
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
