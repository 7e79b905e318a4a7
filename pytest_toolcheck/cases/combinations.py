"""Rows that bring every pair (or triple) of the parameters' valid partitions together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from . import numbers
from .changes import Change, change
from .combine import covering_array
from .containers import deepest
from .corners import LEAST, MOST, at_ends
from .identity import identity
from .invalid import variations
from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .told import numbers_told, texts_told
from .valid import samples, samples_of

_ABSENT = object()
_LOOKED_AT_EACH, _LOOKED_AT_EACH_OF_MANY = 25, 6
"""For each level of a parameter so many changes are looked at; fewer where many parameters may each hold any other."""
_FREE_TEXTS, _FEWEST_LEVELS = 3, 3
_MOST_NARROW, _MOST_FOR_TRIPLES = 10, 12
_MOST_TRIPLES, _MOST_RESCUERS, _MOST_BRANCHES = 150, 12, 6
_MOST_INNER, _MOST_INNER_ROWS = 6, 80
_TELLING = ("enum", "boundary", "null", "number", "optional", "size", "unicode", "format", "pattern", "type", "nested")


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
    for shape in alternatives(document, conjunction)[: 1 if document.is_weary else _MOST_BRANCHES]:
        own = _own_base(document, shape, base)
        levels = _levels(document, shape, own)
        names = list(levels)
        if len(names) < 2:
            continue
        sizes = tuple(len(levels[name]) for name in names)
        rows = _rows(sizes, min(strength, len(names)), seed, quick=strength <= 2)
        triples = _few_triples(document, shape, own, levels, seed) if strength == 2 else []
        if triples and len(names) <= _MOST_FOR_TRIPLES and len(rows) + len(triples) >= _fewest_of_triples(sizes):
            all_triples = _rows(sizes, 3, seed)
            if len(all_triples) <= len(rows) + len(triples):
                rows, triples = all_triples, []
        inputs = [_input(names, levels, row) for row in rows]
        for number, value in enumerate(inputs):
            yield change("combination", value, f"{number + 1}", only_if_valid=True)
        for number, value in enumerate(triples):
            yield change("combination", value, f"triples {number + 1}", only_if_valid=True)
        yield from _rescued(document, conjunction, own, names, levels, rows, inputs)


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
    given = {name: [value for value in found if value is not _ABSENT] for name, found in ends.items()}
    for others in (ends, given, {}):
        narrow = {name: others.get(name, few.get(name, [])) for name in levels}
        narrow = {
            name: found for name, found in narrow.items() if len(found) > 1 + (name in given and _ABSENT in found)
        }
        sizes = tuple(map(len, narrow.values()))
        if 3 <= len(narrow) <= _MOST_NARROW and _fewest_of_triples(sizes) <= _MOST_TRIPLES:
            rest = {name: value for name, value in base.items() if name not in narrow}
            return [{**rest, **_input([*narrow], narrow, row)} for row in _rows(sizes, 3, seed)[:_MOST_TRIPLES]]
    return []


def _ends(document: Document, conjunction: Conjunction, options: list[Any]) -> list[Any]:
    """Return the value at its most and at its least, null and "left out" where these are allowed."""
    found = [at_ends(document, conjunction, ends) for ends in (MOST, LEAST)]
    values = [*(each[0] for each in found if each), *([None] if document.holds(conjunction, None) else [])]
    absent = [option for option in options if option is _ABSENT]
    return [*{identity(value): value for value in values}.values(), *absent]


def _without_default(document: Document, conjunction: Conjunction, options: list[Any]) -> list[Any]:
    """Return the levels without "left out" where that is to mean the default, which stands among them."""
    defaults = [value for shape in alternatives(document, conjunction) for value in shape.all_of("default")]
    known = {identity(option) for option in options if option is not _ABSENT}
    if any(identity(value) in known for value in defaults):
        return [option for option in options if option is not _ABSENT]
    return options


def _has_few_values(document: Document, conjunction: Conjunction) -> bool:
    shapes = alternatives(document, conjunction)
    return all(s.members() is not None or set(s.types()) <= {"boolean", "null"} for s in shapes)


def _levels(document: Document, shape: Shape, base: dict[str, Any]) -> dict[str, list[Any]]:
    names = [name for name in shape.property_names() if name not in shape.forbidden_names()]
    most = 8 if len(names) <= 6 else 6 if len(names) <= 12 else 4 if len(names) <= 25 else _FEWEST_LEVELS
    levels = {}
    for name in names:
        if False in (node.schema for node in shape.member(name)):
            continue
        found = _partitions(document, shape, name, base, most)
        if name not in shape.required():
            found = [*found[:1], _ABSENT, *found[1 : most - 1]]
        if found:
            levels[name] = found
    return levels


def _partitions(document: Document, shape: Shape, name: str, base: dict[str, Any], most: int) -> list[Any]:
    conjunction = shape.member(name)
    options = [base[name]] if name in base else []
    options += [*numbers_told(document, conjunction)[:_FREE_TEXTS], *samples(document, conjunction, depth=1)[:1]]
    own = options[0] if options else None
    if _is_free_text(document, conjunction):
        named = texts_told(document, conjunction)[:_FREE_TEXTS]
        more = [text for text in samples(document, conjunction, depth=1) if isinstance(text, str)]
        options = [*options[:1], *named, *options[1:], *more, ""]
        return list({identity(value): value for value in options}.values())[: min(most, _FREE_TEXTS + len(named) // 2)]
    for inner in alternatives(document, conjunction):
        if inner.members() is None and {"integer", "number"} & {*inner.types()}:
            telling = numbers.levels(inner, whole="number" not in inner.types())
            options += [value for value in telling if document.holds(conjunction, value)]
        elif inner.all_of("maxLength"):
            options += [found[0] for ends in (MOST, LEAST) if (found := at_ends(document, conjunction, ends))]
    groups: dict[str, list[Any]] = {}
    each = _LOOKED_AT_EACH if most > _FEWEST_LEVELS or not document.is_recursive else _LOOKED_AT_EACH_OF_MANY
    for item in islice(variations(document, conjunction, own, depth=deepest(document) - (most > 6)), each * most):
        kind = item.detail.split(" ")[0] if item.category == "nested" else item.category
        if _hides_others(item.value):
            continue
        if len(groups.setdefault(kind, [])) < most and document.holds(conjunction, item.value):
            groups[kind].append(item.value)
    ordered = [groups.get(kind, []) for kind in _TELLING]
    options += [group[turn] for turn in range(most) for group in ordered if turn < len(group)]
    return list({identity(value): value for value in options}.values())[:most]


def _hides_others(value: Any) -> bool:
    """Whether many tools refuse the value whatever stands beside it: 1.0 for an integer. -0.0 is met on its own."""
    return isinstance(value, float) and value.is_integer()


def _is_free_text(document: Document, conjunction: Conjunction) -> bool:
    """Whether the schema takes any string: the tool refuses most of them then, which would hide other parameters."""
    shapes = alternatives(document, conjunction)
    bounded = {"enum", "const", "pattern", "format", "minLength", "maxLength"}
    return all(s.types() == ("string",) and not any(map(s.all_of, bounded)) for s in shapes)


def _input(names: Sequence[str], levels: Mapping[str, list[Any]], row: Sequence[int]) -> dict[str, Any]:
    chosen = ((name, levels[name][level]) for name, level in zip(names, row, strict=True))
    return {name: value for name, value in chosen if value is not _ABSENT}


def _rescued(
    document: Document, root: Conjunction, base: dict[str, Any], names: Sequence[str], levels: Mapping[str, list[Any]],
    rows: Sequence[Sequence[int]], inputs: Sequence[dict[str, Any]],
) -> Iterator[Change]:  # fmt: skip
    """Yield, for each row that the schema refuses, its pairs put one at a time into the base, or a row that takes it."""
    spent = 0
    good = [] if document.is_weary else [row for row in inputs if document.holds(root, row)][:_MOST_RESCUERS]
    for row, value in zip(rows, inputs, strict=True):
        if document.holds(root, value):
            continue
        for first in range(len(names)):
            for second in range(first + 1, len(names)):
                pair = {name: levels[name][row[at]] for name, at in ((names[first], first), (names[second], second))}
                made = ({k: v for k, v in {**own, **pair}.items() if v is not _ABSENT} for own in (base, *good))
                put = next((value for value in made if not good or document.holds(root, value)), None)
                if put is None:
                    continue
                yield change("combination", put, f"{names[first]}+{names[second]}", only_if_valid=True)
                spent += 1
                if spent > 400:
                    return
