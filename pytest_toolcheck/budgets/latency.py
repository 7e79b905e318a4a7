"""The latency meter: wall time of a call, and what the machine did to it.

Beside the clock it reads how long the threads that serve the call waited for a processor (`waits.py`) and times a
calibration loop of about 0.27 ms between calls, several after long ones. Both only say which calls to leave out:
scaling by the loop or subtracting the delay makes verdicts worse (measured).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from .clocks import process_cpu_ns, refuse_virtual_time, thread_cpu_ns, wall_ns
from .cpu import has_process_clocks, process_clock_ns
from .interruptions import ONE_GO_NS
from .sample import DELAY_SHARE, SPIN_TOLERANCE, Sample
from .waits import Waits

SPIN_STEPS = 4_250
_NEXT = bytes((number * 37 + 11) % 256 for number in range(256))
"""One cycle through all numbers that Python keeps ready-made."""
_CELLS = dict(enumerate(_NEXT))
REFERENCE_SPINS = 10
REFERENCE_MOMENTS = 4
APART_S = 0.01
"""A reference is the best of some moments that lie apart: a stretch in which the machine is slower lasts longer than one."""
RETAKEN_SPINS = 20
"""So many spins in a row, their lower quartile faster than the reference, are the better reference."""
BLOCK_NS = ONE_GO_NS
"""Calls shorter than this share what is read around a block of calls of this length: a wait in it spoils them all."""
BLOCK_CALLS = 64
QUIET_SPINS = 5
"""So many spins are waited for a quiet one; after a wait in vain one, until a spin is quiet again."""
SPUN_SHARE = 0.1
"""So much of the time of long calls is spun after them: how often they were interrupted shows only in spins."""
MOST_SPINS = 200
BUSY_SHARE = 0.2
"""Another thread of this process that works this share of a spin makes the spin say nothing."""

_sleep = time.sleep

Call = Callable[[], Any]
DurationOf = Callable[[Any], int | None]


def spin() -> int:
    """Run the calibration loop; return its wall time in ns."""
    start = wall_ns()
    turn(SPIN_STEPS)
    return wall_ns() - start


def turn(steps: int) -> None:
    """Look up and store, as Python code does most of the time, and make no object.

    Arithmetic makes numbers: where the free list has room for them just then changes its speed by up to 15 % (measured).
    """
    value, cells, following = 0, _CELLS, _NEXT
    for _ in repeat(None, steps):
        value = cells[value]
        cells[value] = value
        cells[value] = following[value]


def reference_spin(moments: int = REFERENCE_MOMENTS) -> int:
    """Return how long the calibration loop takes when nothing disturbs it, in ns: the best lower quartile of `moments`."""
    found = [quartile_of_spins()]
    for _ in range(moments - 1):
        _sleep(APART_S)
        found.append(quartile_of_spins())
    return min(found)


def quartile_of_spins() -> int:
    """Return the lower quartile of some spins of this moment, ns."""
    return sorted(spin() for _ in range(REFERENCE_SPINS))[REFERENCE_SPINS // 4]


@dataclass(frozen=True, slots=True)
class TimedCall:
    """One measured call: its sample, and what it returned."""

    sample: Sample
    result: Any


@dataclass(frozen=True, slots=True)
class _Moment:
    waits: dict[int, int]
    beginnings: int
    computed_ns: int | None


class LatencyMeter:
    """Times calls of one thread. Make it in the thread that calls, outside of virtual time.

    `process_ids` are those that serve the call; empty where that is this process. `duration_of` takes the time of a
    call from its result where that knows better (ns; None: use the wall clock around the call). `is_elsewhere`: who
    serves it is not known, nor what that waits. `wait_s` is slept
    after a call that another process served, before the spin, since its own clean-up would slow the spin.
    """

    def __init__(
        self,
        process_ids: Sequence[int] = (),
        *,
        duration_of: DurationOf | None = None,
        reference_ns: int | None = None,
        is_elsewhere: bool = False,
    ) -> None:
        refuse_virtual_time()
        self._duration_of = duration_of
        self._process_ids = tuple(process_ids)
        self._waits = Waits(process_ids)
        self._is_elsewhere = is_elsewhere
        self._wait_s = 100e-6 if process_ids else 0.0
        self._is_session_reference = reference_ns is None
        self.reference_ns = session_reference_ns() if reference_ns is None else reference_ns
        self._previous_spin = 0
        self._quiet_spins = QUIET_SPINS
        self._shortest_ns = 0
        self._busy_spins = 0
        self.computed_ns = 0
        """What this process has computed during the calls so far."""
        self._spins: list[int] = []

    def block(self, call: Call, *, most: int = BLOCK_CALLS, in_quiet: bool = True) -> list[TimedCall]:
        """Make calls for `BLOCK_NS`, at most `most`; return them once the spin after them is known.

        `in_quiet` False: no quiet spin is waited for, since calls within their budget prove that beside a slow one too.
        """
        if in_quiet:
            self._await_quiet()
        elif not self._previous_spin:
            self._previous_spin = self._calibrate()
        timed: list[tuple[int, Any]] = []
        before, computed, start = self._before(), process_cpu_ns(), wall_ns()
        while not timed or (len(timed) < most and wall_ns() < start + BLOCK_NS):
            timed.append(self._time(call))
        took = wall_ns() - start
        self.computed_ns += process_cpu_ns() - computed
        return self._judged(timed, before, took)

    def once(self, call: Call, *, is_within: Callable[[Any], bool]) -> TimedCall:
        """Make one call after one spin; what the machine did to it is asked only where its result is not within the limit."""
        self._previous_spin = self._previous_spin or self._calibrate()
        before = self._before()
        wall, result = self._time(call)
        if is_within(result):
            return TimedCall(Sample(wall, None, self._previous_spin, 0, self.reference_ns), result)
        return self._judged([(wall, result)], before, wall)[0]

    def _before(self) -> _Moment:
        """Ask for what is so just before calls: of this process last, so that what asking takes is no part of them."""
        waits = self._waits.read(own_last=True)
        served_ns = self._computed_by_served()
        return _Moment(waits, self._waits.beginnings, _total(process_cpu_ns(), served_ns))

    def _after(self) -> _Moment:
        """Ask for the same just after them, of this process first."""
        here_ns, waits = process_cpu_ns(), self._waits.read()
        return _Moment(waits, self._waits.beginnings, _total(here_ns, self._computed_by_served()))

    def _computed_by_served(self) -> int | None:
        """Return what the processes that serve the calls have computed; None where that is not told."""
        if not self._process_ids:
            return 0
        if not has_process_clocks():
            return None
        return sum(process_clock_ns(pid) or 0 for pid in self._waits.served)

    def _judged(self, timed: Sequence[tuple[int, Any]], before: _Moment, took_ns: int) -> list[TimedCall]:
        """Return calls that took so long with what they waited since `before`, and the spins beside them."""
        after = self._after()
        waited = self._waits.waited_ns(before.waits, after.waits, took_ns)
        tells = self._waits.tells_all(before.waits, after.waits) and not self._is_elsewhere
        spins = self._spins_after(took_ns, tells_waits=tells)
        computed = None
        if tells and before.computed_ns is not None and after.computed_ns is not None:
            computed = (after.computed_ns - before.computed_ns) // len(timed)
        wakings = max(after.beginnings - before.beginnings, 0)
        return [
            TimedCall(Sample(wall, waited, *spins, tells_waits=tells, computed_ns=computed, wakings=wakings), result)
            for wall, result in timed
        ]

    def _spins_after(self, took_ns: int, *, tells_waits: bool) -> tuple[int, int, int, int | None, tuple[int, ...]]:
        """Spin after calls that took so long; return what their samples say of it, in the order of the fields.

        As often after each: more spins after an interruption, when another is not due, would make them look rare. What
        waited shows what may have happened to the calls where they do not tell.
        """
        if self._wait_s:
            _sleep(self._wait_s)
        before, more = self._previous_spin, []
        self._shortest_ns = min(self._shortest_ns or took_ns, took_ns)
        for _ in range(min(round(SPUN_SHARE * self._shortest_ns / max(self.reference_ns, 1)), MOST_SPINS) - 1):
            spun, waited = self._spin_and_wait()
            more += [spun] if not tells_waits or not waited or waited <= BUSY_SHARE * spun else []
        self._previous_spin, waited = self._spin_and_wait()
        reference = 0 if self.is_spin_useless else self.reference_ns
        return before, self._previous_spin, reference, waited, tuple(more)

    def _spin_and_wait(self) -> tuple[int, int | None]:
        before = self._waits.read_own()
        spun = self._calibrate()
        return spun, self._waits.own_ns(before, spun)

    def _await_quiet(self) -> None:
        """Spin until a spin is undisturbed, for a while: calls beside a slow one would not be used."""
        for _ in range(self._quiet_spins):
            if 0 < self._previous_spin <= SPIN_TOLERANCE * self.reference_ns or self.is_spin_useless:
                self._quiet_spins = QUIET_SPINS
                return
            self._previous_spin = self._calibrate()
        if self._previous_spin > SPIN_TOLERANCE * self.reference_ns:
            self._quiet_spins = 1

    def forget(self) -> None:
        """Take a fresh spin before the next call, and the reference once more: time has passed."""
        self._previous_spin = 0
        self._retake_reference(reference_spin(moments=1))

    def _time(self, call: Call) -> tuple[int, Any]:
        start = wall_ns()
        result = call()
        wall = wall_ns() - start
        own = self._duration_of(result) if self._duration_of else None
        return (wall if own is None else own), result

    def _calibrate(self) -> int:
        others = process_cpu_ns() - thread_cpu_ns()
        took = spin()
        self._busy_spins += process_cpu_ns() - thread_cpu_ns() - others > BUSY_SHARE * took
        self._spins.append(took)
        if not len(self._spins) % RETAKEN_SPINS:
            self._retake_reference(sorted(self._spins[-RETAKEN_SPINS:])[RETAKEN_SPINS // 4])
        return took

    def _retake_reference(self, found_ns: int) -> None:
        if self._is_session_reference:
            faster_reference(found_ns)
            self.reference_ns = session_reference_ns()

    @property
    def is_spin_useless(self) -> bool:
        """Whether a busy thread of this process, the tool's own, slows the spin: then it gates nothing."""
        return len(self._spins) >= 4 and self._busy_spins > len(self._spins) / 2

    def notes(self) -> tuple[str, ...]:
        """Return how it was measured and what the machine did meanwhile, a line each."""
        lines = [f"wall clock, calls gated by run-queue delay ({DELAY_SHARE:.0%}) and calibration spin"]
        if note := self._waits.note():
            lines.append(note)
        if self.is_spin_useless:
            lines.append("a thread of this process is busy between calls: the calibration spin was not used")
        if self._spins:
            lines.append(self._noise())
        return tuple(lines)

    def _noise(self) -> str:
        slow = sum(took > SPIN_TOLERANCE * self.reference_ns for took in self._spins)
        median = statistics.median(self._spins) / self.reference_ns
        return f"machine: spin {median:.2f} of its reference at the median, {slow} of {len(self._spins)} spins slowed"


def _total(here_ns: int, served_ns: int | None) -> int | None:
    return None if served_ns is None else here_ns + served_ns


_reference_ns: list[int] = []


def session_reference_ns() -> int:
    """Return this process's reference spin, taken at the first use, or since then in a better moment."""
    if not _reference_ns:
        _reference_ns.append(reference_spin())
    return _reference_ns[0]


def faster_reference(reference_ns: int) -> None:
    """Remember a faster reference for the rest of the session: the first was taken while something slowed it."""
    if _reference_ns:
        _reference_ns[0] = min(_reference_ns[0], reference_ns)
