"""Let time limits on locks between threads run in virtual time: `Future.result(60)`, `Event.wait(60)`, `join(60)`.

A lock's own time limit is kept by the operating system, where no virtual clock reaches; what is built on
`threading.Condition` and `Thread.join` is Python, and is given a wait of ours while a virtual clock is active.
"""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..clock.virtual import VirtualClock, Waiter

_HALF_TRY_S = 0.0002


@contextmanager
def virtual_lock_timeouts(clock: VirtualClock) -> Iterator[None]:
    """Keep the time limits of conditions (so of futures, events, queues) and of `join` by `clock`, for the body."""
    real_wait, real_join = threading.Condition.wait, threading.Thread.join

    def wait(self: Any, timeout: float | None = None) -> bool:
        if timeout is None or timeout <= 0 or not clock.is_active:
            return real_wait(self, timeout)
        return _wait_for_notice(clock, self, timeout)

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        if timeout is not None and timeout > 0 and clock.is_active and self.is_alive():
            _wait(clock, timeout, lambda pause_s: real_join(self, pause_s) or not self.is_alive())
            timeout = 0
        real_join(self, timeout)

    threading.Condition.wait = wait  # type: ignore[method-assign]
    threading.Thread.join = join  # type: ignore[method-assign]
    try:
        yield
    finally:
        threading.Condition.wait = real_wait  # type: ignore[method-assign]
        threading.Thread.join = real_join  # type: ignore[method-assign]


def _wait_for_notice(clock: VirtualClock, condition: Any, timeout: float) -> bool:
    """As `threading.Condition.wait` with a time limit, step by step, but for the clock that keeps the limit."""
    if not condition._is_owned():
        raise RuntimeError("cannot wait on un-acquired lock")
    notice = _thread.allocate_lock()
    notice.acquire()
    condition._waiters.append(notice)
    saved = condition._release_save()
    noticed = False
    try:
        noticed = _wait(clock, timeout, lambda pause_s: notice.acquire(True, pause_s), lambda: not notice.locked())
        return noticed
    finally:
        condition._acquire_restore(saved)
        if not noticed and notice in condition._waiters:
            condition._waiters.remove(notice)


def _wait(
    clock: VirtualClock,
    timeout: float,
    attempt: Callable[[float], bool],
    has_input: Callable[[], bool] = lambda: False,
) -> bool:
    """Return whether `attempt` succeeded before `timeout` seconds of virtual time were over."""
    mover: Any = clock.mover
    waiter = Waiter(clock.now_ns + round(timeout * 1e9), has_input=has_input)
    if mover.wait_or(waiter, lambda pause_s: attempt(max(pause_s, _HALF_TRY_S))):
        return True
    return attempt(_HALF_TRY_S)
