"""Growth budgets: how the cost of a call, in CPU time or memory, grows with a parameter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from .contention import memory_contention
from .cpu import CpuMeter
from .growth import (
    FEWEST_SIZES,
    REPEATS,
    GrowthReading,
    SizeRefused,
    doubling_sizes,
    halved_steps,
    judge_growth,
    least_costs,
    without_flat_start,
)
from .growth_doubts import ReadSizes, doubted_elsewhere, doubted_here
from .latency import DurationOf
from .memory import how_measured
from .memory_children import ChildMemoryMeter
from .memory_here import peak_here
from .results import BudgetResult, short

_PEAK_FLOOR, _CHILD_PEAK_FLOOR = 4 * 1024, 64 * 1024
"""A peak below this says nothing about growth: it is Python's own housekeeping, or the grain of the kernel's count."""
_COPIES = 4
"""A peak below so many copies of the largest input is what handing it over takes."""
_SLOW_CALL_NS = 100_000_000

CostOfSize = Callable[[int], int]


def measure_growth(
    call: Callable[[int], object],
    *,
    over: str,
    low: int,
    high: int,
    latency: str | None = None,
    memory: str | None = None,
    process_ids: Sequence[int] = (),
    own_process: bool = True,
    duration_of: DurationOf | None = None,
    input_bytes: Callable[[int], int] | None = None,
    idle: Callable[[], object] | None = None,
) -> tuple[BudgetResult, ...]:
    """Judge how the cost of `call(size)` grows for sizes from `low` to `high`; return a result for each limit given.

    `latency` is judged by CPU time, which is what a slower algorithm costs. A fail has to come three times. Copying an
    input of n items to hand it over takes n steps whatever the tool does: here `duration_of` takes the tool's own time
    from a result, and `input_bytes` tells how large the input of a size is.
    """
    results, is_here = [], own_process and not process_ids
    if latency is not None:
        memory_contention.begin()
        meter = CpuMeter(process_ids)
        try:
            sizes = _affordable(call, low, high, meter)
            cost = _cpu_cost(call, meter, is_here=is_here, duration_of=duration_of)
            doubted = partial(
                _doubted, call=call, low=low, limit=latency, process_ids=process_ids, is_here=is_here, idle=idle
            )
            results.append(_grown("latency", cost, sizes, latency, over, meter.notes(), doubted=doubted))
        finally:
            meter.close()
    if memory is not None:
        with closing(CpuMeter(process_ids)) as meter:
            sizes = _affordable(call, low, high, meter)
        floor = _COPIES * input_bytes(sizes[-1]) if input_bytes and is_here and sizes else 0
        floor = max(floor, _PEAK_FLOOR if is_here else _CHILD_PEAK_FLOOR)
        cost = _peak_cost(call, process_ids, is_here=is_here, floor=floor)
        notes = ("peak of memory of a call", how_measured() if is_here else ChildMemoryMeter(process_ids).notes()[0])
        results.append(_grown("memory", cost, sizes, memory, over, notes, repeats=1, floor=floor))
    return tuple(results)


def _affordable(call: Callable[[int], object], low: int, high: int, meter: CpuMeter) -> tuple[int, ...]:
    """Return doubling sizes up to the first that computes for longer than 0.1 s, or that is refused where it may be.

    Each is called once, which warms up as well. Where too few are left, smaller ones are tried.
    """
    sizes, kept = doubling_sizes(low, high), list[int]()
    for size in sizes:
        try:
            spent_ns = meter.measure(partial(call, size)).cpu_ns
        except SizeRefused:
            break
        kept.append(size)
        if spent_ns > _SLOW_CALL_NS:
            break
    if len(kept) < FEWEST_SIZES and sizes[0] // 2 >= max(low, 1):
        return _affordable(call, low, kept[-1] if kept else sizes[0] // 2, meter)
    return tuple(kept)


def _cpu_cost(
    call: Callable[[int], object], meter: CpuMeter, *, is_here: bool, duration_of: DurationOf | None
) -> CostOfSize:
    def here(size: int) -> int:
        reading = meter.measure(lambda: call(size))
        own = duration_of(reading.result) if duration_of else None
        return reading.cpu_ns if own is None else min(reading.cpu_ns, own)

    return here if is_here else lambda size: meter.measure(lambda: call(size)).cpu_ns


def _peak_cost(call: Callable[[int], object], process_ids: Sequence[int], *, is_here: bool, floor: int) -> CostOfSize:
    if not is_here:
        meter = ChildMemoryMeter(process_ids)
        return lambda size: max(meter.measure(lambda: call(size)).peak_bytes, floor)
    return lambda size: max(peak_here(lambda: call(size), own_thread=False).peak_bytes, floor)


def _grown(
    what: str,
    cost: CostOfSize,
    sizes: Sequence[int],
    limit: str,
    over: str,
    notes: Sequence[str],
    *,
    repeats: int = REPEATS,
    floor: int = 0,
    doubted: Callable[[GrowthReading, ReadSizes], GrowthReading] | None = None,
) -> BudgetResult:
    metric = f"growth of {what}"
    if len(sizes) < FEWEST_SIZES:
        reason = f"{metric} over {over}: inconclusive, {len(sizes)} sizes could be tried, {FEWEST_SIZES} are needed"
        return BudgetResult(metric, "inconclusive", "not measured", limit, reason, unit="exponent")

    def read_once(tried: Sequence[int], keep: int, seed: int = 0) -> GrowthReading:
        costs = least_costs(cost, tried, repeats=repeats, seed=seed)
        return judge_growth(without_flat_start(costs, floor=floor, keep=keep), limit)

    def read(tried: Sequence[int]) -> GrowthReading:
        keep = FEWEST_SIZES + 1
        reading = read_once(tried, keep)
        if reading.verdict == "inconclusive":
            tried, keep = halved_steps(tried), 2 * keep - 1
            reading = read_once(tried, keep)
        for seed in (1, 2):
            if reading.verdict == "fail":
                reading = read_once(tried, keep, seed)
        return reading

    reading = read(sizes)
    if reading.verdict == "fail" and doubted is not None:
        reading = doubted(reading, read)
    return _growth_result(metric, reading, limit, over, (*notes, f"least of {repeats} calls a size, shuffled"))


def _doubted(
    failed: GrowthReading,
    read: ReadSizes,
    *,
    call: Callable[[int], object],
    low: int,
    limit: str,
    process_ids: Sequence[int],
    is_here: bool,
    idle: Callable[[], object] | None,
) -> GrowthReading:
    if is_here:
        return doubted_here(failed, call, low=low, limit=limit, read=read, idle=idle)
    return doubted_elsewhere(failed, call, limit=limit, process_ids=process_ids, ping=idle)


def _growth_result(metric: str, reading: GrowthReading, limit: str, over: str, notes: Sequence[str]) -> BudgetResult:
    found, unit = reading.exponent, "ns" if "latency" in metric else "bytes"
    sizes = f"sizes {reading.costs[0][0]} to {reading.costs[-1][0]}"
    measured = f"{over}^{found.value:.2f} ({found.low:.2f} to {found.high:.2f} at 95 %)"
    message = f"{metric} {measured}, budget {limit} (^{reading.allowed:.2f} on these {sizes})"
    if reading.verdict == "inconclusive":
        message += f": inconclusive, {reading.reason}"
    costs = "\n".join(f"{size}: {short(cost, unit)}" for size, cost in reading.costs)
    details = (("measured", "\n".join(notes)), (f"cost by size of {over}", costs))
    calls = len(reading.costs)
    return BudgetResult(
        metric,
        reading.verdict,
        measured,
        limit,
        message,
        calls,
        calls,
        found.value,
        reading.allowed,
        "exponent",
        details,
    )
