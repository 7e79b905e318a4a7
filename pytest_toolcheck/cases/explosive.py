"""Expressions whose search may take exponential time, and a search that refuses long texts for these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

from ..ecma import in_python

# The parse tree of the standard library's own compiler has no public name.
op: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

LONGEST = 20
"""A text of so many characters is decided in some milliseconds by the worst of these expressions."""
_MANY = 10
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")


class TooLong(re.error):
    """A text was not looked at, as that might never end."""


@lru_cache(maxsize=1024)
def searcher(pattern: str) -> Callable[[str], Any]:
    """Return the compiled pattern's `search`, which raises TooLong where it might never end.

    Raises re.error, as `jsonschema` does, for what is no expression.
    """
    search = re.compile(in_python(pattern)).search
    if not is_explosive(pattern):
        return search

    def guarded(text: str) -> Any:
        if len(text) > LONGEST:
            raise TooLong(f"{len(text)} characters under {pattern!r}")
        return search(text)

    return guarded


@lru_cache(maxsize=1024)
def is_explosive(pattern: str) -> bool:
    """Say whether a repeat stands in a repeat with nothing between two rounds that tells them apart."""
    if not any(sign in pattern for sign in ")*+}"):
        return False
    try:
        return any(_explodes(body) for body in _repeated(parser.parse(in_python(pattern))))
    except (re.error, OverflowError, RecursionError):
        return False


def _explodes(body: Any) -> bool:
    inner = list(_repeated(body))
    if not inner:
        return False
    letters = {chr(value) for kind, value in _flat(body) if kind is op.LITERAL}
    return not any(all(not _can_match(part, letter) for part in inner) for letter in letters)


def _flat(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what must be met once a round: the items of a sequence, those of its groups too."""
    for kind, value in tree:
        if kind is op.SUBPATTERN:
            yield from _flat(value[-1])
        else:
            yield kind, value


def _repeated(tree: Any) -> Iterator[Any]:
    """Yield the body of every repeat of many rounds, at any depth."""
    for kind, value in tree:
        if str(kind) in _REPEATS and int(value[1]) >= _MANY:
            yield value[2]
        yield from (found for part in _parts(value) for found in _repeated(part))


def _parts(value: Any) -> Iterator[Any]:
    """Yield the parsed expressions inside an item's value."""
    if isinstance(value, parser.SubPattern):
        yield value
    elif isinstance(value, (tuple, list)):
        yield from (part for item in value for part in _parts(item))


def _can_match(tree: Any, letter: str) -> bool:
    """Say whether a character may be met somewhere in the expression; yes where that is not plain."""
    for kind, value in tree:
        if kind is op.LITERAL:
            found = chr(value) == letter
        elif kind is op.NOT_LITERAL:
            found = chr(value) != letter
        elif kind is op.IN:
            found = any(in_class(item, letter) for item in value)
        elif kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            found = False
        else:
            parts = list(_parts(value))
            found = not parts or any(_can_match(part, letter) for part in parts)
        if found:
            return True
    return False


def in_class(item: tuple[Any, Any], letter: str) -> bool:
    """Whether one item of a class holds the character."""
    kind, value = item
    if kind is op.LITERAL:
        return bool(chr(value) == letter)
    if kind is op.RANGE:
        return bool(value[0] <= ord(letter) <= value[1])
    if kind is op.CATEGORY:
        return value not in _CATEGORIES or _CATEGORIES[value](letter)
    return True


_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdigit,
    op.CATEGORY_NOT_DIGIT: lambda letter: not letter.isdigit(),
    op.CATEGORY_WORD: lambda letter: letter.isalnum() or letter == "_",
    op.CATEGORY_NOT_WORD: lambda letter: not (letter.isalnum() or letter == "_"),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda letter: not letter.isspace(),
}
