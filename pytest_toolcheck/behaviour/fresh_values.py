"""Values that nobody has asked for: of the kind and shape of one that was accepted."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from ..checks.violation import is_valid

_TRIES: Final = 8
_FREE: Final = (5, 9)
"""The lengths of a text whose schema says none."""
_FAR: Final = 10_000
_LONG_ENOUGH: Final = 6
_DAYS: Final = date(1990, 1, 1).toordinal(), date(2030, 12, 31).toordinal()

Maker = Callable[[Mapping[str, Any], Any, random.Random], Any]


def makers_for(part: Any, known: Any) -> Iterator[Maker]:
    """Yield what makes new values in the place of a known one, the likeliest first; nothing where there are few of them."""
    if not isinstance(part, Mapping) or "enum" in part or "const" in part or isinstance(known, bool):
        return
    if isinstance(known, str):
        usual = (_reshaped, _letters) if "pattern" in part else (_letters, _reshaped)
        yield from (_FORMATS.get(part.get("format", ""), _reshaped),) if "format" in part else usual
    elif isinstance(known, (int, float)):
        yield _number


def new_value(maker: Maker, part: Mapping[str, Any], known: Any, chance: random.Random) -> Any:
    """Return a new value that its schema allows; None where none was found."""
    for _ in range(_TRIES):
        value = maker(part, known, chance)
        if value != known and is_valid(dict(part), value):
            return value
    return None


def last_in_order(part: Any, value: Any, spare: str) -> Any:
    """Return a text like `value` that comes after all others by its letters; of a short one, `spare` makes it one of its own."""
    if not isinstance(value, str):
        return value
    at = next((at for at, char in enumerate(value) if char.isascii() and char.isalpha()), len(value))
    last = "".join("zZ"[char.isupper()] if char.isascii() and char.isalpha() else char for char in value[at : at + 2])
    is_short = sum(char.isalnum() for char in value) < _LONG_ENOUGH
    made = f"zz{spare}" if is_short else f"{value[:at]}{last}{value[at + 2 :]}"
    return made if is_valid(part, made) else value


def begun_alike(part: Any, value: Any) -> str | None:
    """Return a text that has one letter or digit more than `value`, as near its end as may be; None where none is taken."""
    for at in range(len(value), 0, -1) if isinstance(value, str) else ():
        for char in "x7":
            if value[at - 1].isalnum() and is_valid(part, made := f"{value[:at]}{char}{value[at:]}"):
                return made
    return None


def _letters(part: Mapping[str, Any], _known: Any, chance: random.Random) -> str:
    low = max(part.get("minLength", 0), 1)
    high = part.get("maxLength", max(_FREE[1], low))
    length = chance.randint(max(low, min(_FREE[0], high)), max(low, min(_FREE[1], high)))
    return "".join(chance.choices(string.ascii_lowercase, k=length))


def _day(_part: Mapping[str, Any], _known: Any, chance: random.Random) -> str:
    return date.fromordinal(chance.randint(*_DAYS)).isoformat()


def _moment(_part: Mapping[str, Any], known: Any, chance: random.Random) -> str:
    return f"{_day({}, known, chance)}{known[10:]}"


def _uuid(_part: Mapping[str, Any], _known: Any, chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


_FORMATS: Final[Mapping[str, Maker]] = {"date": _day, "date-time": _moment, "uuid": _uuid}


def _reshaped(_part: Mapping[str, Any], known: Any, chance: random.Random) -> str:
    return "".join(_of_the_kind(char, chance) for char in known)


def _of_the_kind(char: str, chance: random.Random) -> str:
    for kind in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if char in kind:
            return chance.choice(kind)
    return char


def _number(part: Mapping[str, Any], known: Any, chance: random.Random) -> int | float:
    low = part.get("minimum", part.get("exclusiveMinimum"))
    high = part.get("maximum", part.get("exclusiveMaximum"))
    low = min(1, high - _FAR if high is not None else 1) if low is None else low
    high = low + _FAR if high is None or high - low > 2 * _FAR else high
    if isinstance(known, int) and part.get("type") != "number":
        return chance.randint(int(low), int(high))
    return round(chance.uniform(low, high), 2)
