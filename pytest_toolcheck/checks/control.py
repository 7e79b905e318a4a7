"""A control experiment for a refusal at the edge: is the neighbour just inside the bound accepted?

Where `acceptance` is `auto` a text or an open number may be refused for reasons that no schema states. But a tool
that accepts the value just inside a bound and refuses the one at it has the bound wrong.
"""

from __future__ import annotations

import copy
from typing import Any

from .base import Evidence, place_of, shorten
from .violation import is_valid

_STEPS: dict[str, tuple[int, ...]] = {"boundary": (-1, 1)}


def refusal_contradicts_neighbour(evidence: Evidence) -> str | None:
    """Return the promise that is broken, or None where the neighbours are refused as well or cannot be made."""
    case, schema = evidence.case, evidence.tool.input
    if evidence.retry is None or schema is None or case.category not in _STEPS or not case.pointer:
        return None
    for neighbour in _neighbours(case.input, case.pointer):
        if not is_valid(schema, neighbour):
            continue
        if evidence.retry(neighbour).kind == "accepted":
            return (
                f"the bound of {case.pointer} ({place_of(evidence.tool, 'input')}): its neighbour inside the bound "
                f"is accepted: {shorten(neighbour, 160)}"
            )
    return None


def _neighbours(value: Any, pointer: str) -> list[Any]:
    """Return copies of the input with the value at `pointer` one step smaller and one step larger."""
    made = []
    for changed in _stepped(_at(value, pointer)):
        other = copy.deepcopy(value)
        steps = _steps(pointer)
        parent = _at(other, pointer.rpartition("/")[0])
        parent[int(steps[-1]) if isinstance(parent, list) else steps[-1]] = changed
        made.append(other)
    return made


def _stepped(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int | float):
        return [value - 1, value + 1]
    if isinstance(value, str) and value:
        return [value[:-1], value + value[-1]]
    if isinstance(value, list) and value:
        return [value[:-1], [*value, value[-1]]]
    return []


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _at(value: Any, pointer: str) -> Any:
    for step in _steps(pointer):
        if isinstance(value, list):
            value = value[int(step)] if step.isdigit() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
