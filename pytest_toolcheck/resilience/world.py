"""A world for one scenario: fresh modules, a virtual clock, dependencies under observation, and calls of the tool."""

from __future__ import annotations

import asyncio
import builtins
import concurrent.futures
import contextvars
import inspect
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from types import ModuleType
from typing import Any, Final

from ..clock import session as clock_session
from ..clock.errors import VirtualTimeError
from ..clock.virtual import VirtualClock
from ..events.context import install
from ..sessions.own import in_own_session
from ..spec.model import PythonTarget
from .dependency import HANG_S, DependencyCall, DependencyProbe, ErrorMaker, begin_call, make_error
from .fresh import Fresh, fresh_modules, resolved
from .runner import FEW_JUMPS, MOST_CALLS, MOST_JUMPS, BoundedRunner, passed
from .story import Story, describe_error
from .swap import ReferenceProblem, locate
from .toolcall import Setup, ToolCall, absolute, imported, short

PRECISION_S: Final = 0.001
"""How exact a wait must be: virtual time is exact, what is left is a library's own floating-point sum."""
_THREADS: Final = 64
Emit = Callable[..., None]


class World:
    """Everything fresh, for as long as a `with` lasts."""

    def __init__(self, setup: Setup, *, emit: Emit, is_endless: bool = False) -> None:
        self.setup = setup
        self._patience = FEW_JUMPS if is_endless else MOST_JUMPS
        self.story = Story()
        self.calls: list[ToolCall] = []
        self.probes: dict[str, DependencyProbe] = {}
        self.order: list[str] = []
        """The names of the dependencies in the order of their calls."""
        self.has_kept_worker = False
        """Whether a dependency was called by a worker that the tool keeps from call to call."""
        self._emit, self._stack = emit, ExitStack()
        self._bindings, self._pool_set = dict[Any, Any](), False

    def __enter__(self) -> World:
        try:
            self._enter()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _enter(self) -> None:
        setup, enter = self.setup, self._stack.enter_context
        target = setup.spec.target
        assert isinstance(target, PythonTarget)
        self.clock: VirtualClock = (
            clock_session.active[-1] if clock_session.active else enter(clock_session.virtual_time())
        )
        self._stack.callback(install())
        self._stack.callback(setattr, self.clock, "most_jumps", self.clock.most_jumps)
        self._go_on()
        self._zero_s, self._zero_monotonic_s = self.clock.now, self.clock.monotonic()
        references = {name: absolute(reference, target) for name, reference in setup.dependencies.items()}
        afresh = fresh_modules(target, spec_path=setup.spec.path, dependencies=list(references.values()))
        self.fresh: Fresh = enter(afresh)
        self.module: ModuleType = self.fresh.module
        self.function = in_own_session(self.resolve(setup.tool.call or setup.tool.name), setup.tool)
        for reference in references.values():
            locate(reference)  # imports its module
        modules = self.fresh.modules()
        probes = {name: DependencyProbe(reference, name=name, modules=modules, on_call=self._hear(name))
                  for name, reference in references.items()}  # fmt: skip
        for name, probe in probes.items():
            self.probes[name] = enter(probe)
        self._runner = enter(BoundedRunner())

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    # what is in it
    @property
    def now(self) -> float:
        """Seconds of virtual time since this world began."""
        return self.clock.now - self._zero_s

    def since_start(self, monotonic_s: float | None) -> float | None:
        """Turn an instant of a dependency's call into seconds since this world began."""
        return None if monotonic_s is None else monotonic_s - self._zero_monotonic_s

    @property
    def probe(self) -> DependencyProbe:
        """The dependency that the promise is on."""
        return self.probes[self.setup.main]

    @property
    def is_async(self) -> bool:
        """Whether the tool is a coroutine function."""
        call = getattr(self.function, "__call__", None)  # noqa: B004 - the method is wanted
        return inspect.iscoroutinefunction(self.function) or inspect.iscoroutinefunction(call)

    def resolve(self, reference: str) -> Any:
        """Return what `attr` or `other.module:attr` names in the fresh modules. Raises ReferenceProblem."""
        return resolved(reference, self.module)

    def error(self, name: str) -> ErrorMaker:
        """Return a maker of the exception called `name`."""
        return make_error(self.error_class(name))

    def error_class(self, name: str) -> type[BaseException]:
        """Return the exception called `name`: a builtin, `pkg.mod.Error`, or one of the tool's modules."""
        module, _, short = name.replace(":", ".").rpartition(".")
        spaces = [imported(module)] if module else [builtins, self.module, *self.fresh.modules(), asyncio]
        for space in spaces:
            found = getattr(space, short, None)
            if isinstance(found, type) and issubclass(found, BaseException):
                return found
        raise ReferenceProblem(
            f"there is no exception {name!r} in {self.module.__name__}: write it as pkg.module.{short}"
        )

    # what happens in it
    def call(self, *, tool: str | None = None, arguments: Mapping[str, Any] | None = None) -> ToolCall:
        """Call the tool (or the function that `tool` names) once, and wait for its end."""
        function = self.function if tool is None else self.resolve(tool)
        call = self._begin()
        self._note_call(call)
        outcome = contextvars.copy_context().run(self._call_plainly, call, function, arguments)
        if inspect.isawaitable(outcome):
            self._runner.run(self._finish_awaited(call, outcome))
        return call

    def call_many(self, count: int, *, interval_s: float = 0.0) -> list[ToolCall]:
        """Start `count` calls, `interval_s` apart, and wait for all: tasks of an async tool, threads of a plain one."""

        async def one(index: int) -> ToolCall:
            await asyncio.sleep(index * interval_s)
            return await self._call_in_loop()

        async def all_of_them() -> list[ToolCall]:
            return list(await asyncio.gather(*(one(index) for index in range(count))))

        self.story.tell(
            self.now, f"{count} calls begin, {interval_s:g} s apart" if interval_s else f"{count} calls at once"
        )
        return self._runner.run(all_of_them())

    def call_beside(self, every_s: float) -> tuple[ToolCall, list[tuple[float, float]]]:
        """Call the (async) tool beside a task that sleeps so long again and again; return when its sleeps began and ended."""
        turns: list[tuple[float, float]] = []

        async def take_turns() -> None:
            while True:
                began_s = self.now
                await asyncio.sleep(every_s)
                turns.append((began_s, self.now))

        async def both() -> ToolCall:
            beside = asyncio.ensure_future(take_turns())
            await asyncio.sleep(every_s)
            try:
                return await self._call_in_loop()
            finally:
                await asyncio.sleep(2 * every_s)
                beside.cancel()

        return self._runner.run(both()), turns

    def call_and_cancel(self, *, after_s: float) -> tuple[ToolCall, bool]:
        """Call the (async) tool, cancel it a while after the dependency hangs; tell whether it ended as cancelled."""

        async def cancelled() -> tuple[ToolCall, bool]:
            task, number = asyncio.ensure_future(self._call_in_loop(cancelling=True)), len(self.calls)
            await asyncio.sleep(after_s)
            while not (task.done() or self.calls[number].hung):  # it does something else first, or another attempt
                await asyncio.sleep(after_s)
            self.story.tell(self.now, "the call is cancelled")
            task.cancel()
            await asyncio.wait({task}, timeout=HANG_S / 2)
            task.cancel()
            await asyncio.wait({task}, timeout=1)
            return self.calls[-1], isinstance(self.calls[-1].error, asyncio.CancelledError)

        return self._runner.run(cancelled())

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass; timers and tasks that the tool left behind have their turn.

        Raises ScenarioSkipped where these wake so often that it would take for ever: that is no call without an end.
        """
        if seconds:
            self.story.tell(self.now, f"{seconds:g} s pass")
        self.clock.most_jumps = None
        self._runner.run(passed(seconds, self.clock, patience=self._patience, who=self.setup.tool.name))
        self._go_on()

    def step_wall(self, seconds: float) -> None:
        """Step the wall clock, as an administrator or a time service does; the monotonic clock goes on."""
        self.story.tell(self.now, f"the wall clock is stepped by {seconds:+g} s")
        self.clock.step_wall(f"{seconds:g}s")

    def note_state(self, name: str, before: str, after: str) -> None:
        """Put a change of a breaker's state, as seen from outside, into the story and the log."""
        self.story.tell(self.now, f"[{name}: {before} -> {after}]")
        self._emit("breaker.changed", attrs={"from": before, "to": after, "name": name, "at_s": self.now})

    def note_fallback(self, call: ToolCall) -> None:
        """Put the use of a fallback, as seen from outside, into the story and the log."""
        self.story.tell(self.now, f"[call {call.number} was answered by the fallback]")
        self._emit("fallback.used", rid=call.rid, tool=self.setup.tool.name, attrs={"on": self.setup.main})

    def _go_on(self) -> None:
        """Something has happened, so there is an end in sight: the clock may move on."""
        self.clock.most_jumps = self.clock.jumps + self._patience

    # one call
    def _begin(self) -> ToolCall:
        self._go_on()
        call = ToolCall(len(self.calls) + 1, f"resilience-{uuid.uuid4().hex[:12]}", self.now)
        self.calls.append(call)
        return call

    def _note_call(self, call: ToolCall) -> None:
        self.story.tell(self.now, f"call {call.number} of {self.setup.tool.name}")
        attrs = {"arguments": dict(self.setup.arguments), "at_s": call.started_s}
        self._emit("call.start", rid=call.rid, tool=self.setup.tool.name, attrs=attrs)

    def _bound(self, function: Any, arguments: Mapping[str, Any] | None) -> tuple[list[Any], dict[str, Any]]:
        from ..targets._arguments import Binding

        if function not in self._bindings:
            self._bindings[function] = Binding(function)
        taken: tuple[list[Any], dict[str, Any]] = self._bindings[function].arguments(
            self.setup.arguments if arguments is None else arguments
        )
        return taken

    def _call_plainly(self, call: ToolCall, function: Any, arguments: Mapping[str, Any] | None = None) -> Any:
        """Call the function; its end is noted here unless it returns something to await."""
        begin_call(call.rid)
        try:
            args, kwargs = self._bound(function, arguments)
            result = function(*args, **kwargs)
        except BaseException as error:
            self._end(call, error=error)
            return None
        if inspect.isawaitable(result):
            return result
        self._end(call, result=result)
        return None

    async def _finish_awaited(self, call: ToolCall, pending: Awaitable[Any]) -> None:
        begin_call(call.rid)
        try:
            result: Any = await pending
            while inspect.isawaitable(result):  # a coroutine handed out by a coroutine is no answer yet
                result = await result
        except BaseException as error:
            self._end(call, error=error)
        else:
            self._end(call, result=result)

    async def _call_in_loop(self, *, cancelling: bool = False) -> ToolCall:
        call = self._begin()
        self._note_call(call)
        if not self.is_async and not cancelling:
            self._make_room_for_threads()
        begin_call(call.rid)
        if self.is_async:
            await self._finish_awaited(call, self.function_with_arguments())
            return call
        pending = await asyncio.to_thread(self._call_plainly, call, self.function)
        if inspect.isawaitable(pending):
            await self._finish_awaited(call, pending)
        return call

    async def function_with_arguments(self) -> Any:
        """Await the async tool."""
        args, kwargs = self._bound(self.function, None)
        return await self.function(*args, **kwargs)

    def _make_room_for_threads(self) -> None:
        if not self._pool_set:
            pool = concurrent.futures.ThreadPoolExecutor(_THREADS, thread_name_prefix="toolcheck-caller")
            asyncio.get_running_loop().set_default_executor(pool)
            self._pool_set = True

    def _end(self, call: ToolCall, *, result: Any = None, error: BaseException | None = None) -> None:
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, VirtualTimeError)):
            raise error
        call.ended_s, call.result, call.error = self.now, result, error
        how = f"returns {short(result)}" if error is None else f"raises {describe_error(error)}"
        self.story.tell(self.now, f"call {call.number} {how}")
        outcome = "accepted" if error is None else "crashed"
        detail = None if error is None else {"type": type(error).__name__, "message": str(error)}
        duration_ms = (call.ended_s - call.started_s) * 1000
        self._emit(
            "call.end", rid=call.rid, tool=self.setup.tool.name, outcome=outcome, dur_ms=duration_ms, error=detail
        )

    # what the dependencies do
    def _hear(self, name: str) -> Callable[[DependencyCall, str], None]:
        def hear(call: DependencyCall, phase: str) -> None:
            if phase == "start":
                self._dependency_called(name, call)
            else:
                self._dependency_ended(name, call)

        return hear

    def _dependency_called(self, name: str, call: DependencyCall) -> None:
        self.order.append(name)
        mine = self._tool_call(call.rid)
        if mine is None or len(mine.dependency_calls) < MOST_CALLS:
            self._go_on()
        call_text = f"  {name} is called ({call.number})"
        if mine is not None and sum(each.ended_s is None for each in self.calls) > 1:
            call_text += f" by call {mine.number}"
        if name == self.setup.main and mine is not None:
            previous = mine.dependency_calls[-1] if mine.dependency_calls else None
            mine.dependency_calls.append(call)
            if previous is not None and previous.error is not None and previous.ended_s is not None:
                waited_s = call.started_s - previous.ended_s
                call_text += f", {waited_s:g} s after the failure"
                attrs = {"attempt": len(mine.dependency_calls), "wait_s": waited_s, "on": name}
                self._emit("retry.scheduled", rid=call.rid, tool=self.setup.tool.name, attrs=attrs)
        self.story.tell(self.now, call_text)
        if call.answer.kind != "original":
            attrs = {"kind": call.answer.kind, "on": name, "after_s": call.answer.after_s}
            self._emit("fault.injected", rid=call.rid, tool=self.setup.tool.name, attrs=attrs)

    def _dependency_ended(self, name: str, call: DependencyCall) -> None:
        how = "answers" if call.error is None else f"fails: {describe_error(call.error)}"
        self.story.tell(self.now, f"  {name} {'is cancelled' if call.cancelled else how} ({call.number})")

    def _tool_call(self, rid: str | None) -> ToolCall | None:
        known = next((call for call in self.calls if call.rid == rid), None)
        if known is not None and known.ended_s is None:
            return known
        running = [call for call in self.calls if call.ended_s is None]
        if len(running) != 1:  # one that goes on after its call, as in a thread
            return known
        self.has_kept_worker = True
        return running[0]
