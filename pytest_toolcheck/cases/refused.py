"""What a `not` refuses, and what lies just beside: members that are not to be there, texts around a forbidden one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from . import texts
from .changes import Change, change
from .identity import describe
from .schema import Document, Node
from .shapes import Shape, alternatives
from .turns import Turn, interleaved
from .valid import samples

_ELSEWHERE = frozenset(("not", "$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "if", "then", "else"))
_MOST_FORBIDDEN, _MOST_AROUND, _MOST_PLACES, _MOST_MATCHES = 120, 60, 12, 3
_NEXT = {**dict(zip("azAZ09", "bybY18", strict=False)), "y": "z"}


def with_forbidden(document: Document, shape: Shape, base: Any, depth: int, turn: Turn) -> Iterator[Change]:
    """Yield the base with a member that is not to be there, as where another one that it asks for is missing."""
    if not isinstance(base, dict):
        return
    absent = [name for name in shape.forbidden_names() if name not in base]
    again = {*turn.share(absent, _MOST_FORBIDDEN)}
    for name in absent:
        if turn.is_told("forbidden", name) and name not in again:
            continue
        for value in (samples(document, shape.member(name), depth=depth + 1) or [1])[:1]:
            yield Change("nested", (name,), f"refused by not: {describe(value)}", {**base, name: value})


def own_words(document: Document, node: Node) -> Node:
    """Return the node without what it refuses, refers to or branches into: a shape has that as parts of their own."""
    words = node.keywords()
    if _ELSEWHERE.isdisjoint(words):
        return node
    own = {keyword: value for keyword, value in words.items() if keyword not in _ELSEWHERE}
    return node.child(document.derived("own words", id(node.schema), schema=own))


def around(document: Document, part: Node, own: list[Node], refused: list[Any]) -> Iterator[Change]:
    """Yield texts on either side of a forbidden one, such as the rest of the schema takes: there `not` alone decides."""
    patterns = [text for shape in alternatives(document, (part,)) for text in shape.all_of("pattern")]
    if not patterns:
        return
    known = [value for value in refused if isinstance(value, str)]
    allowed = [value for value in samples(document, tuple(own)) if isinstance(value, str) and value][:2]
    streams = [
        _spelled_otherwise(patterns),
        _one_off(known[:2]),
        _beside(known[:2], allowed),
        _elsewhere(patterns, allowed),
    ]
    streams += [iter(texts.near_misses(pattern)) for pattern in patterns]
    seen = set[str]()
    fitting = (pair for pair in interleaved(streams) if document.holds(tuple(own), pair[1]))
    for name, text in islice(fitting, _MOST_AROUND):
        if text not in seen:
            seen.add(text)
            yield change("pattern", text, f"near what not refuses: {name}")


def _spelled_otherwise(patterns: list[str]) -> Iterator[tuple[str, str]]:
    """Yield forbidden texts in other letters, behind others, cut: what a comparison of another kind takes for the same."""
    for text in (text for pattern in patterns for text in texts.matching(pattern)[:_MOST_MATCHES]):
        yield from (("other case", text.swapcase()), ("capital", text.capitalize()), ("behind another", f"x{text}"))
        yield from (("cut", text[:-1]), ("first cut", text[1:]), ("behind a space", f" {text}"), ("match", text))


def _one_off(known: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each text with one character replaced by the next of its kind."""
    for text in known:
        for place in dict.fromkeys((0, len(text) - 1, *range(min(len(text), _MOST_PLACES)))):
            if 0 <= place < len(text) and text[place].isascii() and text[place].isalnum():
                yield f"another {place}", text[:place] + _next(text[place]) + text[place + 1 :]


def _next(char: str) -> str:
    return _NEXT.get(char) or chr(ord(char) + 1)


def _beside(known: list[str], allowed: list[str]) -> Iterator[tuple[str, str]]:
    """Yield forbidden texts with a character, or all, of an allowed one before or behind."""
    for text in known:
        for other in allowed:
            yield from (("a character before", other[0] + text), ("a character behind", text + other[-1]))
            yield from (("a text before", other + text), ("a text behind", text + other))
            yield "inside", other[0] + text + other[-1]


def _elsewhere(patterns: list[str], allowed: list[str]) -> Iterator[tuple[str, str]]:
    """Yield allowed texts into which a forbidden one is written, at each place."""
    for text in (text for pattern in patterns for text in texts.matching(pattern)[:_MOST_MATCHES] if text):
        for other in allowed[-1:]:
            for at in range(min(len(other) - len(text) + 1, _MOST_PLACES)):
                yield f"at {at}", other[:at] + text + other[at + len(text) :]
