"""Numbers that are too large for another parameter: line 98 of a text of one line, 98 chosen of 5.

A control call decides: with the text or array long enough, or the other number at its end, and nothing else changed,
the number is accepted. That it is the other number's affair, the refusal must say itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .base import Evidence, said_of
from .violation import is_valid

_MOST_CONTAINERS = 4
_LARGEST = 20_000


def points_outside(evidence: Evidence) -> bool:
    """Whether a whole number lies beyond a sibling's length, and is accepted as soon as the sibling is longer."""
    value = evidence.case.input
    if evidence.retry is None or not isinstance(value, Mapping):
        return False
    reach = max(_numbers(value), default=0)
    if not 0 < reach <= _LARGEST:
        return False
    containers = [name for name, inner in value.items() if isinstance(inner, str | list) and len(inner) <= reach]
    return any(_is_accepted_longer(evidence, name, reach) for name in containers[:_MOST_CONTAINERS])


def is_too_much_for_another(evidence: Evidence, good: Mapping[str, Any]) -> bool:
    """Whether a refusal names a number that was left as it was, and there is none with that one at either of its ends."""
    value, schema = evidence.case.input, evidence.tool.input
    if evidence.retry is None or not isinstance(value, Mapping) or not isinstance(schema, dict):
        return False
    said = said_of(evidence)
    for name in [name for name in value if name in good and good[name] == value[name] and _is_number(value[name])]:
        if not re.search(rf"\b{re.escape(name)}\b", said):
            continue
        for end in _ends((schema.get("properties") or {}).get(name)):
            other = {**value, name: end}
            if is_valid(schema, other) and evidence.retry(other).kind == "accepted":
                return True
    return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ends(part: Any) -> Iterator[Any]:
    for keyword in ("maximum", "minimum"):
        if isinstance(part, dict) and _is_number(part.get(keyword)):
            yield part[keyword]


def _numbers(value: Any) -> Iterator[int]:
    if isinstance(value, int) and not isinstance(value, bool):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _numbers(inner)


def _is_accepted_longer(evidence: Evidence, name: str, reach: int) -> bool:
    schema = evidence.tool.input if evidence.tool.input is not None else True
    others = ({**evidence.case.input, name: longer} for longer in _longer(evidence.case.input[name], reach))
    other = next((other for other in others if is_valid(schema, other)), None)
    return other is not None and evidence.retry is not None and evidence.retry(other).kind == "accepted"


def _longer(value: Any, reach: int) -> Iterator[Any]:
    """Yield texts of more lines, then of more characters, or arrays of more items, than the number counts."""
    for length in (reach + 1, reach):
        if isinstance(value, list):
            yield (value * length)[:length]
        else:
            yield value + "a\n" * length
            yield (value + "a\n" * length)[:length]
            yield (value * length)[:length]
