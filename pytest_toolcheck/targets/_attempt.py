"""One call of a Python function: run it, time it, catch what it raises, say what that means."""

from __future__ import annotations

import asyncio
import inspect
import io
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from ..spec.unmentioned import is_unasked
from ._frames import is_carrier, is_users
from ._jsonlike import to_json_like
from ._observe import is_left_to_itself, name_of
from ._set_answers import is_set_for_list
from ._stacks import stack_text
from ._text_values import is_refused_by_codec
from ._timelimit import Expired
from .base import CallError, Outcome, Request
from .classify import exception_kind

_CANCEL_GRACE_S = 0.2


class Attempt:
    """One call under way. A tool's exception is kept in `error`; Ctrl-C and pytest's own outcomes go through."""

    def __init__(
        self, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], *, leeway: tuple[str, ...] = ()
    ) -> None:
        self._function, self._args, self._kwargs = function, args, kwargs
        self._leeway = leeway
        self._started = self._ended = 0
        self.value: Any = None
        self.error: BaseException | None = None
        self.expired: BaseException | None = None
        """The stop of the call, whose traceback says where it was."""
        self._waits_at: str | None = None
        self.watches_tasks = False
        self.unawaited: list[str] = []
        """Where that is watched: the tasks of the tool that were neither done nor told to end when it answered."""

    @classmethod
    def failed(cls, error: Exception) -> Attempt:
        """Return a call that ended before it began."""
        attempt = cls(_nothing, [], {})
        attempt.error = error
        return attempt

    @property
    def arguments(self) -> list[Any]:
        """What the function was given, and what it may have changed meanwhile."""
        return [*self._args, self._kwargs]

    def run(self) -> None:
        """Call a plain function; what it returns may still have to be awaited (`needs_loop`)."""
        self._started = time.perf_counter_ns()
        try:
            self.value = _drained(self._function(*self._args, **self._kwargs))
        except BaseException as error:
            self._keep(error)
        finally:
            self._ended = time.perf_counter_ns()

    def needs_loop(self) -> bool:
        """Whether the plain function returned an awaitable or an asynchronous iterator."""
        return self.error is None and (inspect.isawaitable(self.value) or isinstance(self.value, AsyncIterator))

    async def run_async(self) -> None:
        """Call an async function, or finish the awaitable that a plain one returned."""
        waited_for = self._started != 0
        self._started = self._started or time.perf_counter_ns()
        before = asyncio.all_tasks() if self.watches_tasks else set()
        try:
            pending = self.value if waited_for else self._function(*self._args, **self._kwargs)
            self.value = await _awaited(pending)
        except BaseException as error:
            self._keep(error)
        finally:
            self._ended = time.perf_counter_ns()
        if self.watches_tasks:
            await asyncio.sleep(0)  # what only had to take note of its end has done so
            self.unawaited = [name_of(task) for task in asyncio.all_tasks() - before if is_left_to_itself(task)]

    async def run_within(self, limit_s: float) -> None:
        """As `run_async`, cancelled after `limit_s`; a tool that swallows the cancellation is left behind."""
        task = asyncio.ensure_future(self.run_async())
        try:
            await asyncio.wait({task}, timeout=limit_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not task.done():
            self.expired = Expired()
            self._waits_at = _place_of(task)
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCEL_GRACE_S)
        elif not task.cancelled():
            task.result()

    def has_ended(self) -> bool:
        """Whether the tool has answered or raised."""
        return self._ended != 0

    def _keep(self, error: BaseException) -> None:
        if self.expired is not None or goes_through(error):
            if isinstance(error, Expired):
                self.expired = error
            raise error
        self.error = error

    def outcome(self, request: Request) -> Outcome:
        """Return what the tool did."""
        spent = max(self._ended - self._started, 0)
        if self.expired is not None:
            return timed_out(request, spent, self.expired, waits_at=self._waits_at)
        if self.error is None:
            return self._answer(spent)
        frames = _tool_frames(self.error.__traceback__)
        valid = request.valid and not self._is_unasked(request)
        kind = exception_kind(self.error, rejects=request.tool.rejects, valid=valid, unbound=frames is None)
        error = describe_error(self.error)
        if kind == "crashed" and is_refused_by_codec(error.message, request.arguments):
            kind = "refused"
        return Outcome(kind, spent, error=error)

    def _answer(self, spent_ns: int) -> Outcome:
        try:
            is_kept = is_set_for_list(self._function, self.value)  # for the check to see
            value = self.value if is_kept else to_json_like(self.value)
            return Outcome("accepted", spent_ns, value=value, leeway=self._leeway)
        except Exception as error:  # what the answer's own class raised when it was to be written
            return Outcome("crashed", spent_ns, error=describe_error(error))

    def _is_unasked(self, request: Request) -> bool:
        error, schema = self.error, request.tool.input
        return isinstance(error, TypeError) and schema is not None and is_unasked(str(error), schema, request.arguments)


