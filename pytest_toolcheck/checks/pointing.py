"""Numbers that point into another parameter: line 98 of a text of one line may be refused, though 98 is in its bounds.

A control call decides: with the text or array long enough, and nothing else changed, the number is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .base import Evidence
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
