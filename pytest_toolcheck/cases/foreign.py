"""Properties that one branch of a schema knows and another forbids: programs that look at names alone take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .changes import Change
from .identity import describe
from .schema import Conjunction, Document
from .shapes import Shape
from .valid import samples

_MOST_SHAPES, _MOST = 5, 40


def foreign_members(document: Document, shapes: list[Shape], bases: list[Any], *, depth: int) -> Iterator[Change]:
    """Yield each branch's base with a good value for a property that only other branches allow."""
    made = 0
    for shape, base in zip(shapes[:_MOST_SHAPES], bases, strict=False):
        for name, value in _known_elsewhere(document, shape, shapes[:_MOST_SHAPES], base, depth):
            changed = {**base, name: value}
            if not document.holds(shape.parts, changed):
                path = (
                    () if depth else (name,)
                )  # below the root, turns go by place: it is not to take that of `left out`
                yield Change("extra", path, f"{name} of another branch {describe(value)}", changed)
                made += 1
            if made == _MOST:
                return


def _known_elsewhere(
    document: Document, shape: Shape, shapes: list[Shape], base: Any, depth: int
) -> Iterator[tuple[str, Any]]:
    if not isinstance(base, dict):
        return
    for name in dict.fromkeys(name for other in shapes for name in other.property_names()):
        if name in base or name in shape.forbidden_names():  # the latter are added as properties of the shape itself
            continue
        for other in shapes:
            asked = _without_refusal(other.member(name))
            if other is not shape and asked and (found := samples(document, asked, depth=depth + 1)):
                yield name, found[0]
                break


def _without_refusal(conjunction: Conjunction) -> Conjunction:
    return tuple(node for node in conjunction if node.schema is not False)
