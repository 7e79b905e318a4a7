"""Python functions as tools: discovered in a module, called in this process."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ..errors import TargetError
from ..spec.model import PythonTarget, Spec, ToolSpec
from ._arguments import ArgumentError, Binding, Bound
from ._attempt import Attempt, timed_out
from ._loops import OwnLoop, is_loop_running
from ._modules import load_module, resolve
from ._observe import counts, observing, running
from ._signatures import describe_function
from ._timelimit import Expired, Worker, can_use_alarm, run_limited, run_with_alarm
from .base import NOT_MADE, CallError, Outcome, Request, ToolDescription

_BLOCKED_LOOP_GRACE_S = 0.5
"""How much later than the loop's own time limit the alarm rings that stops code which blocks the loop."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class _Tool:
    function: Callable[..., Any]
    binding: Binding
    is_async: bool


class PythonTools:
    """The public functions of a module, and those that the spec names with `call`."""

    kind = "python"

    def __init__(self, spec: Spec, *, module: ModuleType | None = None) -> None:
        assert isinstance(spec.target, PythonTarget)
        self._spec = spec
        self._target = spec.target
        self._module = module
        self._tools: dict[str, _Tool] = {}
        self._own_sessions: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}

    @property
    def module(self) -> ModuleType:
        """The user's module, imported at the first use. Raises TargetError with the reason and the line."""
        if self._module is None:
            self._module = load_module(self._target.module, path=self._target.path, spec_path=self._spec.path)
        return self._module

    def describe(self) -> Sequence[ToolDescription]:
        """Return the module's tools, then those of the spec; one with nothing behind it says what is missing."""
        found: dict[str, Callable[..., Any] | TargetError] = dict(public_functions(self.module))
        for name, tool in self._spec.tools.items():
            try:
                found[name] = self.function(tool)
            except TargetError as error:
                found[name] = error
        return [_described(name, function) for name, function in found.items()]

    def function(self, tool: ToolSpec) -> Callable[..., Any]:
        """Return the callable behind `tool`. Raises TargetError when there is none."""
        found = resolve(self.module, tool.call or tool.name, spec_path=self._spec.path)
        if not callable(found):
            raise TargetError(f"{tool.call or tool.name} is no function, it is of type {type(found).__name__}")
        if _needs_an_object(found, tool.call or tool.name):
            raise TargetError(f"{tool.call} is a method of a class: make an object in the module, and name its method")
        return found if tool.sessions is None else self._in_own_session(found, tool)

    def _in_own_session(self, function: Callable[..., Any], tool: ToolSpec) -> Callable[..., Any]:
        from ..sessions.own import in_own_session

        known = self._own_sessions.get(tool.name)
        if known is None or known[0] is not function:
            known = self._own_sessions[tool.name] = function, in_own_session(function, tool)
        return known[1]

    def tool(self, tool: ToolSpec) -> _Tool:
        """Return the callable with the way it takes arguments; looked up anew where it was patched meanwhile."""
        function = self.function(tool)
        known = self._tools.get(tool.name)
        if known is None or known.function is not function:
            known = self._tools[tool.name] = _Tool(function, Binding(function), _is_async(function))
        return known

    def kind_of(self, error: ArgumentError, request: Request) -> str:
        """Return whose word it is that no argument could be made: the tool's own, or nobody's (`NOT_MADE`).

        It is the tool's where its model said so, and where the spec itself, not the hints, promises the input.
        """
        if error.by_model is not None:
            return error.by_model
        is_promised = request.valid is True and not self._is_by_hints(request.tool)
        return "ArgumentError" if is_promised else NOT_MADE

    def _is_by_hints(self, tool: ToolSpec) -> bool:
        return tool.input == describe_function(tool.name, self.function(tool)).input_schema

    def open(self) -> PythonSession:
        """Open a session. Raises TargetError when the module cannot be imported."""
        _ = self.module
        return PythonSession(self)

    def close(self) -> None:
        """Nothing to stop: the module stays loaded, sessions close themselves."""


