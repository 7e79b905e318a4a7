"""Durations as a user writes them, to integer nanoseconds.

This room imports nothing of the package but its errors, so that it can be used alone.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from ..errors import UnitError

SECOND = 1_000_000_000
"""Nanoseconds in a second: the clock counts whole nanoseconds, so that no sum of steps loses any."""

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "sec": SECOND,
    "m": 60 * SECOND,
    "min": 60 * SECOND,
    "h": 3600 * SECOND,
    "d": 86_400 * SECOND,
}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zµ]+)", re.IGNORECASE)

Duration = str | int | float | timedelta
"""`"1.5s"`, `"1m30s"`, a number of seconds, or a timedelta."""


def to_ns(duration: Duration) -> int:
    """Return a duration as whole nanoseconds; a leading minus makes it negative.

    Raises UnitError for a text without a unit, with an unknown unit, or with anything else in it.
    """
    if isinstance(duration, timedelta):
        return ((duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds) * 1_000
    if isinstance(duration, bool) or not isinstance(duration, str | int | float):
        raise UnitError(f"a duration is a text such as '1.5s' or a number of seconds, not {duration!r}")
    if isinstance(duration, str):
        return _parse(duration)
    if duration != duration or duration in (float("inf"), float("-inf")):
        raise UnitError(f"a duration is a finite number of seconds, not {duration!r}")
    return duration * SECOND if isinstance(duration, int) else round(duration * SECOND)


def _parse(text: str) -> int:
    body = text.strip()
    sign, body = (-1, body[1:]) if body.startswith("-") else (1, body)
    total, end = Decimal(0), 0
    while match := _PART.match(body, end):
        unit = match[2] if match[2] in _UNITS else match[2].lower()
        if unit not in _UNITS:
            raise UnitError(f"unknown unit {match[2]!r} in {text!r}; use one of {', '.join(_UNITS)}")
        total, end = total + Decimal(match[1]) * _UNITS[unit], match.end()
    if not body or body[end:].strip():
        raise UnitError(f"not a duration: {text!r}; write a number with a unit, such as '1.5s', '250ms' or '1m30s'")
    return sign * round(total)


def to_text(ns: int) -> str:
    """Return nanoseconds as a short text in seconds: `12.5s`, `0.001s`."""
    text = f"{ns / SECOND:.9f}".rstrip("0").rstrip(".")
    return f"{text}s"
