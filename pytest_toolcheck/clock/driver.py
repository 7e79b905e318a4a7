"""Moves the clock when, and only when, everything waits for it.

Every thread that waits for virtual time tries this in turn: if nothing real is under way (no busy thread, no child at
work, no socket that owes an answer), the clock jumps to the next instant that somebody waits for.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .activity import Activity
from .children import KINDS as CHILDREN
from .errors import VirtualDeadlock
from .virtual import VirtualClock, Waiter
from .work import Work

acquire = _thread.LockType.acquire
"""The lock's own method, while `cmethods` has another in its place."""
acquire_again = _thread.RLock.acquire
SHORTEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_TAKING_PAUSE_S = 0.0002, 0.005, 0.001
MOST_OLDER_TICKS = 10_000
"""So often in a row the clock moves for threads older than the test alone, while the test waits without a limit."""
_VAIN_LOOK = 10
"""A server's look whether it should end counts as so many of these."""
ENDLESS_WAIT_FACTOR = 6
"""Where no timer is pending at all, real work gets this many times longer before the wait is called a deadlock."""


class Entering:
    """Says that a thread waits for the guard of the clock's lists: it looks parked, and is about to come to them or to leave.

    A signal's handler may raise at any moment in the test's thread, so the guard itself is left to a `with` of its own.
    """

    def __init__(self, entering: set[int]) -> None:
        self._entering = entering

    def __enter__(self) -> None:
        try:
            self._entering.add(_thread.get_ident())
        except BaseException:
            self._entering.discard(_thread.get_ident())
            raise

    def __exit__(self, *exc_info: object) -> None:
        self._entering.discard(_thread.get_ident())


