"""Values nested deep where the schema refers to itself: a value put inside itself, again and again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from .changes import Change, change
from .identity import describe
from .schema import Conjunction, Document
from .valid import samples

LEVELS, LEVELS_TO_WRONG = (8, 32), (3, 4, 6, 10)
_WRONG: tuple[Any, ...] = (None, {}, "wrong", [])
_ITSELF = object()
_MOST_PLACES = 40
_MOST_SAMPLES = 6
Place = tuple[str | int, ...]


def deep(document: Document, conjunction: Conjunction, own: Any, *, depth: int) -> Iterator[Change]:
    """Yield values that hold themselves so many times; nothing where no value may stand inside itself."""
    if not document.refers or document.is_weary:
        return
    for value in (own, *samples(document, conjunction, depth=depth)[:_MOST_SAMPLES]):
        for place in _places(value):
            if document.holds(conjunction, with_levels(value, place, 2)):
                for levels in LEVELS:
                    yield change("size", with_levels(value, place, levels), f"{levels} levels", only_if_valid=True)
                for levels, wrong in product(LEVELS_TO_WRONG, _WRONG):
                    if not document.holds(conjunction, with_levels(value, place, 2, innermost=wrong)):
                        deepest = with_levels(value, place, levels, innermost=wrong)
                        yield change("nested", deepest, f"{describe(wrong)} {levels} levels deep")
                return


def with_levels(value: Any, place: Place, levels: int, *, innermost: Any = _ITSELF) -> Any:
    """Return the value with itself at the place, so many times; the innermost may be another."""
    made = value if innermost is _ITSELF else innermost
    for _ in range(levels - 1):
        made = _put(value, place, made)
    return made


def _put(value: Any, place: Place, inner: Any) -> Any:
    if not place:
        return inner
    step, rest = place[0], place[1:]
    if isinstance(value, dict):
        return {**value, step: _put(value[step], rest, inner)}
    if not value:  # an empty list, to be given its first item
        return [inner]
    return [_put(item, rest, inner) if at == step else item for at, item in enumerate(value)]


def _places(value: Any) -> list[Place]:
    """Return the places inside a value that hold what is of its own kind, or might: empty lists. The outermost first."""
    found: list[Place] = []
    waiting: list[tuple[Place, Any]] = [((), value)]
    while waiting and len(found) < _MOST_PLACES:
        place, here = waiting.pop(0)
        if place and type(here) is type(value):
            found.append(place)
        if here == []:
            found.append((*place, 0))
        if isinstance(here, dict):
            waiting += [((*place, name), item) for name, item in here.items()]
        elif isinstance(here, list):
            waiting += [((*place, at), item) for at, item in enumerate(here[:2])]
    return found
