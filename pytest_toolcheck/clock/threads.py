"""Time limits between threads: `Event.wait(60)`, `queue.get(timeout=60)`, `Future.result(60)`, `Thread.join(60)`.

They all end in `threading.Condition.wait` or `Thread.join`, which pass the limit to a lock of the operating system.
Here the limit is kept by the virtual clock instead. The test's own thread is told when it waits for ever, without a
limit. `Lock.acquire(timeout=60)` itself is a method of a C type: see `cmethods.py`.
"""

from __future__ import annotations

import _thread
import contextlib
import sys
import threading
from collections.abc import Callable
from typing import Any

from .cmethods import give_up
from .driver import acquire
from .waits import Waits, end_silently

_STARTING = threading.Thread.start.__code__


class LockTimeouts:
    """Lets the time limits of conditions and of joins pass in virtual time, while it is on."""

    def __init__(self, waits: Waits, has_failed: Callable[[], bool] = bool) -> None:
        self._waits = waits
        self._has_failed = has_failed
        self._endless: dict[_thread.LockType, Any] = {}
        """By the lock that it waits for, the condition of each thread that waits without a limit beside the test's."""
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
        if self._has_failed():
            self._give_up_waits()

    def _give_up_waits(self) -> None:
        """End what threads wait for, now that the test has failed: it would hang at the end of its loop or pool."""
        while self._endless:
            notice, condition = self._endless.popitem()
            with contextlib.suppress(ValueError):  # it has just been notified
                condition._waiters.remove(notice)
                notice.release()
        give_up(self._waits.endless)

    def wait_for_notice(self, condition: Any, timeout: float | None) -> bool:
        """Do what `Condition.wait` does, step by step as in CPython's threading.py, but for who keeps the limit."""
        if timeout is None and _is_start_of_thread():
            return self._wait_for_start(condition)
        if timeout is None and self._waits.is_beside(threading.get_ident()) and condition._is_owned():
            return self._wait_for_ever(condition)
        if not self._waits.applies(timeout) or not condition._is_owned():
            notified: bool = self._real_wait(condition, timeout)
            if not notified and timeout is not None and timeout <= 0:
                self._waits.clock.note_poll()
            return notified
        notice = _thread.allocate_lock()
        acquire(notice)
        condition._waiters.append(notice)
        saved = condition._release_save()
        arrived = False
        try:
            arrived = bool(
                self._waits.keep(
                    timeout,
                    lambda pause_s: acquire(notice, True, pause_s),
                    has_input=lambda: not notice.locked() or notice not in condition._waiters,
                )
            )
            return arrived
        finally:
            self._acquire_restore(condition, saved)
            if not arrived and notice in condition._waiters:
                condition._waiters.remove(notice)

    def _acquire_restore(self, condition: Any, saved: Any) -> None:
        """Take the condition's lock again: the test's own thread in virtual time, as nobody may ever give it back."""
        if type(condition._lock) is _thread.RLock and isinstance(saved, tuple) and self._waits.is_owner:
            for _ in range(saved[0]):  # so often it was held
                condition._lock.acquire()
        else:
            condition._acquire_restore(saved)

    def _wait_for_start(self, condition: Any) -> bool:
        """Wait in real time, in which the clock stands still."""
        thread, starting = threading.get_ident(), self._waits.clock.starting
        if thread in starting:  # a signal's handler starts a thread in the midst of a start
            return bool(self._real_wait(condition))
        starting.add(thread)
        try:
            with self._waits.really():
                return bool(self._real_wait(condition))
        finally:
            starting.discard(thread)

    def _wait_for_ever(self, condition: Any) -> bool:
        notice = _thread.allocate_lock()
        acquire(notice)
        condition._waiters.append(notice)
        saved = condition._release_save()
        self._endless[notice] = condition
        try:
            acquire(notice)
        finally:
            condition._acquire_restore(saved)
        if self._endless.pop(notice, None) is None:
            end_silently()
        return True

    def join(self, thread: threading.Thread, timeout: float | None) -> None:
        """Do what `Thread.join` does; its refusals (of the own thread, of one not started) stay its own."""
        if self._waits.applies(timeout) and thread.is_alive() and thread is not threading.current_thread():

            def has_ended(pause_s: float) -> bool:
                with self._waits.really():  # before Python 3.13 it waits by a lock's method
                    self._real_join(thread, pause_s)
                return not thread.is_alive()

            def is_ending() -> str:  # off the list of threads, but not yet over
                return "" if thread in threading.enumerate() else f"the end of thread {thread.name!r}"

            self._waits.keep(timeout, has_ended, has_input=lambda: not thread.is_alive(), expects=is_ending)
            timeout = 0
        self._real_join(thread, timeout)


def _is_start_of_thread() -> bool:
    """Tell whether the wait is that of `Thread.start`: it comes to its end whatever time it is."""
    waits = sys._getframe(2).f_back  # over this function and the two of ours: `Event.wait`
    return waits is not None and waits.f_back is not None and waits.f_back.f_code is _STARTING
