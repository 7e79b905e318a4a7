"""The virtual clock: whole nanoseconds, moved by what waits for it and by nothing else."""

from __future__ import annotations

import _thread
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from .durations import SECOND, Duration, to_ns, to_text
from .errors import VirtualTimeError

READS_AT_ONE_INSTANT = 1_000_000
"""A thread that reads the clock so often without any time passing waits for it in a busy loop."""
READS_OF_A_SECOND_LOOK = 1_000
"""Real work may have ended right before nothing was found at work: whoever waited for it notices within so many more."""

POLLS_AT_ONE_INSTANT = 100
"""A thread that looks so often without waiting, at one instant, is shown a little more when it reads the clock next."""
READS_BY_POLLING = 10
"""As so many readings counts one that comes after such a look: each look takes a while."""
READS_UNTIL_AHEAD, READS_BETWEEN = 100_000, 10_000
"""A thread that does nothing but read is shown it, too, now and then."""
MORE_JUMPS = 1000
"""So often the clock may move when it has moved too often, for whoever cleans up."""
WAKES_A_JUMP = 4
"""Where a jump wakes more than so many, it counts for more than one: of fifty threads that poll, each jump is slow."""


def no_input() -> bool:
    """Say that nothing has arrived."""
    return False


def in_vain() -> bool:
    """Say that a look around finds nothing."""
    return True


def no_work() -> str:
    """Say that nothing is under way."""
    return ""


@dataclass(slots=True, eq=False)
class Waiter:
    """A thread, or the event loop in it, that waits for an instant (None: for an event only)."""

    deadline_ns: int | None
    thread: int = field(default_factory=_thread.get_ident)
    task: int = field(default_factory=_thread.get_native_id)
    """The kernel's id of the same."""
    is_due: bool = False
    bell: _thread.LockType = field(default_factory=_thread.allocate_lock)
    """Rung (released) when the waiter is due; it waits by acquiring it."""
    has_input: Callable[[], bool] = no_input
    """Whether something real has arrived for it."""
    wake: Callable[[], object] = no_work
    """Ends its real wait, where acquiring the bell is not what it waits by."""
    expects: Callable[[], str] = no_work
    """What real answer is under way to it; empty: none."""
    takes: bool = False
    """Whether nobody can tell from outside that it has what it waited for: a lock, an item of a queue."""
    look_ns: int | None = None
    """An instant at which it would only look around, before its deadline: no reason to stop there (`onlookers.py`)."""
    looks_in_vain: Callable[[], bool] = in_vain
    """Whether that look would find nothing; if not, its instant counts like a deadline."""
    number: int = 0
    """Counts those that came to wait: the higher one of a thread's two waits in a signal's handler."""

    def is_reached(self, now_ns: int) -> bool:
        """Tell whether it need not wait any longer."""
        return any(instant is not None and instant <= now_ns for instant in (self.deadline_ns, self.look_ns))


class Guard(_thread.RLock):  # type: ignore[misc]  # final in the stubs alone
    """A lock whose waits are real, as they are short: `cmethods` lets those of other locks be virtual."""

    acquire = _thread.RLock.acquire
    __enter__ = _thread.RLock.__enter__


class Mover(Protocol):
    """Whoever moves the clock on behalf of a thread that waits (see `driver.py`)."""

    owner: int
    """The thread that runs the test."""

    def is_older(self, thread: int) -> bool:
        """Tell whether a thread is older than the test."""

    def wait(self, waiter: Waiter) -> None:
        """Return when the waiter is due."""

    def wait_or(self, waiter: Waiter, pause: Callable[[float], Any]) -> Any:
        """Wait likewise, but return what `pause(real seconds)` returns as soon as that is something."""

    def has_work(self) -> bool:
        """Tell whether something real is under way, for which a thread may look in a busy loop for a while."""

    def stands_still_for(self) -> str:
        """Say what real work is under way, as seen by the thread that calls; empty: none is seen."""


