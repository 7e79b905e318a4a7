"""What each call starts and does not wait for: tasks and threads that end by themselves, only after the answer.

A task of the tool's own code that nobody has cancelled is told at once; of all else what ends soon is winding down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..targets._observe import is_left_to_itself, name_of

if TYPE_CHECKING:
    from ..execute import RunningScenario

_CALLS: Final = 5
_SOON_S: Final = 0.02
"""What ends within this time is winding down: a cancelled task, a thread behind its last line."""


def unawaited(running: RunningScenario, arguments: Any) -> list[str]:
    """Return the names of what the last of some equal calls left running; empty unless each of them does."""
    session: Any = running.session
    if running.plan.tool.clock == "virtual":  # then what waits on the loop waits for another clock than this one
        return []
    names: list[str] = []
    for _ in range(_CALLS):
        before = set(session.running())
        observed = running.again(arguments).observed
        own = [thing for thing in session.running() if thing not in before and is_left_to_itself(thing)]
        session.rest(_SOON_S)
        left = own or [thing for thing in session.running() if thing not in before]
        names = (observed.unawaited if observed is not None else []) or list(map(name_of, left))
        if not names or running.session.id != session.id:
            return []
    return names
