"""Strings that match a regular expression, and strings that nearly do: by walks through the parsed expression."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, permutations
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from ..ecma import in_python
from .explosive import LONGEST, TooLong, is_explosive, parser, searcher
from .pattern_walks import FORTH, AstrayWalk, CountingWalk, Walk
from .turns import interleaved

_OFTEN = 64
_MOST_RUNS, _MOST_ASTRAY, _MOST_AHEAD = 6, 8, 4
_ASTRAL = "\U0001f600"
_NEXT_LETTER = {
    **dict(itertools.pairwise("abcdefghijklmnopqrstuvwxyz")),
    **dict(itertools.pairwise("ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
}
_KINDS = (ascii_lowercase, ascii_uppercase, digits)
_WAYS = {"more": "a repeat more", "less": "a repeat less", "above": "above a range", "below": "below a range"}
_SPOILT_AGAIN = frozenset({"junk before", "junk after", "newline after", "twice", "last cut", "one more", "other case"})


@lru_cache(maxsize=512)
def matching(pattern: str) -> tuple[str, ...]:
    """Return a few different strings in which `pattern` is found, shortest first; none for what cannot be walked."""
    return tuple(_matching(pattern, (0, 0, 0, 1, 2, 3, 1, 1, 2, 2), (0, 1, 2, 3, 1, 2, 0, 1, -1, FORTH)))


@lru_cache(maxsize=512)
def fullest(pattern: str) -> tuple[str, ...]:
    """Return texts in which `pattern` is found, each part of it repeated as often as allowed, or very often."""
    return tuple(_matching(pattern, (_OFTEN,), (0, 1)))


@lru_cache(maxsize=512)
def matching_of_length(pattern: str, length: int) -> str | None:
    """Return a string of `length` code points in which `pattern` is found; None where the walk meets none."""
    if length > LONGEST and is_explosive(pattern):
        return None
    for extra in (0, 1, length, length - 1, length - 2, length - 3, length - 4):
        for text in _matching(pattern, (max(extra, 0),) * 3, (0, 1, 4)):
            for padded in (text, text + text[-1:] * (length - len(text)), text[:1] * (length - len(text)) + text):
                if len(padded) == length and _is_found(pattern, padded):
                    return padded
    return _cut_to_length(pattern, length)


@lru_cache(maxsize=512)
def matching_about(pattern: str, length: int) -> str | None:
    """Return a string of some such length, as far as the expression allows it; None where the walk meets none."""
    if length > LONGEST and is_explosive(pattern):
        return None
    return next(iter(_matching(pattern, (length,), (0,))), None)


def _cut_to_length(pattern: str, length: int) -> str | None:
    return next((text for text in _of_repeats(pattern)[:length] if len(text) == length), None)


@lru_cache(maxsize=512)
def _of_repeats(pattern: str) -> tuple[str, ...]:
    """Return texts of ever more repeats in which `pattern` is found."""
    return tuple(text for extra in range(_OFTEN) for text in _matching(pattern, (extra,), (0,)))


def near_misses(pattern: str) -> list[tuple[str, str]]:
    """Return (what was done, text) for texts close to a match: junk before and after, a trailing newline, one off."""
    return [*_near_misses(pattern)]


@lru_cache(maxsize=512)
def _near_misses(pattern: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    texts = matching(pattern)
    full = list(_matching(pattern, (1,), (0,)))
    others = (spoilt for text in texts[1:3] for spoilt in _spoil(text) if spoilt[0] in _SPOILT_AGAIN)
    first = [iter(_spoil(text)) for text in texts[:1]]
    made = chain(interleaved([*first, _astray(pattern), *map(_another_kind, full), _astral(pattern)]), others)
    for name, changed in made:
        if not _is_disputed(pattern, changed):
            found.setdefault(changed, name)
    return tuple((name, text) for text, name in found.items())


def _astral(pattern: str) -> Iterator[tuple[str, str]]:
    """Yield the shortest and longest of a pattern, in characters that UTF-16 needs two units for; one short of either."""
    for text in (*matching(pattern)[:1], *fullest(pattern)[:1]):
        yield from (("astral", _ASTRAL * length) for length in (len(text), len(text) - 1) if length > 0)


def _another_kind(text: str) -> Iterator[tuple[str, str]]:
    """Yield the text with the last of each run of letters, digits or signs replaced by one of another kind."""
    runs = list(re.finditer(r"[a-z]+|[A-Z]+|[0-9]+|[^a-zA-Z0-9]+", text))
    for other in "0aA" if len(text) > 1 else "":
        if _kind(other) is not _kind(text[0]):
            yield f"{other} first", other + text[1:]
    for run in runs[:_MOST_RUNS]:
        last = run[0][-1]
        if last in _NEXT_LETTER and len(run[0]) > 1:  # another word
            yield f"{_NEXT_LETTER[last]} for {last}", text[: run.end() - 1] + _NEXT_LETTER[last] + text[run.end() :]
        for other in "0aA_-.":
            if _kind(other) is not _kind(last):
                yield f"{other} for {last}", text[: run.end() - 1] + other + text[run.end() :]


def _kind(char: str) -> str:
    """Return what the character is one of, or the sign itself."""
    return next((kind for kind in _KINDS if char in kind), char)


def _astray(pattern: str) -> Iterator[tuple[str, str]]:
    """Yield texts that match but for one character just outside its range, or one repeat more or less than allowed."""
    tree = _tree(pattern)
    if tree is None:
        return
    for way, name in _WAYS.items():
        for style, most in ((0, _MOST_ASTRAY), (1, _MOST_ASTRAY // 2 if "|" in pattern else 0)):
            for place in range(most):
                walk = AstrayWalk(way, place, style)
                text = walk.text(tree)
                if walk.left >= 0:
                    break
                yield name, text


def _is_disputed(pattern: str, text: str) -> bool:
    """Whether `$` before a last newline decides: a match to Python, none to ECMA 262, which JSON Schema means."""
    return text.endswith("\n") and _is_found(pattern, text)


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


def nth_matching(pattern: str, number: int) -> Iterator[str]:
    """Yield texts in which `pattern` is found, for the `number`-th of many that all differ."""
    tree = _tree(pattern)
    if tree is None:
        return
    for extra in (0, 2, 4):
        text = CountingWalk(extra, number).text(tree)
        if _is_found(pattern, text):
            yield text


def _is_found(pattern: str, text: str) -> bool:
    try:
        return searcher(pattern)(text) is not None
    except TooLong:
        return False


@lru_cache(maxsize=512)
def _tree(pattern: str) -> Any:
    """Return the parsed expression, which nobody changes; None for what cannot be parsed."""
    try:
        return parser.parse(in_python(pattern))
    except (re.error, OverflowError, RecursionError):
        return None


def _matching(pattern: str, extras: Iterable[int], styles: Iterable[int]) -> Iterable[str]:
    tree = _tree(pattern)
    if tree is None:
        return
    seen = set()
    for extra, style in zip(extras, styles, strict=False):
        walk = Walk(extra, style)
        plain = walk.text(tree)
        for text in (plain, *(_with_ahead(plain, walk.ahead) if walk.ahead else ())):
            if text not in seen and _is_found(pattern, text):
                seen.add(text)
                yield text
                break


def _with_ahead(text: str, ahead: list[str]) -> Iterator[str]:
    """Yield texts that hold what lookaheads ask for: in place of the start, at either end, in any order."""
    together = "".join(ahead)
    yield from (together + text[len(together) :], text[: -len(together)] + together, together + text, text + together)
    yield from (over for one, other in permutations(ahead[:_MOST_AHEAD], 2) for over in _laid_over(one, other))
    if len(ahead) <= _MOST_AHEAD:
        yield from ("".join(parts) for parts in permutations([*ahead, text] if text else ahead))


def _laid_over(one: str, other: str) -> tuple[str, str]:
    """Return the other text with its start, and with its end, replaced by the one."""
    return one + other[len(one) :], other[: max(len(other) - len(one), 0)] + one