class VirtualClock:
    """One exact clock: `time.*`, `datetime`, `time.sleep`, event loops and threads all follow it.

    `advance("60s")` moves it; so does everything that sleeps, as soon as nothing else is left to do.
    """

    def __init__(self, *, monotonic_ns: int = 1_000 * SECOND, wall_ns: int = 1_767_225_600 * SECOND) -> None:
        self._start_monotonic_ns = monotonic_ns
        self._start_wall_ns = wall_ns
        self._elapsed_ns = 0
        self._stepped_ns = 0
        self._reads, self._is_suspected = 0, False
        self._polls: dict[int, tuple[int, int]] = {}
        """By thread, the instant and how often it has looked for something at it."""
        self._ahead: set[int] = set()
        """Threads whose next reading is to show a little more than the instant."""
        self.jumps = 0
        """How often the clock has moved."""
        self.most_jumps: int | None = None
        """So often it may move at most: a tool that goes on for ever is to end with a failure, not with the user's patience."""
        self.sleeps: list[float] = []
        """Seconds of every `time.sleep` and `asyncio.sleep`, in the order in which they began."""
        self.waiting: list[Waiter] = []
        self.resuming: set[Waiter] = set()
        """Waiters that are due, but whose threads have not noticed yet."""
        self.starting: set[int] = set()
        """Threads that wait for the start of another."""
        self.entering: set[int] = set()
        """Threads that are about to be put on one of these lists, or taken off."""
        self.is_signalled = False
        """A signal has been sent to the test's thread, which has not come round to its handler yet."""
        self.guard = Guard()
        self.is_active = False
        self.mover: Mover | None = None
        self.on_wall_moved: Callable[[int], None] = lambda _ns: None
        self.on_failure: Callable[[BaseException], None] = lambda _error: None
        """Told of a livelock in another thread than the test's."""
        self.real_monotonic_ns: Callable[[], int] = time.monotonic_ns
        """The machine's own clock, in virtual time too."""

    # what time it is
    @property
    def now(self) -> float:
        """Seconds since the test's clock began to count, at 0."""
        return self._elapsed_ns / SECOND

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the test's clock began to count, at 0."""
        return self._elapsed_ns

    @property
    def remaining(self) -> float | None:
        """Seconds until the next thing that waits for this clock is due; None: nothing waits for an instant."""
        deadlines = [waiter.deadline_ns for waiter in list(self.waiting) if waiter.deadline_ns is not None]
        return max(0, min(deadlines) - self._elapsed_ns) / SECOND if deadlines else None

    def monotonic_ns(self) -> int:
        """Nanoseconds on the monotonic clock. Raises VirtualLivelock when it is polled in a busy loop."""
        shown_ns = self._start_monotonic_ns + self._elapsed_ns
        return _a_little_more(shown_ns) if self.note_read() else shown_ns

    @property
    def zero_ns(self) -> int:
        """What the monotonic clock shows when `now` is 0."""
        return self._start_monotonic_ns

    def note_read(self) -> bool:
        """Count a reading of a clock; tell whether it is to show a little more than the instant.

        In real time some would have passed: `while time.monotonic() <= deadline: event.wait(0)` ends by this.
        Raises VirtualLivelock after too many readings at one instant.
        """
        self._reads += 1
        is_ahead = self._reads >= READS_UNTIL_AHEAD and self._reads % READS_BETWEEN == 0 and not _is_in_loop()
        if self._ahead and (thread := _thread.get_ident()) in self._ahead:
            self._ahead.discard(thread)
            self._reads += READS_BY_POLLING
            is_ahead = True
        if self._reads > READS_AT_ONE_INSTANT:
            self._refuse_busy_loop()
        return is_ahead

    def monotonic(self) -> float:
        """Seconds on the monotonic clock."""
        return self.monotonic_ns() / SECOND

    def wall_ns(self) -> int:
        """Nanoseconds since the epoch on the wall clock, steps included."""
        return self._start_wall_ns + self._elapsed_ns + self._stepped_ns

    # moving it
    def advance(self, duration: Duration) -> None:
        """Let the time pass, at once; threads that wait for an instant on the way wake at theirs.

        Raises UnitError for a duration without a unit, VirtualTimeError for a negative one.
        """
        step = to_ns(duration)
        if step < 0:
            raise VirtualTimeError(
                f"the clock does not go backwards: advance({duration!r}). "
                f"step_wall({duration!r}) moves the wall clock alone, as an administrator would."
            )
        self.wait_until(self._elapsed_ns + step)

    def advance_past(self, duration: Duration) -> None:
        """Let the time pass, and one microsecond: libraries differ on whether a limit is reached *at* its instant."""
        self.advance(duration)
        self.wait_until(self._elapsed_ns + 1_000)

    def step_wall(self, duration: Duration) -> None:
        """Move the wall clock alone (`time.time`, `datetime`), forwards or backwards (`"-1h"`)."""
        self._stepped_ns += (step := to_ns(duration))
        self.on_wall_moved(step)

    def sleep(self, seconds: float) -> None:
        """Sleep as `time.sleep` does, in virtual time, and remember it in `sleeps`; the shortest takes a nanosecond."""
        self.sleeps.append(float(seconds))
        self.wait_until(self._elapsed_ns + max(to_ns(seconds), 1 if seconds > 0 else 0))

    def wait_until(self, deadline_ns: int) -> None:
        """Return when the clock shows that instant, after everything due before it has had its turn."""
        waiter = Waiter(deadline_ns)
        if self.mover is None or not self.is_active:
            self.move_to(deadline_ns)
        else:
            self.mover.wait(waiter)

    def note_poll(self) -> None:
        """Take down that this thread has looked for something, without a time limit, and has found nothing."""
        thread = _thread.get_ident()
        instant_ns, polls = self._polls.get(thread, (-1, 0))
        polls = polls + 1 if instant_ns == self._elapsed_ns else 1
        self._polls[thread] = (self._elapsed_ns, polls)
        if polls > POLLS_AT_ONE_INSTANT and self.is_active:
            self._ahead.add(thread)

    def move_to(self, instant_ns: int) -> None:
        """Set the clock, never backwards, and ring every waiter that is due. Needs no guard when nobody waits."""
        step = instant_ns - self._elapsed_ns
        if step > 0:
            self._elapsed_ns = instant_ns
            self._reads, self._is_suspected = 0, False
            self.jumps += 1
            self._ahead.clear()
            self.on_wall_moved(step)
            if self.most_jumps is not None and self.jumps > self.most_jumps:
                self.most_jumps = self.jumps + MORE_JUMPS  # who cleans up after this may move it, too
                from .errors import VirtualLivelock

                raise VirtualLivelock(
                    f"it goes on for ever: after {self.jumps} waits and {self._elapsed_ns / SECOND:g} s it has no end"
                )
        due = [waiter for waiter in list(self.waiting) if waiter.is_reached(self._elapsed_ns)]
        for waiter in due:
            self.ring(waiter)
        if self.most_jumps is not None:
            self.most_jumps -= len(due) // WAKES_A_JUMP

    def ring(self, waiter: Waiter) -> None:
        """Take a waiter off the list and let its thread go on: from here on it counts as running."""
        if waiter in self.waiting:
            self.waiting.remove(waiter)
            self.resuming.add(waiter)
            waiter.is_due = True
            if waiter.bell.locked():
                waiter.bell.release()
            waiter.wake()

    def _refuse_busy_loop(self) -> None:
        from .errors import VirtualLivelock
        from .waits import users_place

        is_suspected, self._is_suspected = self._is_suspected, False
        if self.mover is not None and self.mover.has_work():
            self._reads = 0
            return
        if not is_suspected:
            self._reads, self._is_suspected = READS_AT_ONE_INSTANT - READS_OF_A_SECOND_LOOK, True
            return
        self._reads = 0
        error = VirtualLivelock(
            f"livelock in virtual time: the clock was read {READS_AT_ONE_INSTANT:,} times at one instant "
            f"({to_text(self._elapsed_ns)}), last by {users_place(sys._getframe()) or 'a library'}. A busy loop waits "
            "for it, and it moves only when code sleeps: sleep in the loop, or call virtual_clock.advance()."
        )
        if self.mover is not None and _thread.get_ident() != self.mover.owner:
            self.on_failure(error)
        raise error

    def __repr__(self) -> str:
        state = "active" if self.is_active else "off"
        stepped = f", wall stepped by {to_text(self._stepped_ns)}" if self._stepped_ns else ""
        waiting = f", {len(self.waiting)} waiting, next in {self.remaining}s" if self.waiting else ""
        return f"<VirtualClock {state} at {to_text(self._elapsed_ns)}, {self.jumps} jumps{stepped}{waiting}>"


def _is_in_loop() -> bool:
    """Tell whether an event loop runs in this thread: what it reads is when its timers are due."""
    events: Any = sys.modules.get("asyncio.events")
    return events is not None and events._get_running_loop() is not None


def _a_little_more(ns: int) -> int:
    """Return the least that is certain to be more, also as a float of seconds, than a limit that was rounded."""
    return ns + 1 + math.ceil(math.ulp(ns / SECOND) * SECOND)


def real_now_ns() -> tuple[int, int]:
    """Return the real monotonic and wall clocks, each rounded up to a whole second.

    From whole seconds, differences of usual durations are exact in floats: 1003.0 - 1001.0 is 2.0.
    """
    return tuple(-(-ns // SECOND) * SECOND for ns in (time.monotonic_ns(), time.time_ns()))  # type: ignore[return-value]
