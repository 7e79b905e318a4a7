"""Values nested deep where the schema refers to itself: a value put inside itself, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from .changes import Change, change, nested
from .identity import describe
from .schema import Conjunction, Document
from .shapes import alternatives
from .through_others import about, through_others
from .turns import interleaved
from .valid import samples, samples_of

LEVELS, LEVELS_TO_WRONG, LEVELS_TO_CHANGED = (8, 32), (3, 4, 6, 10), (6, 2, 4, 3, 5)
MOST_LEVELS, _MOST_STEPS = 64, 96
"""The deepest valid value: parsers stop at 128 lists and objects, and `jsonschema`'s own recursion further on."""
LEVELS_OF_OTHERS = (6, 2)
"""Where the value can be put into itself at another place too: the ends tell of every depth at which a tool stops."""
LEVELS_FURTHEST, _FEW_FURTHEST = 12, 2
"""Further in than programs that look at a few levels only, as far as that can be told of them."""
_MANY, _FEW, _MANY_MEMBERS = 12, 2, 12
"""Of so many items of a list the last is wrong: some programs look at the first, or the first ten."""
_WRONG: tuple[Any, ...] = (None, {}, "wrong", [])
_ITSELF = object()
_MOST_TRIED, _MOST_TO_JUDGE = (12, 6, 4), 1000
"""Where twice the levels take more than twice the steps, the first of these levels that takes no more than so many steps
is as deep as it goes: dozens of such values are judged."""
_MOST_PLACES = 40
_MOST_SAMPLES, _MOST_SHAPES, _MOST_DEEP, _DEEPEST_START = 6, 8, 4, 3
_MOST_LOOKED_AT, _MOST_TOLD, _FEW_TOLD, _FEW_AMONG = 300, 32, 8, 2
_TELLING = {"boundary": 4, "enum": 3, "pattern": 2, "format": 2, "required": 1, "type": 1, "extra": 2, "null": 2}
"""What is told far inside, and how much of each."""
_OF_VALUES = ("boundary", "enum", "pattern", "format")
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A value, a place where it may stand inside itself, and what is wrong there."""

    value: Any
    place: Place
    telling: list[Change]

    def row(self, count: int, *last: Any) -> Any:
        """Return the value with so many items in the list where it may hold itself; the last may be another."""
        items = self.value
        for step in self.place[:-1]:
            items = items[step]
        good = items[0] if items else self.value
        return _put(self.value, self.place[:-1], [good] * (count - len(last)) + [*last])


def deep(
    document: Document, conjunction: Conjunction, own: Any, changes: Callable[[Any], Iterator[Change]], *, depth: int
) -> Iterator[Change]:
    """Yield values that hold themselves so many times; nothing where no value may stand inside itself.

    `changes` are those of a value of the conjunction: a few of them are made far inside.
    """
    if not document.refers or document.is_weary or depth > _DEEPEST_START or _is_known(document, conjunction):
        return
    held: dict[Place, Held] = {}
    for value in _options(document, conjunction, own, depth):
        made: list[Change] | None = None
        for place in _places_of(document, conjunction, value):
            if _names(place) in held or len(held) == _MOST_DEEP:
                continue
            lean = _lean(document, conjunction, value, place)
            wrong = [each for each in _WRONG if not document.holds(conjunction, with_levels(lean, place, 2, each))]
            most = _most_levels(document, conjunction, lean, place)
            if not held:
                yield from _of_levels(lean, place, wrong, most)
            if wrong:  # else anything may stand there
                made = _made(document, changes(value)) if made is None else made
                telling = _telling(document, conjunction, made, place)
                refused = [item for item in telling if not document.holds(conjunction, item.value)]
                few = _of_values_first(refused)[:_FEW_TOLD]
                if held:
                    yield _far(lean, place, wrong[0], most)
                    yield from _far_inside(lean, place, few, LEVELS_OF_OTHERS, most)
                else:
                    accepted = [item for item in telling if item not in refused]
                    yield from _far_inside(lean, place, few[:_FEW_FURTHEST], (LEVELS_FURTHEST,), most)
                    yield from _far_inside(lean, place, refused + accepted, LEVELS_TO_CHANGED, most)
                held[_names(place)] = Held(lean, place, few[:_FEW_AMONG])
    yield from _among(document, conjunction, [*held.values()])


def _options(document: Document, conjunction: Conjunction, own: Any, depth: int) -> Iterator[Any]:
    """Yield values that may hold themselves: of each alternative, and where other schemas stand in between."""
    yield own
    yield from samples(document, conjunction, depth=depth)[:_MOST_SAMPLES]
    for shape in alternatives(document, conjunction)[:_MOST_SHAPES]:
        yield from samples_of(document, shape, depth=depth)[:1]
    yield from through_others(document, conjunction, depth=depth)


def _lean(document: Document, conjunction: Conjunction, value: Any, place: Place) -> Any:
    """Return an object of many members without those that it does without: it is written dozens of times at each place."""
    if not isinstance(value, dict) or len(value) < _MANY_MEMBERS:
        return value
    needed = {name for shape in alternatives(document, conjunction) for name in shape.required()}
    lean = {name: item for name, item in value.items() if name == place[0] or name in needed}
    return lean if document.holds(conjunction, with_levels(lean, place, 2)) else value


def _most_levels(document: Document, conjunction: Conjunction, value: Any, place: Place) -> int:
    """Return how deep the value may stand in itself: where parts hold each other, each level may ask twice as often."""

    def steps(levels: int) -> int:
        return document.steps(conjunction, with_levels(value, place, levels), most=_MOST_TO_JUDGE)

    few, more = steps(4), steps(8)
    if more <= min(3 * few, _MOST_TO_JUDGE):
        return MOST_LEVELS
    return next((levels for levels in _MOST_TRIED if steps(levels) <= _MOST_TO_JUDGE), 2)


def _places_of(document: Document, conjunction: Conjunction, value: Any) -> Iterator[Place]:
    """Yield the places where the value may stand inside itself; none inside of another, which tells the same."""
    found: list[Place] = []
    for place in _places(value):
        is_inside = any(place[: len(other)] == other for other in found)
        if not is_inside and document.holds(conjunction, with_levels(value, place, 2)):
            found.append(place)
            yield place


def _far(value: Any, place: Place, wrong: Any, most: int) -> Change:
    levels = min(LEVELS_OF_OTHERS[0], most)
    inside = with_levels(value, place, levels, wrong)
    return Change("nested", place * (levels - 1), f"far inside {describe(wrong)}", inside)


def _among(document: Document, conjunction: Conjunction, held: list[Held]) -> Iterator[Change]:
    """Yield lists of which the last of several items is wrong, each where another place holds it."""
    rows = [(each, held[at - 1]) for at, each in enumerate(held) if isinstance(each.place[-1], int)]
    for turn, (one, other) in product(range(_FEW_AMONG), rows):
        for item in one.telling[turn : turn + 1]:
            fits = document.holds(conjunction, one.row(_MANY))
            count = _MANY if fits else _FEW
            path, detail = (*one.place[:-1], count - 1, *item.path), f"far along {item.detail}"
            row = one.row(count, item.value)
            yield Change("nested", (*other.place, *path), detail, _put(other.value, other.place, row))


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
    key = ("deep", *about(document, conjunction))
    is_known = key in document.memo
    document.memo[key] = True
    return is_known


def _of_levels(value: Any, place: Place, wrong: list[Any], most: int) -> Iterator[Change]:
    for levels in (n for n in (*LEVELS, min(MOST_LEVELS, _MOST_STEPS // len(place))) if n <= most):
        yield change("size", with_levels(value, place, levels), f"{levels} levels", only_if_valid=True)
    for levels, innermost in product((n for n in LEVELS_TO_WRONG if n <= most), wrong):
        deepest = with_levels(value, place, levels, innermost)
        yield change("nested", deepest, f"{describe(innermost)} {levels} levels deep")


def _far_inside(
    value: Any, place: Place, telling: list[Change], levels: tuple[int, ...], most: int
) -> Iterator[Change]:
    """Yield the value in itself, the innermost with one change."""
    for count in (count for count in levels if count <= most):
        for item in telling:
            inside = with_levels(value, place, count, item.value)
            yield Change("nested", (*place * (count - 1), *item.path), item.detail, inside)


def _telling(document: Document, conjunction: Conjunction, changes: list[Change], place: Place) -> list[Change]:
    """Return a few changes of each kind and place; those of what stands further inside are made of it."""
    found: dict[object, list[Change]] = {}
    for item in changes:
        kind = item.detail.split(" ", 1)[0]
        group = found.setdefault(kind if kind in ("extra", "null") else (item.path, kind), [])
        if kind not in _TELLING or len(group) == _TELLING[kind] or item.path[: len(place)] == place:
            continue
        is_right = _is_member(item) or (kind == "type" and document.holds(conjunction, item.value))
        if not is_right:
            group.append(item)
    return [*islice(interleaved([iter(group) for group in found.values()]), _MOST_TOLD)]


def _is_member(item: Change) -> bool:
    """Whether it is a member of an enum, and none of what only looks like one: it tells little far inside."""
    return item.detail.startswith("enum ") and not item.detail.startswith("enum not ")


def _of_values_first(telling: list[Change]) -> list[Change]:
    """Return each kind of fault once; first what programs leave out deep inside: not names and types."""
    once: dict[str, Change] = {}
    for item in telling:
        once.setdefault(item.detail, item)
    return sorted(once.values(), key=lambda item: item.detail.split(" ", 1)[0] not in _OF_VALUES)


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
