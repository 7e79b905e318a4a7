"""Heartbeats: a long call reports its progress in time, sensibly, and comes to no harm by it.

A Python tool reports to the callable that is passed in its parameter `on_progress`, `progress`, `report_progress` or
`progress_callback` (the first of these that it has). What the callable is given is read as MCP's progress: the first
number (or `progress`, `step`, `done`, `percent`) is the progress, the second (or `total`) the total; without a total
the progress is taken for per cent. A tool of an MCP server reports with MCP's progress notifications.
"""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from ..checks.base import Finding
from ..clock.errors import VirtualTimeError
from ..errors import Position, ToolcheckError
from ..events import bind, new_rid
from ..scenario import Scenario, ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan, known_input
from ..spec.model import Heartbeat, McpTarget, PythonTarget
from ..targets.base import Outcome, Progress, Request, Session
from . import heartbeat_checks as checks
from .dependency import DependencyCall, DependencyProbe, fail, succeed
from .fresh import fresh_modules, module_name, resolved
from .heartbeat_reports import Beat, Done, Watched, kept_error, read_report
from .mcp_inside import inside
from .runner import MOST_JUMPS, BoundedRunner

PARAMETERS: Final = ("on_progress", "progress", "report_progress", "progress_callback")
"""The parameters of a Python tool that take its receiver, the first that it has."""
LENGTHS: Final = (10.37, 5.37, 3.37, 2.37, 1.37)
"""A call is made to last so many intervals, by slowing its first Python dependency: the most that the tool's own time
limits allow. No whole number, so that no report falls due at the very end."""
_AFTER: Final = 3
"""So many intervals after the end of a call nothing more may be reported."""
_LONGEST_WAIT_S: Final = 10.0
"""So long, in real time, is waited for a report after the end."""


Receiver = Callable[..., Any]
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
    ]
    in_process = any(each.python for each in plan.tool.depends_on.values()) and inside(plan) is not plan
    if not in_process:  # there the connection ends with the call
        sentences.append(("none after the end", checks.none_after_the_end))
    if isinstance(plan.spec.target, PythonTarget):
        sentences += [
            ("none after an error", checks.none_after_an_error),
            ("a failing receiver harms nothing", checks.failing_receiver),
            ("a slow receiver cancels nothing", checks.slow_receiver),
        ]
    if in_process:
        plan = inside(plan)
    if isinstance(plan.spec.target, PythonTarget) and any(each.python for each in plan.tool.depends_on.values()):
        sentences.append(("the work is done once", checks.works_once))
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
            self.check(_InProcess(ctx, self.plan, self.promise, self.known))
        elif isinstance(target, McpTarget):
            self.check(_OverMcp(ctx, self.plan, self.promise, self.known))
        else:
            raise ScenarioSkipped(f"heartbeats are watched in Python tools and over MCP, not over {target.kind}")


class Watcher:
    """Makes calls and watches them; knows how a broken promise is told."""

    def __init__(self, ctx: ToolContext, plan: ToolPlan, promise: Heartbeat) -> None:
        self.ctx, self.plan, self.promise = ctx, plan, promise
        self.limit_s = promise.interval_s * (1 + promise.within)
        self.can_repeat = True
        """Whether a further call costs next to nothing."""

    def watch(self, *, receive: Receiver | None = None, silent: bool = False, fails: bool = False) -> Watched:
        """Make one long call. `receive` is called with each report; `silent` passes no receiver."""
        raise NotImplementedError

    def watch_briefly(self) -> Watched:
        """Make one call in which one report is due."""
        raise NotImplementedError

    def arguments(self) -> dict[str, Any]:
        known = known_input(self.ctx)
        if known is None:
            raise self.broken("no valid call is known, so no heartbeat can be shown: give an example", "no valid call")
        return known

    def note(self, beat: Beat, **known: Any) -> None:
        attrs = {"at_s": beat.at_s, "progress": beat.progress, "total": beat.total}
        self.ctx.emit("heartbeat", tool=self.plan.tool.name, attrs=attrs, **known)

    def long_enough(self, watched: Watched) -> Watched:
        """Return the call, if it lasted long enough for a heartbeat to be due. Raises ScenarioSkipped."""
        if watched.took_s is not None and watched.took_s > self.limit_s:
            return watched
        raise ScenarioSkipped(
            f"the call took {watched.took_s or 0:.3g} s, so no heartbeat was due: give an example that lasts longer "
            f"than {self.limit_s:g} s, or name a Python dependency that can be slowed"
        )

    def broken(self, message: str, cause: str, watched: Watched | None = None) -> ScenarioFailure:
        place = f"heartbeat: {{interval: {self.promise.interval_s:g}s, within: {self.promise.within:.0%}}}"
        details = (("timeline", watched.timeline()),) if watched is not None else ()
        return ScenarioFailure(Finding("heartbeat", f"{self.plan.tool.name}: {message}", cause, place, details=details))


