"""Values with units: `"50ms"`, `"10MiB"`, `"80%"` to numbers, and back.

A bare number where a unit is needed is an error: MB and MiB, ms and s differ, and no reader can guess which was meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from fractions import Fraction
from typing import Final

from .errors import UnitError

DURATION_UNITS: Final[Mapping[str, int]] = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "min": 60_000_000_000,
    "h": 3_600_000_000_000,
}
"""Nanoseconds in each unit."""

SIZE_UNITS: Final[Mapping[str, int]] = {
    "B": 1,
    "kB": 10**3,
    "KiB": 2**10,
    "MB": 10**6,
    "MiB": 2**20,
    "GB": 10**9,
    "GiB": 2**30,
    "TB": 10**12,
    "TiB": 2**40,
}
"""Bytes in each unit: powers of 1000 (kB, MB) and of 1024 (KiB, MiB)."""

_SHARE_UNITS: Final[Mapping[str, int]] = {"%": 1}
_OTHER_SPELLINGS: Final[Mapping[str, str]] = {
    "µs": "us",
    "μs": "us",
    "usec": "us",
    "msec": "ms",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "m": "min",
    "mins": "min",
    "minute": "min",
    "minutes": "min",
    "hr": "h",
    "hour": "h",
    "hours": "h",
    "byte": "B",
    "bytes": "B",
    "K": "KiB",
    "KB": "KiB",
    "k": "kB",
    "M": "MiB",
    "mb": "MB",
    "G": "GiB",
    "percent": "%",
}
_QUANTITY = re.compile(
    r"\s*(?P<sign>[+-]?)(?P<number>[0-9]{1,18}(?:\.[0-9]{1,18})?)\s*(?P<unit>[^\s0-9]*)\s*", re.ASCII
)


def parse_duration_ns(text: object) -> int:
    """Return the nanoseconds that a text such as `"50ms"` or `"2 min"` says. Raises UnitError."""
    return round(_parse(text, "duration", DURATION_UNITS, examples="'50ms', '5s' or '2min'"))


def parse_duration_s(text: object) -> float:
    """Return the seconds that a text such as `"50ms"` or `"2 min"` says. Raises UnitError."""
    return parse_duration_ns(text) / 1_000_000_000


def parse_size_bytes(text: object) -> int:
    """Return the bytes that a text such as `"10MiB"` (binary) or `"10MB"` (decimal) says. Raises UnitError."""
    return round(_parse(text, "size", SIZE_UNITS, examples="'16KiB', '10MiB' or '10MB'"))


def parse_share(text: object) -> float:
    """Return the share that a text such as `"80%"` says: 0.8. Raises UnitError."""
    return float(_parse(text, "share", _SHARE_UNITS, examples="'80%' or '2.5%'") / 100)


def format_duration(ns: int, *, digits: int | None = None) -> str:
    """Spell nanoseconds in the largest unit that keeps the number at 1 or more: `"1.5 s"`.

    Exact, so that parsing gives `ns` back, unless `digits` says how many significant digits to show.
    """
    return _spell(ns, DURATION_UNITS, digits)


def format_size(size_bytes: int, *, digits: int | None = None) -> str:
    """Spell bytes in binary units: `"10 MiB"`. Exact unless `digits` says how many significant digits to show."""
    binary = {unit: factor for unit, factor in SIZE_UNITS.items() if unit == "B" or unit.endswith("iB")}
    return _spell(size_bytes, binary, digits)


def format_share(share: float) -> str:
    """Spell a share as per cent: 0.8 is `"80%"`."""
    return f"{round(share * 100, 10):.10f}".rstrip("0").rstrip(".") + "%"


def _parse(text: object, kind: str, units: Mapping[str, int], *, examples: str) -> Fraction:
    advice = f"write a {kind} such as {examples}"
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise UnitError(f"{text!r} is not a {kind}: {advice}")
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        raise UnitError(f"{text!r} is not a {kind}: {advice}")
    if match["sign"] == "-":
        raise UnitError(f"{text!r} is negative: {advice}")
    if not match["unit"]:
        raise UnitError(f"{text!r} has no unit: {advice}")
    if match["unit"] not in units:
        raise UnitError(_unknown_unit(text, match["unit"], kind, units, advice))
    return Fraction(match["number"]) * units[match["unit"]]


def _unknown_unit(text: object, unit: str, kind: str, units: Mapping[str, int], advice: str) -> str:
    close = _OTHER_SPELLINGS.get(unit) or _OTHER_SPELLINGS.get(unit.lower())
    if close not in units:
        same = [known for known in units if known.lower() == unit.lower()]
        close = next(iter(same or get_close_matches(unit, list(units), n=1)), None)
    hint = f" Did you mean '{close}'?" if close else ""
    return f"unknown unit {unit!r} in {text!r}.{hint} Units of a {kind}: {', '.join(units)}; {advice}"


def _spell(amount: int, units: Mapping[str, int], digits: int | None) -> str:
    sign, amount = ("-" if amount < 0 else ""), abs(amount)
    unit, factor = next(
        (
            (unit, factor)
            for unit, factor in reversed(list(units.items()))
            if amount >= factor and _fits(amount, factor, digits)
        ),
        next(iter(units.items())),
    )
    number = _decimal(Fraction(amount, factor)) if digits is None else _significant(amount / factor, digits)
    return f"{sign}{number} {unit}"


def _fits(amount: int, factor: int, digits: int | None) -> bool:
    """Whether the number can be written in this unit: exact spelling needs a short decimal."""
    return digits is not None or (amount * 10**12) % factor == 0


def _decimal(value: Fraction) -> str:
    whole, rest = divmod(value.numerator, value.denominator)
    fraction = f"{rest * 10**12 // value.denominator:012d}".rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)


def _significant(value: float, digits: int) -> str:
    whole_digits = len(str(int(value)))
    text = f"{value:.{max(digits - whole_digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
