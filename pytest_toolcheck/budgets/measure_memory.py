"""Memory budgets: the peak of a call and its leak."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..units import format_size
from .latency import Call
from .leak import CACHE_CALLS, LONGEST_SECONDS, MOST_CALLS, LeakReading, measure_leak
from .memory import ARENA_BYTES, MemoryReading
from .memory_children import CHILD_GRAIN_BYTES, ChildMemoryMeter
from .memory_here import NOT_COUNTED, PEAK_CALLS, REUSED, UNSEEN, PeakHere
from .memory_watch import GAP_NS
from .results import BudgetResult, short
from .verdict import Verdict

_TOP_SITES = 10
_WORTH_A_LINE = 0.001
"""A share of the peak: what is less are frames and arguments, most of them those of whoever made the call."""

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
        meter = ChildMemoryMeter(process_ids)
        readings = _readings(lambda: meter.measure(call), budget_bytes, calls)
        return _peak_result(readings, budget_bytes, meter.notes(), CHILD_GRAIN_BYTES)
    here = PeakHere(call, budget_bytes, own_thread=own_thread, most_runs=most_runs)
    readings = _readings(here.read, budget_bytes, calls)
    return _peak_result(readings, budget_bytes, here.notes(readings))


def _readings(read: Reader, budget_bytes: int, most: int) -> list[MemoryReading]:
    """Read once, and up to `most` times where that was over the budget, or may have missed something."""
    readings = [reading for reading in [read()] if reading is not None]
    while len(readings) < most and (readings[-1].peak_bytes > budget_bytes or readings[-1].unseen_ns > GAP_NS):
        if (reading := read()) is None:
            break
        readings.append(reading)
    return readings


def _peak_result(
    readings: Sequence[MemoryReading], budget_bytes: int, notes: Sequence[str], grain: int = 0
) -> BudgetResult:
    worst = max(readings, key=lambda reading: reading.peak_bytes)
    over = sum(reading.peak_bytes > budget_bytes for reading in readings)
    measured, budget = short(worst.peak_bytes, "bytes"), format_size(budget_bytes)
    if measured == short(budget_bytes, "bytes") and over:
        measured = f"{worst.peak_bytes:,} B (by {worst.peak_bytes - budget_bytes:,} B)"
    message = f"memory peak {measured}, budget {budget}, over in {over} of {len(readings)} calls"
    message += "".join(f" ({missing})" for missing in (NOT_COUNTED, UNSEEN, REUSED) if missing in notes)
    verdict, remark = _peak_verdict(worst, budget_bytes, grain)
    message += remark
    details = [("measured", "\n".join(notes))]
    if worst.sites:
        details.append(("allocated at the peak", _sites(worst)))
    return BudgetResult(
        "memory peak",
        verdict,
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


def _peak_verdict(worst: MemoryReading, budget_bytes: int, grain: int) -> tuple[Verdict, str]:
    """Return the verdict, and what the message says of parts and of what is not sure."""
    children_bytes, own_bytes = worst.children_bytes, worst.peak_bytes - worst.children_bytes
    parts, counted = "", "the system's own count is"
    children_grain = CHILD_GRAIN_BYTES if children_bytes else 0
    if children_bytes:
        parts = f" ({short(own_bytes, 'bytes')} here, {short(children_bytes, 'bytes')} in child processes)"
    if not worst.is_exact:
        grain, counted = grain + ARENA_BYTES, "one run counts small objects by arenas,"
    if worst.peak_bytes <= budget_bytes:
        return "pass", parts
    if own_bytes > budget_bytes + grain or children_bytes > budget_bytes + children_grain:
        return "fail", parts
    if worst.peak_bytes > budget_bytes + grain + children_grain:
        return "inconclusive", f"{parts}: inconclusive, whether both were needed at the same time is not known"
    return "inconclusive", f"{parts}: inconclusive, {counted} off by up to {format_size(grain + children_grain)}"


def _sites(reading: MemoryReading) -> str:
    worth = [site for site in reading.sites if site.size_bytes >= _WORTH_A_LINE * reading.peak_bytes]
    lines = [f"{short(site.size_bytes, 'bytes')} at {site.place}" for site in worth[:_TOP_SITES]]
    more = len(worth) - _TOP_SITES
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
    if reading.lacks_time:
        return (
            f"a cache that fills up grows as well, and the {CACHE_CALLS:,} calls that tell one of 1,000 entries from a leak "
            f"would take longer than {LONGEST_SECONDS:g} s"
        )
    return "it no longer grew at the end" if reading.has_stopped else "the interval holds the budget"