class PythonSession:
    """Calls functions in this process; async ones on a loop of its own that lives as long as the session."""

    def __init__(self, tools: PythonTools) -> None:
        self.id = f"python-{next(_numbers)}"
        self._tools = tools
        self._own = OwnLoop()
        self._alive = True

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that async tools run on; None before the first such call."""
        return self._own.loop

    @property
    def module(self) -> ModuleType:
        """The module whose functions are called."""
        return self._tools.module

    def describe_again(self, tool: ToolSpec) -> ToolDescription:
        """Describe the tool as it is now: calls may have changed its defaults."""
        return describe_function(tool.name, self._tools.function(tool))

    def call(self, request: Request) -> Outcome:
        """Make one call in this thread; in a thread of its own where a loop is running in this one."""
        prepared = self._prepare(request)
        if isinstance(prepared, Outcome):
            return prepared
        tool, attempt = prepared
        if not request.observe:
            self._run(tool, attempt, request.timeout_s)
            return self._finish(request, attempt)
        tool_spec = request.tool
        keeps = tool_spec.checks.get("pure", tool_spec.annotations.pure)
        with observing(tool_spec, lambda: self.loop, lambda: attempt.arguments if keeps else None) as observed:
            attempt.watches_tasks = request.tool.clock != "virtual"
            self._run(tool, attempt, request.timeout_s)
        observed.unawaited = attempt.unawaited
        return dataclasses.replace(self._finish(request, attempt), observed=observed)

    def _run(self, tool: _Tool, attempt: Attempt, limit_s: float) -> None:
        try:
            if tool.is_async:
                self._on_loop(attempt, limit_s)
            else:
                self._plainly(attempt, limit_s)
        except Expired as stopped:
            attempt.expired = attempt.expired or stopped

    async def call_async(self, request: Request) -> Outcome:
        """Make one call from a running loop: an async tool runs on that loop, a plain one in a thread."""
        prepared = self._prepare(request)
        if isinstance(prepared, Outcome):
            return prepared
        tool, attempt = prepared
        if tool.is_async:
            await attempt.run_within(request.timeout_s)
        else:
            await self._in_thread(attempt, request.timeout_s)
        return self._finish(request, attempt)

    def call_concurrently(self, requests: Sequence[Request]) -> list[Outcome]:
        """Make all calls at once: plain functions in threads, async ones together on one loop."""
        prepared = [(request, self._prepare(request)) for request in requests]
        plain = [(r, p[1]) for r, p in prepared if not isinstance(p, Outcome) and not p[0].is_async]
        waiting = [(r, p[1]) for r, p in prepared if not isinstance(p, Outcome) and p[0].is_async]
        workers = [(r, a, Worker(lambda r=r, a=a: self._plainly(a, r.timeout_s))) for r, a in plain]  # type: ignore[misc]
        if waiting:
            self._together(waiting)
        for request, attempt, worker in workers:
            try:
                worker.result(request.timeout_s + _BLOCKED_LOOP_GRACE_S)
            except Expired as stopped:
                attempt.expired = attempt.expired or stopped
        return [p if isinstance(p, Outcome) else self._finish(r, p[1]) for r, p in prepared]

    def is_alive(self) -> bool:
        """Whether no call has hung yet: what a stopped call leaves behind (locks, threads) is not to be trusted."""
        return self._alive

    def counts(self) -> dict[str, int]:
        """Count what may outlive a call in this process."""
        return counts(self.loop)

    def running(self) -> Sequence[object]:
        """Return what has not ended of this process's threads and the loop's tasks."""
        return running(self.loop)

    def rest(self, seconds: float) -> None:
        """Wait, and let the loop go on meanwhile with what calls left on it."""
        if self.loop is None or is_loop_running():
            time.sleep(seconds)
        else:
            self._own.run(lambda: asyncio.sleep(seconds), limit_s=seconds + _BLOCKED_LOOP_GRACE_S)

    def process_ids(self) -> tuple[int, ...]:
        """No process but this one."""
        return ()

    def close(self) -> None:
        """Close the loop with whatever is left on it."""
        self._alive = False
        self._own.close()

    def _prepare(self, request: Request) -> tuple[_Tool, Attempt] | Outcome:
        try:
            tool = self._tools.tool(request.tool)
        except TargetError as error:
            return Outcome("crashed", 0, error=CallError(type="TargetError", message=str(error)))
        try:
            bound = _bound(tool.binding, request)
        except ArgumentError as error:
            return Outcome("refused", 0, error=CallError(type=self._tools.kind_of(error, request), message=str(error)))
        except Exception as error:  # what the user's own class raised while a value of it was made
            return Attempt.failed(error).outcome(request)
        except Expired as stopped:  # the user's own class hung
            self._alive = False
            return timed_out(request, 0, stopped)
        return tool, Attempt(tool.function, bound.args, bound.kwargs, leeway=bound.leeway)

    def _plainly(self, attempt: Attempt, limit_s: float) -> None:
        if is_loop_running():
            Worker(attempt.run).result(limit_s)
        else:
            run_limited(attempt.run, limit_s=limit_s)
        if attempt.needs_loop():
            self._on_loop(attempt, limit_s)

    def _on_loop(self, attempt: Attempt, limit_s: float) -> None:
        self._own.run(lambda: attempt.run_within(limit_s), limit_s=limit_s + _BLOCKED_LOOP_GRACE_S)

    async def _in_thread(self, attempt: Attempt, limit_s: float) -> None:
        worker = Worker(attempt.run)
        finished = asyncio.wrap_future(worker.future)
        done, _ = await asyncio.wait({finished}, timeout=limit_s)
        if not done:
            attempt.expired = Expired()
        else:
            finished.result()
            if attempt.needs_loop():
                await attempt.run_within(limit_s)

    def _together(self, waiting: Sequence[tuple[Request, Attempt]]) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*(attempt.run_within(request.timeout_s) for request, attempt in waiting))

        longest = max(request.timeout_s for request, _ in waiting)
        try:
            self._own.run(all_of_them, limit_s=longest + _BLOCKED_LOOP_GRACE_S)
        except Expired as stopped:
            for _, attempt in waiting:
                if not attempt.has_ended():
                    attempt.expired = attempt.expired or stopped

    def _finish(self, request: Request, attempt: Attempt) -> Outcome:
        outcome = attempt.outcome(request)
        self._alive = self._alive and outcome.kind != "timed_out"
        return outcome


def _bound(binding: Binding, request: Request) -> Bound:
    """Make the arguments, which may run code of the user's own classes: that is stopped in time too."""
    if not binding.makes_values or not can_use_alarm():
        return binding.bind(request.arguments)
    return run_with_alarm(lambda: binding.bind(request.arguments), limit_s=request.timeout_s)


