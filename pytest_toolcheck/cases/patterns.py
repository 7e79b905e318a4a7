"""Strings that match a regular expression, and strings that nearly do: a walk over the parsed expression."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any

# The parse tree of the standard library's own compiler has no public name.
op: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

_PREFERRED = "aA0 _-bz9Z.@/:é"
_CLASS_SAMPLES = {
    op.CATEGORY_DIGIT: "0123456789",
    op.CATEGORY_NOT_DIGIT: "aA_-",
    op.CATEGORY_WORD: "aA0_bzZ9",
    op.CATEGORY_NOT_WORD: "-. @",
    op.CATEGORY_SPACE: " \t\n",
    op.CATEGORY_NOT_SPACE: "aA0_-",
}
_STYLES = range(6)
_LONGEST_REPEAT = 2000


@lru_cache(maxsize=512)
def matching(pattern: str) -> tuple[str, ...]:
    """Return a few different strings in which `pattern` is found, shortest first; none for what cannot be walked."""
    return tuple(_matching(pattern, (0, 0, 0, 1, 2, 3), (0, 1, 2, 3, 1, 2)))


@lru_cache(maxsize=512)
def matching_of_length(pattern: str, length: int) -> str | None:
    """Return a string of `length` code points in which `pattern` is found; None where the walk meets none."""
    for extra in (0, 1, length, length - 1, length - 2, length - 3, length - 4):
        for text in _matching(pattern, (max(extra, 0),) * 3, (0, 1, 4)):
            for padded in (text, text + text[-1:] * (length - len(text)), text[:1] * (length - len(text)) + text):
                if len(padded) == length and re.search(pattern, padded):
                    return padded
    return _cut_to_length(pattern, length)


def _cut_to_length(pattern: str, length: int) -> str | None:
    for low in range(min(length, 64)):
        for text in _matching(pattern, (low,), (0,)):
            if len(text) == length:
                return text
    return None


def near_misses(pattern: str) -> list[tuple[str, str]]:
    """Return (what was done, text) for texts close to a match: junk before and after, a trailing newline, one off."""
    found: dict[str, str] = {}
    for text in matching(pattern)[:3]:
        for name, changed in _spoil(text):
            if not _is_disputed(pattern, changed):
                found.setdefault(changed, name)
    return [(name, text) for text, name in found.items()]


def _is_disputed(pattern: str, text: str) -> bool:
    """Whether `$` before a last newline decides: a match to Python, none to ECMA 262, which JSON Schema means."""
    return text.endswith("\n") and re.search(pattern, text) is not None


def _spoil(text: str) -> Iterable[tuple[str, str]]:
    yield "junk before", "!" + text
    yield "junk after", text + "!"
    yield "newline after", text + "\n"
    yield "newline before", "\n" + text
    yield "line before", "!\n" + text
    yield "space before", " " + text
    yield "space after", text + " "
    yield "twice", text + text
    if text:
        yield "last cut", text[:-1]
        yield "first cut", text[1:]
        yield "one more", text + text[-1]
        yield "other case", text.swapcase()
        middle = len(text) // 2
        yield "one replaced", text[:middle] + "!" + text[middle + 1 :]
        yield "other digits", text.translate({48 + n: 0x0660 + n for n in range(10)})
        yield "accented", text.replace("a", "á").replace("A", "Á")


def _matching(pattern: str, extras: Iterable[int], styles: Iterable[int]) -> Iterable[str]:
    try:
        tree = parser.parse(pattern)
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return
    seen = set()
    for extra, style in zip(extras, styles, strict=False):
        text = _Walk(extra, style).text(tree)
        if text not in seen and compiled.search(text):
            seen.add(text)
            yield text


class _Walk:
    """One way through an expression: `extra` more repeats than needed, `style` picks characters and branches."""

    def __init__(self, extra: int, style: int) -> None:
        self.extra, self.style = extra, style
        self.groups: dict[int, str] = {}

    def text(self, tree: Any) -> str:
        """Return a text for a parsed (sub-)expression."""
        return "".join(self._node(kind, value) for kind, value in tree)

    def _node(self, kind: Any, value: Any) -> str:
        method = getattr(self, "_" + str(kind).lower(), None)
        return "" if method is None else method(value)

    def _literal(self, value: int) -> str:
        return chr(value)

    def _not_literal(self, value: int) -> str:
        return next(c for c in _PREFERRED if c != chr(value))

    def _any(self, _value: None) -> str:
        return "aA0-"[self.style % 4]

    def _in(self, items: list[Any]) -> str:
        negated = bool(items) and items[0][0] is op.NEGATE
        if negated:
            free = [c for c in _PREFERRED if not any(_holds(kind, v, c) for kind, v in items[1:])]
            return free[self.style % len(free)] if free else "\u2603"
        pool = [c for kind, v in items for c in _members(kind, v)]
        return pool[self.style % len(pool)] if pool else ""

    def _branch(self, value: Any) -> str:
        return self.text(value[1][self.style % len(value[1])])

    def _subpattern(self, value: Any) -> str:
        number, _, _, tree = value
        found = self.text(tree)
        if number is not None:
            self.groups[number] = found
        return found

    def _groupref(self, number: int) -> str:
        return self.groups.get(number, "")

    def _atomic_group(self, tree: Any) -> str:
        return self.text(tree)

    def _max_repeat(self, value: Any) -> str:
        low, high, tree = value
        count = min(low + self.extra, int(high), _LONGEST_REPEAT) if self.extra <= _LONGEST_REPEAT else low
        return "".join(self.text(tree) for _ in range(max(count, min(int(low), _LONGEST_REPEAT))))

    _min_repeat = _possessive_repeat = _max_repeat


def _members(kind: Any, value: Any) -> str:
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.RANGE:
        low, high = value
        return "".join(dict.fromkeys((chr(low), chr(high), chr((low + high) // 2), chr(min(low + 1, high)))))
    return _CLASS_SAMPLES.get(value, "")


def _holds(kind: Any, value: Any, char: str) -> bool:
    if kind is op.LITERAL:
        return bool(chr(value) == char)
    if kind is op.RANGE:
        return bool(value[0] <= ord(char) <= value[1])
    return char in _CLASS_SAMPLES.get(value, "") or bool(value is op.CATEGORY_WORD and char.isalnum())
