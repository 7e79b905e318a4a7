"""Tools whose calls use something up: a note is deleted once, a name is taken once, an account is empty at last.

Such a tool refuses what it accepted before, and a refusal of it shows nothing of the case. So what it refuses is tried
again where nothing has been used up yet: with newly imported modules, or in a server that was just started.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from .cases.model import Case
from .chains.roles import may_use_up
from .checks.base import USED_UP, Finding, as_json, shorten
from .spec.model import McpTarget, PythonTarget
from .targets.base import Outcome, Session

if TYPE_CHECKING:
    from .execute import RunningScenario
    from .tool_state import ToolState

MOST_STARTS = 16
"""So often is a server started anew for the cases of one tool."""
MOST_START_SECONDS = 30.0
"""So long may these starts take, all in all: a server that starts slowly is started less often."""
_MOST_ANEW = 6
"""So many refusals of a tool whose base is accepted still are looked at where nothing has been called before."""
MOST_SECONDS = 10.0
"""So long may it take, all in all, to import modules anew for the cases of one tool."""


def judged(
    context: RunningScenario, state: ToolState, case: Case, outcome: Outcome
) -> tuple[Outcome, tuple[Finding, ...]]:
    """Judge an outcome; a refusal by a tool that uses something up is judged where nothing is used up yet."""
    is_doubtful = outcome.kind == "refused" and _uses_up(context, state, case)
    if not is_doubtful or case.label == "valid":
        findings = context.judge(case, outcome)
        if findings or USED_UP not in context.attrs:
            return outcome, findings
        _mark(context, state)  # perhaps it has run dry only now
    with _elsewhere(context, state, worth=1.0 if case.label == "valid" else 0.5) as session:
        if session is not None:
            outcome = context.call(case.input, valid=case.label == "valid", observe=True)
        return outcome, context.judge(case, outcome)


def called_anew(context: RunningScenario, state: ToolState, arguments: Any) -> Outcome | None:
    """Make a call where nothing has been called before; None where there is no such place.

    A few times a tool, and as often as `_elsewhere` lets it once that has shown that the tool uses something up.
    """
    if not state.uses_up and state.called_anew >= _MOST_ANEW:
        return None
    state.called_anew += 1
    is_new, state.is_new_elsewhere = state.is_new_elsewhere, True
    try:
        with _elsewhere(context, state) as session:
            return context.again(arguments) if session is not None else None
    finally:
        state.is_new_elsewhere = is_new


def _uses_up(context: RunningScenario, state: ToolState, case: Case) -> bool:
    """Whether the proven base is refused when it is sent once more. Asked once, at the first refusal."""
    base = context.base()
    if state.uses_up is None:
        state.uses_up = False
        is_asked = base is not None and state.plan.tool.acceptance == "auto" and may_use_up(state.plan.tool)
        if is_asked and base is not None and not _is_accepted_still(context, case, base):
            _mark(context, state)
    return state.uses_up


def _is_accepted_still(context: RunningScenario, case: Case, base: dict[str, object]) -> bool:
    return as_json(case.input) != as_json(base) and context.again(base).kind != "refused"


def _mark(context: RunningScenario, state: ToolState) -> None:
    """Remember that the tool uses something up, find out whether a new start helps, and tell it once."""
    if state.uses_up:
        return
    state.uses_up, state.is_new_elsewhere = True, True
    base = context.base()
    with _elsewhere(context, state) as session:
        state.is_new_elsewhere = session is not None and base is not None and context.again(base).kind == "accepted"
    name = state.plan.tool.name
    how = "with a new start of the target" if state.is_new_elsewhere else "not at all: give examples with ${fixture:…}"
    context.warn(f"{name} refuses {shorten(base, 120)}, which it accepted before: its refusals are judged {how}")


@contextmanager
def _elsewhere(context: RunningScenario, state: ToolState, worth: float = 1.0) -> Iterator[Session | None]:
    """Let the calls of the scenario go to a session in which nothing is used up yet; None where there is none.

    `worth` is the share of the starts that this purpose may use.
    """
    if not state.is_new_elsewhere:
        yield None
    elif isinstance(context.spec.target, McpTarget):
        has_time = state.seconds_elsewhere < worth * MOST_START_SECONDS
        is_left = context.spec.target.command and has_time and state.starts_elsewhere < worth * MOST_STARTS
        spare = _spare(context, state) if is_left or context.server.has_spare else nullcontext()
        with spare as session, context.calls_go_to(session):
            yield session
    elif isinstance(context.spec.target, PythonTarget) and state.seconds_elsewhere < MOST_SECONDS:
        from .behaviour.anew import fresh_tools

        started = time.monotonic()
        with fresh_tools(context.spec) as session, context.calls_go_to(session):
            state.seconds_elsewhere += time.monotonic() - started
            yield session
    else:
        yield None


@contextmanager
def _spare(context: RunningScenario, state: ToolState) -> Iterator[Session]:
    """Hand out the spare server; one that has accepted a call since is not used again."""
    state.starts_elsewhere += not context.server.has_spare
    started = time.monotonic()
    session, before = context.spare_session(), context.accepted
    state.seconds_elsewhere += time.monotonic() - started
    try:
        yield session
    finally:
        if context.accepted != before or not session.is_alive():
            context.server.drop_spare()
