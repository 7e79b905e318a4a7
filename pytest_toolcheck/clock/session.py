"""Virtual time for as long as a `with` lasts: everything swapped on the way in is put back on the way out."""

from __future__ import annotations

import operator
import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from .alarms import Alarms
from .attach import Loops
from .births import noted_births
from .blocking import SelectorTimeouts, SocketTimeouts
from .cfunction import Replacement, replacement
from .cmethods import limited_methods
from .driver import Driver
from .durations import SECOND, Duration, to_ns
from .errors import VirtualTimeError
from .observers import Observers
from .pickling import Pickling
from .processes import ChildTimeouts
from .selecting import limited_select, selecting_methods
from .threads import LockTimeouts
from .virtual import Guard, VirtualClock, real_now_ns
from .waits import Waits
from .wall import Wall

MAX_REAL_WAIT = "5s"
_MONOTONIC = {getattr(time, f"CLOCK_{name}", None) for name in ("MONOTONIC", "BOOTTIME")} - {None}
_time: Any = time
"""Some of its names Windows lacks."""
_LONGEST_SLEEP_S = 9_000_000_000
"""`time.sleep` refuses more than the 292 years that fit into 63 bits of nanoseconds."""


class _Switch(Protocol):
    def on(self) -> None:
        """Swap something."""

    def off(self) -> None:
        """Put it back."""


active: list[VirtualClock] = []
"""The clock in force, last; empty outside virtual time."""
_stacks: list[ExitStack] = []
"""What puts everything back, for each of them."""


def new_clock() -> VirtualClock:
    """Return a clock that starts now, at a whole second."""
    monotonic_ns, wall_ns = real_now_ns()
    return VirtualClock(monotonic_ns=monotonic_ns, wall_ns=wall_ns)


@contextmanager
def virtual_time(
    clock: VirtualClock | None = None, *, max_real_wait: Duration = MAX_REAL_WAIT
) -> Iterator[VirtualClock]:
    """Run the body in virtual time, in this thread, its event loops and every thread that it starts.

    `max_real_wait` limits how long the clock stands still for real work (a child, a socket's answer, a busy thread).
    Raises VirtualTimeError when virtual time is active already, or at the end when an error of it was swallowed.
    """
    if not hasattr(time, "clock_gettime_ns"):
        raise VirtualTimeError(
            "there is no virtual time on this system: it needs Linux (in part macOS). Run the test in real time"
        )
    if active:
        raise VirtualTimeError("virtual time is active already: one test has one clock")
    clock = clock or new_clock()
    failures: list[BaseException] = []
    replacements = _replacements(clock)
    clock.real_monotonic_ns = replacements[time.monotonic_ns].real
    driver = Driver(
        clock,
        monotonic_ns=clock.real_monotonic_ns,
        gettime_ns=replacements[_time.clock_gettime_ns].real,
        max_real_wait_ns=to_ns(max_real_wait),
    )
    wall = Wall(clock.wall_ns(), clock.note_read)
    waits = Waits(clock, failures.append)
    loops = Loops(driver, failures.append, replacements[time.monotonic].real)
    parts: list[_Switch] = [
        wall,
        *replacements.values(),
        LockTimeouts(waits, lambda: bool(failures)),
        *limited_methods(waits),
    ]
    parts += [SocketTimeouts(waits), SelectorTimeouts(waits, loops, driver), ChildTimeouts(waits), loops]
    alarms, selecting = Alarms(clock), replacement(select.select, limited_select(waits))
    births = noted_births(clock)
    swapped = [*replacements.values(), selecting, *alarms.replacements, *births]
    parts += [*selecting_methods(waits), selecting, alarms, *births, Pickling(swapped)]
    parts.append(Observers({function: each.real for function, each in replacements.items()}))
    with ExitStack() as stack:
        _stacks.append(stack)
        stack.callback(_stacks.remove, stack)
        stack.callback(loops.settle)
        for part in parts:
            part.on()
            stack.callback(part.off)
        stack.callback(_deactivate, clock)
        _activate(clock, driver, wall)
        clock.on_failure = failures.append
        loops.wake_older()
        try:
            yield clock
        except Exception as error:
            # at the end of a loop or pool it is waited for once more, and a `with` may end without its lock
            if failures and failures[0] is not error and isinstance(error, VirtualTimeError | RuntimeError):
                raise failures[0] from None
            raise
    if failures:
        raise failures[0]


