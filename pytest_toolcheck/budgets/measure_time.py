"""Latency and CPU budgets: make calls until every rule has decided."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .clocks import wall_ns
from .contention import Doubts
from .cpu import CpuMeter, CpuReading
from .evidence import calls_to_pass
from .latency import BLOCK_CALLS, Call, DurationOf, LatencyMeter, TimedCall
from .results import QUANTILES, BudgetResult, fewest_calls, sequential_result, short
from .runners import who_runs
from .verdict import CLEAN_CALLS_FOR_MAX, ConfirmedVerdict, Sample, default_max_calls

MAX_SECONDS = 40.0
LONGEST_SECONDS = 120.0
"""Slow calls are waited for up to here, where the fewest that can show anything take longer than `MAX_SECONDS`."""
AMPLE = 1.25
WORTH = 0.25
"""A machine that leaves fewer calls than this share usable is not worth waiting for."""
PATIENCE_SECONDS = 3.0
"""A burst of noise is waited for so long at least before a machine is called too noisy."""
SHARE_SCALE = 1_000_000_000
"""A share of a core is judged in billionths, since the rule counts in whole numbers."""
_SLOWEST = 3
_sleep = time.sleep
_ANY_NUMBER = 10**9


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to try.

    `max_calls` bounds the calls of each stage; None: `default_max_calls`, or `PATIENCE_SECONDS` of trying where
    calls are short. `max_seconds` bounds all, or `LONGEST_SECONDS` where calls are slow.
    """

    max_calls: int | None = None
    max_total: int | None = None
    """The most calls of all stages together."""
    max_seconds: float = MAX_SECONDS
    warm_up: int = 1
    label_of: Callable[[Any], str] | None = None
    """Says of a call's result which input it was, for the list of the slowest calls."""


DEFAULT_EFFORT = Effort()


def measure_latency(
    call: Call,
    budgets: Mapping[str, int],
    *,
    process_ids: Sequence[int] = (),
    duration_of: DurationOf | None = None,
    effort: Effort = DEFAULT_EFFORT,
    is_elsewhere: bool = False,
    idle: Call | None = None,
) -> tuple[BudgetResult, ...]:
    """Judge latency budgets (quantile name to ns) on the same calls; return one result each, in their order.

    `is_elsewhere` says that nobody knows which processes serve the calls, nor what those wait; `idle` makes a call as
    `call` does, of what does nothing.
    What `call` raises comes through: a call that fails is not measured. Raises MeterError under virtual time.
    """
    rules = {name: _rule(QUANTILES[name], limit, effort) for name, limit in budgets.items()}
    meter = LatencyMeter(process_ids, duration_of=duration_of, is_elsewhere=is_elsewhere)
    slowest = _Slowest(effort.label_of)
    _warm_up(call, effort)
    probe = call if effort.max_total is None else None
    doubts = Doubts(
        process_ids, computed_ns=lambda: meter.computed_ns, idle=idle, probe=probe, is_elsewhere=is_elsewhere
    )
    patience = _Patience(effort)
    while (waiting := _undecided(rules)) and patience.lasts(waiting):
        if _pause(waiting):
            meter.forget()
            doubts.begin_stage()
        in_quiet = slowest.longest_ns > min(rule.budget_ns for rule in waiting)
        timed = meter.block(call, most=patience.calls_left(waiting), in_quiet=in_quiet)
        slowest.add(timed)
        for rule in waiting:
            _feed(rule, [one.sample for one in timed])
        doubts.look(waiting, [max(one.sample.wall_ns - (one.sample.run_delay_ns or 0), 0) for one in timed])
    details = (("measured", "\n".join(meter.notes())), ("slowest", slowest.text()))
    return tuple(sequential_result(f"latency {name}", rule, unit="ns", details=details) for name, rule in rules.items())


def measure_cpu(
    call: Call,
    *,
    time_ns: int | None = None,
    utilization: float | None = None,
    process_ids: Sequence[int] = (),
    effort: Effort = DEFAULT_EFFORT,
    idle: Call | None = None,
) -> tuple[BudgetResult, ...]:
    """Judge CPU budgets (the median call: ns, share of one core); return a result for each that is given.

    CPU time needs no gates: what neighbours do hardly changes it. They make a share smaller, by waiting that is told: a
    call counts by the largest that its share may be, and one that waited is used only where that decides nothing.
    """
    rules = {}
    if time_ns is not None:
        rules["cpu time"] = _rule(0.5, time_ns, effort, gates=False)
    if utilization is not None:
        rules["cpu utilization"] = _rule(0.5, round(utilization * SHARE_SCALE), effort)
    meter = CpuMeter(process_ids, evens_ticks=True, counts_waits=utilization is not None)
    slowest = _Slowest(effort.label_of)
    try:
        probe = call if effort.max_total is None else None
        _feed_cpu(call, rules, meter, effort, Doubts(process_ids, idle=idle, probe=probe), slowest)
    finally:
        meter.close()
    details = (("measured", "\n".join([*meter_notes(meter), *who_runs()])), ("slowest by CPU time", slowest.text()))
    return tuple(_cpu_result(name, rule, details) for name, rule in rules.items())


def meter_notes(meter: CpuMeter) -> tuple[str, ...]:
    """Return how CPU time was measured."""
    return (*meter.notes(), "the median call is judged")


