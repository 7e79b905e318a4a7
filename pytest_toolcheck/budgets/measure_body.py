"""Budgets of something that can be run only once: a test's own body.

One run cannot be confirmed, so more is asked of it: a fail needs to be over the limit by a quarter, a time without
what it waited and what the machine was slow; in between it is inconclusive. CPU time does not grow while it waits.
Memory is exact and needs no such margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..spec.model import Budgets
from .contention import by_share, of_long, slow_down_of
from .cores import SpinsBeside, core_is_slow, cores
from .cpu import CpuMeter, CpuReading
from .latency import Call, DurationOf, LatencyMeter
from .measure_memory import measure_peak_budget
from .results import BudgetResult, short
from .runners import others_run
from .sample import Sample, least_cost_ns
from .touched import Touched
from .tries import MAY_BE_ALL, memory_is_slow
from .verdict import SequentialVerdict, Verdict

UNCONFIRMED_MARGIN = 1.25


def judge_body_once(body: Call, budgets: Budgets, *, duration_of: DurationOf | None = None) -> tuple[BudgetResult, ...]:
    """Run `body` once and judge what one run can show: max, CPU time and utilization, or the peak of memory.

    What needs more runs was refused by `markers.body_problems` before. `duration_of` takes the time from what `body`
    returns, which runs in another thread then. Raises MeterError.
    """
    if "peak" in budgets.memory:
        own_thread = duration_of is None
        return (measure_peak_budget(body, budgets.memory["peak"], own_thread=own_thread, warm_up=0, most_runs=1),)
    cpu = CpuMeter(counts_waits="max" in budgets.latency or budgets.cpu_utilization is not None)
    others = _Others()

    def measured() -> CpuReading:
        if "max" in budgets.latency or budgets.cpu_time_ns is not None:
            others.begin()
        reading = cpu.measure(body)
        if _is_more(reading.wall_ns, budgets.latency.get("max")) or _is_more(reading.cpu_ns, budgets.cpu_time_ns):
            others.end()
        return reading

    results = []
    if "max" not in budgets.latency:
        reading = measured()
    else:
        meter, limit = LatencyMeter(), budgets.latency["max"]
        timed = meter.once(measured, is_within=lambda reading: _took_ns(reading, duration_of) <= limit)
        reading = timed.result
        waited_ns = reading.waited_ns if cpu.tells_waits else timed.sample.run_delay_ns  # not while it was got ready
        sample = replace(timed.sample, wall_ns=_took_ns(reading, duration_of), run_delay_ns=waited_ns)
        results.append(_judge_time(sample, limit, meter.notes(), reading.cpu_ns, others))
    if budgets.cpu_time_ns is not None:
        results.append(_judge_cpu(reading.cpu_ns, budgets.cpu_time_ns, cpu.notes(), others))
    if budgets.cpu_utilization is not None:
        results.append(_judge_share(reading, budgets.cpu_utilization, cpu.notes()))
    return tuple(results)


def _took_ns(reading: CpuReading, duration_of: DurationOf | None) -> int:
    own_ns = duration_of(reading.result) if duration_of else None
    return reading.wall_ns if own_ns is None else own_ns


class _Others:
    """Says how much longer others may have made a run, and how; asked only of one that would fail."""

    def __init__(self) -> None:
        self._touched = Touched(by=CpuMeter)
        self._touched_bytes: int | None = None
        self._found: tuple[float, str] | None = None

    def begin(self) -> None:
        """Begin to count what the run touches, where neighbours are at work: on a quiet machine that is not worth a millisecond."""
        if others_run():
            self._touched.begin()

    def end(self) -> None:
        """End counting just after a run that is too much: what is done to judge it touches memory as well."""
        self._touched_bytes = self._touched.end()

    def slow_down(self, cpu_ns: float, reference_ns: int = 0) -> tuple[float, str]:
        """Return by what factor, and the reason; `reference_ns` is the undisturbed loop as it was thought to be meanwhile."""
        if self._found is None:
            memory, spun_ns = slow_down_of(self._touched_bytes), max(reference_ns, SpinsBeside().take_ns())
            memory = of_long(memory, cpu_ns)
            core = cores.slow_down(spun_ns)
            self._found = (memory, memory_is_slow(memory)) if memory >= core else (core, core_is_slow(core))
        return self._found


def _is_more(value: float, limit: float | None) -> bool:
    return limit is not None and value > limit


def _judge_cpu(cpu_ns: int, limit: int, notes: Sequence[str], others: _Others) -> BudgetResult:
    if _verdict(cpu_ns, cpu_ns, limit) != "fail" or (found := others.slow_down(cpu_ns))[0] <= 1:
        return _judge("cpu time", cpu_ns, limit, "ns", notes)
    return _judge("cpu time", cpu_ns, limit, "ns", notes, least=cpu_ns / found[0], reason=found[1])


def _judge_time(sample: Sample, limit: int, notes: Sequence[str], cpu_ns: int, others: _Others) -> BudgetResult:
    if sample.wall_ns <= limit:
        return _judge("latency max", sample.wall_ns, limit, "ns", notes)
    reason = disturbance_of(sample)
    least: float = sample.wall_ns if reason is None else least_cost_ns(sample, sample.spin_reference_ns)[0]
    if _verdict(sample.wall_ns, least, limit) == "fail":
        slow_down, why = others.slow_down(cpu_ns, sample.spin_reference_ns)
        if slow_down > 1:
            least /= by_share(slow_down, cpu_ns, least)
            reason = reason or why
    return _judge("latency max", sample.wall_ns, limit, "ns", notes, least=least, reason=reason)


def _judge_share(reading: CpuReading, limit: float, notes: Sequence[str]) -> BudgetResult:
    """Judge a share of a core, which is smaller where the body waited for one."""
    result, most = _judge("cpu utilization", reading.utilization, limit, "share", notes), reading.most_utilization
    if result.verdict != "pass" or most <= limit:
        return result
    message = (
        f"{result.message}: inconclusive, it waited for a processor, without which it may be {short(most, 'share')}"
    )
    return replace(result, verdict="inconclusive", message=message)


def _judge(
    metric: str,
    value: float,
    limit: float,
    unit: str,
    notes: Sequence[str],
    *,
    least: float | None = None,
    reason: str | None = None,
) -> BudgetResult:
    verdict = _verdict(value, value if least is None else least, limit)
    used = int(reason is None or verdict != "inconclusive")
    measured, budget = short(value, unit), short(limit, unit)
    message = f"{metric} {measured}, budget {budget}, {used} of 1 calls used"
    if verdict == "inconclusive":
        message += f": inconclusive, {reason or 'over by less than a quarter, which one run cannot confirm'}"
    said = ["one run of the test's own body", *notes]
    if reason and least is not None:
        why = reason.removesuffix(MAY_BE_ALL) if verdict == "fail" else reason
        said.append(f"{why}: {short(least, unit)} without that")
    details = (("measured", "\n".join(said)),)
    return BudgetResult(metric, verdict, measured, budget, message, used, 1, value, limit, unit, details)


def _verdict(value: float, least: float, limit: float) -> Verdict:
    if value <= limit:
        return "pass"
    return "fail" if least > limit * UNCONFIRMED_MARGIN else "inconclusive"


def disturbance_of(sample: Sample) -> str | None:
    """Return why the machine spoilt one call, or None."""
    rule = SequentialVerdict(1, sample.wall_ns + 1)
    rule.feed(sample)
    return next(iter(rule.dropped), None)
