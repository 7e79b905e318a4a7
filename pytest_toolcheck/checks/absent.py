"""Keys of things that are not there: order 999998 may be refused, though its number is within the bounds of the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..spec.model import ToolSpec
from .base import Evidence, said_of
from .violation import is_valid

_NOT_FOUND = (404, 410)
_SAID = re.compile(
    r"\bno such\b|\bunknown\b|\bthere (?:is|are) no\b|\bno \w+ (?:with|has|is|at|under|named|called|for)\b|\bnon-?existent\b"
    r"|(?:\bnot|n't|\bnever|\bno)\b[^.\n]{0,40}\b(?:found|exists?|existing|known|registered|available|there)\b",
    re.IGNORECASE,
)
_KEY_WORDS = (
    "id ids uid pid key no nr num number code ref reference handle index idx version revision page slot seat room row"
)
_KEYS = frozenset(_KEY_WORDS.split())
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def may_be_absent(evidence: Evidence, good: Mapping[str, Any]) -> bool:
    """Whether the refusal says that there is no such thing, of a key without which nothing is wrong with the input."""
    error, value = evidence.outcome.error, evidence.case.input
    if error is None or evidence.retry is None or not isinstance(value, Mapping):
        return False
    said = said_of(evidence)  # nothing, where the server keeps it to itself: this may be what it meant
    if error.code not in _NOT_FOUND and said.strip() and not speaks_of_absence(said, value):
        return False
    names = [name for name in _keys(evidence.tool, value, error.code) if name in good and good[name] != value[name]]
    if not names or any(_is_last_of_many(evidence, name) for name in names):
        return False
    return evidence.retry({**value, **{name: good[name] for name in names}}).kind == "accepted"


def speaks_of_absence(said: str, value: Mapping[str, Any]) -> bool:
    """Whether a refusal says that something is not there, or so of a value that was sent."""
    return _SAID.search(said) is not None or _names_it(said, value)


def is_missing_beside_another(evidence: Evidence) -> bool:
    """Whether the refusal says so of a key, and the one beside it names a thing that is there: user 1 is, user 2 is not."""
    value, name = evidence.case.input, evidence.case.pointer.removeprefix("/")
    if not isinstance(value, Mapping) or not said_of(evidence).strip():
        return False
    return any(may_be_absent(evidence, {**value, name: other}) for other in _beside(value.get(name)))


def _beside(key: Any) -> Iterator[Any]:
    """Yield the next keys: a number less and more by one, a text shorter and longer by a character."""
    if type(key) is int:
        yield from (key - 1, key + 1)
    elif isinstance(key, str) and key:
        yield from (key[:-1], key + key[-1])


def _names_it(said: str, value: Mapping[str, Any]) -> bool:
    """Whether it says so of a value that was sent: "no user 98", "user 98 is gone"."""
    sent = [re.escape(str(inner)) for inner in value.values() if isinstance(inner, (int, str)) and inner != ""]
    one = rf"['\"`#]?(?:{'|'.join(sent)})\b['\"`]?" if sent else None
    gone = r"(?:is |was |has been )?(?:missing|gone|deleted|removed)\b"
    return one is not None and re.search(rf"\bno (?:\w+ ){{1,3}}{one}|{one} {gone}", said, re.IGNORECASE) is not None


def _is_last_of_many(evidence: Evidence, name: str) -> bool:
    """Whether the number is the largest that the schema allows and the one below is accepted: then its bound is wrong."""
    value, schema = evidence.case.input, evidence.tool.input if evidence.tool.input is not None else True
    if not isinstance(value[name], int) or evidence.retry is None or is_valid(schema, {**value, name: value[name] + 1}):
        return False
    below = {**value, name: value[name] - 1}
    return is_valid(schema, below) and evidence.retry(below).kind == "accepted"


def _keys(tool: ToolSpec, value: Mapping[str, Any], code: int | None) -> Iterator[str]:
    """Yield the numbers and texts that name a thing: by their names, or because they stand in the path of what was not found."""
    for name, inner in value.items():
        if isinstance(inner, bool) or not isinstance(inner, int | str):
            continue
        words = _WORD.findall(name)
        is_in_path = code in _NOT_FOUND and f"{{{name}}}" in (tool.call or "")
        if is_in_path or (words and words[-1].lower() in _KEYS):
            yield name
