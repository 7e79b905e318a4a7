"""A test's body in place of which its budgets are measured: sync or async, with the fixtures of tools or without."""

from __future__ import annotations

import contextvars
import functools
import inspect
import queue
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .clocks import wall_ns
from .latency import Call, DurationOf

if TYPE_CHECKING:
    from ..handwritten import BoundTool
    from .fixture import Budget

_Answer = int | BaseException
"""How long a run took, ns, or what it raised."""
Measure = Callable[[Call, DurationOf | None], None]
"""Measures a call, whose result says how long it took where it is made in another thread."""


class _CallsMade(Exception):
    """The body has made calls through fixtures, so those are what is measured."""


@dataclass(frozen=True, slots=True)
class MeasuredBody:
    """Runs a body as `measure` asks for it; one that calls `tools`, or functions through `budget`, is run once, unmeasured in the end.

    `is_measured` False runs it once, whatever it does.
    """

    measure: Measure
    tools: Sequence[BoundTool] = ()
    is_measured: bool = True
    budget: Budget | None = None

    def wrap(self, body: Callable[..., Any]) -> Callable[..., Any]:
        """Return what runs in place of `body`: async where it is, since a plugin of async tests looks at that."""
        return self._asynchronous(body) if inspect.iscoroutinefunction(body) else self._synchronous(body)

    @property
    def has_called_tools(self) -> bool:
        """Whether a tool of the test was called, by its body or by a fixture before it."""
        return any(tool.made_calls for tool in self.tools)

    @property
    def has_made_calls(self) -> bool:
        """Whether that is so, or a function was called through the fixture `budget`."""
        return self.has_called_tools or (self.budget is not None and self.budget.has_measured)

    def _synchronous(self, body: Callable[..., Any]) -> Callable[..., None]:
        @functools.wraps(body)
        def run(**arguments: Any) -> None:
            __tracebackhide__ = True
            self._judge(lambda: body(**arguments), None)

        return run

    def _asynchronous(self, body: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
        @functools.wraps(body)
        async def run(**arguments: Any) -> None:
            __tracebackhide__ = True
            await serve(lambda: body(**arguments), lambda call: self._judge(call, _itself))

        return run

    def _judge(self, call: Call, duration_of: DurationOf | None) -> None:
        __tracebackhide__ = True
        if not self.is_measured or self.has_made_calls:
            call()
            return

        def checked() -> Any:
            __tracebackhide__ = True
            result = call()
            if self.has_made_calls:
                raise _CallsMade
            return result

        try:
            self.measure(checked, duration_of)
        except _CallsMade:
            return


def _itself(took_ns: int) -> int:
    return took_ns


class _Over(Exception):
    """No more calls are wanted; carries how measuring ended."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


async def serve(body: Callable[[], Awaitable[Any]], measure: Callable[[Call], None]) -> None:
    """Let `measure`, in a thread of its own, have `body` run here as often as it calls: in any async library's loop.

    Its calls return how long the body took, ns. Between the runs the loop stands still, as it does when a synchronous test measures.
    """
    __tracebackhide__ = True
    wanted: queue.SimpleQueue[_Over | None] = queue.SimpleQueue()
    answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(_measure, measure, wanted, answers), daemon=True
    )
    thread.start()
    try:
        while (request := wanted.get()) is None:
            answers.put(await _outcome(body))
    except BaseException as error:  # an interrupt or a time limit while waiting: the thread waits for an answer
        answers.put(error)
        raise
    thread.join()
    if request.error is not None:
        raise request.error


async def _outcome(body: Callable[[], Awaitable[Any]]) -> _Answer:
    start = wall_ns()
    try:
        await body()
    except BaseException as error:  # a cancellation too comes through `measure`
        return error
    return wall_ns() - start


def _measure(
    measure: Callable[[Call], None],
    wanted: queue.SimpleQueue[_Over | None],
    answers: queue.SimpleQueue[_Answer],
) -> None:
    def call() -> int:
        __tracebackhide__ = True
        wanted.put(None)
        answer = answers.get()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    error: BaseException | None = None
    try:
        measure(call)
    except BaseException as raised:
        error = raised
    wanted.put(_Over(error))
