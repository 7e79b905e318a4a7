"""What is promised of a manager that is a Python module, and can be shown only in this process, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .scenario import ToolContext
from .sessions_managers import ModuleManager, Refused
from .sessions_scenarios import Check, SessionScenario, fill
from .spec.model import SessionPromise

_TOO_MANY: Final = 5
"""So many more sessions than there is room for are asked for at once."""
_OTHERS: Final = 5
"""So many of the other sessions are looked at."""


def module_checks(promise: SessionPromise, *, can_fail: bool, can_cancel: bool) -> Iterator[tuple[str, Check]]:
    """Return the name of each sentence and what checks it.

    `can_fail` where a dependency can be made to fail, `can_cancel` where a call may be one that can be cancelled.
    """
    if promise.limit is not None:
        yield f"{promise.limit + _TOO_MANY} asked for at once", _limit_holds_at_once
        yield "closing twice frees one place", _second_close_is_nothing
        yield "closing one ends it alone", _close_ends_one
    if promise.idle_timeout_s is not None:
        yield "an idle one expires alone", _expires_alone
        yield "a step of the wall clock expires nothing", _ignores_wall_clock
        if can_fail:
            yield "a failed call holds nothing", _failed_call_ends
        if can_cancel:
            yield "a cancelled call holds nothing", _cancelled_call_ends


def _limit_holds_at_once(scenario: SessionScenario, ctx: ToolContext) -> None:
    with _manager(scenario, ctx) as manager:
        wanted = scenario.limit + _TOO_MANY
        admitted = manager.open_at_once(wanted)
        if admitted != scenario.limit:
            message = f"of {wanted} sessions asked for at once {admitted} were admitted, promised {scenario.limit}"
            raise scenario.broken(message, "limit at once")


def _second_close_is_nothing(scenario: SessionScenario, ctx: ToolContext) -> None:
    with _manager(scenario, ctx) as manager:
        handle = fill(scenario, manager)[0]
        manager.close(handle)
        try:
            manager.close(handle)
        except Refused as refused:
            if _is_blunder(refused.__cause__, handle):
                message = f"closing a session twice raised {refused}: a second close does nothing, or says why not"
                raise scenario.broken(message, "closed twice") from refused
        scenario.must("a session in the place that was freed", manager.open)
        if not _refused(manager.open):
            message = f"a session that was closed twice freed two places: {scenario.limit + 1} are open"
            raise scenario.broken(message, "closed twice")


def _close_ends_one(scenario: SessionScenario, ctx: ToolContext) -> None:
    with _manager(scenario, ctx) as manager:
        first, *others = fill(scenario, manager)
        if not _refused(lambda: manager.call(f"{first}-unknown")):
            raise scenario.broken(
                f"with {scenario.limit} sessions open a call in an unknown one was accepted", "unknown id"
            )
        manager.close(first)
        if not _refused(lambda: manager.call(first)):
            raise scenario.broken("a call in a session that was closed was accepted", "lives after its close")
        for each in others[:_OTHERS]:
            scenario.must("a call after another session was closed", lambda each=each: manager.call(each))  # type: ignore[misc]


def _expires_alone(scenario: SessionScenario, ctx: ToolContext) -> None:
    if scenario.promise.limit == 1:
        return
    with _manager(scenario, ctx) as manager:
        idle, used = (scenario.must("a session", manager.open) for _ in range(2))
        for _ in range(3):
            manager.wait(scenario.idle_s * 0.4)
            scenario.must("a call in a session beside an idle one", lambda: manager.call(used))
        if not _refused(lambda: manager.call(idle)):
            message = f"an idle session lives after {1.2 * scenario.idle_s:g} s, because another was used"
            raise scenario.broken(message, "kept by another")
        scenario.must("a call after another session expired", lambda: manager.call(used))


def _ignores_wall_clock(scenario: SessionScenario, ctx: ToolContext) -> None:
    with _manager(scenario, ctx) as manager:
        handle = scenario.must("a session", manager.open)
        scenario.must("a call", lambda: manager.call(handle))
        manager.step_wall(2 * scenario.idle_s)
        what = "a call right after the wall clock was stepped forward (idle time goes by the monotonic clock)"
        scenario.must(what, lambda: manager.call(handle))


def _failed_call_ends(scenario: SessionScenario, ctx: ToolContext) -> None:
    with _manager(scenario, ctx) as manager:
        handle = scenario.must("a session", manager.open)
        failed = _refused(lambda: manager.call_failing(handle))
        manager.wait(scenario.idle_s * 1.001)
        if failed and not _refused(lambda: manager.call(handle)):
            message = f"a session lives after a failed call and {scenario.idle_s:g} s: the call still holds it"
            raise scenario.broken(message, "held by a failed call")


def _cancelled_call_ends(scenario: SessionScenario, ctx: ToolContext) -> None:
    with _manager(scenario, ctx) as manager:
        handle = scenario.must("a session", manager.open)
        manager.call_and_cancel(handle, after_s=0.1 * scenario.idle_s)
        manager.wait(scenario.idle_s * 1.001)
        if not _refused(lambda: manager.call(handle)):
            message = f"a session lives after a cancelled call and {scenario.idle_s:g} s: the call still holds it"
            raise scenario.broken(message, "held by a cancelled call")


def _is_blunder(error: BaseException | None, handle: Any) -> bool:
    """Whether an error is one that nobody meant to raise: `del sessions[id]`, `None.close()`."""
    return isinstance(error, AttributeError | TypeError) or (isinstance(error, KeyError) and error.args == (handle,))


def _manager(scenario: SessionScenario, ctx: ToolContext) -> ModuleManager:
    return ModuleManager(scenario.plan, ctx, scenario.arguments(ctx))


def _refused(action: Any) -> bool:
    try:
        action()
    except Refused:
        return True
    return False
