"""Memory budgets: the peak of a call and its leak."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..units import format_size
from .cpu import children_here_ns
from .latency import Call
from .leak import MOST_CALLS, LeakReading, measure_leak
from .memory import ARENA_BYTES, MemoryReading, has_memray, how_measured, measure_peak
from .memory_children import CHILD_GRAIN_BYTES, ChildMemoryMeter
from .results import BudgetResult, short

PEAK_CALLS = 3
NOT_COUNTED = "without its child processes, which are not counted"
EXACT_UP_TO_BYTES = 64 * 2**20
"""Up to this budget the only run that is allowed traces every object."""
_TOP_SITES = 10

Reader = Callable[[], MemoryReading | None]


def measure_peak_budget(
    call: Call,
    budget_bytes: int,
    *,
    process_ids: Sequence[int] = (),
    own_process: bool = True,
    own_thread: bool = True,
    calls: int = PEAK_CALLS,
    warm_up: int = 1,
    most_runs: int | None = None,
) -> BudgetResult:
    """Judge the peak of memory of a call, in a pass of its own: one call, and where that is over, two more.

    `process_ids` serve the call; with none and `own_process` False the call starts a process of its own (a command).
    Memory is exact, so a peak over the budget is a fail. `most_runs` bounds how often the call is made in all, for a
    test's own body. Raises MeterError where it cannot be measured.
    """
    for _ in range(warm_up):
        call()
    if process_ids or not own_process:
        read, notes = _child_reader(call, process_ids)
    else:
        read, notes = _reader_here(call, budget_bytes, own_thread=own_thread, most_runs=most_runs)
    is_here = not process_ids and own_process
    used_by_children = children_here_ns() if is_here else 0
    readings = [reading for reading in [read()] if reading is not None]
    if is_here and children_here_ns() > used_by_children:
        notes = (*notes, NOT_COUNTED)
    while readings[-1].peak_bytes > budget_bytes and len(readings) < calls and (reading := read()) is not None:
        readings.append(reading)
    grain = 0 if is_here else CHILD_GRAIN_BYTES
    return _peak_result(readings, budget_bytes, notes, grain)


def _child_reader(call: Call, process_ids: Sequence[int]) -> tuple[Reader, tuple[str, ...]]:
    meter = ChildMemoryMeter(process_ids)
    return (lambda: meter.measure(call)), meter.notes()


def _reader_here(
    call: Call, budget_bytes: int, *, own_thread: bool, most_runs: int | None
) -> tuple[Reader, tuple[str, ...]]:
    return _PeakHere(call, budget_bytes, own_thread=own_thread, most_runs=most_runs).read, (how_measured(),)


class _PeakHere:
    """Counts arenas where that decides, and traces every object where the peak is near the budget.

    The latter takes a second run; the last run that is allowed traces at once, unless the budget is so large that
    arenas hardly matter.
    """

    def __init__(self, call: Call, budget_bytes: int, *, own_thread: bool, most_runs: int | None) -> None:
        self._call, self._budget, self._own_thread = call, budget_bytes, own_thread
        self._runs_left = most_runs if most_runs is not None else 2 * PEAK_CALLS

    def read(self) -> MemoryReading | None:
        """Return a reading, None where no more runs are allowed."""
        if not self._runs_left:
            return None
        is_last = self._runs_left == 1
        reading = self._run(is_exact=is_last and self._budget <= EXACT_UP_TO_BYTES)
        is_far = abs(reading.peak_bytes - self._budget) > ARENA_BYTES or reading.peak_bytes == 0
        is_settled = is_far or reading.is_exact or is_last or not has_memray()
        return reading if is_settled else self._run(is_exact=True)

    def _run(self, *, is_exact: bool) -> MemoryReading:
        self._runs_left -= 1
        enough = self._budget - (0 if is_exact else ARENA_BYTES)
        return measure_peak(self._call, is_exact=is_exact, own_thread=self._own_thread, enough=enough)


def _peak_result(
    readings: Sequence[MemoryReading], budget_bytes: int, notes: Sequence[str], grain: int
) -> BudgetResult:
    worst = max(readings, key=lambda reading: reading.peak_bytes)
    over = sum(reading.peak_bytes > budget_bytes for reading in readings)
    measured, budget = short(worst.peak_bytes, "bytes"), format_size(budget_bytes)
    if measured == short(budget_bytes, "bytes") and over:
        measured = f"{worst.peak_bytes:,} B (by {worst.peak_bytes - budget_bytes:,} B)"
    message = f"memory peak {measured}, budget {budget}, over in {over} of {len(readings)} calls"
    if NOT_COUNTED in notes:
        message += f" ({NOT_COUNTED})"
    counted = "the system's own count is"
    if not worst.is_exact:
        grain, counted = ARENA_BYTES, "one run counts small objects by arenas,"
    is_sure = not over or worst.peak_bytes > budget_bytes + grain
    if not is_sure:
        message += f": inconclusive, {counted} off by up to {format_size(grain)}"
    details = [("measured", "\n".join(notes))]
    if worst.sites:
        details.append(("allocated at the peak", _sites(worst)))
    return BudgetResult(
        "memory peak",
        "pass" if not over else "fail" if is_sure else "inconclusive",
        measured,
        budget,
        message,
        len(readings),
        len(readings),
        worst.peak_bytes,
        budget_bytes,
        "bytes",
        tuple(details),
    )


def _sites(reading: MemoryReading) -> str:
    lines = [f"{short(site.size_bytes, 'bytes')} at {site.place}" for site in reading.sites[:_TOP_SITES]]
    more = len(reading.sites) - _TOP_SITES
    return "\n".join(lines + ([f"... and {more} more"] if more > 0 else []))


def measure_leak_budget(
    call: Call,
    budget_bytes: int,
    *,
    process_ids: Sequence[int] = (),
    own_process: bool = True,
    most_calls: int = MOST_CALLS,
) -> BudgetResult:
    """Judge how much more memory is in use after each further call. Raises MeterError where that cannot be counted."""
    readings = measure_leak(call, budget_bytes, process_ids=process_ids, own_process=own_process, most_calls=most_calls)
    rank = {"fail": 2, "inconclusive": 1, "pass": 0}
    worst = max(readings, key=lambda reading: (rank[reading.verdict], reading.growth.value))
    growth, budget = worst.growth, format_size(budget_bytes)
    bounds = f"{short(max(growth.low, 0), 'bytes')} to {short(max(growth.high, 0), 'bytes')} at 95 %"
    measured = f"{short(max(growth.value, 0), 'bytes')} a call ({bounds})"
    calls = sum(reading.calls for reading in readings)
    message = f"memory leak {measured}, budget {budget} a call, over {worst.calls} calls"
    if worst.verdict == "inconclusive":
        message += f": inconclusive, {_why_open(worst)}"
    details = (("measured", "\n".join(f"{reading.source}, {reading.calls} calls" for reading in readings)),)
    return BudgetResult(
        "memory leak",
        worst.verdict,
        measured,
        budget,
        message,
        worst.calls,
        calls,
        growth.value,
        budget_bytes,
        "bytes",
        details,
        growth.low,
        growth.high,
    )


def _why_open(reading: LeakReading) -> str:
    if reading.has_stepped:
        return "it grew by more, in steps too rare for a slope"
    return "it no longer grew at the end" if reading.has_stopped else "the interval holds the budget"
