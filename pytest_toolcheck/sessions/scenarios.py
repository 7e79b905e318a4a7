"""From the spec key `sessions` to scenarios: many sessions at once, the limit, idle expiry.

`concurrent` and `calls` hold for every target. `limit` and `idle_timeout` are promises of whoever manages sessions: a
server that is reached over a URL, or a Python module that offers `open_session()` (returns an id) and
`close_session(id)`, and whose tool takes the id in a parameter `session_id`; that one is tested in virtual time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..checks.base import Finding, as_json, shorten
from ..errors import Position, ToolcheckError
from ..scenario import Scenario, ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan, known_input
from ..spec.model import PythonTarget, SessionPromise
from ..targets.base import Outcome
from .managers import Manager, Refused, manager_of
from .tool_sessions import ToolSessions

JUST_BEFORE: Final = (0.9, 0.7)
"""So much of the idle time a session must outlive, in real time; less where a busy machine wakes too late to tell."""
_SURELY: Final = 0.95
"""A call that is made before so much of the idle time, in real time, reaches a server in time on a busy machine, too."""
TOO_BUSY: Final = "this machine woke up too late to tell: start the server with a longer idle time"
_MARGIN_S: Final = 0.1
"""So close to its end it must, in virtual time."""
_REFUSALS: Final = 3
"""So often a session over the limit is asked for: a refusal must not cost a place."""

Check = Callable[["SessionScenario", ToolContext], None]


def session_scenarios(plan: ToolPlan) -> list[Scenario]:
    """Return the scenarios of the tool's `sessions`."""
    promise = plan.tool.sessions
    if promise is None:
        return []
    from .metrics import counts_are_right, looking_keeps_nothing, offers_metrics
    from .modules import module_checks, offers_sessions, own_at_once

    checks: list[tuple[str, Check]] = []
    if promise.concurrent or promise.calls:
        checks.append((f"{promise.concurrent or 1} at once, {promise.calls or 1} calls each", _at_once))
        if offers_sessions(plan):
            checks.append((f"{own_count(promise)} of its own at once answer as one", own_at_once))
    if promise.limit is not None:
        checks += [
            (f"{promise.limit} are admitted", _limit_is_reached),
            (f"the one over {promise.limit} is refused", _limit_is_kept),
            ("a refusal leaves no place taken", _refusal_is_free),
        ]
    if promise.idle_timeout_s is not None:
        idle = f"{promise.idle_timeout_s:g}s"
        checks += [(f"idle for {idle} expires", _expires), (f"less than {idle} does not expire", _stays),
                   ("activity begins the idle time anew", _activity)]  # fmt: skip
    if promise.idle_timeout_s is not None and promise.limit is not None:
        checks.append(("expired ones make room", _make_room))
    if promise.idle_timeout_s is not None and any(each.python for each in plan.tool.depends_on.values()):
        checks.append(("a call under way keeps it", _kept_by_call))
    if isinstance(plan.spec.target, PythonTarget):
        can_fail = any(each.python for each in plan.tool.depends_on.values())
        checks += module_checks(promise, can_fail=can_fail, can_cancel=can_fail and _may_be_cancelled(plan))
    if offers_metrics(plan):
        checks.append(("its metrics count what happened", counts_are_right))
        if promise.idle_timeout_s is not None:
            checks.append(("a look at its metrics keeps nothing alive", looking_keeps_nothing))
    place = plan.tool.key_positions.get("/sessions", plan.tool.position)
    return [SessionScenario(f"sessions[{name}]", plan, promise, check, place) for name, check in checks]


