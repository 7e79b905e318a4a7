"""A call that only reads, or is pure, leaves this process as it was: its folder, environment, decimal context, and so on.

A first call may import something that sets the process up once. So what has changed is put back, and further calls must
change it again; what they do not stays as the first call made it.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any, Final

from ..checks.base import Finding, place_of, shorten
from ..targets._process_state import CHANCE, ENVIRONMENT, FOLDER, PATH, put_back
from .switches import is_promised

if TYPE_CHECKING:
    from ..cases.model import Case
    from ..execute import RunningScenario
    from ..targets.base import Observed

_MOST_SUSPICIONS: Final = 3
_PROVEN: Final = 100
_TIMES: Final = 2
_FOREIGN: Final = "toolcheck"
"""What is only set where nothing is set leaves this: so are defaults of a program set, from a `.env` file for one."""


def process_wide(running: RunningScenario, case: Case, observed: Observed) -> Finding | None:
    """Return what the call changed of this process, where further calls change it again."""
    tool = running.plan.tool
    promise = next((check for check in ("read_only", "pure") if is_promised(tool, check)), None)
    found = {**observed.process, **running.take_changed_at_first()} if promise is not None else {}
    for name, (before, after) in found.items():
        if running.suspicions[name] == _PROVEN:  # said once
            put_back(name, before)
        if running.suspicions[name] >= _MOST_SUSPICIONS:
            continue
        running.suspicions[name] += 1
        is_proven = all(_changes_again(running, case.input, name, before, after) for _ in range(_TIMES))
        put_back(name, before if is_proven else after)
        if is_proven:
            running.suspicions[name] = _PROVEN
            return Finding(
                str(promise),
                f"{tool.name} changes {name} for the whole process{_told(name, before, after)}",
                f"{promise} process {name}",
                f"a process as it was before ({place_of(tool, f'annotations/{promise}', f'checks/{promise}')})",
            )
    return None


def _changes_again(running: RunningScenario, arguments: Any, name: str, before: Any, after: Any) -> bool:
    """Whether an equal call changes the thing that was put back; of a path that grows, whether it grows on."""
    if name == CHANCE:
        return _seeds_again(running, arguments, after)
    if name == ENVIRONMENT:
        before = {**dict.fromkeys(after.keys() - before.keys(), _FOREIGN), **before}
    if name != PATH:
        put_back(name, before)
    seen = running.again(arguments).observed
    return seen is not None and name in seen.process


def _seeds_again(running: RunningScenario, arguments: Any, after: Any) -> bool:
    """Whether the generator, begun anew somewhere else, stands where it stood: the tool has seeded it."""
    random.seed(os.urandom(16))
    seen = running.again(arguments).observed
    return seen is not None and seen.process.get(CHANCE, (None, None))[1] == after


def _told(name: str, before: Any, after: Any) -> str:
    if name == FOLDER:
        return f": from {before} to {after}"
    if name == ENVIRONMENT:
        names = [each for each in {**before, **after} if before.get(each) != after.get(each)]
        return f": {shorten(', '.join(names), 80)}"
    return ""