def _described(name: str, function: Callable[..., Any] | TargetError) -> ToolDescription:
    if isinstance(function, TargetError):
        return ToolDescription(name, missing=str(function))
    return dataclasses.replace(describe_function(name, function), is_async=_is_async(function))


def public_functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield what `__all__` lists, or else the public functions and bound methods that the module itself defines."""
    listed = getattr(module, "__all__", None)
    for name in listed if listed is not None else list(vars(module)):
        value = getattr(module, name, None)
        if not callable(value) or isinstance(value, type):
            continue
        if listed is not None or (not name.startswith("_") and _is_defined_in(value, module)):
            yield name, value


def _is_defined_in(value: Any, module: ModuleType) -> bool:
    is_function = inspect.isroutine(value) or hasattr(value, "__wrapped__")
    return is_function and getattr(value, "__module__", None) == module.__name__


def _is_async(function: Callable[..., Any]) -> bool:
    by_class = vars(type(function)).get("__call__")
    return _starts_async(function) or _starts_async(by_class)


def _needs_an_object(found: Callable[..., Any], reference: str) -> bool:
    """Whether this is a plain method, reached through its class: nothing stands for `self`."""
    is_member = "." in reference.rpartition(":")[2] and inspect.isfunction(found)
    return is_member and next(iter(inspect.signature(found).parameters), "") == "self"


def _starts_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
