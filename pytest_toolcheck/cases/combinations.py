"""Rows that bring every pair (or triple) of the parameters' valid partitions together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from .changes import Change, change
from .combine import covering_array
from .corners import LEAST, MOST, at_ends
from .identity import identity
from .partitions import ABSENT, levels_of
from .rescue import Rescue
from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .valid import samples_of

_MOST_NARROW, _MOST_FOR_TRIPLES = 10, 12
_MOST_TRIPLES, _MOST_BRANCHES, _MOST_JOINED, _MOST_LEVELS = 150, 6, 16, 8
_FEW_NAMES, _MOST_TRIES, _FEWER_TRIES, _MORE_TRIES_OF_TRIPLES = 8, 1200, 160, 10
"""So many rows are tried to bring together what stands in refused ones only."""
_MOST_INNER, _MOST_INNER_ROWS = 6, 80


@lru_cache(maxsize=256)
def _rows(sizes: tuple[int, ...], strength: int, seed: int, *, quick: bool = True) -> list[tuple[int, ...]]:
    return covering_array(sizes, strength, seed=seed, quick=quick)


def combined(document: Document, base: Any, *, seed: int = 0, strength: int = 2) -> Iterator[Change]:
    """Yield objects that cover all combinations of `strength` partitions; none for what is not an object.

    The objects that the base holds follow, each combined within itself.
    """
    if not isinstance(base, dict):
        return
    yield from _of_object(document, (document.root,), base, seed=seed, strength=strength)
    if document.is_weary:
        return
    for shape in alternatives(document, (document.root,))[:1]:
        inner = (place for name in shape.property_names() for place in _objects_in(document, shape, name, base))
        for name, conjunction, own, rebuild in islice(inner, _MOST_INNER):
            rows = _of_object(document, conjunction, own, seed=seed, strength=strength)
            for item in islice(rows, _MOST_INNER_ROWS):
                yield item.below(name, rebuild)


def _objects_in(
    document: Document, shape: Shape, name: str, base: dict[str, Any]
) -> Iterator[tuple[str, Conjunction, dict[str, Any], Callable[[Any], Any]]]:
    """Yield the object of several members that a member is, may be, or lists: with a value, and what to put it into."""
    conjunction = shape.member(name)
    put = partial(_with_member, base, name)
    if (own := _an_object(document, conjunction, base.get(name))) is not None:
        yield name, conjunction, own, put
    lists = [inner for inner in alternatives(document, conjunction) if "array" in inner.types()][:1]
    for inner in lists:
        rows = base.get(name)
        first = rows[0] if isinstance(rows, list) and rows else None
        if inner.item(0) and (own := _an_object(document, inner.item(0), first)) is not None:
            rest = rows[1:] if isinstance(rows, list) else []
            yield name, inner.item(0), own, partial(_with_first, base, name, rest)


def _with_first(base: dict[str, Any], name: str, rest: list[Any], item: Any) -> dict[str, Any]:
    return {**base, name: [item, *rest]}


def _an_object(document: Document, conjunction: Conjunction, own: Any) -> dict[str, Any] | None:
    """Return an object of the conjunction, `own` where it is one; None where none of several members is wanted."""
    if isinstance(own, dict):
        return own
    shapes = [s for s in alternatives(document, conjunction) if "object" in s.types() and len(s.property_names()) > 1]
    found = (value for s in shapes[:_MOST_INNER] for value in samples_of(document, s, depth=1))
    return next((value for value in found if isinstance(value, dict)), None)


def _with_member(base: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {**base, name: value}


def _of_object(
    document: Document, conjunction: Conjunction, base: dict[str, Any], *, seed: int, strength: int
) -> Iterator[Change]:
    shapes = alternatives(document, conjunction)
    was_weary = document.is_weary
    tried = shapes[: 1 if was_weary else _MOST_BRANCHES]
    for shape in tried:
        own = _own_base(document, shape, base)
        levels = levels_of(document, shape, own)
        if len(levels) < 2:
            continue
        rows, triples = _covering(document, shape, own, levels, seed, strength)
        for number, value in enumerate(_input(levels, row) for row in rows):
            yield change("combination", value, f"{number + 1}", only_if_valid=True)
        for number, value in enumerate(triples):
            yield change("combination", value, f"triples {number + 1}", only_if_valid=True)
        if not document.is_weary:
            yield from _rescued(document, conjunction, own, levels, rows, min(strength, len(levels)), 2 * len(tried))
    if len(shapes) > 1 and not was_weary:
        yield from _of_all_branches(document, conjunction, shapes[:_MOST_JOINED], base, seed, strength)


def _covering(
    document: Document, shape: Shape, own: dict[str, Any], levels: Mapping[str, list[Any]], seed: int, strength: int
) -> tuple[Sequence[tuple[int, ...]], list[dict[str, Any]]]:
    """Return the rows of the array, and inputs of all triples of a few: none where the rows hold all triples."""
    sizes = tuple(map(len, levels.values()))
    rows = _rows(sizes, min(strength, len(levels)), seed, quick=strength <= 2)
    triples = _few_triples(document, shape, own, levels, seed) if strength == 2 else []
    if triples and len(levels) <= _MOST_FOR_TRIPLES and len(rows) + len(triples) >= _fewest_of_triples(sizes):
        all_triples = _rows(sizes, 3, seed)
        if len(all_triples) <= len(rows) + len(triples):
            return all_triples, []
    return rows, triples


def _of_all_branches(
    document: Document, root: Conjunction, shapes: Sequence[Shape], base: dict[str, Any], seed: int, strength: int
) -> Iterator[Change]:
    """Yield what no branch alone brings together: each parameter with the levels that it has in any of them."""
    every: dict[str, dict[str, Any]] = {}
    for shape in shapes if len(shapes[0].property_names()) <= _MOST_FOR_TRIPLES else ():
        for name, options in levels_of(document, shape, base).items():
            every.setdefault(name, {}).update({_key(option): option for option in options})
    for name in every:
        if any(name not in shape.required() for shape in shapes):
            every[name].setdefault(_key(ABSENT), ABSENT)
    levels = {name: [*islice(options.values(), _MOST_LEVELS)] for name, options in every.items()}
    if len(levels) > 1:
        rows = _rows(tuple(map(len, levels.values())), min(strength, len(levels)), seed)
        for number, row in enumerate(rows):
            yield change("combination", _input(levels, row), f"{number + 1} of all branches", only_if_valid=True)
        yield from _rescued(document, root, base, levels, rows, min(strength, len(levels)), 2)


def _key(option: Any) -> str:
    return "" if option is ABSENT else identity(option)


def _own_base(document: Document, shape: Shape, base: dict[str, Any]) -> dict[str, Any]:
    """Return the base, or where it is of another branch an object of this one."""
    if document.holds(shape.decisive, base):
        return base
    return next((value for value in samples_of(document, shape, depth=1) if isinstance(value, dict)), base)


def _fewest_of_triples(sizes: Sequence[int]) -> int:
    """Return the number of rows that all triples take at least."""
    first, second, third = sorted(sizes, reverse=True)[:3]
    return first * second * third


def _few_triples(
    document: Document, shape: Shape, base: dict[str, Any], levels: Mapping[str, list[Any]], seed: int
) -> list[dict[str, Any]]:
    """Return all triples of the parameters' ends, and of all values where there are few, as far as they are cheap."""
    few = {
        name: _without_default(document, shape.member(name), levels[name])
        for name in levels
        if _has_few_values(document, shape.member(name))
    }
    ends = {name: _ends(document, shape.member(name), levels[name]) for name in levels if name not in few}
    given = {name: [value for value in found if value is not ABSENT] for name, found in ends.items()}
    # of dozens of members, each of which may hold any other, the ends are dozens too: only those of few values are told
    for others in ({},) if document.is_recursive and len(levels) > _MOST_FOR_TRIPLES else (ends, given, {}):
        narrow = {name: others.get(name, few.get(name, [])) for name in levels}
        narrow = {name: found for name, found in narrow.items() if len(found) > 1 + (name in given and ABSENT in found)}
        sizes = tuple(map(len, narrow.values()))
        if 3 <= len(narrow) <= _MOST_NARROW and _fewest_of_triples(sizes) <= _MOST_TRIPLES:
            rest = {name: value for name, value in base.items() if name not in narrow}
            return [{**rest, **_input(narrow, row)} for row in _rows(sizes, 3, seed)[:_MOST_TRIPLES]]
    return []


