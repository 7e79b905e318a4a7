"""What the fixture `budget` hands to a test: budgets for any code, in a `with` block. Knows no pytest.

    def test_parse(budget):
        with budget.latency(p95="50ms") as b:
            b.call(parse, text)

`b.call` makes the call as often as the verdict needs and returns what the first one returned; the block's end raises.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import replace
from inspect import isasyncgenfunction, isawaitable, iscoroutinefunction, isgeneratorfunction
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from ..spec.model import Budgets
from .clocks import MeterError, wall_ns
from .growth import FEWEST_SIZES, doubling_sizes
from .markers import BudgetError, parse_marks
from .measure import OnResult, Subject, apply_budgets, raise_for, without
from .results import BudgetResult

T = TypeVar("T")
_NONE = Budgets()
_CARRIERS = tuple(
    str(folder) + os.sep
    for folder in (
        Path(__file__).parents[1],
        Path(asyncio.__file__).parent,
        Path(concurrent.futures.__file__).parent,
    )
)


class Budget:
    """Makes the blocks. `on_result` is told every result (for the log), `warn` every inconclusive one's message.

    `marked` are the budgets of the test's markers, which the calls of its blocks have to keep as well, but for what a
    block limits itself. A tool of a spec is left to the test's hook, which measures all calls of its tools.
    """

    def __init__(
        self,
        *,
        on_result: OnResult | None = None,
        warn: Callable[[str], None] | None = None,
        lock: AbstractContextManager[Any] | None = None,
        inconclusive_fails: bool = False,
        marked: Budgets = _NONE,
    ) -> None:
        self._on_result, self._warn, self._lock = on_result, warn, lock
        self._inconclusive_fails = inconclusive_fails
        self._marked = marked
        self.has_measured = False
        """Whether a call was made through a block."""

    def __repr__(self) -> str:
        return "<Budget: latency(), memory(), cpu() or growth() gives a block to call code in>"

    def latency(self, *unnamed: Any, **limits: str) -> BudgetBlock:
        """Limit the time of calls: `p50`, `p95`, `p99`, `max`, such as `p95="50ms"`. Raises BudgetError."""
        __tracebackhide__ = True
        return self._block("latency_budget", unnamed, limits)

    def memory(self, *unnamed: Any, **limits: str) -> BudgetBlock:
        """Limit the `peak` of memory of a call and its `leak`, such as `peak="10MiB"`. Raises BudgetError."""
        __tracebackhide__ = True
        return self._block("memory_budget", unnamed, limits)

    def cpu(self, *unnamed: Any, **limits: str) -> BudgetBlock:
        """Limit the CPU `time` of a call and its `utilization` of a core, such as `time="20ms"`. Raises BudgetError."""
        __tracebackhide__ = True
        return self._block("cpu_budget", unnamed, limits)

    def growth(self, *unnamed: Any, sizes: tuple[int, int] = (1, 4096), **limits: str) -> BudgetBlock:
        """Limit how `latency` or `memory` grow, such as `latency="n log n"`; `b.call(f)` then calls `f(size)`.

        `sizes` are the smallest and the largest size to try; `over` names what grows, for the message. Raises BudgetError.
        """
        __tracebackhide__ = True
        return self._block("growth_budget", unnamed, {"over": "size", **limits}, _checked(sizes))

    def _block(
        self, marker: str, unnamed: tuple[Any, ...], limits: dict[str, str], sizes: tuple[int, int] = (1, 4096)
    ) -> BudgetBlock:
        __tracebackhide__ = True
        if "rounds" in limits or "regression" in limits:
            raise BudgetError("rounds= and regression= belong to markers: a block makes as many calls as it needs")
        try:
            budgets = parse_marks([(marker, unnamed, limits)]).budgets
        except BudgetError as error:
            raise BudgetError(str(error)) from None  # without our frames, which end at the parser
        return BudgetBlock(self._measure, budgets, sizes, self._finish)

    def _measure(self, subject: Subject, budgets: Budgets) -> tuple[BudgetResult, ...]:
        self.has_measured = True
        results = apply_budgets(subject, budgets, lock=self._lock, on_result=self._on_result)
        if subject.call_of_size is None or budgets.growth is not None:
            return results
        rest = without(self._marked, budgets)
        return results + apply_budgets(subject, rest, lock=self._lock, on_result=self._on_result)

    def _finish(self, results: list[BudgetResult]) -> None:
        __tracebackhide__ = True
        for message in raise_for(results, inconclusive_fails=self._inconclusive_fails):
            if self._warn is not None:
                self._warn(message)


class BudgetBlock:
    """A `with` (or `async with`) block: calls made through it are measured, and its end raises BudgetExceeded for what was too much."""

    def __init__(
        self,
        measure: Callable[[Subject, Budgets], tuple[BudgetResult, ...]],
        budgets: Budgets,
        sizes: tuple[int, int],
        finish: Callable[[list[BudgetResult]], None],
    ) -> None:
        self._measure, self._finish = measure, finish
        self._budgets, self._sizes = budgets, sizes
        self._is_open = False
        self.results: list[BudgetResult] = []
        """A result for each limit and call, as they come."""

    def __enter__(self) -> BudgetBlock:
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self._is_open = False
        if error is not None:
            return
        if not self.results:
            raise BudgetError("nothing was measured: make calls in the block through it, as b.call(function, argument)")
        self._finish(self.results)

    async def __aenter__(self) -> BudgetBlock:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self.__exit__(kind, error, trace)

    def call(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Call `function(*args, **kwargs)` as often as needed; return the first result. Its errors come through."""
        __tracebackhide__ = True
        self._refuse(function)
        if iscoroutinefunction(function):
            raise BudgetError(_does_nothing_yet(function))
        if isgeneratorfunction(function) or isasyncgenfunction(function):
            raise BudgetError(
                f"{_name(function)} is a generator, so a call does nothing yet: measure what goes through it, "
                "as b.call(lambda: list(function(argument)))"
            )
        if _is_tool(function):
            return self._call_tool(function, *args, **kwargs)  # type: ignore[no-any-return]

        def made(*size: int) -> T:
            result = function(*size, *args, **kwargs)
            if isinstance(result, Coroutine):
                result.close()
                raise BudgetError(_does_nothing_yet(function))
            return result

        first = _First(made)
        self._take(self._subject(first))
        return first.result  # type: ignore[no-any-return]

    def _call_tool(self, tool: Any, *args: Any, **arguments: Any) -> Any:
        """Make the call as the test would, then measure it where it is served, which may be in other processes."""
        __tracebackhide__ = True
        if args:
            raise BudgetError(f"found {args[0]!r} without a name, expected arguments as b.call(tool, parameter=value)")
        result = tool(**arguments)
        growth = self._budgets.growth
        try:
            subject = tool.as_subject(arguments, over=growth.over if growth else None)
        except MeterError as error:
            raise BudgetError(f"{error} (budget.growth(over=…) names what grows)") from None
        self._take(subject)
        return result

    def _take(self, subject: Subject) -> None:
        __tracebackhide__ = True
        try:
            self.results += self._measure(subject, self._budgets)
        except Exception as error:
            _cut_to_its_function(error)
            raise

    async def acall(self, function: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any) -> T:
        """As `call`, for an async function, in the running loop. Each call is timed inside the loop."""
        __tracebackhide__ = True
        self._refuse(function)
        loop = _running_loop()

        async def timed(*size: int) -> tuple[T, int]:
            start = wall_ns()
            pending = function(*size, *args, **kwargs)
            if not isawaitable(pending):
                raise BudgetError(f"{_name(function)} is not async: write `b.call(function)`")
            result = await pending
            return result, wall_ns() - start

        first = _First(lambda *size: asyncio.run_coroutine_threadsafe(timed(*size), loop).result())
        subject = replace(self._subject(first), duration_of=lambda answer: answer[1], own_thread=False)
        try:
            self.results += await asyncio.to_thread(self._measure, subject, self._budgets)
        except Exception as error:
            _cut_to_its_function(error)
            raise
        result: T = first.result[0]
        return result

    def _refuse(self, function: object) -> None:
        """Refuse what would be measured for nothing, or not at all."""
        __tracebackhide__ = True
        if not self._is_open:
            raise BudgetError("a call outside of the block is judged by nobody: write `with budget.latency(…) as b:`")
        if _is_tool(getattr(function, "__self__", None)):
            raise BudgetError(f"found {_name(function)}, expected the tool itself, as b.call(tool, parameter=value)")
        if not callable(function):
            raise BudgetError(
                f"found {function!r}, expected a function and its arguments, as b.call(function, argument)"
            )

    def _subject(self, first: _First) -> Subject:
        return Subject(first, call_of_size=first, sizes=self._sizes)


