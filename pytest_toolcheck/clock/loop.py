"""The selector of an event loop in virtual time: where the loop would sleep until its next timer, the clock jumps."""

from __future__ import annotations

import math
import selectors
import threading
from collections.abc import Callable
from typing import Any

from .driver import Driver
from .durations import SECOND, to_text
from .errors import VirtualDeadlock, VirtualLivelock, VirtualTimeError
from .onlookers import Onlooker
from .sockets import awaited_answer
from .tasks import describe_handle, describe_task, pending_tasks, tests_first, throw_into_test
from .virtual import Waiter
from .waits import waiting_threads

TURNS_AT_ONE_INSTANT = 100_000
"""Turns of a loop without any time passing, and with nothing real under way, after which it is a livelock."""
TURNS_OF_A_SECOND_LOOK = 100
"""Real work may have ended right before nothing was found at work: whoever waited for it notices within so many more."""
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
        self._thread = threading.get_ident()
        self._turns = 0
        self._instant_ns = -1
        self._is_suspected = False
        self._thrown = 0
        self._onlooker = Onlooker(loop)

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
        timers, look = self.loop._scheduled, None
        first = timers[0] if timers else None
        if first is not None and self._onlooker.waits_by(first):
            look, first = first, min(timers[1:3], default=None)  # of a heap
        waiter = Waiter(self._instant_of(first), has_input=self._has_input, expects=self._expects, wake=self._wake)
        if look is not None:
            waiter.look_ns, waiter.looks_in_vain = self._instant_of(look), self._onlooker.looks_in_vain
        return waiter

    def _instant_of(self, timer: Any) -> int | None:
        if timer is None or timer._when == math.inf:
            return None
        instant_ns: int = round(timer._when * SECOND) - self._clock.zero_ns
        return instant_ns

    def _wake(self) -> None:
        if threading.get_ident() != self._thread:
            self.loop._write_to_self()

    def _has_input(self) -> bool:
        return bool(self.inner.select(0))

    def _expects(self) -> str:
        registered = self.inner.get_map() or {}
        if len(registered) <= 1:  # the loop's own pipe, by which threads wake it
            return ""
        return awaited_answer([key.fd for key in list(registered.values())])

    def _count_turn(self) -> None:
        if self._instant_ns != self._clock.now_ns:
            self._instant_ns, self._turns, self._is_suspected = self._clock.now_ns, 0, False
        self._turns += 1
        if self._turns > TURNS_AT_ONE_INSTANT:
            is_suspected, self._is_suspected = self._is_suspected, False
            self._turns, waiting = 0, list(self._clock.waiting)
            if self._expects() or self._driver.activity.find_work(
                {w.thread for w in waiting}, {w.task for w in waiting}
            ):
                return
            if is_suspected:
                self._stop_livelock()
            self._turns, self._is_suspected = TURNS_AT_ONE_INSTANT - TURNS_OF_A_SECOND_LOOK, True

    def _stop_livelock(self) -> None:
        running = [describe_handle(handle) for handle in list(self.loop._ready)[:3]] or ["a timer that is re-armed"]
        timers = [describe_handle(handle) for handle in self.loop._scheduled[:3]]
        error = VirtualLivelock(
            f"livelock in virtual time: the loop turned {TURNS_AT_ONE_INSTANT:,} times at one instant "
            f"({to_text(self._clock.now_ns)}), running {'; '.join(running)}"
            + (f"; next timers: {'; '.join(timers)}" if timers else "")
            + ". Let it wait for something other than the clock, or sleep for more than 0 seconds."
        )
        if self._thread != self._driver.owner:
            self._fail(error)
        raise error

    def _throw(self, error: VirtualTimeError) -> None:
        waiting = [describe_task(task) for task in tests_first(pending_tasks(self.loop))]
        waiting += waiting_threads(lambda thread: thread != self._thread and not self._driver.is_older(thread))
        explained = VirtualDeadlock(error.reason, waiting) if isinstance(error, VirtualDeadlock) else error
        self._fail(explained)
        self._thrown += 1
        if self._thrown > _ERRORS_THROWN or not throw_into_test(self.loop, explained):
            raise explained
