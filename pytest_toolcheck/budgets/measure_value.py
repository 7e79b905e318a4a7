"""What baselines compare: CPU time first, then the time on the wall clock and the peak of memory. Nothing is judged here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from .clocks import MeterError, wall_ns
from .contention import ARGUMENTS_BYTES, JUDGING_BYTES, by_share, memory_contention, of_long, slow_down_of
from .cpu import CpuMeter, CpuReading
from .evidence import quantile_interval
from .latency import Call, DurationOf
from .measure_time import DEFAULT_EFFORT, Effort
from .memory import MemoryReading
from .memory_children import CHILD_GRAIN_BYTES, ChildMemoryMeter
from .memory_here import peak_here
from .reference import SPINS_BESIDE, reference_workload_ns
from .results import BudgetResult, quantile_of, short, with_interval
from .sample import Sample, has_waited
from .touched import Touched, TouchedServed, touched_of, touches_little
from .verdict import CONFIRM_AFTER_S, LEAST_TO_FAIL

COMPARED = ("cpu time", "latency p50", "memory peak")
BATCH_CALLS = 25
LEAST_CALLS = 11
"""Fewer calls have no bounds. Where fewer did not wait, more are made, up to so many and for so long in a batch."""
MOST_CALLS, MORE_SECONDS = 200, 2.0
WAKING_NS = 500_000
"""How much longer or shorter than now a call may take on another day until whoever serves it has woken up."""
PEAK_CALLS = 2
PEAK_GRAIN_BYTES = 64 * 1024
"""What a peak in this process may differ by from run to run: room for frames, a list or a dict that grows at another moment."""
_sleep = time.sleep


@dataclass(frozen=True, slots=True)
class _Batch:
    cpu: list[int]
    wall: list[int]
    """The calls that did not wait for a processor."""
    calls: int
    """How many were made for those."""


def measure_times(
    call: Call,
    *,
    process_ids: Sequence[int] = (),
    duration_of: DurationOf | None = None,
    effort: Effort = DEFAULT_EFFORT,
    idle: Call | None = None,
) -> tuple[BudgetResult, ...]:
    """Measure the median CPU time and the median time of a call with bounds, to save or to compare with a baseline.

    Three batches with the pauses of the verdict rule between them; the one with the smallest median counts, since
    what a neighbour does only adds. The reference workload is timed beside them, and its best counts too. Both clocks
    are read in the same call, which costs a microsecond. Of time on the wall clock only calls that did not wait count.
    What the calls touch is counted, where that is told, and whether neighbours use memory: that explains what they add.
    """
    memory_contention.begin()
    meter = CpuMeter(process_ids, evens_ticks=True, counts_waits=True)
    touched = touched_of(process_ids, idle, by=CpuMeter)
    try:
        for _ in range(effort.warm_up):
            call()
        references = [reference_workload_ns(SPINS_BESIDE)]
        pauses = (0.0, *CONFIRM_AFTER_S)
        most = MOST_CALLS if effort.max_total is None else effort.max_total // len(pauses)
        touched.begin()
        batches = [_batch(call, meter, pause_s, references, duration_of, most, touched) for pause_s in pauses]
        made = sum(batch.calls for batch in batches)
        touch_little = _touch_little(touched, call, effort, made)
        way_ns, slow_down = touched.way_ns, slow_down_of(0 if touch_little else None)
    finally:
        meter.close()
    caches = memory_contention.slow_down_of_caches() if way_ns and touch_little else 1.0
    cpu = _value("cpu time", [batch.cpu for batch in batches], len(batches) * BATCH_CALLS, meter.notes())
    notes = ("wall clock, calls that did not wait",)
    wall = _value("latency p50", [batch.wall for batch in batches], made, notes, WAKING_NS)
    slow_down = of_long(slow_down, cpu.value or 0)
    slow_down = max(slow_down, by_share(caches, way_ns, cpu.value or 0))
    of_wall = by_share(slow_down, cpu.value or 0, wall.value or 0) if wall.value else slow_down
    return tuple(
        replace(found, reference_ns=min(references), slow_down=factor)
        for found, factor in ((cpu, slow_down), (wall, of_wall))
    )


def _touch_little(touched: Touched | TouchedServed, call: Call, effort: Effort, made: int) -> bool:
    """Whether the calls touched little; where measuring them may have touched the rest, some are made for that alone.

    That is done where so many more may be made than `made`, and those that memory needs.
    """
    if touches_little(touched.end(), beside_bytes=JUDGING_BYTES):
        return True
    may_ask = effort.max_total is None or effort.max_total - made >= LEAST_TO_FAIL + PEAK_CALLS
    is_worth_it = may_ask and memory_contention.slow_down_of_caches() > 1
    return is_worth_it and touches_little(touched.of(call), beside_bytes=ARGUMENTS_BYTES)


def _batch(
    call: Call,
    meter: CpuMeter,
    pause_s: float,
    references: list[int],
    duration_of: DurationOf | None,
    most: int,
    touched: Touched | TouchedServed,
) -> _Batch:
    if pause_s:
        _sleep(pause_s)
        with touched.aside():
            memory_contention.note()
    readings = [meter.measure(call) for _ in range(BATCH_CALLS)]
    walls, end = [*_walls(readings, duration_of)], wall_ns() + MORE_SECONDS * 1e9
    calls = len(readings)
    while len(walls) < LEAST_CALLS and calls < most and wall_ns() < end:
        walls += _walls([meter.measure(call)], duration_of)
        calls += 1
    references.append(reference_workload_ns(SPINS_BESIDE))
    return _Batch(sorted(reading.cpu_ns for reading in readings), sorted(walls), calls)


def _walls(readings: Sequence[CpuReading], duration_of: DurationOf | None) -> Iterator[int]:
    for reading in readings:
        own_ns = duration_of(reading.result) if duration_of else None
        sample = Sample(reading.wall_ns if own_ns is None else own_ns, reading.waited_ns)
        if not has_waited(sample):
            yield sample.wall_ns


def _value(metric: str, batches: Sequence[list[int]], made: int, notes: Sequence[str], spare: int = 0) -> BudgetResult:
    enough = [batch for batch in batches if len(batch) >= LEAST_CALLS]
    if not enough:
        used = sum(map(len, batches))
        message = f"{metric} not measured: too noisy: {used} of {made} calls usable"
        return BudgetResult(metric, "inconclusive", "not measured", "none", message, used, made)
    ordered = min(enough, key=lambda batch: quantile_of(batch, 0.5))
    value, (low, high) = quantile_of(ordered, 0.5), quantile_interval(ordered, 0.5)
    measured = with_interval(ordered, 0.5, "ns")
    details = (("measured", "\n".join((*notes, "the median of the best of three batches"))),)
    message = f"{metric} {measured}, {len(ordered)} of {made} calls used"
    found = BudgetResult(metric, "pass", measured, "none", message, len(ordered), made, value, None, "ns", details)
    low, high = (None if low is None else max(low - spare, 0)), (None if high is None else high + spare)
    return replace(found, low=low, high=high)


def measure_memory(call: Call, *, process_ids: Sequence[int] = (), own_process: bool = True) -> BudgetResult:
    """Measure the peak of memory of a call, the smaller of two, with what it may differ by from run to run."""
    is_here = own_process and not process_ids
    read = _peak_here(call) if is_here else _peak_of_processes(call, process_ids)
    try:
        least = min((read() for _ in range(PEAK_CALLS)), key=lambda reading: reading.peak_bytes)
    except MeterError as error:
        message = f"memory peak not measured: {error}"
        return BudgetResult("memory peak", "inconclusive", "not measured", "none", message)
    value, has_children = least.peak_bytes, least.children_bytes > 0 or not is_here
    spare, measured = CHILD_GRAIN_BYTES if has_children else PEAK_GRAIN_BYTES, short(value, "bytes")
    message = f"memory peak {measured}, the smaller of {PEAK_CALLS}"
    found = BudgetResult("memory peak", "pass", measured, "none", message, PEAK_CALLS, PEAK_CALLS, value, unit="bytes")
    return replace(found, low=max(value - spare, 0), high=value + spare)


def _peak_here(call: Call) -> Callable[[], MemoryReading]:
    return lambda: peak_here(call, is_exact=True, own_thread=False, enough=2**62)


def _peak_of_processes(call: Call, process_ids: Sequence[int]) -> Callable[[], MemoryReading]:
    meter = ChildMemoryMeter(process_ids)
    return lambda: meter.measure(call)
