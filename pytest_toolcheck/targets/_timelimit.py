"""Stop a Python call that takes too long: by alarm in the main thread, by leaving its thread elsewhere."""

from __future__ import annotations

import contextvars
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from types import FrameType
from typing import Any, TypeVar

from ..clock import real_monotonic_ns
from ..clock.alarms import real_setitimer as setitimer

T = TypeVar("T")

_REFIRE_S = 0.05
_signal: Any = signal
"""Windows lacks its alarm."""


class Expired(BaseException):
    """The time limit is over. No Exception: `except Exception` in a tool must not swallow it."""


def can_use_alarm() -> bool:
    """Whether a running call can be interrupted in place: the main thread of a system with interval timers."""
    return (
        setitimer is not None
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(_signal.SIGALRM) is not None
    )


class Alarm:
    """Raises Expired in the main thread after `limit_s`, again and again until the code has left.

    A timer that was set before (pytest-timeout's) goes on counting, rings through its own handler when it is due
    first, and is put back with what is left of it.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._armed = False
        self._started = 0.0
        self._outer_left = self._outer_interval = 0.0
        self._outer_handler: Any = None

    def set(self) -> None:
        """Start the timer."""
        self._started = _now()
        self._armed = True
        self._outer_handler = signal.signal(_signal.SIGALRM, self._ring)
        first = self._limit_s
        self._outer_left, self._outer_interval = setitimer(_signal.ITIMER_REAL, first, _REFIRE_S)
        if 0 < self._outer_left < first:
            setitimer(_signal.ITIMER_REAL, self._outer_left, _REFIRE_S)

    def disarm(self) -> None:
        """Let no further ring raise; cheap enough to be the first thing after the call."""
        self._armed = False

    def restore(self) -> None:
        """Put the surrounding handler and the rest of its timer back. Idempotent."""
        self._armed = False
        if self._outer_handler is None:
            return
        handler, self._outer_handler = self._outer_handler, None
        left = max(self._outer_left - (_now() - self._started), 0.001) if self._outer_left else 0.0
        setitimer(_signal.ITIMER_REAL, 0.0)
        signal.signal(_signal.SIGALRM, handler)
        if left:
            setitimer(_signal.ITIMER_REAL, left, self._outer_interval)

    def _ring(self, signum: int, frame: FrameType | None) -> None:
        spent = _now() - self._started
        if self._outer_left and spent >= self._outer_left and callable(self._outer_handler):
            handler = self._outer_handler
            self.restore()
            handler(signum, frame)
        elif self._armed and spent >= self._limit_s - 0.001:
            raise Expired
        elif self._armed:
            setitimer(_signal.ITIMER_REAL, max(self._limit_s - spent, 0.001), _REFIRE_S)


def run_with_alarm(work: Callable[[], T], *, limit_s: float) -> T:
    """Run `work` in this, the main thread. Raises Expired after `limit_s`."""
    alarm = Alarm(limit_s)
    try:
        alarm.set()
        try:
            return work()
        finally:
            alarm.disarm()
    finally:
        alarm.restore()


class Worker:
    """A call in a daemon thread of its own, with the caller's context; it can be left behind."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.future: Future[Any] = Future()
        self._work = work
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run,), daemon=True, name="toolcheck-call").start()

    def result(self, limit_s: float) -> Any:
        """Return or raise what the work did. Raises Expired when it has not ended after `limit_s`."""
        if not wait([self.future], timeout=limit_s).done:
            raise Expired
        return self.future.result()

    def _run(self) -> None:
        try:
            self.future.set_result(self._work())
        except BaseException as error:
            self.future.set_exception(error)


def run_limited(work: Callable[[], T], *, limit_s: float) -> T:
    """Run `work` in this thread where an alarm can stop it, else in a thread of its own. Raises Expired."""
    if can_use_alarm():
        return run_with_alarm(work, limit_s=limit_s)
    value: T = Worker(work).result(limit_s)
    return value


def _now() -> float:
    """The real clock: the one of `setitimer`, whatever a virtual clock does to `time.*`."""
    return real_monotonic_ns() / 1e9
