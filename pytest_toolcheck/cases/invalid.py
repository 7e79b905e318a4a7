"""Changes of a base value: valid and invalid ones together, each of one thing. Labels are computed later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

from .changes import Change, all_in_item, all_in_member, change, in_turns, nested
from .contained import spared
from .containers import deepest, of_array, of_object, open_names
from .deep import deep, is_made_far_inside
from .foreign import foreign_members, missing_for_foreign, others_values
from .identity import describe
from .refused import around, own_words, with_forbidden
from .scalars import enum_members, of_number, of_string, wrong_types
from .schema import MOST_NEEDED, Conjunction, Document, Node
from .shapes import Shape, alternatives, forbidden_name, together
from .turns import Turn, interleaved
from .valid import MOST_MEMBERS, array_of, arrays, built, objects, samples, samples_of

_MOST_BELOW, _MOST_BELOW_ITSELF = 3000, 1200
_FEWEST_PER_PLACE, _FEW_AGAIN, _MOST_TOLD = 30, 6, 100
_SEVERAL = 3
_FEW, _MOST_OF_LAST = 12, 100
_FEW_FIRST, _FEW_FURTHER_IN, _MANY = 2, 4, 12
_MOST_REFUSED, _MANY_NOTS, _MANY_BRANCHES = 40, 10, 10
_NESTED: tuple[Any, ...] = (
    [[1, "a"], [None, []]],
    {"a": {"b": [{"c": [None, 1.5, {}]}]}},
    {"list": [], "": {"z": 1, "a": 2}},
)
_TELLING_OF_LAST = ("boundary", "type", "required", "enum", "pattern", "format")


def variations(
    document: Document, conjunction: Conjunction, base: Any, *, depth: int = 0, refused: bool = False
) -> Iterator[Change]:
    """Return an iterator over changes of `base`, a value of the conjunction, at every depth; bounded.

    `refused`: the conjunction holds what a `not` refuses; what its own `not`s refuse is looked at no further.
    """
    # here and below, streams are chained and not yielded from: each level would take part in each change of any below
    return chain.from_iterable(_streams(document, conjunction, base, depth, refused))


def _streams(
    document: Document, conjunction: Conjunction, base: Any, depth: int, refused: bool
) -> Iterator[Iterable[Change]]:
    shapes = alternatives(document, conjunction)
    yield _of_branches(document, conjunction, shapes, depth)
    again = partial(variations, document, conjunction, depth=max(depth, 1))
    yield deep(document, conjunction, base, again, depth=depth)  # before the tries are spent
    bases = [_own_base(document, shape, base, depth) for shape in shapes]
    seen = Counter[Any]()
    turns = [Turn(number, len(shapes), seen) for number in range(len(shapes))]
    own = [_of_shape(document, *each, depth, refused) for each in zip(shapes, bases, turns, strict=True)]
    foreign = foreign_members(document, shapes, bases, depth=depth) if len(shapes) > 1 else iter(())
    if len(shapes) > 1:
        own += [missing_for_foreign(document, shapes, bases, depth=depth), others_values(document, shapes, bases)]
    yield interleaved([*own, foreign] if depth else [chain(foreign, interleaved(own))])
    if _is_open(shapes):
        yield [change("size", value, describe(value), only_if_valid=True) for value in _NESTED]
    if len(shapes) > 1 and not document.is_weary:
        yield _two_branches(document, shapes, depth)
    if not shapes:
        yield wrong_types(base)


def _is_open(shapes: list[Shape]) -> bool:
    """Whether a value of any type is taken."""
    return len(shapes) == 1 and len(shapes[0].types()) > 5 and not shapes[0].spoken_types()


def _of_branches(document: Document, conjunction: Conjunction, shapes: list[Shape], depth: int) -> Iterator[Change]:
    for number, shape in enumerate(shapes):
        of_branch = samples_of(document, shape, depth=depth) if len(shapes) > 1 else []
        for value in of_branch[:3]:
            yield change("nested", value, f"branch {number + 1}")
    if depth:
        yield from (
            change("nested" if depth > 1 else "optional", v) for v in samples(document, conjunction, depth=depth)
        )


def _own_base(document: Document, shape: Shape, base: Any, depth: int) -> Any:
    return base if document.holds(shape.decisive, base) else (samples_of(document, shape, depth=depth) or [base])[0]


def _of_shape(document: Document, shape: Shape, base: Any, turn: Turn, depth: int, refused: bool) -> Iterator[Change]:
    """Return what each keyword asks for; below the root in turns, as what is made there is cut."""
    members, kinds = shape.members(), shape.types()
    streams = [
        enum_members(members) if members is not None else iter(()),
        with_forbidden(document, shape, base, depth, turn),
        _refused(document, shape, depth, refused, turn),
    ]
    if members is None and ("number" in kinds or "integer" in kinds):
        streams.append(of_number(shape, whole="number" not in kinds))
    if members is None and "string" in kinds:
        streams.append(of_string(shape))
    streams += [_of_containers(document, shape, base, kinds, depth, turn), wrong_types(base)]
    return interleaved(streams) if depth else chain.from_iterable(streams)


def _of_containers(
    document: Document, shape: Shape, base: Any, kinds: tuple[str, ...], depth: int, turn: Turn
) -> Iterator[Change]:
    containers = _containers(document, shape, base, kinds, depth)
    return chain.from_iterable(_of_container(document, shape, own, depth, turn) for own in containers)


def _refused(document: Document, shape: Shape, depth: int, already: bool, turn: Turn) -> Iterator[Change]:
    """Yield what `not` refuses, otherwise as the shape asks where that can be had; each in a few of the branches."""
    nodes = [part for part in shape.nodes("not") if forbidden_name(part.schema) is None]
    often = _SEVERAL if len(nodes) < _MANY_NOTS else 1
    parts = [part for part in nodes if not turn.is_told(id(part.schema), often=often)]
    own = [words for node in shape.parts if (words := own_words(document, node)).keywords()] if parts else []
    members = shape.members()
    for part in parts:
        both = (part, *own)
        # further parts may be the spelled-out opposite of what is refused: nothing fits both
        tried = (both, (part, *own[:1]), (part,))[members is not None :]
        listed = [value for value in (members or ())[:MOST_MEMBERS] if document.holds(both, value)]
        wanted = listed or next((found for parts in tried if (found := samples(document, parts, depth=depth))), [])
        yield from (change("nested", value, f"refused by not: {describe(value)}") for value in wanted[:4])
        yield from around(document, part, own, wanted)
        if wanted and not already and depth < deepest(document) - 1 and not document.is_weary:
            inside = variations(document, both, wanted[0], depth=depth + 1, refused=True)
            yield from islice(nested(inside), _MOST_REFUSED)


def _containers(
    document: Document, shape: Shape, base: Any, kinds: tuple[str, ...], depth: int
) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield the base where it is an object or array, and one of each further kind that the keywords speak of."""
    for kind, made in (("object", objects), ("array", arrays)):
        wanted = dict if kind == "object" else list
        if isinstance(base, wanted) and kind in kinds:
            yield base
        elif kind in kinds and kind in shape.spoken_types():
            found = (value for value in made(document, shape, depth=depth) if document.holds(shape.decisive, value))
            yield from islice(found, 1)


