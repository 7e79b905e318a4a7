"""Faults beside switches and choices: a check that stands in one branch of the code alone is passed by in the others.

Every other invalid input changes one thing of the base, which stands in one branch only: `if not tracked and grams > 500`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from .changes import Change
from .identity import describe
from .schema import Document
from .shapes import alternatives
from .turns import interleaved

_FAULTS: Final = {"boundary": 3, **dict.fromkeys(("required", "type", "pattern", "format", "enum"), 1)}
"""Of each parameter so many: just outside its bounds, left out, of another type, or form."""
_MOST_MEMBERS, _MOST_LOOKED_AT, _MOST = 5, 12, 50

Input = dict[str, Any]
Moved = tuple[str, Input]


def faults_beside(document: Document, base: Any, changes: Sequence[Change]) -> Iterator[Change]:
    """Yield faults that are among the changes again, with all other switches turned, and with each other choice."""
    if not isinstance(base, dict) or document.is_weary:
        return
    switches, choices = _movable(document, base)
    if not switches and not choices:
        return
    streams = [_moved(fault, switches, choices) for fault in _faults(document, changes)]
    made = (item for item in interleaved(streams) if not _accepts(document, item.value)) if streams else iter(())
    yield from islice(made, _MOST)


def _movable(document: Document, base: Input) -> tuple[Input, dict[str, list[Any]]]:
    """Return the switches with their other value (`true` where one is left out), and the choices with their other members."""
    switches: Input = {}
    choices: dict[str, list[Any]] = {}
    for shape in alternatives(document, (document.root,))[:1]:
        for name in (name for name in shape.property_names() if name not in shape.forbidden_names()):
            kinds = alternatives(document, shape.member(name))
            members = kinds[0].members() if len(kinds) == 1 else None
            if any("boolean" in (types := inner.types()) and {*types} <= {"boolean", "null"} for inner in kinds):
                switches[name] = not base.get(name, False)
            elif members and 1 < len(members) <= _MOST_MEMBERS:
                choices[name] = [member for member in members if member != base.get(name)]
    return switches, choices


def _faults(document: Document, changes: Sequence[Change]) -> list[Change]:
    """Return a few faults of each parameter, which the schema forbids."""
    found: dict[tuple[str, str | int], list[Change]] = {}
    looked_at: dict[tuple[str, str | int], int] = {}
    for item in changes:
        if len(item.path) != 1 or item.category not in _FAULTS or not isinstance(item.value, dict):
            continue
        key = item.category, item.path[0]
        known = found.setdefault(key, [])
        looked_at[key] = looked_at.get(key, 0) + 1
        is_wanted = len(known) < _FAULTS[item.category] and looked_at[key] <= _MOST_LOOKED_AT
        if is_wanted and not _accepts(document, item.value):
            known.append(item)
    return [item for items in found.values() for item in items]


def _moved(fault: Change, switches: Input, choices: dict[str, list[Any]]) -> Iterator[Change]:
    """Yield the fault beside all switches, beside all switches and choices at once, and beside each choice alone."""
    at = fault.path[0]
    turned = {name: value for name, value in switches.items() if name != at}
    others = {name: members for name, members in choices.items() if name != at and members}
    rounds = max(map(len, others.values()), default=0) if turned else 0
    rows = [turned, *({**turned, **_row(others, number)} for number in range(rounds))]
    for moved in (*rows, *({name: member} for name, members in others.items() for member in members)):
        names = ", ".join(f"{name} {describe(value)}" for name, value in moved.items())
        if moved:
            yield Change(fault.category, (), f"{at} {fault.detail} beside {names}", {**fault.value, **moved})


def _row(choices: dict[str, list[Any]], number: int) -> Input:
    return {name: members[number % len(members)] for name, members in choices.items()}


def _accepts(document: Document, value: Any) -> bool:
    """Whether the schema accepts a value; where it cannot be told, it is no fault."""
    try:
        return document.accepts(value)
    except Exception:  # too deep a value, an unresolvable reference; format checkers raise whatever they like
        return True