def _cut_to_its_function(error: Exception) -> None:
    """Take off the error's traceback what only carries the call: our frames, those of threads and of the loop.

    What we raise to be read has none left; an error of ours that nobody meant keeps all.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_CARRIERS):
        trace = trace.tb_next
    if trace is not None or isinstance(error, (BudgetError, AssertionError)):
        error.__traceback__ = trace


def _is_tool(function: object) -> bool:
    """Whether it is a tool of a spec, as the fixtures `tool` and `tools` give it: it may be served elsewhere."""
    return hasattr(type(function), "as_subject")


def _running_loop() -> asyncio.AbstractEventLoop:
    __tracebackhide__ = True
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise BudgetError(
            "b.acall makes its calls in asyncio's loop, and none is running: in a test of another async library, such as "
            "trio, put a budget marker on the test, which measures its body"
        ) from None


def _checked(sizes: Any) -> tuple[int, int]:
    """Return a smallest and a largest size. Raises BudgetError where too few lie between them to show any growth."""
    __tracebackhide__ = True
    found = sizes if isinstance(sizes, tuple | list) else ()
    if len(found) != 2 or any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in found):
        raise BudgetError(f"sizes={sizes!r}: expected the smallest and the largest size, such as sizes=(1, 4096)")
    low, high = found
    if (doubling := len(doubling_sizes(low, high))) < FEWEST_SIZES or low > high:
        raise BudgetError(
            f"sizes={sizes!r}: {doubling} sizes that double lie from {low} to {high}, {FEWEST_SIZES} are needed"
        )
    return low, high


def _does_nothing_yet(function: object) -> str:
    return f"{_name(function)} is async, so a call does nothing yet: write `await b.acall(function)`"


def _name(function: object) -> str:
    return str(getattr(function, "__qualname__", None) or repr(function))


class _First:
    """A call that remembers what it returned at first."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call
        self._has_result = False
        self.result: Any = None

    def __call__(self, *size: int) -> Any:
        result = self._call(*size)
        if not self._has_result:
            self.result, self._has_result = result, True
        return result
