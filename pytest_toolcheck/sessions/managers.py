"""Whoever manages sessions, behind one small face: a server behind a URL, or a Python module."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import ModuleType
from typing import Any, Final, Protocol, cast

from ..errors import ToolcheckError
from ..scenario import ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import HttpTarget, McpTarget, PythonTarget, WebSocketTarget
from .switches import no_chance_switches

PARAMETER: Final = "session_id"
_A_MOMENT_S: Final = 0.01
"""Of virtual time: what a call waits for its dependency, so that others come in between."""


class Refused(Exception):
    """A session, or a call in it, was refused."""


class Manager(Protocol):
    """What a promise about sessions is held against."""

    is_exact: bool
    """Whether the time that is waited is exact."""

    def open(self) -> Any:
        """Return a handle of a new session. Raises Refused."""

    def call(self, handle: Any) -> None:
        """Make a call in it. Raises Refused."""

    def call_slowly(self, handle: Any, length_s: float, openings: int, /) -> None:
        """Make a call that takes so long; towards its end, ask for so many further sessions. Raises Refused."""

    def close(self, handle: Any) -> None:
        """Close it."""

    def wait(self, seconds: float) -> None:
        """Let the time pass."""

    def outlast(self, idle_s: float, /) -> None:
        """Let the idle time pass, and a little more."""

    def __enter__(self) -> Manager: ...

    def __exit__(self, *exc_info: object) -> None: ...


def manager_of(plan: ToolPlan, ctx: ToolContext, arguments: dict[str, Any]) -> Manager:
    """Return what manages the sessions of the plan's target. Raises ScenarioSkipped where nothing does."""
    target = plan.spec.target
    if isinstance(target, PythonTarget):
        return ModuleManager(plan, ctx, arguments)
    if isinstance(target, HttpTarget | WebSocketTarget) or (isinstance(target, McpTarget) and target.url):
        from .served import ServerManager

        return ServerManager(ctx, arguments)
    raise ScenarioSkipped(f"a {target.kind} target starts a process for each session: there is nobody to limit them")


