"""Budgets of something that can be run only once: a test's own body.

One run cannot be confirmed, so more is asked of it: a fail needs a run that nothing disturbed and that is over the
limit by a quarter; in between it is inconclusive. Memory is exact and needs no such margin.
"""

from __future__ import annotations

from typing import Any

from ..spec.model import Budgets
from .cpu import CpuMeter, CpuReading
from .latency import Call, LatencyMeter
from .measure_memory import measure_peak_budget
from .results import BudgetResult, short
from .verdict import Sample, SequentialVerdict, Verdict

UNCONFIRMED_MARGIN = 1.25


def judge_body_once(body: Call, budgets: Budgets) -> tuple[BudgetResult, ...]:
    """Run `body` once and judge what one run can show: max, CPU time and utilization, or the peak of memory.

    What needs more runs was refused by `markers.body_problems` before.
    """
    if "peak" in budgets.memory:
        return (measure_peak_budget(body, budgets.memory["peak"], calls=1, warm_up=0),)
    cpu = CpuMeter()
    meter = LatencyMeter()
    (timed,) = meter.block(lambda: cpu.measure(body), most=1)
    reading: CpuReading = timed.result
    results = []
    if "max" in budgets.latency:
        results.append(_judge("latency max", timed.sample, reading.wall_ns, budgets.latency["max"], "ns"))
    if budgets.cpu_time_ns is not None:
        results.append(_judge("cpu time", timed.sample, reading.cpu_ns, budgets.cpu_time_ns, "ns"))
    if budgets.cpu_utilization is not None:
        limit = budgets.cpu_utilization
        results.append(_judge("cpu utilization", timed.sample, reading.utilization, limit, "share"))
    return tuple(results)


def _judge(metric: str, sample: Sample, value: float, limit: float, unit: str) -> BudgetResult:
    is_clean = disturbance_of(sample) is None
    verdict = _verdict(value, limit, is_clean=is_clean)
    message = f"{metric} {short(value, unit)}, budget {short(limit, unit)}, {int(is_clean)} of 1 calls used"
    if verdict == "inconclusive":
        why = "over by less than a quarter, which one run cannot confirm" if is_clean else disturbance_of(sample)
        message += f": inconclusive, {why}"
    measured, budget = short(value, unit), short(limit, unit)
    details: Any = (("measured", "one run of the test's own body"),)
    return BudgetResult(metric, verdict, measured, budget, message, int(is_clean), 1, value, limit, unit, details)


def _verdict(value: float, limit: float, *, is_clean: bool) -> Verdict:
    if value <= limit:
        return "pass"
    return "fail" if is_clean and value > limit * UNCONFIRMED_MARGIN else "inconclusive"


def disturbance_of(sample: Sample) -> str | None:
    """Return why the machine spoilt one call, or None."""
    rule = SequentialVerdict(1, sample.wall_ns + 1)
    rule.feed(sample)
    return next(iter(rule.dropped), None)
