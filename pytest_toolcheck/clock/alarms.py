"""`signal.alarm(60)` and `signal.setitimer(ITIMER_REAL, 60)`: how synchronous code limits its time, without threads.

The signal is sent at its virtual instant, by a thread that waits for it. A timer that was set before virtual time began
is whoever's around the test: it goes on, in real time.
"""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from .cfunction import Replacement, replacement, unreplaced
from .durations import SECOND
from .virtual import VirtualClock, Waiter

real_setitimer: Any = unreplaced(signal.setitimer) if hasattr(signal, "setitimer") else None
"""The real timer, in virtual time too; None where the system has none."""
_signal: Any = signal
"""Some of its names Windows lacks."""


class Alarms:
    """The one timer of the process that sends SIGALRM, while it is on."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._armed: Waiter | None = None
        self._interval_ns = 0
        # looked up by name, as other systems have none of them
        names = [name for name in ("setitimer", "getitimer", "alarm") if hasattr(signal, name)]
        self.replacements: list[Replacement] = [
            replacement(getattr(signal, name), getattr(self, f"_{name}")) for name in names
        ]
        self._real = {name: each.real for name, each in zip(names, self.replacements, strict=True)}
        self.replacements += [self._noted(os.kill, os.getpid), self._noted(_signal.pthread_kill, self._main)]

    def on(self) -> None:
        """From now on timers are virtual; nothing is set yet."""
        for each in self.replacements:
            each.on()

    def off(self) -> None:
        """Timers are real again; one that has not rung yet never will."""
        for each in self.replacements:
            each.off()
        self._disarm()
        self._clock.is_signalled = False

    def _applies(self) -> bool:
        mover = self._clock.mover
        return self._clock.is_active and mover is not None and mover.owner == threading.get_ident()

    def _noted(self, function: Callable[..., None], to: Callable[[], int | None]) -> Replacement:
        """Let the clock stand still until the test's thread has handled what this sends to it."""

        def send(target: int, number: int) -> None:
            is_ours = self._clock.is_active and number != 0 and target == to()
            with self._clock.guard if is_ours else nullcontext():
                made.real(target, number)
                if is_ours:
                    self._clock.is_signalled = True

        made = replacement(function, send)
        return made

    def _main(self) -> int | None:
        return None if self._clock.mover is None else self._clock.mover.owner

    def _setitimer(self, which: int, seconds: float, interval: float = 0.0) -> tuple[float, float]:
        if which != _signal.ITIMER_REAL or not self._applies():
            before: tuple[float, float] = self._real["setitimer"](which, seconds, interval)
            return before
        before = self._getitimer(which)
        self._disarm()
        if seconds > 0:
            self._arm(round(seconds * SECOND), round(interval * SECOND))
        return before

    def _getitimer(self, which: int) -> tuple[float, float]:
        if which != _signal.ITIMER_REAL or not self._applies():
            now: tuple[float, float] = self._real["getitimer"](which)
            return now
        if self._armed is None or self._armed.deadline_ns is None:
            return 0.0, 0.0
        return (self._armed.deadline_ns - self._clock.now_ns) / SECOND, self._interval_ns / SECOND

    def _alarm(self, seconds: int) -> int:
        if not self._applies():
            left: int = self._real["alarm"](seconds)
            return left
        return math.ceil(self._setitimer(_signal.ITIMER_REAL, seconds)[0])

    def _arm(self, after_ns: int, interval_ns: int) -> None:
        self._armed = waiter = Waiter(self._clock.now_ns + after_ns)
        self._interval_ns = interval_ns
        threading.Thread(target=self._ring, args=(waiter, threading.get_ident()), name="alarm", daemon=True).start()

    def _disarm(self) -> None:
        with self._clock.guard:
            waiter, self._armed = self._armed, None
            if waiter is not None:
                self._clock.ring(waiter)

    def _ring(self, waiter: Waiter, main: int) -> None:
        """Wait for the instant, send the signal, and do so again where the timer has an interval."""
        mover: Any = self._clock.mover
        following: Waiter | None = waiter
        while mover is not None and following is not None:
            following.thread, following.task = threading.get_ident(), threading.get_native_id()
            mover.wait(following)
            following = self._send(following, main)

    def _send(self, waiter: Waiter, main: int) -> Waiter | None:
        """Send the signal, unless it has been called off; return what is to be waited for next."""
        with self._clock.guard:  # at this same instant the test may call it off, or set another
            if self._armed is not waiter or not self._clock.is_active:
                return None
            at_ns = (waiter.deadline_ns or 0) + self._interval_ns
            self._armed = Waiter(at_ns) if self._interval_ns else None
            _signal.pthread_kill(main, _signal.SIGALRM)
            return self._armed
