"""The peak of a call in this process together with that of the child processes that it starts or that work for it.

memray knows when this process used most, the watch when its children did, and neither what the other used just then: a
peak lies between the larger of the two and their sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .cpu import children_here_ns
from .memory import ARENA_BYTES, MemoryReading, has_memray, how_measured, measure_peak
from .memory_children import ChildMemoryMeter, has_marks
from .processes import descendants_here

PEAK_CALLS = 3
EXACT_UP_TO_BYTES = 64 * 2**20
"""Up to this budget the only run that is allowed traces every object."""
NOT_COUNTED = "without its child processes, which are not counted"
UNSEEN = "without child processes that ended before they could be looked at"
REUSED = "its child processes gained nothing; what they re-use of memory that they have freed is not seen"
COUNTED = "child processes: their high-water marks, read every 0.3 ms while they live, those that live at the same time added up"


def peak_here(
    call: Callable[[], Any], *, is_exact: bool = False, own_thread: bool = True, enough: int = -1
) -> MemoryReading:
    """Make one call and return its peak, with that of its children where this system lets it be read."""
    if not has_marks():
        return measure_peak(call, is_exact=is_exact, own_thread=own_thread, enough=enough)
    with ChildMemoryMeter(in_process=True).watch() as watch:
        reading = measure_peak(lambda: watch.call(call), is_exact=is_exact, own_thread=own_thread, enough=enough)
    if not watch.has_seen:
        return reading
    return _with_children(reading, watch.most_bytes, watch.longest_gap_ns)


def _with_children(reading: MemoryReading, children_bytes: int, unseen_ns: int) -> MemoryReading:
    peak = reading.peak_bytes + children_bytes
    return replace(reading, peak_bytes=peak, children_bytes=children_bytes, unseen_ns=unseen_ns)


class PeakHere:
    """Counts arenas where that decides, and traces every object where the peak is near the budget.

    The latter takes a second run; the last run that is allowed traces at once, unless the budget is so large that
    arenas hardly matter.
    """

    def __init__(self, call: Callable[[], Any], budget_bytes: int, *, own_thread: bool, most_runs: int | None) -> None:
        self._call, self._budget, self._own_thread = call, budget_bytes, own_thread
        self._runs_left = most_runs if most_runs is not None else 2 * PEAK_CALLS
        self._used_by_children = children_here_ns()
        self._last: MemoryReading | None = None

    def read(self) -> MemoryReading | None:
        """Return a reading, None where no more runs are allowed."""
        if not self._runs_left:
            return None
        is_last = self._runs_left == 1
        reading = self._run(is_exact=is_last and self._budget <= EXACT_UP_TO_BYTES)
        bounds = {reading.peak_bytes, reading.peak_bytes - reading.children_bytes} - {0}
        is_far = all(abs(bound - self._budget) > ARENA_BYTES for bound in bounds)
        is_settled = is_far or reading.is_exact or is_last or not has_memray()
        return reading if is_settled else self._run(is_exact=True)

    def _run(self, *, is_exact: bool) -> MemoryReading:
        """Make one run; a closer look at small objects takes over what the children needed in the run before."""
        self._runs_left -= 1
        before = self._last or MemoryReading(0)
        enough = max(self._budget - before.children_bytes - (0 if is_exact else ARENA_BYTES), -1)
        read = measure_peak if is_exact and self._last else peak_here
        reading = read(self._call, is_exact=is_exact, own_thread=self._own_thread, enough=enough)
        if read is measure_peak and before.children_bytes:
            reading = _with_children(reading, before.children_bytes, before.unseen_ns)
        self._last = reading
        return reading

    def notes(self, readings: Sequence[MemoryReading]) -> tuple[str, ...]:
        """Return how it was measured, and last what is missing."""
        if any(reading.children_bytes for reading in readings):
            return (how_measured(), COUNTED)
        if children_here_ns() == self._used_by_children:
            return (how_measured(),)
        if not has_marks():
            return (how_measured(), NOT_COUNTED)
        return (how_measured(), REUSED if descendants_here() else UNSEEN)
