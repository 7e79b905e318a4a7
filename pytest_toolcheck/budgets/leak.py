"""The leak meter: how much more memory is in use after every further call.

In this process two passes, since each is blind to something: `tracemalloc` counts Python's objects exactly, and
glibc's `mallinfo2` all blocks of C code (and Python's beyond 512 bytes); a third where child processes work for it, such
as a pool's. Of them and of a server it is the memory that it has for
itself (PSS without files). A slope over rounds of calls after a warm-up, by Theil and Sen, so that a table that grows
now and then does not matter. What looks like a leak after two stretches (200 calls) has to go on in a third, and while
calls are cheap in ever longer ones: a cache that fills up and stops is none. One of 1,000 entries is told from a leak
however slow calls are, or the reading is inconclusive. No number of calls tells a leak from a
larger cache, so the message says how many it grew over. Rare large steps hide from a robust slope: while the levels only
climb, and by more than is allowed on average, calls go on as well.
"""

from __future__ import annotations

import ctypes
import gc
import tracemalloc
from array import array
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, takewhile
from typing import Any

from .clocks import MeterError, refuse_virtual_time, wall_ns
from .cpu import process_clock_ns
from .memory import python_objects_traced
from .memory_children import resident_bytes
from .processes import descendants_here, has_proc
from .slope import Slope, theil_sen
from .verdict import Verdict

WARM_UP, SERVER_WARM_UP = 10, 100
"""A server's first growth fills what its heap has left over, and is not seen."""
SERVER_FLAT = 2
"""What a server has freed hides a leak, or half of it, while that room lasts: it has to be flat twice, at half as much."""
CALLS_A_ROUND = 5
ROUNDS = 19
"""The warm-up and two stretches of 19 rounds of 5 calls find a leak within 200 calls; a third confirms it."""
SURE_STRETCHES = 3
CALLS_TO_FAIL = WARM_UP + SURE_STRETCHES * ROUNDS * CALLS_A_ROUND
LEAK_PASSES = 2
MOST_CALLS = 3_200
NO_LEAK_OF_COMMANDS = (
    "a command is a new process in each call, and what it leaks ends with it: limit its 'peak' instead"
)
PATIENCE_S = 4.0
"""Longer stretches than those three are tried while they take no longer than this, each twice the one before."""
CACHE_CALLS = 1_100
"""Growth has to go on for so long where the caller sets no limit: caches and buffers of 1,000 entries are common."""
LONGEST_SECONDS = 120.0
"""So many calls are waited for up to here."""
_SLOW_ROUND = 20
MOST_SECONDS = 60.0
MOST_GROWN_BYTES = 512 * 2**20
"""What has grown by so much is not made to grow until the machine has no memory left."""
_DROP = 0.25
"""What falls by so much of its growth does not only climb."""
_ENDING = 7
"""So many last rounds of a stretch say whether it went on to its end."""


@dataclass(frozen=True, slots=True)
class LeakReading:
    """Growth a call in bytes, with its interval, over the last stretch; `source` says what was counted."""

    growth: Slope
    calls: int
    source: str
    verdict: Verdict
    has_stopped: bool = False
    """Whether it grew no more at the end of the last stretch."""
    has_stepped: bool = False
    """Whether it grew by more than is allowed, in steps too rare for a slope."""
    lacks_time: bool = False
    """Whether it grew, and `CACHE_CALLS` would have taken longer than `LONGEST_SECONDS`."""


class _MallInfo(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keep",
        )
    )


def native_bytes() -> int | None:
    """Return the bytes in use in malloc, mapped blocks included; None where the C library does not tell."""
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return None
    mallinfo2.restype = _MallInfo
    info = mallinfo2()
    return int(info.uordblks) + int(info.hblkhd)


