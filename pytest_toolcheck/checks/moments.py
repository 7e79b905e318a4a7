"""Instants as texts: the day and hour of one offset beside another offset are another moment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|z|[+-]\d\d:?\d\d)", re.ASCII)
_ZONE: Final = re.compile(r"zone|tz|offset|locale|region|country|city|place", re.IGNORECASE)
"""Who is told a zone beside may keep the hour and put that zone to it."""
_KEEPS_HOURS: Final = re.compile(
    r"\b(?:wall|local|naive|replac\w*|ignor\w*|drop\w*|strip\w*|time ?zones?|offsets?)\b", re.IGNORECASE
)


def is_hour_moved(sent: str, told: str) -> bool:
    """Whether a text tells the day and hour of another one beside another offset: `12:30+05:30` as `12:30Z`."""
    one, other = _MOMENT.fullmatch(sent), _MOMENT.fullmatch(told)
    if one is None or other is None or one.groups()[:2] != other.groups()[:2]:
        return False
    return _minutes(one[3]) != _minutes(other[3])


def may_move_hours(names: Iterable[str], said: str) -> bool:
    """Whether tools may be there for that: their names, their parameters' names or what is said of them speaks of zones."""
    return _KEEPS_HOURS.search(said) is not None or any(_ZONE.search(name) for name in names)


def _minutes(offset: str) -> int:
    if offset in "Zz":
        return 0
    digits = offset.replace(":", "")
    return int(digits[0] + "1") * (int(digits[1:3]) * 60 + int(digits[3:5]))
