"""1.0 where an integer is wanted: valid in JSON Schema 2020-12, and yet no integer to most programming languages.

Source: JSON Schema Validation 2020-12, 6.1.1 ("any number with a zero fractional part"). A tool that refuses such a
value is not accused of it unless its `acceptance` is `strict`; a crash that is no TypeError still is a crash. A server or
a command tells a TypeError by its words alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from ..json_copy import leaves
from .violation import is_valid

_FLOAT_FOR_INTEGER = re.compile(
    r"'float' object cannot be interpreted as an integer|slice indices must be integers or None"
    r"|can't multiply sequence by non-int of type 'float'|indices must be integers( or slices)?, not '?float"
    r"|integer argument expected, got '?float|must be integers?, not '?float|an integer is required \(got type float\)"
    r"|unsupported operand type\(s\) for (<<|>>|&|\||\^|~)[^\n]*'float'|Unknown format code '.' for object of type 'float'"
)
"""What Python says where a float stands in an integer's place: a TypeError, of which a server sends the words alone."""


def stumbles_over_integral_float(schema: Any, value: Any, said: str) -> bool:
    """Whether the words are those of an integer's place in which the 1.0 of this input, valid as it is, stands."""
    return _FLOAT_FOR_INTEGER.search(said) is not None and rests_on_integral_float(schema, value)


def rests_on_integral_float(schema: Any, value: Any) -> bool:
    """Whether the input is valid only because a float with a zero fraction counts as an integer."""
    if not _has_integral_float(value):
        return False
    if not is_valid(schema, value, floats_are_integers=False):
        return True
    return _has_small(value) and not any(is_valid(schema, _with_floats(value, nudge)) for nudge in (_up, _down))


def _up(number: float) -> float:
    return math.nextafter(number, math.inf)


def _down(number: float) -> float:
    return math.nextafter(number, -math.inf)


def _has_integral_float(value: Any) -> bool:
    return any(float.is_integer(number) for number in _floats(value))


def _has_small(value: Any) -> bool:
    return any(map(_has_neighbours, _floats(value)))


def _floats(value: Any) -> Iterator[float]:
    return leaves(value, float)


def _has_neighbours(value: float) -> bool:
    """Whether a hair's breadth makes a fraction of it: beyond 2^53 every float is whole."""
    return value.is_integer() and abs(value) < 2**53


def _with_floats(value: Any, change: Callable[[float], float]) -> Any:
    if isinstance(value, dict):
        return {name: _with_floats(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_floats(item, change) for item in value]
    return change(value) if isinstance(value, float) and _has_neighbours(value) else value
