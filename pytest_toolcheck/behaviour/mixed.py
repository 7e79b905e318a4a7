"""Inputs of several of a kind, out of order and one of them twice, in arrays and in texts, where order shows; objects in objects."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from ..cases.model import Case
from ..checks.base import as_json
from ..checks.violation import is_valid
from ..parts import part_of, parts_of

MOST_ITEMS = 6
_MOST_TEXTS = 2
_WORDS = "pear fig, kiwi, plum\nlime pear\nnut=1 oat=2"


def mixed_arrays(base: dict[str, Any], cases: Sequence[Case], schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the base with each of its top-level arrays filled from the items that valid cases hold there."""
    for name, array in base.items():
        if not isinstance(array, list):
            continue
        items = _items(name, cases)
        for wanted in _wanted(items):
            changed = {**copy.deepcopy(base), name: copy.deepcopy(wanted)}
            if is_valid(schema, changed):
                yield changed
                break


def mixed_objects(base: dict[str, Any], schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the base with objects of the same names, at two depths, in all objects of which the schema names no member."""
    free = [name for name, value in base.items() if isinstance(value, dict) and not parts_of(part_of(schema, name))]
    filled = {name: {"a": {"b": {"c": at}, "d": [2, at, 1]}} for at, name in enumerate(free)}
    if free and is_valid(schema, changed := {**copy.deepcopy(base), **filled}):
        yield changed


def mixed_texts(base: dict[str, Any], schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the base with several words and lines in each of its first texts, where the schema takes them."""
    texts = [name for name, value in base.items() if isinstance(value, str)]
    for name in texts[:_MOST_TEXTS]:
        changed = {**copy.deepcopy(base), name: _WORDS}
        if is_valid(schema, changed):
            yield changed


def _wanted(items: list[Any]) -> Iterator[list[Any]]:
    """Yield the items with the first of them twice, then each once, then fewer: an array may have a bound."""
    for size in range(len(items), 1, -1):
        yield [*items[:size], items[0]]
        yield items[:size]
    if items:
        yield [items[0], items[0]]


def _items(name: str, cases: Sequence[Case]) -> list[Any]:
    found: dict[str, Any] = {}
    for case in cases:
        array = case.input.get(name) if case.label == "valid" else None
        for item in array[:3] if isinstance(array, list) else ():
            if not isinstance(item, float) and len(text := as_json(item)) < 60:
                found.setdefault(text, item)
    return [found[text] for text in sorted(found, reverse=True)[:MOST_ITEMS]]