class Driver:
    """Lets threads wait for one clock. `monotonic_ns` is the real one, for `max_real_wait_ns`; `gettime_ns` likewise."""

    def __init__(
        self,
        clock: VirtualClock,
        *,
        monotonic_ns: Callable[[], int],
        gettime_ns: Callable[[int], int],
        max_real_wait_ns: int,
    ) -> None:
        self.clock = clock
        self.owner = _thread.get_ident()
        self.activity = Activity(monotonic_ns, gettime_ns)
        self.stalls: list[str] = []
        """What was waited for in vain, for `max_real_wait`, before the clock moved on."""
        self._in_vain: dict[tuple[str, int], Work] = {}
        """The same since the clock moved."""
        self._monotonic_ns = monotonic_ns
        self._max_real_wait_ns = max_real_wait_ns
        self._blocked_since_ns: int | None = None
        self._spinning = (-1, 0)
        """The jumps and the real instant at which a thread was first found in a busy loop."""
        self._older_ticks = 0
        self._forgave_at = -1
        """How often the clock had moved when children that were waited for in vain were looked at again."""
        self._driving = _thread.RLock()  # a signal's handler that waits may come upon its own thread in here
        self._entering = Entering(clock.entering)
        self._enlisted = 0

    def is_older(self, thread: int) -> bool:
        """Tell whether a thread is older than the test."""
        return self.activity.is_older(thread)

    def has_work(self) -> bool:
        """Tell whether something real is under way, and has not been so for longer than it would be waited for."""
        now_ns, (jumps, since_ns) = self._monotonic_ns(), self._spinning
        if jumps != self.clock.jumps:
            self._spinning = jumps, since_ns = self.clock.jumps, now_ns
        if now_ns - since_ns >= self._max_real_wait_ns or not acquire_again(self._driving, False):
            return now_ns - since_ns < self._max_real_wait_ns
        try:
            return self._find_work(list(self.clock.waiting)) is not None
        finally:
            self._driving.release()

    def stands_still_for(self) -> str:
        """Say what real work is under way; empty: none is seen."""
        if self.clock.starting:
            return "a thread that is being started"
        work = self._find_work(list(self.clock.waiting))
        return "" if work is None else work.describe()

    def wait(self, waiter: Waiter) -> None:
        """Return when the waiter is due, or virtual time has ended."""
        self.wait_or(waiter, lambda pause_s: acquire(waiter.bell, True, pause_s) and None)

    def wait_or(self, waiter: Waiter, pause: Callable[[float], Any]) -> Any:
        """Wait likewise, but return what `pause(seconds)` returns as soon as that is something."""
        if self._is_inside():
            with self._left():
                return self._wait_or(waiter, pause)
        return self._wait_or(waiter, pause)

    def _is_inside(self) -> bool:
        """Tell whether this is a signal's handler, and its thread is on its way in or out of the clock's lists."""
        mine = _thread.get_ident()
        return self.clock.guard._is_owned() or mine in self.clock.entering or mine in self.clock.starting  # type: ignore[attr-defined]

    @contextmanager
    def _left(self) -> Iterator[None]:
        """Let the others go on while the handler waits; then this thread is where it was."""
        mine, clock = _thread.get_ident(), self.clock
        lists = [each for each in (clock.entering, clock.starting) if mine in each]
        held = clock.guard._release_save() if clock.guard._is_owned() else None  # type: ignore[attr-defined]
        for each in lists:
            each.discard(mine)
        try:
            yield
        finally:
            for each in lists:
                each.add(mine)
            if held is not None:
                clock.guard._acquire_restore(held)  # type: ignore[attr-defined]

    def _wait_or(self, waiter: Waiter, pause: Callable[[float], Any]) -> Any:
        acquire(waiter.bell)
        pause_s = SHORTEST_PAUSE_S
        if not self._enlist(waiter):
            return None
        try:
            while not waiter.is_due and self.clock.is_active:
                self._note_signal(waiter)
                if self._move(waiter):
                    continue
                if arrived := self._take(waiter, pause, pause_s) if waiter.takes else pause(pause_s):
                    self._blocked_since_ns = None
                    return arrived
                pause_s = min(2 * pause_s, LONGEST_TAKING_PAUSE_S if waiter.takes else LONGEST_PAUSE_S)
        finally:
            self._note_signal(waiter)
            self._strike(waiter)

    def _take(self, waiter: Waiter, attempt: Callable[[float], Any], pause_s: float) -> Any:
        """Try while nobody can move the clock: from outside, a waiter that has taken what it waited for looks like one that waits."""
        with self._entering, self.clock.guard:
            if taken := attempt(0):
                self._forget(waiter)
                return taken
        acquire(waiter.bell, True, pause_s)
        return None

    def _enlist(self, waiter: Waiter) -> bool:
        with self._entering, self.clock.guard:
            if waiter.is_reached(self.clock.now_ns):
                return False
            self._enlisted += 1
            waiter.number = self._enlisted
            self.clock.waiting.append(waiter)
            return True

    def _note_signal(self, waiter: Waiter) -> None:
        """Where the test's thread comes by, its signal handlers have run."""
        if self.clock.is_signalled and waiter.thread == self.owner:
            with self.clock.guard:
                self.clock.is_signalled = False

    def _strike(self, waiter: Waiter) -> None:
        with self._entering, self.clock.guard:
            self._forget(waiter)

    def _forget(self, waiter: Waiter) -> None:
        self.clock.resuming.discard(waiter)
        with suppress(ValueError):
            self.clock.waiting.remove(waiter)

    def _move(self, waiter: Waiter) -> bool:
        """Jump to the next instant if everything stands still; tell whether the clock has moved."""
        if self._older_ticks > MOST_OLDER_TICKS and waiter.thread == self.owner and waiter.deadline_ns is None:
            self._older_ticks = 0  # whoever cleans up has as many again
            raise VirtualDeadlock(
                f"threads older than the test, or servers that look whether they should end, ticked {MOST_OLDER_TICKS} "
                "times, and woke nothing"
            )
        try:
            if not acquire_again(self._driving, False):
                return False
            with self.clock.guard:
                if self._is_waking():
                    return False
                waiting, enlisted = list(self.clock.waiting), self._enlisted
            work = self._find_work(waiting)
            if work is not None and not self._has_waited_long_enough(work):
                return False
            with self.clock.guard:
                # a waiter that came or went meanwhile has run meanwhile: look again
                is_unchanged = waiting == self.clock.waiting and enlisted == self._enlisted
                return is_unchanged and not self._is_waking() and self._jump(waiter)
        finally:
            if self._driving._is_owned():  # type: ignore[attr-defined]
                self._driving.release()

    def _is_waking(self) -> bool:
        clock = self.clock
        if clock.starting or clock.entering or (clock.is_signalled and self._waits_itself()):
            return True
        return bool(clock.resuming) and any(not self._is_interrupted(waiter) for waiter in clock.resuming)

    def _waits_itself(self) -> bool:
        """Tell whether the test's thread waits for this clock: where it does not, it is seen whether its handler runs."""
        return any(waiter.thread == self.owner for waiter in self.clock.waiting)

    def _is_interrupted(self, waiter: Waiter) -> bool:
        """Tell whether its thread waits in a signal's handler, and will hear of nothing else until that is over."""
        return any(w.thread == waiter.thread and w.number > waiter.number for w in self.clock.waiting)

    def _find_work(self, waiting: list[Waiter]) -> Work | None:
        for waiter in innermost(waiting):
            expected = waiter.expects()
            if expected and (expected, waiter.thread) not in self.activity.ignored:
                return Work((expected, waiter.thread), expected)
        others = {waiter.thread for waiter in waiting}
        tasks, is_endless = {waiter.task for waiter in waiting}, self._is_endless()
        return self.activity.find_work(others, tasks, within_ns=self._limit_ns(is_endless=is_endless)) or (
            self.activity.find_ticking(others) if is_endless else None
        )

    def _has_waited_long_enough(self, work: Work) -> bool:
        now_ns = self._monotonic_ns()
        if self._blocked_since_ns is None:
            self._blocked_since_ns = now_ns
        if now_ns - self._blocked_since_ns < self._limit_ns(is_endless=self._is_endless()) * work.patience:
            return False
        self.stalls.append(work.describe())
        self._in_vain[work.key] = work
        self.activity.ignored.add(work.key)
        return True

    def _limit_ns(self, *, is_endless: bool) -> int:
        return self._max_real_wait_ns * (ENDLESS_WAIT_FACTOR if is_endless else 1)

    def _is_endless(self) -> bool:
        return self._next_deadline() is None

    def _next_deadline(self) -> int | None:
        waiting = list(self.clock.waiting)
        deadlines = [w.deadline_ns for w in waiting if w.deadline_ns is not None]
        looks = [w for w in waiting if w.look_ns is not None]
        if looks:
            deadlines += [w.look_ns or 0 for w in looks if not deadlines or not w.looks_in_vain()]
        return min(deadlines, default=None)

    def _only_older_are_timed(self) -> bool:
        """Tell whether the test waits without a limit, and only threads older than it for an instant."""
        waiting = list(self.clock.waiting)
        return any(w.thread == self.owner and w.deadline_ns is None for w in waiting) and all(
            w.deadline_ns is None or self.is_older(w.thread) for w in waiting
        )

    def _weight_of_tick(self) -> int:
        return _VAIN_LOOK if all(w.deadline_ns is None for w in list(self.clock.waiting)) else 1

    def _jump(self, waiter: Waiter) -> bool:
        if any(other.has_input() for other in innermost(self.clock.waiting)):
            return False
        self._blocked_since_ns = None
        deadline_ns = self._next_deadline()
        self._older_ticks = self._older_ticks + self._weight_of_tick() if self._only_older_are_timed() else 0
        if deadline_ns is not None:
            self._in_vain.clear()
            self.clock.move_to(deadline_ns)
            return True
        if waiter.thread == self.owner and not self._looks_again():
            raise VirtualDeadlock(_deadlock_text(self.activity.asleep, *self._in_vain.values()))
        return False

    def _looks_again(self) -> bool:
        """Look once more, before a deadlock is told, at children that were waited for in vain: they may have been killed."""
        children = {key for key in self.activity.ignored if key[0] in CHILDREN}
        if not children or self._forgave_at == self.clock.jumps:
            return False
        self.activity.ignored -= children
        self._forgave_at = self.clock.jumps
        return True


def innermost(waiting: Collection[Waiter]) -> Collection[Waiter]:
    """Return for each thread what it waits for now: a signal's handler may wait in the midst of another wait."""
    return {waiter.thread: waiter for waiter in waiting}.values()


def _deadlock_text(*works: Work | None) -> str:
    hopes = " and ".join(dict.fromkeys(work.describe() for work in works if work))
    if not hopes:
        return "no timer, ready task, socket, child or thread is left that could wake this test"
    return f"no timer is left, and {hopes} woke nothing within the real time allowed"
