"""A dependency under observation: every call of it is counted and timed, and answered by a script."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, Literal, cast

from ..events.context import bind, current
from .swap import AnyCallable, Place, Swap, locate

HANG_S: Final = 30 * 24 * 3600.0
"""How long a hang lasts where nobody ends it: thirty days of virtual time."""

ErrorMaker = Callable[[str], BaseException]
current_call: ContextVar[str | None] = ContextVar("toolcheck_current_call", default=None)


def begin_call(rid: str) -> None:
    """Let what this context calls from now on be known by `rid`, in the tasks and threads that it starts, too."""
    current_call.set(rid)
    bind(rid=rid).__enter__()


"""The request id of the tool call on whose behalf a dependency is called; follows tasks and `asyncio.to_thread`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call is answered: after `after_s`, by the original, a `value` or an error; a hang waits HANG_S first."""

    kind: Literal["original", "value", "error", "hang", "cancel"]
    after_s: float = 0.0
    value: Any = None
    error: ErrorMaker | None = None

    def __str__(self) -> str:
        late = f" after {self.after_s:g} s" if self.after_s else ""
        return {"original": "answers", "value": "answers", "error": "fails"}.get(self.kind, f"{self.kind}s") + late


@dataclass(slots=True)
class DependencyCall:
    """One call of a dependency, in seconds of `time.monotonic()`; `ended_s` is None while it runs."""

    number: int
    started_s: float
    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    answer: Answer
    rid: str | None = None
    ended_s: float | None = None
    result: Any = None
    error: BaseException | None = None

    @property
    def failed(self) -> bool:
        """Whether it ended with an error that is no cancellation."""
        return self.error is not None and not isinstance(self.error, asyncio.CancelledError)

    @property
    def cancelled(self) -> bool:
        """Whether somebody ended it by cancelling it."""
        return isinstance(self.error, asyncio.CancelledError)


Step = tuple[Answer, int | None]
"""An answer and how often it is given in a row; None: from here on."""


def fail(error: type[BaseException] | BaseException | ErrorMaker = ConnectionError, *, after_s: float = 0.0) -> Answer:
    """Answer with an error: a class (raised with a numbered message), an instance, or a function of the message."""
    if isinstance(error, BaseException):
        instance = error
        return Answer("error", after_s, error=lambda _message: instance)
    return Answer("error", after_s, error=make_error(error))


def succeed(value: Any = ..., *, after_s: float = 0.0) -> Answer:
    """Answer with `value`, or with what the dependency itself answers where no value is given."""
    return Answer("original", after_s) if value is ... else Answer("value", after_s, value)


def hang() -> Answer:
    """Do not answer until somebody ends the call (or thirty days have passed)."""
    return Answer("hang", HANG_S)


def cancel(*, after_s: float = 0.0) -> Answer:
    """Raise `asyncio.CancelledError` from within, as a cancelled dependency does."""
    return Answer("cancel", after_s)


class DependencyProbe:
    """Observes a callable while entered, and answers by script; without a script the original answers.

    `reference` is `pkg.mod:attr` (functions, `Class.method`, `instance.method`; sync or async) or a Python function
    itself. `on_call(call, phase)` hears of each call's "start" and "end". Times are those of `time.monotonic()`, so
    they are virtual under a virtual clock. Raises ReferenceProblem where there is nothing to observe.
    """

    def __init__(
        self,
        reference: str | AnyCallable,
        *,
        name: str | None = None,
        modules: Iterable[ModuleType] = (),
        on_call: Callable[[DependencyCall, str], None] | None = None,
    ) -> None:
        self.place: Place = locate(reference)
        self.name = name or self.place.name
        self.calls: list[DependencyCall] = []
        self._on_call = on_call
        self._lock = threading.Lock()
        self._script: Iterator[Answer] = iter(())
        self._steps_each: tuple[Step | Answer, ...] | None = None
        self._scripts: dict[str | None, Iterator[Answer]] = {}
        stand_in = self._answer_async if self.place.is_async else self._answer
        self._swap = Swap(self.place, stand_in, modules=modules)

    def __repr__(self) -> str:
        return f"<DependencyProbe {self.name}: {len(self.calls)} calls, {len(self.running())} running>"

    def __enter__(self) -> DependencyProbe:
        self._swap.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._swap.__exit__(*exc_info)

    def answers(self, *steps: Step | Answer) -> None:
        """Answer the coming calls by these steps; after the last, the original answers again.

        A step is an `Answer` (given once) or `(answer, times)`; `(answer, None)` is given from there on.
        """
        self._script, self._steps_each = _spelled_out(steps), None

    def answers_each(self, *steps: Step | Answer) -> None:
        """Answer as `answers` does, but each call of the tool by a script of its own, whatever others are under way."""
        self._steps_each, self._scripts = steps, {}

    def _next_answer(self, rid: str | None) -> Answer:
        if self._steps_each is None:
            return next(self._script, Answer("original"))
        if rid not in self._scripts:
            self._scripts[rid] = _spelled_out(self._steps_each)
        return next(self._scripts[rid], Answer("original"))

    def running(self) -> list[DependencyCall]:
        """Calls that have begun and not ended."""
        return [call for call in self.calls if call.ended_s is None]

    def failures(self) -> list[DependencyCall]:
        """Calls that ended with an error (no cancellation), in the order in which they ended."""
        return sorted((call for call in self.calls if call.failed), key=lambda call: (call.ended_s or 0.0, call.number))

    def _begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> DependencyCall:
        with self._lock:
            rid = current_call.get() or current().get("rid")
            number = len(self.calls) + 1
            call = DependencyCall(number, time.monotonic(), (args, kwargs), self._next_answer(rid), rid)
            self.calls.append(call)
        self._tell(call, "start")
        return call

    def _finish(self, call: DependencyCall, *, result: Any = None, error: BaseException | None = None) -> None:
        call.result, call.error = result, error
        call.ended_s = time.monotonic()
        self._tell(call, "end")

    def _tell(self, call: DependencyCall, phase: str) -> None:
        if self._on_call is not None:
            self._on_call(call, phase)

    def _answer(self, *args: Any, **kwargs: Any) -> Any:
        call = self._begin(args, kwargs)
        if self.place.returns_awaitable:
            return self._finish_later(call, args, kwargs)
        try:
            if call.answer.after_s:
                time.sleep(call.answer.after_s)
            result = self._produce(call, args, kwargs)
        except BaseException as error:
            self._finish(call, error=error)
            raise
        if hasattr(result, "__await__"):
            return self._awaited(call, result)
        self._finish(call, result=result)
        return result

    async def _awaited(self, call: DependencyCall, result: Any) -> Any:
        try:
            value = await result
        except BaseException as error:
            self._finish(call, error=error)
            raise
        self._finish(call, result=value)
        return value

    async def _answer_async(self, *args: Any, **kwargs: Any) -> Any:
        return await self._finish_later(self._begin(args, kwargs), args, kwargs)

    async def _finish_later(self, call: DependencyCall, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            if call.answer.after_s:
                await asyncio.sleep(call.answer.after_s)
            result = self._produce(call, args, kwargs)
            if hasattr(result, "__await__"):
                result = await result
        except BaseException as error:
            self._finish(call, error=error)
            raise
        self._finish(call, result=result)
        return result

    def _produce(self, call: DependencyCall, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        answer = call.answer
        if answer.kind == "cancel":
            raise asyncio.CancelledError(f"call {call.number} of {self.name} is cancelled from within")
        if answer.error is not None:
            raise answer.error(f"injected failure {call.number} of {self.name}")
        return answer.value if answer.kind == "value" else self._swap.original(*args, **kwargs)


def _spelled_out(steps: tuple[Step | Answer, ...]) -> Iterator[Answer]:
    for step in steps:
        answer, times = (step, 1) if isinstance(step, Answer) else step
        if times is None:
            while True:
                yield answer
        for _ in range(times):
            yield answer


def make_error(error: Any) -> ErrorMaker:
    """Return a function that makes the error from a message."""
    if not isinstance(error, type):
        return error  # type: ignore[no-any-return]

    def make(message: str) -> BaseException:
        try:
            made: BaseException = error(message)
        except Exception:  # a constructor of another shape: the class matters, not its text
            made = BaseException.__new__(cast(type[BaseException], error))
            made.args = (message,)
        return made

    return make
