"""Arrays with more and fewer of the items that `contains` counts: equal and different ones, in one place and in another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from . import valid
from .changes import Change, change
from .identity import identity
from .schema import Conjunction, Document, Node
from .shapes import Shape
from .valid import samples

_MOST_HITS, _MOST_ITEMS_FIRST, _MOST_ARRANGED = 200, 20, 20


def contained(document: Document, shape: Shape) -> Iterator[Change]:
    """Yield arrays with as many hits as allowed, one more and one fewer; behind the prefix where there is one."""
    for part, schema in shape.stated.get("contains", ()):
        wanted = part.child(schema)
        hits, misses = hits_of(document, shape, wanted), misses_of(document, shape, (wanted,))
        first = _prefix_items(document, shape)
        for number in _numbers(part) if hits else ():
            yield change("boundary", misses[:1] + hits[:1] * number, f"contains {number}")
            yield change("boundary", hits[:1] * number, f"contains only {number}")
            if first:
                yield change("boundary", first + hits[:1] * number, f"contains {number} more")
                yield change("boundary", first + misses[:1] + hits[:1] * number, f"contains {number} behind another")
        yield from _arranged(document, shape, part, hits, misses, first)


def hits_of(document: Document, shape: Shape, wanted: Node) -> list[Any]:
    """Return items that count; such as the schema of items takes too, where there are any."""
    return samples(document, (wanted, *shape.item(shape.prefix_length()))) or samples(document, (wanted,))


def misses_of(document: Document, shape: Shape, wanted: Conjunction) -> list[Any]:
    """Return items that do not count; such as the schema of items takes first."""
    options = [*samples(document, shape.item(99)), *valid.ANYTHING]
    return [option for option in options if not document.holds(wanted, option)]


def spared(document: Document, shape: Shape, base: list[Any]) -> Iterator[list[Any]]:
    """Yield the base with one more item that `contains` does not count: it can be changed and the count stays."""
    wanted = shape.nodes("contains")
    for miss in misses_of(document, shape, wanted)[:1] if wanted else ():
        if document.holds(shape.decisive, [*base, miss]):
            yield [*base, miss]


def _numbers(part: Node) -> list[int]:
    words = part.keywords()
    counts = {words.get("minContains", 1), words.get("maxContains", 1)}
    near = sorted({int(count) + by for count in counts for by in (-1, 0, 1)})
    return [number for number in near if 0 <= number <= _MOST_HITS]


def _arranged(
    document: Document, shape: Shape, part: Node, hits: list[Any], misses: list[Any], first: list[Any]
) -> Iterator[Change]:
    """Yield rows whose hits differ, or only some of them; all of them at the end, at both ends, in the middle."""
    different = [*islice(_different(document, shape, part, hits), _MOST_ARRANGED)]
    fewest = max(2, int(part.keywords().get("minContains", 1)))
    beside = _beside(document, shape, misses)
    for number in _numbers(part):
        if number > _MOST_ARRANGED or not different:
            continue
        for few, said in ((len(different), "different"), (fewest, f"of {fewest} kinds")):
            row = [different[at % min(few, len(different))] for at in range(number)]
            padding = max(shape.largest("minItems") - number - len(first), 1)
            for items, where in _placed(row, beside * (padding if beside else 0)):
                yield change("boundary", first + items, f"contains {number} {said} {where}")


def _placed(row: list[Any], padding: list[Any]) -> Iterator[tuple[list[Any], str]]:
    yield [*row, *padding], "at the start"
    if padding:
        yield [*padding, *row], "at the end"
        yield [*row[:1], *padding, *row[1:]], "at both ends"
        yield [*padding, *row, padding[0]], "in the middle"


def _beside(document: Document, shape: Shape, misses: list[Any]) -> list[Any]:
    """Return the one item that is put beside the hits: such as the schema of items takes, where there is one."""
    item = shape.item(shape.prefix_length())
    return [*[miss for miss in misses if document.holds(item, miss)][:1], *misses[:1]][:1]


def _different(document: Document, shape: Shape, part: Node, hits: list[Any]) -> Iterator[Any]:
    """Yield hits that all differ."""
    both = (part.child(part.keywords()["contains"]), *shape.item(shape.prefix_length()))
    seen = set[str]()
    options = [*hits]
    for number in range(_MOST_ARRANGED if len(hits) > 1 else 0):
        options += islice(valid.further(document, both, number, depth=1), 2)
    for value in options:
        if identity(value) not in seen and document.holds(both, value):
            seen.add(identity(value))
            yield value


def _prefix_items(document: Document, shape: Shape) -> list[Any]:
    options = [samples(document, shape.item(at)) for at in range(min(shape.prefix_length(), _MOST_ITEMS_FIRST))]
    return [each[0] for each in options] if all(options) else []