@dataclass(slots=True)
class SessionScenario:
    """One sentence of the promise."""

    id: str
    plan: ToolPlan
    promise: SessionPromise
    check: Check
    position: Position | None
    category: str = "sessions"
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        try:
            self.check(self, ctx)
        except ToolcheckError as problem:
            raise self.broken(str(problem), "cannot be tested") from problem

    @property
    def idle_s(self) -> float:
        """The idle time that is promised."""
        assert self.promise.idle_timeout_s is not None
        return self.promise.idle_timeout_s

    @property
    def limit(self) -> int:
        """The limit that is promised."""
        assert self.promise.limit is not None
        return self.promise.limit

    def manager(self, ctx: ToolContext) -> Manager:
        """Return what manages sessions. Raises ScenarioSkipped where nothing does."""
        return manager_of(self.plan, ctx, self.arguments(ctx))

    def arguments(self, ctx: ToolContext) -> dict[str, Any]:
        """Return a known good input. Raises ScenarioFailure."""
        known = known_input(ctx)
        if known is None:
            raise self.broken("no valid call is known, so nothing can be shown: give an example", "no valid call")
        return known

    def broken(self, message: str, cause: str) -> ScenarioFailure:
        """Return the failure that says which promise is broken."""
        place = f"sessions ({self.position})" if self.position else "sessions"
        return ScenarioFailure(Finding("sessions", f"{self.plan.tool.name}: {message}", cause, place))

    def must(self, what: str, action: Callable[[], Any]) -> Any:
        """Do it; fail where it is refused."""
        try:
            return action()
        except Refused as refused:
            raise self.broken(f"{what} was refused: {refused}", f"{what} refused") from None


def _at_once(scenario: SessionScenario, ctx: ToolContext) -> None:
    from .served import make_room

    arguments = scenario.arguments(ctx)
    alone = [ctx.call(arguments, valid=True) for _ in range(2)]
    if alone[0].kind != "accepted":
        raise scenario.broken(f"the call alone was {alone[0].kind}: {_said(alone[0])}", "no valid call")
    is_same_alone = as_json(alone[0].value) == as_json(alone[1].value)
    count, calls, tool = scenario.promise.concurrent or 1, scenario.promise.calls or 1, scenario.plan.tool
    if scenario.promise.limit is not None and not isinstance(scenario.plan.spec.target, PythonTarget):
        make_room(ctx)
    with ToolSessions(
        ctx.open_session, lambda _name: tool, emit=ctx.emit, limit=count, calls_at_once=calls
    ) as sessions:
        opened = sessions.open(count)
        outcomes = sessions.gather(*[(each, tool.name, dict(arguments)) for _ in range(calls) for each in opened])
    for outcome in outcomes:
        if outcome.kind != "accepted":
            raise scenario.broken(
                f"in {count} sessions at once a call {outcome.in_words}: {_said(outcome)}; alone it was accepted",
                "fails at once",
            )
        if is_same_alone and as_json(outcome.value) != as_json(alone[0].value):
            raise scenario.broken(
                f"in {count} sessions at once a call gave {_said(outcome)}, alone {_said(alone[0])}", "not isolated"
            )


def _limit_is_reached(scenario: SessionScenario, ctx: ToolContext) -> None:
    with scenario.manager(ctx) as manager:
        for number in range(1, scenario.limit + 1):
            handle = scenario.must(f"session {number} of {scenario.limit}", manager.open)
            scenario.must(f"a call in session {number} of {scenario.limit}", lambda handle=handle: manager.call(handle))  # type: ignore[misc]


def _limit_is_kept(scenario: SessionScenario, ctx: ToolContext) -> None:
    with scenario.manager(ctx) as manager:
        fill(scenario, manager)
        try:
            manager.call(manager.open())
        except Refused as refused:
            if not _names(scenario.limit, str(refused)):
                raise scenario.broken(
                    f"the refusal does not name the limit of {scenario.limit}: {shorten(str(refused), 160)}",
                    "no limit named",
                ) from None
            return
        raise scenario.broken(
            f"session {scenario.limit + 1} was admitted, expected at most {scenario.limit}", "no limit"
        )


def _names(number: int, text: str) -> bool:
    """Tell whether a text has this number: 100 is not 10, and 1,000 is 1000."""
    return str(number) in re.findall(r"\d+", re.sub(r"(?<=\d)[,_' ](?=\d{3}\b)", "", text))


