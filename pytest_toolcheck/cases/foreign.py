"""Properties that one branch of a schema knows and another forbids: programs that look at names alone take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .changes import Change
from .identity import describe
from .schema import Conjunction, Document
from .shapes import Shape
from .valid import samples

_MOST_SHAPES, _MOST, _MOST_MISSING, _MOST_TAKEN, _MOST_EXCHANGED = 5, 40, 24, 2, 24


def foreign_members(document: Document, shapes: list[Shape], bases: list[Any], *, depth: int) -> Iterator[Change]:
    """Yield each branch's base with a good value for a property that only other branches allow."""
    made = 0
    for shape, base in zip(shapes[:_MOST_SHAPES], bases, strict=False):
        taken = 0
        for name, value in _known_elsewhere(document, shape, shapes[:_MOST_SHAPES], base, depth):
            changed = {**base, name: value}
            is_right = document.holds(shape.decisive, changed)
            taken += is_right
            if not is_right or taken <= _MOST_TAKEN:
                path = (
                    () if depth else (name,)
                )  # below the root, turns go by place: it is not to take that of `left out`
                yield Change("extra", path, f"{name} of another branch {describe(value)}", changed)
                made += 1
            if made == _MOST:
                return


def missing_for_foreign(document: Document, shapes: list[Shape], bases: list[Any], *, depth: int) -> Iterator[Change]:
    """Yield each branch's base with another branch's members in place of its own: some programs ask for any of them."""
    pairs = [(shape, base) for shape, base in zip(shapes[:_MOST_SHAPES], bases, strict=False) if isinstance(base, dict)]
    made = 0
    for shape, base in pairs:
        for other, theirs in pairs:
            own = [name for name in shape.required() if name in base and name not in other.required()]
            foreign = [name for name in other.required() if name in theirs and name not in shape.required()]
            for value, lost, said in _exchanged(base, theirs, own, foreign):
                if made < _MOST_MISSING and not document.holds(shape.decisive, value):
                    yield Change("required", () if depth else (lost,), f"left out for {said} of another branch", value)
                    made += 1


def others_values(document: Document, shapes: list[Shape], bases: list[Any]) -> Iterator[Change]:
    """Yield each branch's base with the value that another branch has for a member of both, where it is wrong here."""
    pairs = [(shape, base) for shape, base in zip(shapes[:_MOST_SHAPES], bases, strict=False) if isinstance(base, dict)]
    made = 0
    for shape, base in pairs:
        for other, theirs in pairs:
            for name in [name for name in base if name in theirs and theirs[name] != base[name]]:
                changed = {**base, name: theirs[name]}
                if made < _MOST_EXCHANGED and other is not shape and not document.holds(shape.decisive, changed):
                    yield Change("nested", (name,), f"of another branch {describe(theirs[name])}", changed)
                    made += 1


def _exchanged(
    base: dict[str, Any], theirs: dict[str, Any], own: list[str], foreign: list[str]
) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield (value, name that is missing, what stands there): all own members for one, one for one, one for all."""
    if not own or not foreign:
        return
    kept = {name: value for name, value in base.items() if name not in own}
    for name in foreign:
        yield {**kept, name: theirs[name]}, own[0], name
    yield {**kept, **{name: theirs[name] for name in foreign}}, own[0], "all"
    for lost in own if len(own) > 1 else ():
        rest = {name: value for name, value in base.items() if name != lost}
        yield {**rest, foreign[0]: theirs[foreign[0]]}, lost, foreign[0]


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
