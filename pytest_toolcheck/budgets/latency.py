"""The latency meter: wall time of a call, and what the machine did to it.

Beside the clock it reads how long the threads that serve the call waited for a processor (`schedstat`, second field:
ns, kept by the scheduler) and times a calibration loop of about 0.27 ms between calls. Both only say which calls to
leave out: scaling by the loop or subtracting the delay makes verdicts worse (measured).
"""

from __future__ import annotations

import contextlib
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .clocks import process_cpu_ns, refuse_virtual_time, thread_cpu_ns, wall_ns
from .processes import has_proc, process_tree, thread_ids
from .verdict import DELAY_SHARE, SPIN_TOLERANCE, Sample

SPIN_STEPS = 9_424
REFERENCE_SPINS = 40
BLOCK_NS = 600_000
"""Calls shorter than this share what is read around a block of calls of this length: a wait in it spoils them all."""
BLOCK_CALLS = 64
QUIET_SPINS = 10
BUSY_SHARE = 0.2
"""Another thread of this process that works this share of a spin makes the spin say nothing."""

Call = Callable[[], Any]
DurationOf = Callable[[Any], int | None]


def spin() -> int:
    """Run the calibration loop; return its wall time in ns."""
    value = 1.0
    start = wall_ns()
    for _ in range(SPIN_STEPS):
        value = value * 1.0000001 + 0.5
    return wall_ns() - start


def reference_spin(spins: int = REFERENCE_SPINS) -> int:
    """Return how long the calibration loop takes when nothing disturbs it: the lower quartile of `spins`, in ns."""
    return sorted(spin() for _ in range(spins))[spins // 4]


class RunQueueDelay:
    """How long the threads of processes waited for a processor, in all, since each started (ns)."""

    def __init__(self, process_ids: Sequence[int] = ()) -> None:
        self._process_ids = tuple(process_ids)
        self.is_known = has_proc()

    def read(self) -> dict[int, int]:
        """Return the delay of each thread so far, by thread id; empty where it is not known."""
        if not self.is_known:
            return {}
        processes = (os.getpid(), *process_tree(self._process_ids)) if self._process_ids else (os.getpid(),)
        return {thread: delay for pid in processes for thread, delay in _delays(pid)}

    def of_this_thread(self, since: dict[int, int]) -> int | None:
        """Return the delay that this thread gathered since a reading; None where it is not known."""
        thread = threading.get_native_id()
        if thread not in since:
            return None
        now = dict(_delays_of(f"/proc/self/task/{thread}/schedstat", thread))
        return now.get(thread, since[thread]) - since[thread]


def _delays(pid: int) -> Iterator[tuple[int, int]]:
    for thread in thread_ids(pid):
        yield from _delays_of(f"/proc/{pid}/task/{thread}/schedstat", thread)


def _delays_of(path: str, thread: int) -> Iterator[tuple[int, int]]:
    with contextlib.suppress(OSError, IndexError):  # the thread ended meanwhile
        with open(path, "rb", buffering=0) as file:
            stat = file.read(64)
        yield thread, int(stat.split()[1])


def delay_between(before: dict[int, int], after: dict[int, int]) -> int:
    """Return the delay that threads gathered between two readings; a thread that began between them counts whole."""
    return sum(delay - before.get(thread, 0) for thread, delay in after.items())


@dataclass(frozen=True, slots=True)
class TimedCall:
    """One measured call: its sample, and what it returned."""

    sample: Sample
    result: Any


class LatencyMeter:
    """Times calls of one thread. Make it in the thread that calls, outside of virtual time.

    `process_ids` are those that serve the call; empty where that is this process. `duration_of` takes the time of a
    call from its result where that knows better (ns; None: use the wall clock around the call). `wait_s` is slept
    after a call that another process served, before the spin, since its own clean-up would slow the spin.
    """

    def __init__(
        self, process_ids: Sequence[int] = (), *, duration_of: DurationOf | None = None, reference_ns: int | None = None
    ) -> None:
        refuse_virtual_time()
        self._duration_of = duration_of
        self._delay = RunQueueDelay(process_ids)
        self._wait_s = 100e-6 if process_ids else 0.0
        self.reference_ns = reference_ns if reference_ns is not None else session_reference_ns()
        self._previous_spin = 0
        self._busy_spins = 0
        self._spins: list[int] = []

    def block(self, call: Call, *, most: int = BLOCK_CALLS) -> list[TimedCall]:
        """Make calls for `BLOCK_NS`, at most `most`; return them once the spin after them is known."""
        self._await_quiet()
        timed: list[tuple[int, Any]] = []
        delays = self._delay.read()
        end = wall_ns() + BLOCK_NS
        while not timed or (len(timed) < most and wall_ns() < end):
            timed.append(self._time(call))
        since = self._delay.read()
        delay = delay_between(delays, since)
        before, self._previous_spin = self._previous_spin, self._calibrate()
        spin_delay = self._delay.of_this_thread(since)
        reference = 0 if self.is_spin_useless else self.reference_ns
        spins = (before, self._previous_spin, reference, spin_delay)
        return [TimedCall(Sample(wall, delay, *spins), result) for wall, result in timed]

    def _await_quiet(self) -> None:
        """Spin until a spin is undisturbed, for a while: calls beside a slow one would not be used."""
        for _ in range(QUIET_SPINS):
            if 0 < self._previous_spin <= SPIN_TOLERANCE * self.reference_ns or self.is_spin_useless:
                return
            self._previous_spin = self._calibrate()

    def forget(self) -> None:
        """Take a fresh spin before the next call: time has passed."""
        self._previous_spin = 0

    def _time(self, call: Call) -> tuple[int, Any]:
        start = wall_ns()
        result = call()
        wall = wall_ns() - start
        own = self._duration_of(result) if self._duration_of else None
        return (wall if own is None else own), result

    def _calibrate(self) -> int:
        if self._wait_s:
            time.sleep(self._wait_s)
        others = process_cpu_ns() - thread_cpu_ns()
        took = spin()
        self._busy_spins += process_cpu_ns() - thread_cpu_ns() - others > BUSY_SHARE * took
        self._spins.append(took)
        return took

    @property
    def is_spin_useless(self) -> bool:
        """Whether a busy thread of this process, the tool's own, slows the spin: then it gates nothing."""
        return len(self._spins) >= 4 and self._busy_spins > len(self._spins) / 2

    def notes(self) -> tuple[str, ...]:
        """Return how it was measured and what the machine did meanwhile, a line each."""
        lines = [f"wall clock, calls gated by run-queue delay ({DELAY_SHARE:.0%}) and calibration spin"]
        if not self._delay.is_known:
            lines.append("no /proc here: run-queue delay unknown, calls gated by the calibration spin alone")
        if self.is_spin_useless:
            lines.append("a thread of this process is busy between calls: the calibration spin was not used")
        if self._spins:
            lines.append(self._noise())
        return tuple(lines)

    def _noise(self) -> str:
        slow = sum(took > SPIN_TOLERANCE * self.reference_ns for took in self._spins)
        median = statistics.median(self._spins) / self.reference_ns
        return f"machine: spin {median:.2f} of its reference at the median, {slow} of {len(self._spins)} spins slowed"


_reference_ns: list[int] = []


def session_reference_ns() -> int:
    """Return this process's reference spin, taken at the first use."""
    if not _reference_ns:
        _reference_ns.append(reference_spin())
    return _reference_ns[0]