def _of_container(document: Document, shape: Shape, base: Any, depth: int, turn: Turn) -> Iterator[Change]:
    """Return changes of an object or array, and of what it holds."""
    if isinstance(base, dict):
        streams = [
            of_object(document, shape, base, depth=depth, turn=turn),
            _inside_object(document, shape, base, depth, turn),
        ]
    else:
        streams = [of_array(document, shape, base, depth=depth), _inside_array(document, shape, base, depth)]
    return interleaved(streams) if depth else chain.from_iterable(streams)


def _two_branches(document: Document, shapes: list[Shape], depth: int) -> Iterator[Change]:
    for first in range(min(len(shapes), 5)):
        for second in range(first + 1, min(len(shapes), 5)):
            both = together(document, shapes[first], shapes[second])
            for value in samples_of(document, both, depth=depth)[:2] if both is not None else ():
                yield change("nested", value, f"branches {first + 1} and {second + 1}")
    yield from _all_branches(document, shapes[:5], depth)


def _all_branches(document: Document, shapes: list[Shape], depth: int) -> Iterator[Change]:
    every: Shape | None = shapes[0]
    for shape in shapes[1:]:
        every = every and together(document, every, shape)
    if every is not None and len(shapes) > 2:
        made = [*samples_of(document, every, depth=depth)[:1], *islice(built(document, every, depth=depth), 1)]
        yield from (change("nested", value, "branches together") for value in made)


