"""Values that may be refused together though each is allowed alone: an end before its start, the 31st of February."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_ORDERED: tuple[tuple[str, str], ...] = (
    *(("min", "max"), ("minimum", "maximum"), ("low", "high"), ("lower", "upper"), ("lo", "hi"), ("least", "most")),
    *(("start", "end"), ("start", "stop"), ("begin", "end"), ("from", "to"), ("first", "last"), ("since", "until")),
    *(("after", "before"), ("left", "right"), ("open", "close"), ("departure", "arrival"), ("in", "out")),
)
_ABOVE, _EQUAL = "above", "equal"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def may_be_refused_together(value: Any, known_good: Sequence[Mapping[str, Any]]) -> bool:
    """Whether parameters that belong together by name are out of order, or name no day; not where a good input is so too."""
    found = set(_at_odds(value))
    return bool(found) and not any(found & _proven(good) for good in known_good)


def _proven(good: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """Return what an accepted input shows to be no reason: equal ends are no proof for ends the wrong way round."""
    found = set(_at_odds(good))
    return found | {(*odds[:-1], _EQUAL) for odds in found if odds[-1] == _ABOVE}


def _at_odds(value: Any, path: str = "") -> Iterator[tuple[str, ...]]:
    """Yield which members of the value, at every depth, are at odds with each other."""
    if isinstance(value, Mapping):
        named = {tuple(word.lower() for word in _WORD.findall(name)): name for name in value}
        yield from ((path, *pair) for pair in _out_of_order(value, named))
        yield from ((path, *names) for names in _no_days(value, named))
        for name, inner in value.items():
            yield from _at_odds(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _at_odds(inner, f"{path}/*")


def _out_of_order(value: Mapping[str, Any], named: Mapping[tuple[str, ...], str]) -> Iterator[tuple[str, str, str]]:
    for words, name in named.items():
        for low, high in _ORDERED:
            other = named.get(tuple(high if word == low else word for word in words))
            if low in words and other is not None and other != name and (odds := _odds(value[name], value[other])):
                yield name, other, odds


def _odds(low: Any, high: Any) -> str | None:
    """Say how the one is not below the other; equal ones may be refused as well, and other kinds say nothing."""
    if isinstance(low, bool) or isinstance(high, bool):
        return None
    numbers = isinstance(low, int | float) and isinstance(high, int | float)
    if not numbers and not (isinstance(low, str) and isinstance(high, str)):
        return None
    return _ABOVE if low > high else _EQUAL if low == high else None


def _no_days(value: Mapping[str, Any], named: Mapping[tuple[str, ...], str]) -> Iterator[tuple[str, ...]]:
    for words, name in named.items():
        if words[-1:] != ("day",):
            continue
        names = [named.get((*words[:-1], unit)) for unit in ("year", "month")]
        year, month, day = (value.get(other or "") for other in (*names, name))
        if (
            isinstance(month, int)
            and isinstance(day, int)
            and not _is_day(year if isinstance(year, int) else 2023, month, day)
        ):
            yield (name, "day")


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except (ValueError, OverflowError):
        return False
    return True
