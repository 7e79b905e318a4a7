"""Calls of a tool that are watched for their heartbeats: in this process, in fresh modules and virtual time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final

from ..checks.base import Finding
from ..clock.errors import VirtualTimeError
from ..events import bind, new_rid
from ..scenario import ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan, known_input
from ..sessions.own import in_own_session
from ..spec.model import Heartbeat, PythonTarget
from .dependency import DependencyCall, DependencyProbe, fail, succeed
from .fresh import fresh_modules, module_name, resolved
from .heartbeat_reports import Beat, Done, Watched, kept_error, read_report
from .runner import MOST_JUMPS, BoundedRunner

PARAMETERS: Final = ("on_progress", "progress", "report_progress", "progress_callback")
"""The parameters of a Python tool that take its receiver, the first that it has."""
LENGTHS: Final = (10.37, 5.37, 3.37, 2.37, 1.37)
"""A call is made to last so many intervals, by slowing its first Python dependency: the most that the tool's own time
limits allow. No whole number, so that no report falls due at the very end."""
_AFTER: Final = 3
"""So many intervals after the end of a call nothing more may be reported."""

Receiver = Callable[..., Any]


class Watcher:
    """Makes calls and watches them; knows how a broken promise is told."""

    def __init__(self, ctx: ToolContext, plan: ToolPlan, promise: Heartbeat) -> None:
        self.ctx, self.plan, self.promise = ctx, plan, promise
        self.limit_s = promise.interval_s * (1 + promise.within)
        self.can_repeat = True
        """Whether a further call costs next to nothing."""
        self.confirmations = 0
        """How many further calls a report that came too late is to be confirmed by."""

    def watch(
        self, *, receive: Receiver | None = None, silent: bool = False, fails: bool = False, anew: bool = False
    ) -> Watched:
        """Make one long call. `receive` is called with each report; `silent` passes no receiver.

        What may be known from another sentence of the promise is not done again unless `anew`.
        """
        raise NotImplementedError

    def step_wall(self, seconds: float) -> None:
        """Step the wall clock."""
        raise NotImplementedError

    def watch_in_a_row(self, *, silent: bool = False) -> tuple[Watched, Watched]:
        """Make a call, and another when it has ended."""
        raise NotImplementedError

    def watch_briefly(self) -> Watched:
        """Make one call in which one report is due."""
        raise NotImplementedError

    def watch_shorter(self, rounds: int) -> Watched:
        """Make one call that lasts half an interval less, where so many rounds of slow work are done in a row."""
        raise NotImplementedError

    def watch_at_once(self) -> tuple[Watched, Watched]:
        """Make two calls at once."""
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


class InProcess(Watcher):
    """Calls a Python function in fresh modules and virtual time."""

    def __init__(self, ctx: ToolContext, plan: ToolPlan, promise: Heartbeat, known: dict[str, Any]) -> None:
        super().__init__(ctx, plan, promise)
        self._known = known

    def watch(
        self, *, receive: Receiver | None = None, silent: bool = False, fails: bool = False, anew: bool = False
    ) -> Watched:
        """Make one call, made long by its first Python dependency; time passes after its end, too."""
        length: float = self._once("length", self._longest)
        once = partial(self._watch, length, receive=receive, silent=silent, fails=fails)
        if receive is not None or anew:
            return once()
        watched: Watched = self._once(f"silent {silent}, fails {fails}", once)
        return watched

    def _once(self, what: str, find: Callable[[], Any]) -> Any:
        """Return what was found out before, or raise what was raised: a call without an end takes its time."""
        if what not in self._known:
            try:
                self._known[what] = find()
            except VirtualTimeError as stuck:
                self._known[what] = stuck
        if isinstance(self._known[what], VirtualTimeError):
            raise self._known[what]
        return self._known[what]

    def step_wall(self, seconds: float) -> None:
        """Step the wall clock; the monotonic one goes on."""
        from ..clock import active_clock

        clock = active_clock()
        assert clock is not None
        clock.step_wall(f"{seconds:g}s")

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
        watched = Watched()
        with self._world(length, fails=fails) as (function, watched.work):
            watched.began_s = time.monotonic()
            keywords = {} if silent else {_parameter(function): self._receiver(watched, receive)}
            self._call(function, keywords, watched)
        return watched

    @contextmanager
    def _world(
        self, length: float, *, fails: bool = False
    ) -> Iterator[tuple[Callable[..., Any], Sequence[DependencyCall]]]:
        """Give the function, imported afresh, and what will hold the calls of its slow dependency."""
        from ..clock import active_clock, virtual_time

        target = self.plan.spec.target
        assert isinstance(target, PythonTarget)
        with ExitStack() as stack:
            clock = active_clock() or stack.enter_context(virtual_time())
            stack.callback(setattr, clock, "most_jumps", clock.most_jumps)
            clock.most_jumps = clock.jumps + MOST_JUMPS
            references = [each.python for each in self.plan.tool.depends_on.values() if each.python]
            fresh = stack.enter_context(fresh_modules(target, spec_path=self.plan.spec.path, dependencies=references))
            found = resolved(self.plan.tool.call or self.plan.tool.name, fresh.module)
            function = in_own_session(found, self.plan.tool)
            work = self._slow_down(references, length, fails, stack)
            stack.enter_context(bind(rid=new_rid(), tool=self.plan.tool.name))
            yield function, work

    def watch_at_once(self) -> tuple[Watched, Watched]:
        """Make two short calls, the second begun a little after the first, each with a receiver of its own."""
        first, second = Watched(), Watched()
        with self._world(LENGTHS[-2]) as (function, work):
            first.work = second.work = work
            first.began_s = second.began_s = time.monotonic()

            async def one(watched: Watched, after_s: float) -> None:
                await asyncio.sleep(after_s)
                await self._awaited(function, {_parameter(function): self._receiver(watched, None)}, watched)

            async def both() -> None:
                await asyncio.gather(one(first, 0), one(second, 0.3 * self.promise.interval_s))

            _run(both())
        return first, second

    def watch_in_a_row(self, *, silent: bool = False) -> tuple[Watched, Watched]:
        """Make two short calls in one world and one loop, the second well after the first has ended."""
        calls = Watched(), Watched()
        with self._world(LENGTHS[-2]) as (function, work):

            async def both() -> None:
                for watched in calls:
                    watched.work, watched.began_s = work, time.monotonic()
                    keywords = {} if silent else {_parameter(function): self._receiver(watched, None)}
                    await self._awaited(function, keywords, watched)
                    await asyncio.sleep(_AFTER * self.promise.interval_s)

            _run(both())
        return calls

    async def _awaited(self, function: Callable[..., Any], keywords: dict[str, Any], watched: Watched) -> None:
        from ..targets._arguments import Binding

        args, kwargs = Binding(function).arguments(self.arguments())
        started_s = time.monotonic()
        try:
            if inspect.iscoroutinefunction(function):
                watched.value = await function(*args, **kwargs, **keywords)
            else:
                watched.value = await asyncio.to_thread(function, *args, **kwargs, **keywords)
        except BaseException as error:
            watched.error = kept_error(error)
        watched.took_s = time.monotonic() - started_s

    def watch_shorter(self, rounds: int) -> Watched:
        """Make one call that lasts half an interval less, where so many rounds of slow work are done in a row."""
        return self._watch(self._once("length", self._longest) - 0.5 / rounds)

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


def _run(main: Coroutine[Any, Any, None]) -> None:
    with BoundedRunner() as runner:
        runner.run(main)


def _parameter(function: Callable[..., Any]) -> str:
    known = inspect.signature(function).parameters
    for name in PARAMETERS:
        if name in known:
            return name
    raise ScenarioSkipped(f"the tool has no parameter that takes a receiver of its progress: {', '.join(PARAMETERS)}")
