"""Values nested deep where the schema refers to itself: a value put inside itself, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import Any

from .changes import Change, change, nested
from .identity import describe
from .schema import Conjunction, Document
from .shapes import alternatives
from .turns import interleaved
from .valid import samples

LEVELS, LEVELS_TO_WRONG, LEVELS_TO_CHANGED = (8, 32), (3, 4, 6, 10), (2, 3, 4, 5, 6)
LEVELS_OF_OTHERS = (2, 6)
"""Where the value can be put into itself at another place too: the ends tell of every depth at which a tool stops."""
_WRONG: tuple[Any, ...] = (None, {}, "wrong", [])
_ITSELF = object()
_MOST_PLACES = 40
_MOST_SAMPLES, _MOST_DEEP, _DEEPEST_START = 6, 2, 3
_MOST_LOOKED_AT, _MOST_TOLD, _FEW_TOLD = 200, 32, 8
_TELLING = {"boundary": 4, "enum": 3, "pattern": 2, "format": 2, "required": 1, "type": 1, "extra": 2, "null": 2}
"""What is told far inside, and how much of each."""
_ONLY_REFERS = frozenset(("$ref", "$dynamicRef", "$recursiveRef", "description", "title", "default", "examples"))
Place = tuple[str | int, ...]


def deep(
    document: Document, conjunction: Conjunction, own: Any, changes: Callable[[Any], Iterator[Change]], *, depth: int
) -> Iterator[Change]:
    """Yield values that hold themselves so many times; nothing where no value may stand inside itself.

    `changes` are those of a value of the conjunction: a few of them are made far inside.
    """
    if not document.refers or document.is_weary or depth > _DEEPEST_START or _is_known(document, conjunction):
        return
    held = set[Place]()
    for value in (own, *samples(document, conjunction, depth=depth)[:_MOST_SAMPLES]):
        made: list[Change] | None = None
        for place in (place for place in _places(value) if _names(place) not in held):
            if len(held) == _MOST_DEEP or not document.holds(conjunction, with_levels(value, place, 2)):
                continue
            wrong = [each for each in _WRONG if not document.holds(conjunction, with_levels(value, place, 2, each))]
            if not held:
                yield from _of_levels(value, place, wrong)
            if wrong:  # else anything may stand there
                few, levels = (_FEW_TOLD, LEVELS_OF_OTHERS) if held else (_MOST_TOLD, LEVELS_TO_CHANGED)
                made = _made(document, changes(value)) if made is None else made
                yield from _far_inside(value, place, _telling(made, place)[:few], levels)
                held.add(_names(place))


def _made(document: Document, changes: Iterator[Change]) -> list[Change]:
    """Return some of the changes; what is put inside itself among them has its turn later."""
    document.memo["deep"] = True
    made = [*islice(nested(changes), _MOST_LOOKED_AT)]
    del document.memo["deep"]
    return made


def is_made_far_inside(document: Document) -> bool:
    """Whether what is made now goes far inside a value: little of it is taken."""
    return "deep" in document.memo


def _is_known(document: Document, conjunction: Conjunction) -> bool:
    """Whether a value of what the conjunction refers to was put inside itself before, or is not to be now."""
    if is_made_far_inside(document):
        return True
    parts = [part for shape in alternatives(document, conjunction)[:1] for part in shape.parts]
    about = [part for part in parts if not _ONLY_REFERS.issuperset(part.keywords())]
    key = ("deep", *(id(part.schema) for part in about))
    is_known = key in document.memo
    document.memo[key] = True
    return is_known


def _of_levels(value: Any, place: Place, wrong: list[Any]) -> Iterator[Change]:
    for levels in LEVELS:
        yield change("size", with_levels(value, place, levels), f"{levels} levels", only_if_valid=True)
    for levels, innermost in product(LEVELS_TO_WRONG, wrong):
        deepest = with_levels(value, place, levels, innermost)
        yield change("nested", deepest, f"{describe(innermost)} {levels} levels deep")


def _far_inside(value: Any, place: Place, telling: list[Change], levels: tuple[int, ...]) -> Iterator[Change]:
    """Yield the value in itself, the innermost with one change."""
    for count in levels:
        for item in telling:
            inside = with_levels(value, place, count, item.value)
            yield Change("nested", (*place * (count - 1), *item.path), item.detail, inside)


def _telling(changes: list[Change], place: Place) -> list[Change]:
    """Return a few changes of each kind and place; those of what stands further inside are made of it."""
    found: dict[object, list[Change]] = {}
    for item in changes:
        kind = item.detail.split(" ")[0]
        group = found.setdefault(kind if kind in ("extra", "null") else (item.path, kind), [])
        if kind in _TELLING and item.path[: len(place)] != place and len(group) < _TELLING[kind]:
            group.append(item)
    return [*islice(interleaved([iter(group) for group in found.values()]), _MOST_TOLD)]


def with_levels(value: Any, place: Place, levels: int, innermost: Any = _ITSELF) -> Any:
    """Return the value with itself at the place, so many times; the innermost may be another."""
    made = value if innermost is _ITSELF else innermost
    for _ in range(levels - 1):
        made = _put(value, place, made)
    return made


def _names(place: Place) -> tuple[str, ...]:
    """Return the place without which item of an array it is: of two items one tells as much."""
    return tuple(step for step in place if isinstance(step, str))


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
