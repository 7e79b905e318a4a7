"""Heartbeats: a long call reports its progress in time, sensibly, and comes to no harm by it.

A Python tool reports to the callable that is passed in its parameter `on_progress`, `progress`, `report_progress` or
`progress_callback` (the first of these that it has). What the callable is given is read as MCP's progress: the first
number (or `progress`, `step`, `done`, `percent`) is the progress, the second (or `total`) the total; without a total
the progress is taken for per cent. A tool of an MCP server reports with MCP's progress notifications.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..clock.errors import VirtualTimeError
from ..errors import Position, ToolcheckError
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import Heartbeat, McpTarget, PythonTarget
from ..targets.base import Outcome, Progress, Request, Session
from . import heartbeat_again as again
from . import heartbeat_checks as checks
from .heartbeat_calls import InProcess, Watcher
from .heartbeat_reports import Beat, Watched
from .mcp_inside import inside

_LONGEST_WAIT_S: Final = 10.0
"""So long, in real time, is waited for a report after the end."""
_CONFIRMATIONS: Final = 2


Check = Callable[[Any], None]


def heartbeat_scenarios(plan: ToolPlan) -> list[Scenario]:
    """Return the scenarios of the tool's `heartbeat`: in virtual time for Python tools and, where they name a Python
    dependency that can be slowed, for MCP servers in this process; in real time over MCP else.

    Another kind of target, or a Python tool without a parameter for a receiver, gives scenarios that say so.
    """
    promise = plan.tool.heartbeat
    if promise is None:
        return []
    sentences: list[tuple[str, Check]] = [
        (f"every {promise.interval_s:g}s", checks.in_time),
        ("monotone, 0 to 100 %", checks.sensible),
        ("no flood", checks.no_flood),
        ("none after the end", checks.none_after_the_end),
    ]
    in_process = any(each.python for each in plan.tool.depends_on.values()) and inside(plan) is not plan
    if isinstance(plan.spec.target, PythonTarget):
        sentences += [
            ("none after an error", checks.none_after_an_error),
            ("a failing receiver harms nothing", checks.failing_receiver),
            ("a slow receiver cancels nothing", checks.slow_receiver),
        ]
    if in_process:
        plan = inside(plan)
    if isinstance(plan.spec.target, PythonTarget) and any(each.python for each in plan.tool.depends_on.values()):
        sentences += [
            ("the work is done once", checks.works_once),
            ("the reporter does not delay the answer", again.delays_nothing),
            ("two calls at once have their own", checks.own_receivers),
            ("a second call begins anew", again.begins_anew),
            ("steps of the wall clock change nothing", again.wall_clock_steps),
        ]
    sentences.append(("the reporter does not cancel the call", checks.not_cancelled))
    place = plan.tool.key_positions.get("/heartbeat", plan.tool.position)
    known: dict[str, Any] = {}
    return [HeartbeatScenario(f"heartbeat[{name}]", plan, promise, check, known, place) for name, check in sentences]


@dataclass(slots=True)
class HeartbeatScenario:
    """One sentence of the promise."""

    id: str
    plan: ToolPlan
    promise: Heartbeat
    check: Check
    known: dict[str, Any]
    """What is found out once for all scenarios of the tool: how long a call may last; the call over MCP, in real time."""
    position: Position | None
    category: str = "heartbeat"
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        try:
            self._check(ctx)
        except (ToolcheckError, VirtualTimeError) as problem:
            raise Watcher(ctx, self.plan, self.promise).broken(
                str(problem).partition("\n")[0], "cannot be tested"
            ) from problem

    def _check(self, ctx: ToolContext) -> None:
        target = self.plan.spec.target
        if isinstance(target, PythonTarget):
            self.check(InProcess(ctx, self.plan, self.promise, self.known))
        elif isinstance(target, McpTarget):
            self.check(_OverMcp(ctx, self.plan, self.promise, self.known))
        else:
            raise ScenarioSkipped(f"heartbeats are watched in Python tools and over MCP, not over {target.kind}")


class _OverMcp(Watcher):
    """Calls a tool of an MCP server in real time, once."""

    def __init__(self, ctx: ToolContext, plan: ToolPlan, promise: Heartbeat, known: dict[str, Any]) -> None:
        super().__init__(ctx, plan, promise)
        self._known = known
        self.can_repeat, self.confirmations = False, _CONFIRMATIONS

    def watch(self, *, anew: bool = False, **_how: Any) -> Watched:
        """Return the one call that is made, or a further one, with its progress notifications."""
        if anew or "call" not in self._known:
            watched = self._known["call"] = Watched()
            spy: Any = _Spy(self.ctx.session, self, watched)
            outcome = self.ctx.call(self.arguments(), valid=True, session=spy)
            watched.took_s, watched.value = outcome.duration_ns / 1e9, outcome.value
            watched.error = f"{outcome.error.type}: {outcome.error.message}" if outcome.error else None
            watched.late = self._late(watched.took_s)
        found: Watched = self._known["call"]
        return found

    def _late(self, took_s: float) -> list[Beat]:
        """Return what is reported after the answer, within the time that one more report may take."""
        late = getattr(self.ctx.session, "late_progress", None)
        if late is None or took_s <= self.limit_s:  # no report was due yet, nor is one that somebody forgot to stop
            return []
        time.sleep(min(self.limit_s, _LONGEST_WAIT_S))
        return [Beat(took_s + each.at_ns / 1e9, each.progress, each.total) for each in late()]


class _Spy:
    """A session that hears the progress of its calls."""

    def __init__(self, session: Session, watcher: Watcher, watched: Watched) -> None:
        self._session, self._watcher, self._watched = session, watcher, watched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def call(self, request: Request) -> Outcome:
        def hear(progress: Progress) -> None:
            beat = Beat(progress.at_ns / 1e9, progress.progress, progress.total)
            self._watched.beats.append(beat)
            self._watcher.note(beat, rid=request.rid)
            if request.on_progress is not None:
                request.on_progress(progress)

        return self._session.call(dataclasses.replace(request, on_progress=hear))