def _activate(clock: VirtualClock, driver: Driver, wall: Wall) -> None:
    clock.mover, clock.on_wall_moved, clock.is_active = driver, wall.move, True
    active.append(clock)


def _deactivate(clock: VirtualClock) -> None:
    """Let every thread that still waits go on: outside the test no time passes that could wake it."""
    active.remove(clock)
    clock.is_active, clock.mover = False, None
    with clock.guard:
        for waiter in list(clock.waiting):
            clock.ring(waiter)
    clock.on_wall_moved, clock.on_failure = lambda _ns: None, lambda _error: None


def _end_in_child() -> None:
    """Give a forked child the real clock, as any other process has: none of the threads that move this one is in it.

    One of them may have held a lock of the clock, and those that waited are no more.
    """
    for clock, stack in zip(tuple(active), tuple(_stacks), strict=True):
        clock.guard = Guard()
        for gone in (clock.waiting, clock.resuming, clock.starting, clock.entering):
            gone.clear()
        stack.pop_all().close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_end_in_child)


def _replacements(clock: VirtualClock) -> dict[Callable[..., Any], Replacement]:
    made: dict[Callable[..., Any], Replacement] = {
        time.monotonic: replacement(time.monotonic, clock.monotonic),
        time.monotonic_ns: replacement(time.monotonic_ns, clock.monotonic_ns),
        time.perf_counter: replacement(time.perf_counter, clock.monotonic),
        time.perf_counter_ns: replacement(time.perf_counter_ns, clock.monotonic_ns),
    }
    made[time.sleep] = sleeping = replacement(time.sleep, lambda seconds: _sleep(clock, seconds, sleeping.real))
    for text in (time.ctime, time.asctime):
        made[text] = _of_now(text)
    for gettime, unit in ((_time.clock_gettime, SECOND), (_time.clock_gettime_ns, 1)):
        made[gettime] = _clock_gettime(clock, gettime, unit)
    return made


def _sleep(clock: VirtualClock, seconds: Any, real_sleep: Callable[[Any], None]) -> None:
    """Sleep in virtual time; what `time.sleep` refuses, and zero, goes to the real one."""
    try:
        length = seconds if isinstance(seconds, float) else operator.index(seconds)
    except TypeError:
        return real_sleep(seconds)
    if 0 < length < _LONGEST_SLEEP_S and clock.is_active:
        return clock.sleep(length)
    real_sleep(seconds)
    return clock.note_poll()


def _of_now(function: Callable[..., str]) -> Replacement:
    """Let `ctime` and `asctime` without an argument show the wall clock: time-machine leaves them out."""

    def substitute(*arguments: Any) -> str:
        if arguments in ((), (None,)):
            arguments = (time.localtime() if function is time.asctime else time.time(),)
        text: str = made.real(*arguments)
        return text

    made = replacement(function, substitute)
    return made


def _clock_gettime(clock: VirtualClock, function: Callable[..., Any], unit: int) -> Replacement:
    """Read CLOCK_MONOTONIC from the virtual clock; CLOCK_REALTIME is time-machine's, processor clocks are real."""

    def substitute(*arguments: Any) -> Any:
        if len(arguments) == 1 and arguments[0] in _MONOTONIC:
            ns = clock.monotonic_ns()
            return ns / SECOND if unit == SECOND else ns
        return made.real(*arguments)

    made = replacement(function, substitute)
    return made