class _InProcess(Watcher):
    """Calls a Python function in fresh modules and virtual time."""

    def __init__(self, ctx: ToolContext, plan: ToolPlan, promise: Heartbeat, known: dict[str, Any]) -> None:
        super().__init__(ctx, plan, promise)
        self._known = known

    def watch(self, *, receive: Receiver | None = None, silent: bool = False, fails: bool = False) -> Watched:
        """Make one call, made long by its first Python dependency; time passes after its end, too."""
        if "length" not in self._known:
            self._known["length"] = self._longest()
        return self._watch(self._known["length"], receive=receive, silent=silent, fails=fails)

    def _longest(self) -> float:
        """Return how many intervals a call may last: a time limit of the tool's own is no fault of its reporter."""
        for length in LENGTHS:
            try:
                watched = self._watch(length, silent=True)
            except TypeError:
                watched = self._watch(length)
            if watched.error is None:
                return length
        return LENGTHS[0]

    def _watch(
        self, length: float, *, receive: Receiver | None = None, silent: bool = False, fails: bool = False
    ) -> Watched:
        from ..clock import active_clock, virtual_time

        target = self.plan.spec.target
        assert isinstance(target, PythonTarget)
        watched = Watched()
        with ExitStack() as stack:
            clock = active_clock() or stack.enter_context(virtual_time())
            stack.callback(setattr, clock, "most_jumps", clock.most_jumps)
            clock.most_jumps = clock.jumps + MOST_JUMPS
            references = [each.python for each in self.plan.tool.depends_on.values() if each.python]
            fresh = stack.enter_context(fresh_modules(target, spec_path=self.plan.spec.path, dependencies=references))
            function = resolved(self.plan.tool.call or self.plan.tool.name, fresh.module)
            watched.work = self._slow_down(references, length, fails, stack)
            watched.began_s = time.monotonic()
            keywords = {} if silent else {_parameter(function): self._receiver(watched, receive)}
            stack.enter_context(bind(rid=new_rid(), tool=self.plan.tool.name))
            self._call(function, keywords, watched)
        return watched

    def watch_briefly(self) -> Watched:
        """Make one call in which one report is due."""
        return self._watch(LENGTHS[-1])

    def _slow_down(
        self, references: list[str], length: float, fails: bool, stack: ExitStack
    ) -> Sequence[DependencyCall]:
        """Make the first dependency slow, and return what will hold its calls."""
        if not references and fails:
            raise ScenarioSkipped("an error in a long call needs a Python dependency that can fail: see depends_on")
        for reference in references[:1]:
            module, _, attribute = reference.rpartition(":")
            target = self.plan.spec.target
            assert isinstance(target, PythonTarget)
            module = module_name(target) if not module or module.endswith(".py") else module
            after_s = length * self.promise.interval_s
            answer = fail(ConnectionError, after_s=after_s) if fails else succeed(after_s=after_s)
            probe = stack.enter_context(DependencyProbe(f"{module}:{attribute}"))
            probe.answers((answer, None))
            return probe.calls
        return ()

    def _receiver(self, watched: Watched, receive: Receiver | None) -> Receiver:
        started_s = time.monotonic()

        def hear(*args: Any, **kwargs: Any) -> Any:
            beat = read_report(time.monotonic() - started_s, args, kwargs)
            (watched.beats if watched.took_s is None else watched.late).append(beat)
            self.note(beat)
            return Done() if receive is None else receive()

        return hear

    def _call(self, function: Callable[..., Any], keywords: dict[str, Any], watched: Watched) -> None:
        from ..targets._arguments import Binding

        args, kwargs = Binding(function).arguments(self.arguments())
        started_s, after_s = time.monotonic(), _AFTER * self.promise.interval_s

        async def awaited(pending: Any) -> None:
            try:
                watched.value = await pending
            except BaseException as error:
                watched.error = kept_error(error)
            watched.took_s = time.monotonic() - started_s
            await asyncio.sleep(after_s)

        async def started() -> None:
            await awaited(function(*args, **kwargs, **keywords))

        if inspect.iscoroutinefunction(function):
            _run(started())
            return
        try:
            watched.value = function(*args, **kwargs, **keywords)
        except BaseException as error:
            watched.error = kept_error(error)
        if inspect.isawaitable(watched.value):
            _run(awaited(watched.value))
            return
        watched.took_s = time.monotonic() - started_s
        time.sleep(after_s)


class _OverMcp(Watcher):
    """Calls a tool of an MCP server in real time, once."""

    def __init__(self, ctx: ToolContext, plan: ToolPlan, promise: Heartbeat, known: dict[str, Any]) -> None:
        super().__init__(ctx, plan, promise)
        self._known = known
        self.can_repeat = False

    def watch(self, **_how: Any) -> Watched:
        """Return the one call that is made, with its progress notifications."""
        if "call" not in self._known:
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


def _run(main: Coroutine[Any, Any, None]) -> None:
    with BoundedRunner() as runner:
        runner.run(main)


def _parameter(function: Callable[..., Any]) -> str:
    known = inspect.signature(function).parameters
    for name in PARAMETERS:
        if name in known:
            return name
    raise ScenarioSkipped(f"the tool has no parameter that takes a receiver of its progress: {', '.join(PARAMETERS)}")
