"""What a refusal offers, whatever its words: values in brackets, behind a colon, one a line, side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_LONGEST = 40
_MOST = 40
_DEEPEST = 6
_SEPARATORS = re.compile(r"\s*[,;|]\s*|\s+/\s+|\s+(?:or|and|nor|oder|und|ou|et|o|y)\s+", re.IGNORECASE)
_QUOTES = " \t'\"`‘’“”.!?*"
_BRACKETED = re.compile(r"\[([^\[\]\n]{2,400})\]|\(([^()\n]{2,400})\)|\{([^{}\n:]{2,400})\}")
_GO = re.compile(r"[\w.+-]+(?: [\w.+-]+)+")
"""A list as Go prints it: words between blanks."""
_BEHIND = re.compile(r"(?:[:=]|->|→)[ \t]*([^\n:=]{1,400})")
_LINES = re.compile(r":[ \t]*\n((?:[ \t]*(?:[-*•]|\d{1,2}[.)])?[ \t]*[^\s][^\n]{0,60}(?:\n|$)){2,40})")
_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]*")
_COLUMNS = re.compile(r"\s{2,}|\t")
_WORD = r"['\"`]?[\w.+-]+['\"`]?"
_RUN = re.compile(
    rf"{_WORD}(?:\s*(?:,|\|)\s*(?:or\s+|and\s+)?{_WORD}|\s+(?:or|and|nor|oder|ou)\s+{_WORD})+", re.IGNORECASE
)
_TIGHT = re.compile(r"(?<![\w/:.])[\w.+-]+(?:/[\w.+-]+)+(?![\w/])")
_ONE = re.compile(
    rf"\b(?:mean|meant|use|try|equal(?:s| to)?|only|supports?|accepts?|closest match(?: is)?|be)\s+({_WORD})",
    re.IGNORECASE,
)


_LISTED = re.compile(
    r"allow|option|valid|choice|enum|permit|expect|support|accept|values|one_?of|known|candidates", re.IGNORECASE
)


def unpacked(text: str) -> tuple[str, list[str]]:
    """Return a text with the words of the JSON in it instead, and what an array there names as allowed."""
    for at in (index for index, char in enumerate(text) if char in "{["):
        try:
            value, end = json.JSONDecoder().raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) or (value and isinstance(value, list) and isinstance(value[0], dict)):
            words: list[str] = []
            listed: list[str] = []
            _gather(value, "", words, listed)
            return "\n".join([text[:at], *words, text[end:]]), listed
    return text, []


def _gather(value: Any, key: str, words: list[str], listed: list[str], depth: int = 0) -> None:
    if isinstance(value, str):
        words.append(value)
    elif isinstance(value, dict) and depth < _DEEPEST:
        for name, inner in value.items():
            _gather(inner, name, words, listed, depth + 1)
    elif isinstance(value, list) and _LISTED.search(key) and not any(isinstance(each, (dict, list)) for each in value):
        listed += [each if isinstance(each, str) else json.dumps(each) for each in value]
    elif isinstance(value, list) and depth < _DEEPEST:
        for inner in value:
            _gather(inner, key, words, listed, depth + 1)


def lists_in(text: str) -> list[str]:
    """Return the items of lists that are marked as such: between brackets, or one a line."""
    found: list[str] = []
    for match in _LINES.finditer(text):
        found += _cleaned(_COLUMNS.split(_BULLET.sub("", line).strip())[0] for line in match[1].splitlines())
    for match in _BRACKETED.finditer(text):
        inside = next(group for group in match.groups() if group is not None)
        items = _items(inside)
        if len(items) == 1 and match[1] is not None and _GO.fullmatch(inside):
            words = inside.split(" ")
            items = words if len({word.isdecimal() for word in words}) == 1 else []
        found += items if len(items) > 1 else []
    return list(dict.fromkeys(found))[:_MOST]


def items_in(text: str) -> Iterator[str]:
    """Yield what may be offered: behind a colon, in a run of words with commas, slashes or "or", after "did you mean"."""
    for match in _BEHIND.finditer(text):
        items = _items(match[1])
        yield from items if len(items) > 1 else [*items, *(match[1].split() if _GO.fullmatch(match[1]) else ())]
    for match in _RUN.finditer(text):
        yield from _items(match[0])
    for match in _TIGHT.finditer(text):
        yield from (match[0], *match[0].split("/"))
    for match in _ONE.finditer(text):
        yield from _cleaned([match[1]])


def _items(text: str) -> list[str]:
    """Split a list; before the first item may stand words that introduce it, behind the last one the sentence may go on."""
    items = _cleaned(_SEPARATORS.split(text))
    if len(items) > 1:
        items += [end for end in (items[0].rpartition(" ")[2], items[-1].partition(" ")[0]) if end]
    return list(dict.fromkeys(_cleaned(items)))


def _cleaned(items: Iterator[str] | list[str]) -> list[str]:
    words = (item.strip(_QUOTES) for item in items)
    return [word for word in words if 0 < len(word) <= _LONGEST]
