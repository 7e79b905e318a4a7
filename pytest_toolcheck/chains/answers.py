"""What answers about a chain's things tell when they are laid side by side: mixed up, or changed without being asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..behaviour.leaves import MISSING, differing, is_volatile, leaves_of
from .values import has_word, shown

_MOVES_ON = re.compile(r"version|revision|\brev\b|etag|time|date|(^|_)(at|by)$|modif|changed", re.IGNORECASE)
"""Parameters that every update may change."""
_TOMBSTONE = re.compile(r"delet|remov|archiv|trash|status|state|activ|exist", re.IGNORECASE)
_GOES_BY_UPDATES = re.compile(
    r"edit|dirty|draft|pending|review|publi|approv|accept|confirm|verif|valid|sync|count|total|histor|progress|stage|step",
    re.IGNORECASE,
)
"""What an update may set back, or count."""
_LONGEST_CUT = 30
"""What is shown of a text may end there: a reader may cut long ones off."""
_TELLING = 4
"""A shorter word stands in a text by chance."""


def mistaken(answer: Any, values: Mapping[str, tuple[Any, Any]], earlier: Mapping[str, Any]) -> str | None:
    """Return the parameter that an answer given about two things shows, though they differ in it; None if there is none.

    A text is read for the values themselves: it must show those of one thing only, or of an `earlier` one.
    """
    for name, (mine, others) in values.items():
        if mine == others or not isinstance(mine, (str, int)):
            continue
        if isinstance(answer, str):
            is_cut_off = 0 < len(answer) < _LONGEST_CUT and all(_holds(value, answer) for value in (mine, others))
            if (
                has_word(answer, mine) != has_word(answer, others)
                or _shows_earlier(answer, mine, earlier.get(name))
                or is_cut_off
            ):
                return name
        elif shown(answer, name) in (mine, others, earlier.get(name, mine)):
            return name
    return None


def _holds(value: Any, answer: str) -> bool:
    return isinstance(value, str) and answer != value and value.startswith(answer)


def untrue(made: Any, read: Any, given: Mapping[str, Any]) -> tuple[str, Any, Any] | None:
    """Return a parameter of which the creator's own answer shows what was given, and the reader's another value."""
    if not isinstance(made, Mapping) or not isinstance(read, Mapping):
        return None
    for name, value in given.items():
        told, now = shown(made, name), shown(read, name)
        is_plain = isinstance(value, (str, int)) and not _MOVES_ON.search(name) and not _TOMBSTONE.search(name)
        if is_plain and told == value and now is not None and now != value:
            return name, value, now
    return None


def is_as_before(before: Any, after: Any) -> bool:
    """Whether an answer is the one before but for the moment of the call; a tombstone (`deleted_at`, a status) is not."""
    moved = differing([leaves_of(before), leaves_of(after)])
    return all(
        MISSING not in values and not _TOMBSTONE.search(name) and is_volatile(name, values, telemetry=True)
        for name, values in moved.items()
    )


def is_emptied(before: Any, after: Any) -> bool:
    """Whether an answer has the places of the one before, some of them empty now, and no word of a deletion."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return False
    ones, others = leaves_of(before), leaves_of(after)
    if set(ones) != set(others) or any(_TOMBSTONE.search(name) for name in others):
        return False
    moved = differing([ones, others])
    is_said = any(_TOMBSTONE.search(value) for value in others.values() if isinstance(value, str))
    return not is_said and any(value in (None, "") for _, value in moved.values())


def mixed_up(read: Any, given: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return a name under which a reader shows the text that was given under another name, and that name."""
    if not isinstance(read, Mapping):
        return None
    texts = {name: value for name, value in given.items() if isinstance(value, str) and len(value) >= _TELLING}
    for name, own in texts.items():
        seen = shown(read, name)
        other = next((each for each, value in texts.items() if value == seen != own), None)
        if other is not None:
            return name, other
    return None


def is_changed_alone(name: str, old: Any, new: Any, asked: Any) -> bool:
    """Whether a value changed that nobody can ask to change; a state moves on, and a slug follows its title."""
    if _MOVES_ON.search(name) or _TOMBSTONE.search(name) or None in (old, new) or old == new:
        return False
    return not _follows(new, asked)


def changed_elsewhere(before: Any, after: Any, names: Iterable[str], asked: Any) -> tuple[str, Any, Any] | None:
    """Return a value that only another tool sets, and that an update changed nevertheless, with both values.

    What an update may undo (a publication, an approval) and what it counts is no such value.
    """
    for name in names:
        old, new = shown(before, name), shown(after, name)
        if not _GOES_BY_UPDATES.search(name) and is_changed_alone(name, old, new, asked):
            return name, old, new
    return None


def _shows_earlier(text: str, mine: Any, earlier: Any) -> bool:
    is_telling = isinstance(earlier, str) and len(earlier) >= _TELLING and earlier != mine
    return is_telling and has_word(text, earlier) and not has_word(text, mine)


def changed_beside(
    before: Any,
    after: Any,
    arguments: Mapping[str, Any],
    asked: Collection[str],
    schemas: Iterable[Any],
    offered: Mapping[str, Any],
) -> tuple[str, Any, Any] | None:
    """Return a parameter that an update changed without being asked, with both values; None if there is none.

    Left out, a parameter may fall back to nothing or to its default: the thing is replaced then.
    """
    properties = [(name, inner) for schema in schemas for name, inner in _properties(schema).items()]
    defaults = [(name, inner["default"]) for name, inner in properties if "default" in inner]
    for name in dict.fromkeys(name for name, _ in properties if name not in asked and not _MOVES_ON.search(name)):
        old, new = (_told(answer, name, offered.get(name)) for answer in (before, after))
        is_left_out = name not in arguments and (new is None or (name, new) in defaults)
        if old is None or new == old or (is_left_out and not isinstance(after, str)):
            continue
        followed = [(_told(before, each, offered.get(each)), arguments.get(each)) for each in asked]
        if not any(_follows(old, was) and _follows(new, now) for was, now in followed):
            return name, old, new
    return None


def _follows(value: Any, other: Any) -> bool:
    """Whether a value is made of another one: the slug of a title."""
    words, followed = (re.sub(r"[^a-z0-9]", "", str(each).lower()) for each in (value, other))
    return min(len(words), len(followed)) >= _TELLING and (words in followed or followed in words)


def _told(answer: Any, name: str, known: Any) -> Any:
    """Return what an answer shows of a parameter; a text either names it (`count: 3`) or has a long value in it."""
    if not isinstance(answer, str):
        return shown(answer, name)
    pair = re.search(rf"\b{re.escape(name)}\b[\"']?\s*[:=]\s*(\S[^,;\n|)]*)", answer, re.IGNORECASE)
    if pair is not None:
        return pair[1]
    return shown(answer, name, known) if len(str(known)) >= _TELLING else None


def _properties(schema: Any) -> Mapping[str, Mapping[str, Any]]:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    known = properties if isinstance(properties, Mapping) else {}
    return {name: inner for name, inner in known.items() if isinstance(inner, Mapping)}