def _inside_object(document: Document, shape: Shape, base: dict[str, Any], depth: int, turn: Turn) -> Iterator[Change]:
    return chain.from_iterable(_streams_inside(document, shape, base, depth, turn))


def _streams_inside(
    document: Document, shape: Shape, base: dict[str, Any], depth: int, turn: Turn
) -> Iterator[Iterator[Change]]:
    if depth >= deepest(document) or (depth and document.is_weary):
        return
    names = [*shape.property_names(), *open_names(document, shape, base, depth)]
    streams = [chain.from_iterable(_inside_member(document, shape, base, name, depth)) for name in names]
    if depth:
        yield interleaved(streams)
        return
    again = {*turn.share(names, _MOST_TOLD)}
    often = _SEVERAL if turn.of < _MANY_BRANCHES else 1
    for name, stream in zip(names, streams, strict=True):
        if not turn.is_told(name, *(id(node.schema) for node in shape.member(name)), often=often):
            yield islice(stream, _share(document, len(names) * turn.of))
        elif name in again:  # what other branches told already
            yield islice((item for item in stream if item.category != "optional"), _FEW_AGAIN)


def _share(document: Document, places: int) -> int:
    """Return how many changes are made in each of so many places."""
    most, fewest = (_MOST_BELOW_ITSELF, 15) if document.is_recursive else (_MOST_BELOW, _FEWEST_PER_PLACE)
    return max(fewest if places < _MOST_TOLD else _FEW, most // places)


def _inside_member(
    document: Document, shape: Shape, base: dict[str, Any], name: str, depth: int
) -> Iterator[Iterator[Change]]:
    conjunction = shape.member(name)
    options = [base[name]] if name in base else samples(document, conjunction, depth=depth + 1)
    made = _below(document, conjunction, options[0] if options else None, depth)
    yield all_in_member(made, base, name)


def _inside_array(document: Document, shape: Shape, base: list[Any], depth: int) -> Iterator[Change]:
    if depth >= deepest(document) or (depth and document.is_weary):
        return
    base = _behind_prefix(document, shape, base, depth)
    streams = []
    for own in (base, *spared(document, shape, base)):
        places = dict.fromkeys((*range(shape.prefix_length()), len(own) - 1))
        streams += [_inside_item(document, shape.item(at), own, at, depth) for at in places if 0 <= at < len(own)]
    wanted = shape.nodes("contains")
    if wanted and base:
        streams.append(_inside_item(document, (*shape.item(0), *wanted), base, 0, depth))
    one_wrong = _one_of_several(document, shape, len(base), depth)
    if depth < _SEVERAL or not document.is_recursive:
        streams.append(islice(one_wrong, None if depth < _SEVERAL else _FEW_FURTHER_IN))
    streams += [_nearly_contained(document, shape, depth), _one_too_many_nearly(document, shape, depth)]
    for stream in [interleaved(streams)] if depth else streams:
        yield from islice(stream, _MOST_BELOW)


def _inside_item(
    document: Document, conjunction: Conjunction, own: list[Any], place: int, depth: int
) -> Iterator[Change]:
    return all_in_item(_below(document, conjunction, own[place], depth), own, place)


def _below(document: Document, conjunction: Conjunction, own: Any, depth: int) -> Iterator[Change]:
    made = variations(document, conjunction, own, depth=depth + 1)
    return nested(made) if depth else made


def _nearly_contained(document: Document, shape: Shape, depth: int) -> Iterator[Change]:
    """Yield arrays in which one item short of `minContains` are found, beside one that nearly is; for each `contains`."""
    wanted = shape.nodes("contains")
    asked = [(node, items) for node in wanted if (items := _hits(document, shape, node, depth)) is not None]
    streams = []
    for node, items in asked:
        others = [item for other, theirs in asked if other is not node for item in theirs if items]
        if items:
            near = variations(document, (node,), items[0], depth=depth + 1)
            streams.append(_with_near(document, node, [*others, *items[1:]], near))
    yield from interleaved(streams)


def _hits(document: Document, shape: Shape, wanted: Node, depth: int) -> list[Any] | None:
    """Return as many items as one `contains` asks for; None where there are none, or too many."""
    hits = samples(document, (wanted, *shape.item(shape.prefix_length())), depth=depth + 1)
    least = next(
        part.keywords().get("minContains", 1) for part, schema in shape.stated["contains"] if schema is wanted.schema
    )
    return hits[:1] * int(least) if hits and least <= MOST_NEEDED else None


def _with_near(document: Document, node: Node, row: list[Any], near: Iterator[Change]) -> Iterator[Change]:
    misses = (item for item in near if not document.holds((node,), item.value))
    for item in islice(in_turns(islice(misses, _MOST_TOLD)), _MOST_REFUSED):
        yield change("nested", [*row, item.value], f"not contained: {item.category} {item.detail}")


def _behind_prefix(document: Document, shape: Shape, base: list[Any], depth: int) -> list[Any]:
    """Return an array long enough to have an item of each kind; the base itself where it is, or none can be made."""
    length = shape.prefix_length()
    for count in (length + 1, length) if len(base) <= length else ():
        made = array_of(document, shape, count, depth=depth)
        if made is not None and len(made) > len(base) and document.holds(shape.decisive, made):
            return made
    return base


def _one_too_many_nearly(document: Document, shape: Shape, depth: int) -> Iterator[Change]:
    """Yield arrays with as many matches as `contains` allows, beside one more item that nearly matches."""
    for part, schema in shape.stated.get("contains", ()):
        most, node = int(part.keywords().get("maxContains", 0)), part.child(schema)
        about = (node, *shape.item(shape.prefix_length()))
        for hit in samples(document, about, depth=depth + 1)[:1] if 0 < most <= _FEW else ():
            near = variations(document, (node,), hit, depth=depth + 1)
            yield from islice(_with_near(document, node, [hit] * most, near), _FEW)


def _one_of_several(document: Document, shape: Shape, length: int, depth: int) -> Iterator[Change]:
    """Yield arrays of which one item is wrong, the last or the first: some programs look at some items only."""
    several = max(_SEVERAL, shape.prefix_length() + 2)
    row = array_of(document, shape, min(shape.smallest("maxItems") or several, several), depth=depth)
    if row is None or len(row) < 2:
        return
    last, conjunction = len(row) - 1, shape.item(len(row) - 1)
    telling: dict[tuple[object, ...], Change] = {}
    for item in islice(variations(document, conjunction, row[-1], depth=depth + 1), _MOST_OF_LAST):
        kind = item.detail.split(" ", 1)[0] if item.category == "nested" else item.category
        key = (item.path, kind, item.detail) if item.category == "boundary" else (item.path, kind)  # either end
        known = len(telling) == _FEW or key in telling
        if kind in _TELLING_OF_LAST and not known and not document.holds(conjunction, item.value):
            telling[key] = item
    few, first = [*telling.values()][:_FEW_FIRST], shape.prefix_length()
    for item in telling.values() if len(row) > max(length, 1) else ():
        yield item.below(last, partial(_with_item, row, last))
    if is_made_far_inside(document):
        return
    for item in few if first < last else ():
        yield item.below(first, partial(_with_item, row, first))
    if few and depth < _SEVERAL and (shape.smallest("maxItems") or _MANY) > len(row):
        long = array_of(document, shape, min(shape.smallest("maxItems") or _MANY, _MANY), depth=depth) or row
        yield from (item.below(len(long) - 1, partial(_with_item, long, len(long) - 1)) for item in few)


def _with_item(base: list[Any], place: int, value: Any) -> list[Any]:
    return [*base[:place], value, *base[place + 1 :]]
