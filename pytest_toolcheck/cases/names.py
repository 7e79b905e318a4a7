"""Names of members at the edge of what `patternProperties` and `propertyNames` take, on either side, with values that tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations, islice

from . import texts, valid
from .changes import Change, change
from .identity import identity
from .scalars import enum_members, of_string
from .schema import Conjunction, Document, Node
from .shapes import Shape, alternatives, is_found
from .turns import interleaved
from .valid import samples

_MOST, _MOST_TOGETHER = 80, 6
_BESIDE = "no such member"
_WRONG: tuple[object, ...] = (None, "x", 1, True, -1, "a longer text than most", [], {})
_TELLING = ("boundary", "pattern", "format", "enum", "unicode")
Name = tuple[str, str]
"""A name, and the category of what is told by it."""
Member = tuple[str, str, object]
"""The category, the name, the value."""


def near_members(document: Document, shape: Shape) -> Iterator[Member]:
    """Yield members whose names are just taken, and just not, by what the shape says of names; each name in turn."""
    patterned = [
        _under(document, shape, part, pattern)
        for part, patterns in shape.stated.get("patternProperties", ())
        for pattern in patterns
    ]
    named = [_named(document, shape, naming) for naming in shape.nodes("propertyNames")]
    yield from interleaved([*named, *patterned, _of_both(document, shape)])


def several_members(document: Document, shape: Shape) -> Iterator[dict[str, object]]:
    """Yield members under each of several patterns, and two under one."""
    patterns = list(dict.fromkeys(pattern for each in shape.all_of("patternProperties") for pattern in each))[:4]
    names = {pattern: list(dict.fromkeys(_matching(pattern)))[:2] for pattern in patterns}
    first = [found[0] for found in names.values() if found]
    for chosen in (first, *names.values()):
        members = {name: samples(document, shape.member(name))[:1] for name in chosen}
        if len(members) > 1 and all(members.values()):
            yield {name: found[0] for name, found in members.items()}


def _matching(pattern: str) -> Iterator[str]:
    yield from texts.matching(pattern)
    for number in range(2):
        yield from texts.nth_matching(pattern, number)
    yield from (f"{text}a" for text in texts.matching(pattern) if is_found(pattern, f"{text}a"))


def _under(document: Document, shape: Shape, part: Node, pattern: str) -> Iterator[Member]:
    """Yield members around a pattern, with a value that tells whether a tool takes the name for one that matches."""
    own = (part.child(part.keywords()["patternProperties"][pattern]),)
    beside = shape.member(_BESIDE)
    values = (*samples(document, own), *samples(document, beside)[:_MOST_TOGETHER], *_WRONG)
    telling = [value for value in values if document.holds(own, value) is not document.holds(beside, value)][:1]
    edge = Shape((part.child(document.derived("named", pattern, schema={"type": "string", "pattern": pattern})),))
    for name, category in _distinct(of_string(edge), ("pattern", "boundary")):
        fitting = samples(document, shape.member(name)) if is_found(pattern, name) else ()
        yield from ((category, name, value) for value in (*telling, *fitting[:1]))


def _named(document: Document, shape: Shape, naming: Node) -> Iterator[Member]:
    """Yield a member for each name at the edge of what `propertyNames` takes."""
    usual = (change("optional", name) for name in samples(document, (naming,)))
    for edge in alternatives(document, (naming,)):
        members = edge.members()
        made = of_string(edge) if members is None else enum_members(members)
        for name, category in _distinct(chain(usual, made), ("optional", *_TELLING)):
            yield category, name, _value(document, shape.member(name))


def _of_both(document: Document, shape: Shape) -> Iterator[Member]:
    """Yield members whose names match two patterns: what either asks for holds."""
    patterns = list(dict.fromkeys(pattern for each in shape.all_of("patternProperties") for pattern in each))[:4]
    for first, second in combinations(patterns, 2):
        for name in list(texts.of_both(first, second))[:1]:
            about = shape.member(name)
            yield from (("pattern", name, value) for value in (_value(document, about), *_of_one(document, about)))


def _of_one(document: Document, about: Conjunction) -> Iterator[object]:
    """Yield values that one of the schemas takes and another refuses."""
    for node in about:
        values = samples(document, (node,))
        yield from [value for value in values if not document.holds(about, value)][:_MOST_TOGETHER]


def _value(document: Document, conjunction: Conjunction) -> object:
    return (samples(document, conjunction, depth=valid.deepest(document) - 1) or [1])[0]


def _distinct(made: Iterable[Change], telling: tuple[str, ...]) -> list[Name]:
    """Return the different names in turns of their categories: those of each are cut alike."""
    queues: dict[str, dict[str, Name]] = {category: {} for category in telling}
    for item in made:
        if item.category in queues and isinstance(item.value, str):
            queues[item.category].setdefault(identity(item.value), (item.value, item.category))
    return [*islice(interleaved([iter(queue.values()) for queue in queues.values()]), _MOST)]
