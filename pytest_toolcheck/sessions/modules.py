"""What is promised of a manager that is a Python module, and can be shown only in this process, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..checks.base import as_json, shorten
from ..scenario import ToolContext, ToolPlan
from ..spec.model import SessionPromise
from .managers import ModuleManager, Refused, offers
from .scenarios import Check, SessionScenario, fill, own_count

_TOO_MANY: Final = 5
"""So many more sessions than there is room for are asked for at once."""
_TIMES: Final = 3
_CALLS: Final = 20
"""So many calls are made in one session: more than a session of the usual kind lets run at once."""
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
        if can_fail:
            yield "one closed during a call stays closed", _stays_closed
    if can_fail and (promise.limit is not None or promise.idle_timeout_s is not None):
        yield "calls leave room for the next", _calls_leave_room
    if promise.idle_timeout_s is not None:
        yield "an idle one expires alone", _expires_alone
        yield "a step of the wall clock expires nothing", _ignores_wall_clock
        if can_fail:
            yield "an idle one expires beside a call under way", _expires_beside_call
            yield "a failed call holds nothing", _failed_call_ends
        if can_cancel:
            yield "a cancelled call holds nothing", _cancelled_call_ends


def offers_sessions(plan: ToolPlan) -> bool:
    """Tell whether the tool's module opens and closes sessions, as far as it is imported."""
    return offers(plan, ("open_session",)) and offers(plan, ("close_session",))


def own_at_once(scenario: SessionScenario, ctx: ToolContext) -> None:
    """Many sessions of the module at once, each with its calls in a row: each has the answers of one alone."""
    count, calls = own_count(scenario.promise), scenario.promise.calls or 1
    with _manager(scenario, ctx) as manager:
        alone = [_answers(scenario, manager, 1, calls)[0] for _ in range(2)]
    try:
        with _manager(scenario, ctx) as manager:
            together = _answers(scenario, manager, count, calls)
    except Refused as refused:
        if _are_refused_in_a_row(scenario, ctx, count, calls):
            return  # so many are too many, at once or not
        message = f"in {count} sessions at once a call was refused: {refused}; one after the other none was"
        raise scenario.broken(message, "fails at once") from None
    for answers in together:
        if alone[0] == alone[1] != answers:
            number = next(n for n, pair in enumerate(zip(answers, alone[0], strict=True)) if pair[0] != pair[1])
            seen, wanted = shorten(answers[number], 160), shorten(alone[0][number], 160)
            message = f"in {count} sessions at once call {number + 1} of one gave {seen}, in one alone {wanted}"
            raise scenario.broken(message, "not isolated")


def _answers(scenario: SessionScenario, manager: ModuleManager, count: int, calls: int) -> list[list[str]]:
    """Return what the calls of each session answered; a session's own id is no difference. Raises Refused."""
    handles = [scenario.must(f"session {number + 1}", manager.open) for number in range(count)]
    found = manager.answers_at_once(handles, calls)
    for handle in handles:
        manager.close(handle)
    return [
        [as_json(_without_id(answer, handle)) for answer in each] for handle, each in zip(handles, found, strict=True)
    ]


def _without_id(answer: Any, handle: Any) -> Any:
    if isinstance(answer, dict):
        return {name: _without_id(value, handle) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_without_id(value, handle) for value in answer]
    return "its id" if isinstance(handle, str) and answer == handle else answer


def _are_refused_in_a_row(scenario: SessionScenario, ctx: ToolContext, count: int, calls: int) -> bool:
    with _manager(scenario, ctx) as manager:
        handles = [scenario.must(f"session {number + 1}", manager.open) for number in range(count)]
        return any(_refused(lambda each=each: manager.call(each)) for each in handles for _ in range(calls))


def _limit_holds_at_once(scenario: SessionScenario, ctx: ToolContext) -> None:
    wanted = scenario.limit + _TOO_MANY
    for _ in range(_TIMES):  # a manager that waits between its look and its act is over the limit each time
        with _manager(scenario, ctx) as manager:
            admitted = manager.open_at_once(wanted)
        if admitted == scenario.limit:
            return
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


def _stays_closed(scenario: SessionScenario, ctx: ToolContext) -> None:
    """The end of a call does not bring back the session that was closed meanwhile, nor takes a place for it."""
    with _manager(scenario, ctx) as manager:
        handle, *_others = fill(scenario, manager)
        if _refused(lambda: manager.close_amid_call(handle)):
            return  # one with a call under way is not closed: that is its right
        if not _refused(lambda: manager.call(handle)):
            message = "a session that was closed during a call lives again when the call has ended"
            raise scenario.broken(message, "lives after its close")
        scenario.must("a session in place of one that was closed during a call", manager.open)


def _expires_alone(scenario: SessionScenario, ctx: ToolContext) -> None:
    """One that is idle expires, and those that were opened before and after it and are used do not."""
    if scenario.promise.limit == 1:
        return
    with _manager(scenario, ctx) as manager:
        before, idle, *after = (
            scenario.must("a session", manager.open) for _ in range(min(3, scenario.promise.limit or 3))
        )
        used = [before, *after]

        def use(what: str) -> None:
            for each in used:
                scenario.must(what, lambda each=each: manager.call(each))  # type: ignore[misc]

        for _ in range(3):
            manager.wait(scenario.idle_s * 0.4)
            use("a call in a session beside an idle one")
        if not _refused(lambda: manager.call(idle)):
            message = f"an idle session lives after {1.2 * scenario.idle_s:g} s, because another was used"
            raise scenario.broken(message, "kept by another")
        use("a call after another session expired")


def _expires_beside_call(scenario: SessionScenario, ctx: ToolContext) -> None:
    """A call under way keeps its own session, and no other."""
    if scenario.promise.limit == 1:
        return
    with _manager(scenario, ctx) as manager:
        idle, busy = (scenario.must("a session", manager.open) for _ in range(2))
        if not _refused(lambda: manager.call_amid_call(idle, busy, after_s=1.2 * scenario.idle_s)):
            message = f"an idle session lives after {1.2 * scenario.idle_s:g} s, because a call of another is under way"
            raise scenario.broken(message, "kept by another")


def _calls_leave_room(scenario: SessionScenario, ctx: ToolContext) -> None:
    """What a call takes of its session it gives back: also one that fails, or is one of many at once."""
    for how, calls in (
        ("in a row", "call_in_a_row"),
        ("that failed", "call_failing_in_a_row"),
        ("at once", "call_at_once"),
    ):
        with _manager(scenario, ctx) as manager:
            handle = scenario.must("a session", manager.open)
            getattr(manager, calls)(handle, 1)
            if _refused(lambda: manager.call(handle)):  # noqa: B023
                continue  # it ends with a failed call: that is its right
            getattr(manager, calls)(handle, _CALLS)
            scenario.must(f"a call after {_CALLS} calls {how} in its session", lambda: manager.call(handle))  # noqa: B023


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