def measure_leak(
    call: Callable[[], Any],
    budget_bytes: int,
    *,
    process_ids: Sequence[int] = (),
    own_process: bool = True,
    most_calls: int = MOST_CALLS,
) -> list[LeakReading]:
    """Make 105 calls a pass (195 of a server), 190 more where it grew, and up to `most_calls` where they are cheap.

    Where what grew may be a cache that fills up, `CACHE_CALLS` are made as far as `LONGEST_SECONDS` allow.
    Return a reading for each thing counted, a failed one last. Raises MeterError where nothing can be
    counted: tracemalloc already in use, a server without /proc, calls too slow.
    """
    refuse_virtual_time()
    if process_ids:
        for _ in range(SERVER_WARM_UP - WARM_UP):
            call()
        whose = f"the server's process tree ({_how_counted()})"
        counter = partial(resident_bytes, process_ids)
        return [_Pass(call, budget_bytes, counter, whose, most_calls, flat_needed=SERVER_FLAT).run()]
    if not own_process:
        raise MeterError(NO_LEAK_OF_COMMANDS)
    children = _child_clocks()
    with python_objects_traced("a leak budget"):
        readings = [_Pass(call, budget_bytes, _traced_bytes, "Python objects (tracemalloc)", most_calls).run()]
    if readings[0].verdict != "fail" and native_bytes() is not None:
        readings.append(_Pass(call, budget_bytes, _native_bytes, "blocks in malloc (mallinfo2)", most_calls).run())
    idle = {pid for pid, clock in _child_clocks().items() if children.get(pid) == clock}
    left = LEAK_PASSES * most_calls - sum(reading.calls for reading in readings)
    if readings[-1].verdict != "fail" and left >= CALLS_TO_FAIL and set(descendants_here()) - idle:
        counter = partial(_resident_but, idle)
        whose = f"the child processes that work for it ({_how_counted()})"
        readings.append(_Pass(call, budget_bytes, counter, whose, left, flat_needed=SERVER_FLAT).run())
    return readings


def _how_counted() -> str:
    return "memory, PSS without files" if has_proc() else "memory, RSS, by psutil"


def _child_clocks() -> dict[int, int | None]:
    return {pid: process_clock_ns(pid) for pid in descendants_here()}


def _resident_but(idle: Set[int]) -> int:
    """Return the memory of this process's children, those that begin now included, without `idle` ones."""
    return resident_bytes([pid for pid in descendants_here() if pid not in idle])


def _native_bytes() -> int:
    return native_bytes() or 0


def _traced_bytes() -> int:
    return tracemalloc.get_traced_memory()[0]


@contextmanager
def _frozen_garbage() -> Iterator[None]:
    """Set aside all objects there are, garbage too, so that collecting between rounds looks only at what the calls leave."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Levels of memory over rounds of so many calls, bytes."""

    levels: Sequence[float]
    calls_a_round: int
    call_ns: int

    @property
    def calls(self) -> int:
        return len(self.levels) * self.calls_a_round

    @property
    def grown(self) -> float:
        return self.levels[-1] - self.levels[0]

    @property
    def growth(self) -> Slope:
        return theil_sen([index * self.calls_a_round for index in range(len(self.levels))], self.levels)

    def has_stopped(self, budget_bytes: int) -> bool:
        """Whether its last rounds grew no more than is allowed."""
        ending = self.levels[-_ENDING:]
        return ending[-1] - ending[0] <= budget_bytes * self.calls_a_round * (len(ending) - 1)