def _cpu_result(name: str, rule: ConfirmedVerdict, details: Sequence[tuple[str, str]]) -> BudgetResult:
    if name == "cpu time":
        return sequential_result(name, rule, unit="ns", details=details)
    return sequential_result(name, rule, unit="share", scale=SHARE_SCALE, details=details)


def _feed_cpu(
    call: Call,
    rules: Mapping[str, ConfirmedVerdict],
    meter: CpuMeter,
    effort: Effort,
    doubts: Doubts,
    slowest: _Slowest,
) -> None:
    _warm_up(call, effort)
    patience = _Patience(effort)
    while (waiting := _undecided(rules)) and patience.lasts(waiting):
        if _pause(waiting):
            doubts.begin_stage()
        reading = meter.measure(call)
        slowest.add([TimedCall(Sample(reading.cpu_ns), reading.result)])
        for name, rule in rules.items():
            if rule.verdict is None:
                rule.feed(Sample(reading.cpu_ns) if name == "cpu time" else _share_of(reading))
        doubts.look(
            [rule for rule in waiting if rule is rules.get("cpu time")], [reading.wall_ns], cost_ns=reading.cpu_ns
        )


def _share_of(reading: CpuReading) -> Sample:
    """Return the share of a core as the rule takes a time: at its largest, with what waiting may have to do with it."""
    most, least = round(reading.most_utilization * SHARE_SCALE), round(reading.utilization * SHARE_SCALE)
    return Sample(most, most - least)


def _rule(quantile: float, budget: int, effort: Effort, *, gates: bool = True) -> ConfirmedVerdict:
    return ConfirmedVerdict(quantile, budget, gates=gates, max_calls=effort.max_calls or _ANY_NUMBER)


class _Patience:
    """Says whether to go on: not beyond the limits of the effort, nor with a machine that stays too noisy."""

    def __init__(self, effort: Effort) -> None:
        self._start = wall_ns()
        self._max_total = effort.max_total or _ANY_NUMBER
        self._max_seconds = effort.max_seconds

    def lasts(self, waiting: Sequence[ConfirmedVerdict]) -> bool:
        seconds = (wall_ns() - self._start) / 1e9
        tried_enough = all(rule.total >= default_max_calls(rule.quantile) for rule in waiting)
        is_over = seconds >= self._most_seconds(seconds, waiting) or (tried_enough and seconds > PATIENCE_SECONDS)
        return self.calls_left(waiting) > 0 and not is_over

    def _most_seconds(self, spent: float, waiting: Sequence[ConfirmedVerdict]) -> float:
        """Return how long to try: what the fewest calls take that can show anything, and longer to confirm a fail."""
        if any(len(rule.stages) > 1 for rule in waiting):
            return max(self._max_seconds, LONGEST_SECONDS)
        if any(rule.usable < rule.total * WORTH for rule in waiting):
            return self._max_seconds
        needed = max(spent / max(rule.total, 1) * fewest_calls(rule.quantile) for rule in waiting)
        return max(self._max_seconds, min(AMPLE * needed, LONGEST_SECONDS) if needed <= LONGEST_SECONDS else 0)

    def calls_left(self, waiting: Sequence[ConfirmedVerdict]) -> int:
        """Return how many calls a block may have; the first no more than can show that all is well, as they mostly do."""
        made = max(rule.total for rule in waiting)
        quantile = max(rule.quantile for rule in waiting)
        to_pass = calls_to_pass(quantile) if quantile < 1 else CLEAN_CALLS_FOR_MAX
        return min(BLOCK_CALLS if made else to_pass, BLOCK_CALLS, self._max_total - made)


def _warm_up(call: Call, effort: Effort) -> None:
    """Let imports, caches and connections be made before anything counts."""
    for _ in range(effort.warm_up):
        call()


def _undecided(rules: Mapping[str, ConfirmedVerdict]) -> list[ConfirmedVerdict]:
    return [rule for rule in rules.values() if rule.verdict is None]


def _pause(waiting: Sequence[ConfirmedVerdict]) -> bool:
    """Wait where a fail is to be confirmed; return whether one is."""
    pause_s = max(rule.pause_s for rule in waiting)
    if pause_s:
        _sleep(pause_s)
    return pause_s > 0


def _feed(rule: ConfirmedVerdict, samples: Sequence[Sample]) -> None:
    """Feed a block; what is left of it after a fail that is to be confirmed came too early to confirm it."""
    for sample in samples:
        if rule.feed(sample) is not None or rule.pause_s:
            return


class _Slowest:
    """Remembers the slowest calls, whether they were used or not."""

    def __init__(self, label_of: Callable[[Any], str] | None) -> None:
        self._label_of = label_of
        self._calls = 0
        self._found: list[tuple[int, int, str]] = []

    def add(self, timed: Sequence[TimedCall]) -> None:
        for one in timed:
            self._calls += 1
            label = self._label_of(one.result) if self._label_of else ""
            heapq.heappush(self._found, (one.sample.wall_ns, self._calls, label))
            if len(self._found) > _SLOWEST:
                heapq.heappop(self._found)

    @property
    def longest_ns(self) -> int:
        """How long the slowest call took; 0 before the first."""
        return max(self._found, default=(0,))[0]

    def text(self) -> str:
        worst = sorted(self._found, reverse=True)
        return ", ".join(f"call {number}{label and ' ' + label}: {short(took, 'ns')}" for took, number, label in worst)
