"""Time limits between threads: `Event.wait(60)`, `queue.get(timeout=60)`, `Future.result(60)`, `Thread.join(60)`.

They all end in `threading.Condition.wait` or `Thread.join`, which pass the limit to a lock of the operating system.
Here the limit is kept by the virtual clock instead. `Lock.acquire(timeout=60)` itself is a method of a C type, which
stays as it is: such a thread counts as busy, so the clock stands still until the lock's own, real limit is over.
"""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable
from typing import Any

from .durations import SECOND
from .virtual import VirtualClock, Waiter

_LONGEST_S = threading.TIMEOUT_MAX


class LockTimeouts:
    """Lets the time limits of conditions and of joins pass in virtual time, while it is on."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._real_wait: Any = None
        self._real_join: Any = None

    def on(self) -> None:
        """From now on, limits are kept by the virtual clock."""
        self._real_wait, self._real_join = threading.Condition.wait, threading.Thread.join
        kept = self

        def wait(self: threading.Condition, timeout: float | None = None) -> bool:
            return kept.wait_for_notice(self, timeout)

        def join(self: threading.Thread, timeout: float | None = None) -> None:
            kept.join(self, timeout)

        threading.Condition.wait = wait  # type: ignore[method-assign]
        threading.Thread.join = join  # type: ignore[method-assign]

    def off(self) -> None:
        """Limits are real again."""
        threading.Condition.wait = self._real_wait  # type: ignore[method-assign]
        threading.Thread.join = self._real_join  # type: ignore[method-assign]

    def wait_for_notice(self, condition: Any, timeout: float | None) -> bool:
        """Do what `Condition.wait` does, step by step as in CPython's threading.py, but for who keeps the limit."""
        if not self._applies(timeout) or not condition._is_owned():
            notified: bool = self._real_wait(condition, timeout)
            if not notified and timeout is not None and timeout <= 0:
                self._clock.note_poll()
            return notified
        notice = _thread.allocate_lock()
        notice.acquire()
        condition._waiters.append(notice)
        saved = condition._release_save()
        arrived = False
        try:
            arrived = self._wait(timeout, lambda pause_s: notice.acquire(True, pause_s), lambda: not notice.locked())
            return arrived
        finally:
            condition._acquire_restore(saved)
            if not arrived and notice in condition._waiters:
                condition._waiters.remove(notice)

    def join(self, thread: threading.Thread, timeout: float | None) -> None:
        """Do what `Thread.join` does; its refusals (of the own thread, of one not started) stay its own."""
        if self._applies(timeout) and thread.is_alive() and thread is not threading.current_thread():

            def has_ended(pause_s: float) -> bool:
                self._real_join(thread, pause_s)
                return not thread.is_alive()

            self._wait(timeout, has_ended)
            timeout = 0
        self._real_join(thread, timeout)

    def _applies(self, timeout: float | None) -> bool:
        return timeout is not None and 0 < timeout <= _LONGEST_S and self._clock.is_active

    def _wait(
        self,
        timeout: float | None,
        attempt: Callable[[float], bool],
        has_input: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Return whether `attempt(real seconds)` succeeded within the virtual time."""
        mover = self._clock.mover
        if mover is None or timeout is None:
            return attempt(0)
        waiter = Waiter(self._clock.now_ns + round(timeout * SECOND), has_input=has_input)
        return bool(mover.wait_or(waiter, attempt)) or attempt(0)