class _Pass:
    """Calls in stretches, counting one thing, until it has stopped growing or is not worth more calls."""

    def __init__(
        self,
        call: Callable[[], Any],
        budget_bytes: int,
        in_use: Callable[[], int],
        source: str,
        most_calls: int,
        *,
        flat_needed: int = 1,
    ) -> None:
        self._call, self._budget, self._in_use = call, budget_bytes, in_use
        self._source, self._most_calls, self._flat_needed = source, most_calls, flat_needed
        self._calls = 0
        self._lacks_time = False
        self._start = wall_ns()

    def run(self) -> LeakReading:
        for _ in range(WARM_UP):
            self._call()
        self._calls = WARM_UP
        with _frozen_garbage():
            return self._read(self._stretches())

    def _stretches(self) -> list[_Stretch]:
        """Return stretches up to the one that shows that it grows no more, or the last that was made."""
        made = [self._stretch(CALLS_A_ROUND)]
        while (self._trailing_flat(made) < self._flat_needed or self._climbs(made[-2:])) and self._is_worth(made):
            made.append(self._stretch(self._next_size(made)))
        return made

    def _climbs(self, made: Sequence[_Stretch]) -> bool:
        """Whether the levels only climb, and by more than is allowed: a slope does not see rare steps."""
        levels = [level for stretch in made for level in stretch.levels]
        grown, calls = levels[-1] - levels[0], sum(stretch.calls for stretch in made)
        drop = max(top - level for top, level in zip(accumulate(levels, max), levels, strict=True))
        return grown > self._budget * calls and drop <= grown * _DROP

    def _has_stepped(self, made: Sequence[_Stretch]) -> bool:
        """Whether it climbed in steps up to the last stretch, not once, as what loads something late does."""
        steps = [stretch.grown > self._budget * stretch.calls for stretch in made[-3:]]
        return steps[-1] and sum(steps) > 1 and self._climbs(made[-3:])

    def _trailing_flat(self, made: Sequence[_Stretch]) -> int:
        allowed = self._budget / self._flat_needed
        flat = list(takewhile(lambda one: one.growth.value <= allowed, reversed(made)))
        is_open = len(made) == 1 and made[0].growth.high > self._budget
        return 0 if is_open else len(flat)

    def _is_sure(self, made: Sequence[_Stretch]) -> bool:
        """Whether a leak that shows has gone on for long enough to be called one."""
        return len(made) >= SURE_STRETCHES and self._trailing_flat(made[:-1]) == 0

    def _is_worth(self, made: Sequence[_Stretch]) -> bool:
        last, calls = made[-1], ROUNDS * self._next_size(made)
        if len(last.levels) < ROUNDS or self._calls + calls > self._most_calls:
            return False
        if not self._trailing_flat(made) and not self._is_sure(made):
            return True
        if max(last.growth.value, 0) * calls > MOST_GROWN_BYTES:
            return False
        return _is_cheap(last) or self._may_be_a_cache(made)

    def _may_be_a_cache(self, made: Sequence[_Stretch]) -> bool:
        """Whether what grows may still be a cache that fills up, and enough calls to tell can be waited for."""
        last = made[-1]
        if self._trailing_flat(made) or (self._calls >= CACHE_CALLS and not last.has_stopped(self._budget)):
            return False
        needed = max(CACHE_CALLS - self._calls, last.calls)
        self._lacks_time = wall_ns() - self._start + needed * last.call_ns > LONGEST_SECONDS * 1e9
        return not self._lacks_time

    def _next_size(self, made: Sequence[_Stretch]) -> int:
        last = made[-1]
        if not self._trailing_flat(made) and len(made) < SURE_STRETCHES:
            return last.calls_a_round
        doubled = 2 * last.calls_a_round
        return doubled if _is_cheap(last) else max(last.calls_a_round, min(doubled, _SLOW_ROUND))

    def _stretch(self, calls_a_round: int) -> _Stretch:
        levels = array("d", bytes(8 * ROUNDS))  # allocates nothing while it is filled
        gc.collect()
        start, made = wall_ns(), ROUNDS
        for index in range(ROUNDS):
            self._refuse_slow()
            for _ in range(calls_a_round):
                self._call()
            gc.collect()
            levels[index] = self._in_use()
            if index >= _ENDING and levels[index] - levels[0] > MOST_GROWN_BYTES:
                made = index + 1
                break
        calls = made * calls_a_round
        self._calls += calls
        return _Stretch(levels[:made], calls_a_round, (wall_ns() - start) // calls)

    def _refuse_slow(self) -> None:
        seconds = (wall_ns() - self._start) / 1e9
        if seconds > MOST_SECONDS and self._calls < CALLS_TO_FAIL:
            raise MeterError(f"{self._calls} calls took {seconds:.0f} s, and a leak shows in {CALLS_TO_FAIL}")

    def _read(self, made: Sequence[_Stretch]) -> LeakReading:
        growth = made[-1].growth
        verdict = _judge(growth, self._budget)
        has_stopped = verdict == "fail" and made[-1].has_stopped(self._budget)
        has_stepped = verdict == "pass" and self._has_stepped(made)
        lacks_time = verdict == "fail" and not has_stopped and self._lacks_time
        verdict = "inconclusive" if has_stopped or has_stepped or lacks_time else verdict
        return LeakReading(growth, self._calls, self._source, verdict, has_stopped, has_stepped, lacks_time)


def _is_cheap(last: _Stretch) -> bool:
    """Whether a stretch of twice as many calls takes no longer than is waited for any."""
    return 2 * last.calls * last.call_ns <= PATIENCE_S * 1e9


def _judge(growth: Slope, budget_bytes: int) -> Verdict:
    if growth.low > budget_bytes:
        return "fail"
    return "pass" if growth.value <= budget_bytes else "inconclusive"