def _nothing() -> None:
    """Stand for the function of a call that was not made."""


def _place_of(task: asyncio.Task[None]) -> str | None:
    """Return the innermost line of the user's code at which a task waits."""
    waiting: Any = task.get_coro()
    found = None
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)
        if frame is not None and is_users(frame.f_code.co_filename):
            found = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} in {frame.f_code.co_name}"
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
    return found


def timed_out(request: Request, spent_ns: int, stopped: BaseException, *, waits_at: str | None = None) -> Outcome:
    """Return the outcome of a call that was stopped; where it hung is in the error's location."""
    return Outcome(
        "timed_out",
        max(spent_ns, int(request.timeout_s * 1e9)),
        error=CallError(
            type="Timeout",
            message=f"no answer within {request.timeout_s:g}s",
            stack=_stack(stopped) if _tool_frames(stopped.__traceback__) else None,
            location=waits_at or _location(stopped),
        ),
    )


def describe_error(error: BaseException) -> CallError:
    """Return the error with its traceback below our own frames, and its innermost frame of the tool's own code."""
    return CallError(type=type(error).__name__, message=text_of(error), stack=_stack(error), location=_location(error))


def goes_through(error: BaseException) -> bool:
    """Whether the tool did not do this: Ctrl-C, our alarm, pytest's outcomes (pytest-timeout), a debugger's end."""
    if isinstance(error, (KeyboardInterrupt, Expired)):
        return True
    return not isinstance(error, Exception) and type(error).__module__.partition(".")[0] in ("_pytest", "bdb")


def _drained(value: Any) -> Any:
    """Consume a generator: its items are the answer. Files are iterators too, but no answers."""
    if isinstance(value, Iterator) and not isinstance(value, io.IOBase):
        return list(value)
    return value


async def _awaited(value: Any) -> Any:
    if inspect.isawaitable(value):
        value = await value
    if isinstance(value, AsyncIterator):
        return [item async for item in value]
    return _drained(value)


def _tool_frames(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame that is neither ours nor the loop's."""
    while trace is not None and is_carrier(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _location(error: BaseException) -> str | None:
    last = None
    for frame, line in traceback.walk_tb(_tool_frames(error.__traceback__)):
        if is_users(frame.f_code.co_filename):
            last = f"{Path(frame.f_code.co_filename).name}:{line} in {frame.f_code.co_name}"
    return last


def _stack(error: BaseException) -> str:
    try:
        return stack_text(error, _tool_frames(error.__traceback__))
    except Exception:  # a tool's __str__ or __cause__ may itself be broken
        return "".join(traceback.format_tb(_tool_frames(error.__traceback__)))


def text_of(error: BaseException) -> str:
    """Return what an error says, or that it cannot."""
    try:
        return str(error)
    except Exception as broken:
        return f"<its message cannot be shown: {type(broken).__name__}>"
