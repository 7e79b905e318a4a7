"""Values that hold one of their own schema with others in between: a folder's entries, and an entry's folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .valid import samples, samples_of

_MOST_STEPS, _MOST_NAMES, _MOST_LOOKED_AT, _MOST_SHAPES = 6, 20, 60, 4
ONLY_REFERS = frozenset(
    (
        *("$ref", "$dynamicRef", "$recursiveRef", "$defs", "definitions", "$schema", "$comment"),
        *("description", "title", "default", "examples"),
    )
)
Step = tuple[Shape, str | int]
"""A shape of what is gone through, and where in its value it goes on."""


def about(document: Document, conjunction: Conjunction) -> tuple[int, ...]:
    """Return which schemas a conjunction comes to, however they were referred to; of its first alternative."""
    parts = [part for shape in alternatives(document, conjunction)[:1] for part in shape.parts]
    return tuple(id(part.schema) for part in parts if not ONLY_REFERS.issuperset(part.keywords()))


def through_others(document: Document, conjunction: Conjunction, *, depth: int) -> Iterator[Any]:
    """Yield values that hold one of the same conjunction behind values of others; the nearest first, a bounded number."""
    itself = about(document, conjunction)
    seen = {itself}
    waiting: list[tuple[Conjunction, tuple[Step, ...]]] = [(conjunction, ())]
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            return
        here, way = waiting.pop(0)
        for step, child in _steps(document, here):
            mark = about(document, child)
            if mark == itself and way:
                yield _made(document, (*way, step), child, depth)
            elif mark and mark not in seen and len(way) < _MOST_STEPS:
                seen.add(mark)
                waiting.append((child, (*way, step)))


def _steps(document: Document, conjunction: Conjunction) -> Iterator[tuple[Step, Conjunction]]:
    for shape in alternatives(document, conjunction)[:_MOST_SHAPES]:
        for name in shape.property_names()[:_MOST_NAMES]:
            yield (shape, name), shape.member(name)
        if not shape.prefix_length():
            yield (shape, 0), shape.item(0)


def _made(document: Document, way: tuple[Step, ...], last: Conjunction, depth: int) -> Any:
    """Return the value along the way, from what is innermost."""
    made = next(iter(samples(document, last, depth=depth)), None)
    for shape, step in reversed(way):
        if isinstance(step, int):
            made = [made]
        else:
            bases = (value for value in samples_of(document, shape, depth=depth) if isinstance(value, dict))
            made = {**next(bases, {}), step: made}
    return made
