"""Lets asyncio's own event loops live in virtual time, whoever made them.

While virtual time is active, every selector loop that begins to run gets a selector around its own: where the loop
would sleep until its next timer, the clock jumps there instead. The loop object, its class and its policy stay as they
are, so pytest-asyncio (with any loop scope), anyio, `asyncio.run` and a loop in a thread need no support of their own.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import threading
from collections.abc import Callable
from typing import Any

from .driver import Driver
from .durations import SECOND, to_text
from .errors import VirtualLivelock, VirtualTimeError
from .sockets import awaited_answer
from .tasks import describe_handle, describe_task, pending_tasks, throw_into_test
from .virtual import Waiter

TURNS_AT_ONE_INSTANT = 100_000
"""Turns of a loop without any time passing, and with nothing real under way, after which it is a livelock."""
_ERRORS_THROWN = 3
"""A test that catches the error and waits again is stopped for good after so many."""


class VirtualSelector:
    """A loop's own selector, which jumps to the loop's next timer instead of sleeping until then."""

    def __init__(
        self, loop: Any, inner: selectors.BaseSelector, driver: Driver, fail: Callable[[BaseException], None]
    ) -> None:
        self.loop = loop
        self.inner = inner
        self._driver = driver
        self._clock = driver.clock
        self._fail = fail
        self._turns = 0
        self._instant_ns = -1
        self._thrown = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def select(self, timeout: float | None = None) -> Any:
        """Return what is ready; without that, let virtual time pass until the next timer or until input arrives."""
        if not self._clock.is_active:
            return self.inner.select(timeout)
        events = self.inner.select(0)
        self._count_turn()
        if events or (timeout is not None and timeout <= 0):
            return events
        try:
            return self._driver.wait_or(self._waiter(), self.inner.select) or []
        except VirtualTimeError as error:
            self._throw(error)
            return []

    def _waiter(self) -> Waiter:
        timers = self.loop._scheduled
        deadline_ns = None
        if timers:
            deadline_ns = round(timers[0]._when * SECOND) - (self._clock.monotonic_ns() - self._clock.now_ns)
        return Waiter(deadline_ns, has_input=self._has_input, expects=self._expects)

    def _has_input(self) -> bool:
        return bool(self.inner.select(0))

    def _expects(self) -> str:
        own = {self.loop._ssock.fileno(), self.loop._csock.fileno()} if self.loop._ssock else set()
        registered = [key.fd for key in list((self.inner.get_map() or {}).values()) if key.fd not in own]
        return awaited_answer(registered)

    def _count_turn(self) -> None:
        if self._instant_ns != self._clock.now_ns:
            self._instant_ns, self._turns = self._clock.now_ns, 0
        self._turns += 1
        if self._turns > TURNS_AT_ONE_INSTANT:
            self._turns = 0
            if self._expects() or self._driver.activity.find_work({w.thread for w in self._clock.waiting}):
                return
            self._stop_livelock()

    def _stop_livelock(self) -> None:
        running = [describe_handle(handle) for handle in list(self.loop._ready)[:3]] or ["a timer that is re-armed"]
        timers = [describe_handle(handle) for handle in self.loop._scheduled[:3]]
        raise VirtualLivelock(
            f"livelock in virtual time: the loop turned {TURNS_AT_ONE_INSTANT:,} times at one instant "
            f"({to_text(self._clock.now_ns)}), running {'; '.join(running)}"
            + (f"; next timers: {'; '.join(timers)}" if timers else "")
            + ". Let it wait for something other than the clock, or sleep for more than 0 seconds."
        )

    def _throw(self, error: VirtualTimeError) -> None:
        waiting = [f"  {describe_task(task)}" for task in pending_tasks(self.loop)]
        explained = type(error)("\n".join([f"{error}; pending:", *waiting] if waiting else [str(error)]))
        self._fail(explained)
        self._thrown += 1
        if self._thrown > _ERRORS_THROWN or not throw_into_test(self.loop, explained):
            raise explained


class Loops:
    """Attaches every asyncio loop that runs while virtual time is active; `on` and `off` are the switch."""

    def __init__(
        self, driver: Driver, fail: Callable[[BaseException], None], real_monotonic: Callable[[], float]
    ) -> None:
        self._driver = driver
        self._fail = fail
        self._real_monotonic = real_monotonic
        self._original: Any = None

    def on(self) -> None:
        """From now on, a loop that begins to run does so in virtual time."""
        loops = self
        self._original = original = asyncio.BaseEventLoop.run_forever

        def run_forever(loop: Any) -> None:
            put_back = loops.attach(loop)
            try:
                original(loop)
            finally:
                put_back()

        asyncio.BaseEventLoop.run_forever = run_forever  # type: ignore[method-assign, assignment]

    def off(self) -> None:
        """Loops that begin to run do so in real time again."""
        asyncio.BaseEventLoop.run_forever = self._original  # type: ignore[method-assign]

    def attach(self, loop: Any) -> Callable[[], None]:
        """Put one loop into virtual time, its timers included; return what puts it back."""
        inner = getattr(loop, "_selector", None)
        if inner is None or isinstance(inner, VirtualSelector) or not self._driver.clock.is_active:
            return lambda: None
        self._move_timers(loop, self._driver.clock.monotonic() - self._real_monotonic())
        resolution = loop._clock_resolution
        # a timer's float may be off by its own last digit: without this, one at 10^7 s would never be due
        loop._clock_resolution = max(resolution, 4 * math.ulp(self._driver.clock.monotonic()))
        loop._selector = VirtualSelector(loop, inner, self._driver, self._fail)
        forget = self._remember_sleeps(loop)

        def put_back() -> None:
            forget()
            loop._selector, loop._clock_resolution = inner, resolution
            self._move_timers(loop, self._real_monotonic() - self._driver.clock.monotonic())

        return put_back

    @staticmethod
    def _move_timers(loop: Any, seconds: float) -> None:
        """Keep what a timer still has to wait when the loop changes from one clock to the other."""
        for timer in loop._scheduled:
            timer._when += seconds

    def _remember_sleeps(self, loop: Any) -> Callable[[], None]:
        """Note every `asyncio.sleep`, by the callback that it schedules: so each alias of it is noted."""
        end_of_sleep = asyncio.futures._set_result_unless_cancelled  # type: ignore[attr-defined]
        call_later, sleeps = loop.call_later, self._driver.clock.sleeps

        def noting(delay: float, callback: Any, *args: Any, **keywords: Any) -> Any:
            if callback is end_of_sleep and threading.get_ident() == self._driver.owner:
                sleeps.append(float(delay))
            return call_later(delay, callback, *args, **keywords)

        loop.call_later = noting
        return lambda: loop.__dict__.pop("call_later", None)