def _refusal_is_free(scenario: SessionScenario, ctx: ToolContext) -> None:
    with scenario.manager(ctx) as manager:
        handles = fill(scenario, manager)
        for _ in range(_REFUSALS):
            try:
                manager.open()
            except Refused:
                continue
        manager.close(handles[0])
        handle = scenario.must("a session after refusals, with one place free,", manager.open)
        scenario.must("a call in it", lambda: manager.call(handle))


def _expires(scenario: SessionScenario, ctx: ToolContext) -> None:
    with scenario.manager(ctx) as manager:
        handle = scenario.must("a session", manager.open)
        scenario.must("a call", lambda: manager.call(handle))
        manager.outlast(scenario.idle_s)
        for when in ("lives", "lives again, at the second call,"):
            try:
                manager.call(handle)
            except Refused:
                continue
            raise scenario.broken(f"a session {when} after {scenario.idle_s:g} s of idleness", "does not expire")


def _stays(scenario: SessionScenario, ctx: ToolContext) -> None:
    for share in JUST_BEFORE:
        began_s = time.monotonic()
        with scenario.manager(ctx) as manager:
            handle = scenario.must("a session", manager.open)
            idle_s = (
                scenario.idle_s - min(_MARGIN_S, scenario.idle_s / 10) if manager.is_exact else scenario.idle_s * share
            )
            manager.wait(idle_s)
            if _is_held_in_time(scenario, manager, handle, began_s, f"a call after {idle_s:g} s of idleness"):
                return
    raise ScenarioSkipped(TOO_BUSY)


def _activity(scenario: SessionScenario, ctx: ToolContext) -> None:
    with scenario.manager(ctx) as manager:
        began_s = time.monotonic()
        handle = scenario.must("a session", manager.open)
        for _ in range(3):
            manager.wait(scenario.idle_s * 0.7)
            called_s = time.monotonic()
            what = "a call in a session that is used again and again"
            if not _is_held_in_time(scenario, manager, handle, began_s, what):
                raise ScenarioSkipped(TOO_BUSY)
            began_s = called_s


def _is_held_in_time(scenario: SessionScenario, manager: Manager, handle: Any, since_s: float, what: str) -> bool:
    """Make a call that is to be accepted; False where it was refused, but in real time came too late to say so."""
    called_s = time.monotonic()
    try:
        manager.call(handle)
    except Refused as refused:
        if manager.is_exact or called_s - since_s < scenario.idle_s * _SURELY:
            raise scenario.broken(f"{what} was refused: {refused}", f"{what} refused") from None
        return False
    return True


def _make_room(scenario: SessionScenario, ctx: ToolContext) -> None:
    with scenario.manager(ctx) as manager:
        fill(scenario, manager)
        manager.outlast(scenario.idle_s)
        handle = scenario.must("a session at the limit, with expired ones,", manager.open)
        scenario.must("a call in it", lambda: manager.call(handle))


def _kept_by_call(scenario: SessionScenario, ctx: ToolContext) -> None:
    with scenario.manager(ctx) as manager:
        handle = scenario.must("a session", manager.open)
        length_s, further = scenario.idle_s * 1.5, scenario.promise.limit or 1
        scenario.must("a call longer than the idle time", lambda: manager.call_slowly(handle, length_s, further))
        scenario.must("a call right after a long one", lambda: manager.call(handle))


def fill(scenario: SessionScenario, manager: Manager) -> list[Any]:
    """Open as many sessions as are promised; return them."""
    return [scenario.must(f"session {number + 1}", manager.open) for number in range(scenario.limit)]


def own_count(promise: SessionPromise) -> int:
    """Return how many of a manager's own sessions are used at once."""
    return min(promise.concurrent or 1, promise.limit or promise.concurrent or 1)


def _may_be_cancelled(plan: ToolPlan) -> bool:
    from ..resilience.scenarios import is_plain_function

    return not is_plain_function(plan)


def _said(outcome: Outcome) -> str:
    if outcome.error is not None:
        return shorten(f"{outcome.error.type}: {outcome.error.message}", 160)
    return shorten(as_json(outcome.value), 160)
