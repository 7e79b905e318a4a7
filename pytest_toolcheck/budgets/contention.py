"""Whether others use the machine's memory, which slows what lives in memory and neither shows in a calibration spin nor as a wait.

Beside loops that sweep memory a copy of 8 MiB took 1.1 to 2.4 times its CPU time, walks through lists and dicts 1.2 to
2.1 times, parsing, recursion and the spin 1.02 times at most (measured). So a copy tells that memory is slow just now, and not
whether that is anything to the tool: but what is slow for that varies from call to call (`ConfirmedVerdict.doubt`).
A copy pushes the tool's data out of the caches, so none is made between short calls: they are made when a
stage has failed, and between long calls.
"""

from __future__ import annotations

import mmap
import statistics
import time
from collections.abc import Sequence

from .clocks import process_cpu_ns, thread_cpu_ns
from .verdict import ConfirmedVerdict

COPIED_BYTES = 8 * 2**20
COPIES = 5
REFERENCE_MOMENTS = 4
APART_S = 0.002
LONG_NS = 10_000_000
"""Calls of this length are not slower for a copy before them."""
_sleep = time.sleep


class Blocks:
    """Two blocks of memory to copy from one to the other. They are no business of malloc, whose state is the tool's."""

    def __init__(self) -> None:
        self._source, self._target = (memoryview(mmap.mmap(-1, COPIED_BYTES)) for _ in range(2))
        for block in (self._source, self._target):
            block[:: mmap.PAGESIZE] = b"1" * (COPIED_BYTES // mmap.PAGESIZE)  # until written to, pages are none

    def copy_ns(self) -> list[int]:
        """Return the CPU times of some copies, ns, the shortest first."""
        return sorted(self._copy_ns() for _ in range(COPIES))

    def _copy_ns(self) -> int:
        start = thread_cpu_ns()
        self._target[:] = self._source
        return thread_cpu_ns() - start


class Contention:
    """Says how many times slower memory is than at the best moment of this process."""

    def __init__(self) -> None:
        self._best_ns = 0
        self._noted: list[float] = []
        self._blocks: Blocks | None = None

    def begin(self) -> None:
        """Take the reference, once, and forget what was noted. Where there is no room for it nothing will tell."""
        self._noted = []
        if self._blocks is not None:
            return
        try:
            self._blocks = Blocks()
        except (OSError, ValueError):
            return
        for _ in range(REFERENCE_MOMENTS):
            self._slow_down()
            _sleep(APART_S)

    def note(self, took_ns: int = LONG_NS) -> None:
        """Look between calls that took so long, where that does not disturb them."""
        if took_ns >= LONG_NS:
            self._noted.append(self._slow_down())

    def slow_down(self) -> float:
        """Return how slow memory is now, or was usually since this was asked last if that is more; 1 where nothing tells."""
        noted, self._noted = self._noted, []
        return max(self._slow_down(), statistics.median(noted) if noted else 1.0)

    def _slow_down(self) -> float:
        if self._blocks is None:
            return 1.0
        took = self._blocks.copy_ns()
        best = took[COPIES // 4]
        if not best:  # a clock too coarse for a copy
            return 1.0
        self._best_ns = min(self._best_ns or best, best)
        return took[COPIES // 2] / self._best_ns


memory_contention = Contention()


class Doubts:
    """Asks of rules whose stage has just failed whether slow memory explains it, by what of their time calls may spend there.

    `has_cpu` says that this process's clock tells what calls compute: the rest of their time they sleep or wait.
    """

    def __init__(self, *, has_cpu: bool = False) -> None:
        memory_contention.begin()
        self._has_cpu = has_cpu
        self._called_ns, self._computed_ns = 0, process_cpu_ns()

    def look(self, rules: Sequence[ConfirmedVerdict], walls: Sequence[int]) -> None:
        """Take what calls took, once the rules have been fed with them."""
        self._called_ns += sum(walls)
        failed = [rule for rule in rules if rule.pause_s or rule.verdict == "fail"]
        if not failed:
            if any(rule.stages[-1].over for rule in rules):
                memory_contention.note(min(walls))
            return
        slow_down = self._of_calls(memory_contention.slow_down())
        for rule in failed:
            rule.doubt(slow_down)
        self._called_ns, self._computed_ns = 0, process_cpu_ns()

    def _of_calls(self, slow_down: float) -> float:
        computed_ns = process_cpu_ns() - self._computed_ns
        share = min(computed_ns / max(self._called_ns, 1), 1.0) if self._has_cpu else 1.0
        return 1 / (1 - share * (1 - 1 / slow_down))