class ModuleManager:
    """A Python module with `open_session` and `close_session`, imported afresh, in virtual time."""

    is_exact = True

    def __init__(self, plan: ToolPlan, ctx: ToolContext, arguments: dict[str, Any]) -> None:
        self._plan, self._ctx, self._arguments = plan, ctx, arguments
        self._stack = ExitStack()

    def __enter__(self) -> ModuleManager:
        from ..clock import active_clock, virtual_time
        from ..resilience.fresh import fresh_modules, home_module, resolved
        from ..resilience.runner import BoundedRunner

        target = self._plan.spec.target
        assert isinstance(target, PythonTarget)
        try:
            if active_clock() is None:
                self._stack.enter_context(virtual_time())
            self._dependencies = [each.python for each in self._plan.tool.depends_on.values() if each.python]
            fresh = fresh_modules(target, spec_path=self._plan.spec.path, dependencies=self._dependencies)
            module = self._stack.enter_context(fresh).module
            reference = self._plan.tool.call or self._plan.tool.name
            self._tool = resolved(reference, module)
            homes = (home_module(reference, module), module)
            self._open, self._close = _found("open_session", homes), _found("close_session", homes)
            self._homes = homes
            self._runner = self._stack.enter_context(BoundedRunner())
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def open(self) -> Any:
        """Open a session by the module's own function. Raises Refused."""
        return self._guarded(lambda: self._waited(self._open()))

    def call(self, handle: Any) -> None:
        """Call the tool with the session's id. Raises Refused."""
        self._guarded(lambda: self._waited(self._tool(**{**self._arguments, PARAMETER: handle})))

    def call_slowly(self, handle: Any, length_s: float, openings: int) -> None:
        """Slow the first dependency down; in the last tenth of the call, open further sessions. Raises Refused."""
        from ..resilience.dependency import DependencyProbe, succeed

        with DependencyProbe(self._dependencies[0]) as probe:
            probe.answers(succeed(after_s=length_s))
            self._guarded(lambda: self._runner.run(self._both(handle, length_s * 0.9, openings)))

    def call_failing(self, handle: Any) -> None:
        """Call the tool while its first dependency fails. Raises Refused."""
        from ..resilience.dependency import DependencyProbe, fail

        with DependencyProbe(self._dependencies[0]) as probe:
            probe.answers((fail(ConnectionError), None))
            self.call(handle)

    def call_in_a_row(self, handle: Any, count: int) -> None:
        """Make so many calls in one session, one after the other, however they end."""
        for _ in range(count):
            with contextlib.suppress(Refused):
                self.call(handle)

    def call_failing_in_a_row(self, handle: Any, count: int) -> None:
        """Make so many calls while the dependency fails."""
        for _ in range(count):
            with contextlib.suppress(Refused):
                self.call_failing(handle)

    def call_at_once(self, handle: Any, count: int) -> None:
        """Make so many calls in one session at once, however they end."""
        from ..resilience.dependency import DependencyProbe, succeed

        async def all_of_them() -> None:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32, "toolcheck-session"))
            await asyncio.gather(*(self._begin(handle) for _ in range(count)), return_exceptions=True)

        with DependencyProbe(self._dependencies[0]) as probe:
            probe.answers((succeed(after_s=_A_MOMENT_S), None))
            self._runner.run(all_of_them())

    def call_and_cancel(self, handle: Any, *, after_s: float) -> None:
        """Call the (async) tool while its first dependency hangs, and cancel the call. Raises ScenarioSkipped."""
        from ..resilience.dependency import DependencyProbe, hang

        if not inspect.iscoroutinefunction(self._tool):
            raise ScenarioSkipped("the tool is a plain function: a call of it cannot be cancelled")

        async def cancelled() -> None:
            task = self._begin(handle)
            await asyncio.wait({task}, timeout=after_s)
            task.cancel()
            await asyncio.wait({task}, timeout=after_s)

        with DependencyProbe(self._dependencies[0]) as probe:
            probe.answers((hang(), None))
            self._runner.run(cancelled())

    def open_at_once(self, count: int) -> int:
        """Ask for so many sessions at once: tasks of an async module, threads of a plain one; return how many came."""

        async def one() -> bool:
            try:
                opened = self._open() if inspect.iscoroutinefunction(self._open) else asyncio.to_thread(self._open)
                opened = await opened
                if inspect.isawaitable(opened):
                    await opened
            except Exception:
                return False
            return True

        async def all_of_them() -> int:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32, "toolcheck-session"))
            return sum(await asyncio.gather(*(one() for _ in range(count))))

        with no_chance_switches():  # where a manager waits between its look and its act, always: elsewhere, never
            return self._runner.run(all_of_them())

    def step_wall(self, seconds: float) -> None:
        """Step the wall clock; the monotonic one goes on."""
        from ..clock import active_clock

        clock = active_clock()
        assert clock is not None
        clock.step_wall(f"{seconds:g}s")

    def _begin(self, handle: Any) -> asyncio.Future[Any]:
        """Begin a call of the tool in a session, as a task, or in a thread."""
        arguments = {**self._arguments, PARAMETER: handle}
        is_async = inspect.iscoroutinefunction(self._tool)
        return asyncio.ensure_future(
            self._tool(**arguments) if is_async else asyncio.to_thread(self._tool, **arguments)
        )

    async def _both(self, handle: Any, after_s: float, openings: int) -> None:
        task = self._begin(handle)
        await asyncio.sleep(after_s)
        for _ in range(openings):
            with contextlib.suppress(Exception):  # the limit is reached: that is its right
                opened = self._open()
                if inspect.isawaitable(opened):
                    await opened
        await task

    def close(self, handle: Any) -> None:
        """Close a session by the module's own function."""
        self._guarded(lambda: self._waited(self._close(handle)))

    @property
    def can_be_slowed(self) -> bool:
        """Whether a call can be made long, by a Python dependency."""
        return bool(self._dependencies)

    def metrics(self, names: tuple[str, ...], *, during_call_of: Any = None) -> Any:
        """Return what the first function of these names tells, in the middle of a call where a session is given.

        Raises Refused, ScenarioSkipped.
        """
        known = [name for name in names if any(hasattr(home, name) for home in self._homes)]
        function = _found((known or names)[0], self._homes)
        if during_call_of is None:
            return self._guarded(lambda: self._waited(function()))
        told, call = self.amid_call(during_call_of, function)
        self._guarded(call.result)
        return told

    def close_amid_call(self, handle: Any) -> None:
        """Close a session in the middle of a call in it, however that call then ends. Raises Refused."""
        self.amid_call(handle, lambda: self._close(handle))

    def call_amid_call(self, handle: Any, other: Any, *, after_s: float) -> None:
        """Call in one session while a call in another has been under way for so long. Raises Refused."""
        self.amid_call(other, lambda: self._begin(handle), after_s=after_s)

    def amid_call(
        self, handle: Any, action: Callable[[], Any], *, after_s: float = _A_MOMENT_S
    ) -> tuple[Any, asyncio.Future[Any]]:
        """Do something in the middle of a call; return what it gave, and the call, which has ended. Raises Refused."""
        from ..resilience.dependency import DependencyProbe, succeed

        with DependencyProbe(self._dependencies[0]) as probe:
            probe.answers(succeed(after_s=2 * after_s))
            ended: tuple[Any, asyncio.Future[Any]] = self._guarded(
                lambda: self._runner.run(self._amid(handle, action, after_s))
            )
            return ended

    async def _amid(self, handle: Any, action: Callable[[], Any], after_s: float) -> tuple[Any, asyncio.Future[Any]]:
        task = self._begin(handle)
        await asyncio.sleep(after_s)
        try:
            told = action()
            told = await told if inspect.isawaitable(told) else told
        finally:
            await asyncio.wait({task})
        return told, task

    def answers_at_once(self, handles: list[Any], calls: int) -> list[list[Any]]:
        """Make so many calls, one after the other, in each session, all sessions at once; return each one's answers.

        Raises Refused.
        """
        from ..resilience.dependency import DependencyProbe, succeed

        async def one(number: int, handle: Any) -> list[Any]:
            await asyncio.sleep(number * _A_MOMENT_S / 3)
            return [await self._begin(handle) for _ in range(calls)]

        async def all_of_them() -> list[list[Any]]:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32, "toolcheck-session"))
            return await asyncio.gather(*(one(number, handle) for number, handle in enumerate(handles)))

        with ExitStack() as stack:
            if self._dependencies:
                stack.enter_context(DependencyProbe(self._dependencies[0])).answers(
                    (succeed(after_s=_A_MOMENT_S), None)
                )
            return cast(list[list[Any]], self._guarded(lambda: self._runner.run(all_of_them())))

    def wait(self, seconds: float) -> None:
        """Let virtual time pass, on the loop of async modules."""
        self._runner.run(asyncio.sleep(seconds))

    def outlast(self, idle_s: float) -> None:
        """Let the idle time pass, and a thousandth more."""
        self.wait(idle_s * 1.001)

    def _waited(self, value: Any) -> Any:
        async def wait() -> Any:
            return await value

        return self._runner.run(wait()) if inspect.isawaitable(value) else value

    def _guarded(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except (Refused, ScenarioSkipped, ToolcheckError):
            raise
        except Exception as error:
            raise Refused(f"{type(error).__name__}: {error}") from error


def offers(plan: ToolPlan, names: tuple[str, ...]) -> bool:
    """Tell whether the tool's module, as far as it is imported, has a function of one of these names."""
    target = plan.spec.target
    if not isinstance(target, PythonTarget):
        return False
    homes = {target.module, (plan.tool.call or "").rpartition(":")[0]} - {""}
    modules = [m for name, m in list(sys.modules.items()) if name in homes or _is_copy(name, target.module)]
    return any(callable(getattr(module, name, None)) for module in modules for name in names)


def _is_copy(name: str, file: str) -> bool:
    stem = file.rpartition("/")[2].removesuffix(".py")
    return file.endswith(".py") and name.startswith(f"{stem}_toolcheck_")


def _found(name: str, modules: tuple[ModuleType, ...]) -> Callable[..., Any]:
    """Return the function of this name: of the tool's module, or of the target's. Raises ScenarioSkipped."""
    for module in modules:
        function = getattr(module, name, None)
        if callable(function):
            return cast(Callable[..., Any], function)
    raise ScenarioSkipped(
        f"{modules[0].__name__} manages no sessions that can be seen: it has no {name}(); offer "
        f"open_session(), close_session(id), and a parameter {PARAMETER} of the tool"
    )
