"""Whether what lives in the caches that processors share stays there, or others push it out.

A call that walks through more than its processor's own cache holds is up to 6 times as long beside loops that sweep memory
(dicts of 2 MiB, measured), every call alike, while a copy of 8 MiB hardly is: a copy is read ahead. So cells are read
that lie at random: as many as no processor's own cache holds, beside few. On a quiet machine one of the many takes 1.6
times as long as one of the few; where others sweep memory 5 to 9 times. That needs no better moment to compare with.
Where many take turns a walk of 0.4 ms took 16 times as long, CPU time: not only is what it reads pushed out, but also the
tables by which its pages are found. Hence the square.
"""

from __future__ import annotations

import mmap
import random
from operator import itemgetter

from .clocks import thread_cpu_ns

LINE_BYTES = 64
FAR_BYTES, FAR_CELLS = 3 * 2**20, 24_000
NEAR_BYTES, NEAR_CELLS = 2**16, 1_000
LOOKS = 5
QUIET = 1.6
PUSHED_OUT = 3.0
"""A cell far away that takes so many times as long as a near one is not in a cache."""
SLOWEST = 16.0
"""No call was seen to take more times as long."""


class _Cells:
    """Cells of a block of memory of its own, in random order."""

    def __init__(self, size: int, count: int) -> None:
        self._block = memoryview(mmap.mmap(-1, size))
        self._block[:: mmap.PAGESIZE] = b"1" * (size // mmap.PAGESIZE)
        self._read = itemgetter(*random.Random(0).sample(range(0, size, LINE_BYTES), count))
        self._count = count

    def read_ns(self) -> float:
        """Return the CPU time of reading one of them, ns."""
        start = thread_cpu_ns()
        self._read(self._block)
        return (thread_cpu_ns() - start) / self._count


class Caches:
    """Reads near and far cells."""

    def __init__(self) -> None:
        self._far, self._near = _Cells(FAR_BYTES, FAR_CELLS), _Cells(NEAR_BYTES, NEAR_CELLS)

    def slow_down(self) -> float:
        """Return how many times longer what lives in shared caches may take than on a quiet machine; 1 where it stays there."""
        self._far.read_ns()
        found = sorted(self._ratio() for _ in range(LOOKS))[-2]
        return min((found / QUIET) ** 2, SLOWEST) if found >= PUSHED_OUT else 1.0

    def _ratio(self) -> float:
        far = self._far.read_ns()
        near = min(self._near.read_ns() for _ in range(LOOKS))
        return far / near if near else 1.0  # a clock too coarse for either