def _ends(document: Document, conjunction: Conjunction, options: list[Any]) -> list[Any]:
    """Return the value at its most and at its least, null and "left out" where these are allowed."""
    found = [at_ends(document, conjunction, ends) for ends in (MOST, LEAST)]
    values = [*(each[0] for each in found if each), *([None] if document.holds(conjunction, None) else [])]
    absent = [option for option in options if option is ABSENT]
    return [*{identity(value): value for value in values}.values(), *absent]


def _without_default(document: Document, conjunction: Conjunction, options: list[Any]) -> list[Any]:
    """Return the levels without "left out" where that is to mean the default, which stands among them."""
    defaults = [value for shape in alternatives(document, conjunction) for value in shape.all_of("default")]
    known = {identity(option) for option in options if option is not ABSENT}
    if any(identity(value) in known for value in defaults):
        return [option for option in options if option is not ABSENT]
    return options


def _has_few_values(document: Document, conjunction: Conjunction) -> bool:
    shapes = alternatives(document, conjunction)
    return all(s.members() is not None or set(s.types()) <= {"boolean", "null"} for s in shapes)


def _input(levels: Mapping[str, list[Any]], row: Sequence[int]) -> dict[str, Any]:
    return {
        name: options[level]
        for (name, options), level in zip(levels.items(), row, strict=True)
        if options[level] is not ABSENT
    }


def _rescued(
    document: Document, root: Conjunction, base: dict[str, Any], levels: Mapping[str, list[Any]],
    rows: Sequence[tuple[int, ...]], strength: int, share: int,
) -> Iterator[Change]:  # fmt: skip
    """Yield what stands in refused rows only, in rows that the schema takes."""
    names, sizes = list(levels), tuple(map(len, levels.values()))
    tries = (_MOST_TRIES if len(names) <= _FEW_NAMES else _FEWER_TRIES) // share
    tries *= _MORE_TRIES_OF_TRIPLES if strength > 2 else 1
    rescue = Rescue(sizes, strength, lambda row: document.holds(root, _input(levels, row)), tries)
    start = tuple(_level_of(base, name, options) for name, options in levels.items())
    for (places, _), row in rescue.rows(start, rows):
        said = "+".join(names[place] for place in places)
        yield change("combination", _input(levels, row), said, only_if_valid=True)


def _level_of(base: Mapping[str, Any], name: str, options: Sequence[Any]) -> int:
    """Return the level of what the base has: the first where it has the member, for that one was made of it."""
    return 0 if name in base else next((at for at, option in enumerate(options) if option is ABSENT), 0)
