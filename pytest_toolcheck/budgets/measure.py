"""All budgets of one subject, a pass of calls for each kind: never two measurements in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from ..errors import TargetError
from ..spec.model import Budgets, GrowthBudget
from .clocks import MeterError
from .latency import Call, DurationOf
from .leak import LEAK_PASSES, MOST_CALLS
from .markers import REGRESSION_ROUNDS, rounds_needed
from .measure_body import judge_body_once
from .measure_growth import measure_growth
from .measure_memory import measure_leak_budget, measure_peak_budget
from .measure_time import DEFAULT_EFFORT, Effort, measure_cpu, measure_latency
from .measure_value import PEAK_CALLS, measure_memory, measure_times
from .results import BudgetExceeded, BudgetResult
from .verdict import CLEAN_CALLS_FOR_MAX

KINDS = ("latency", "cpu", "memory", "leak", "growth", "regression")

OnResult = Callable[[BudgetResult], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: a call that can be repeated.

    `process_ids` serve it; with none and `own_process` False it starts a process of its own (a command).
    `call_of_size` and `sizes` (smallest, largest) are for growth budgets.
    """

    call: Call
    process_ids: tuple[int, ...] = ()
    own_process: bool = True
    own_thread: bool = True
    duration_of: DurationOf | None = None
    call_of_size: Callable[[int], Any] | None = None
    sizes: tuple[int, int] = (1, 4096)
    input_bytes: Callable[[int], int] | None = None
    """How large the input of a size is, where it is copied to be handed over."""
    effort: Effort = DEFAULT_EFFORT
    turns: tuple[Call, ...] = ()
    """The calls that `call` makes in turn, where they differ: each has its own peak of memory."""
    idle: Call | None = None
    """Makes a call as `call` does, of what does nothing, where that is known; False where it cannot be compared with one."""
    remote: str = ""
    """Why the processes that serve the call are not known: only its latency can be measured then."""


def kinds_of(budgets: Budgets) -> tuple[str, ...]:
    """Return the kinds of `KINDS` that budgets limit."""
    given = {
        "latency": bool(budgets.latency),
        "cpu": budgets.cpu_time_ns is not None or budgets.cpu_utilization is not None,
        "memory": "peak" in budgets.memory,
        "leak": "leak" in budgets.memory,
        "growth": budgets.growth is not None,
        "regression": budgets.regression is not None,
    }
    return tuple(kind for kind in KINDS if given[kind])


def without(budgets: Budgets, nearer: Budgets) -> Budgets:
    """Return what of budgets for any call is not limited by others that are nearer to it."""
    return Budgets(
        latency={name: limit for name, limit in budgets.latency.items() if name not in nearer.latency},
        memory={name: limit for name, limit in budgets.memory.items() if name not in nearer.memory},
        cpu_time_ns=budgets.cpu_time_ns if nearer.cpu_time_ns is None else None,
        cpu_utilization=budgets.cpu_utilization if nearer.cpu_utilization is None else None,
    )


def apply_budgets(
    subject: Subject,
    budgets: Budgets,
    *,
    kinds: Sequence[str] | None = None,
    lock: AbstractContextManager[Any] | None = None,
    on_result: OnResult | None = None,
) -> tuple[BudgetResult, ...]:
    """Measure a subject against budgets (those of `kinds`; all where None), one pass a kind; raise nothing for a fail.

    Hand the results to `raise_for`. `lock` is held while measuring. What cannot be measured here is an inconclusive
    result that says why; what the call itself raises comes through.
    """
    results: list[BudgetResult] = []
    for kind in kinds_of(budgets) if kinds is None else kinds:
        with lock if lock is not None else nullcontext():
            results += _measured(kind, subject, budgets)
    return _reported(results, on_result)


def apply_to_body(
    body: Call,
    budgets: Budgets,
    *,
    rounds: int | None = None,
    duration_of: DurationOf | None = None,
    lock: AbstractContextManager[Any] | None = None,
    on_result: OnResult | None = None,
) -> tuple[BudgetResult, ...]:
    """Apply budgets to a test's own body: run it once, or where `rounds` says so up to that often a kind.

    The body runs at least once in any case, so this takes the place of running it. `duration_of` takes its time from
    what it returns, where it runs in another thread than this one.
    """
    counted = _Counted(body)
    results: list[BudgetResult] = []
    once, often = _split(budgets, rounds or 1)
    if kinds_of(often):
        effort = Effort(max_total=rounds, warm_up=0)
        subject = Subject(counted, own_thread=duration_of is None, duration_of=duration_of, effort=effort)
        results += apply_budgets(subject, often, lock=lock, on_result=on_result)
    if kinds_of(once):
        with lock if lock is not None else nullcontext():
            results += _reported(_judge_once(counted, once, duration_of), on_result)
    if not counted.calls:
        body()
    return tuple(results)


def _split(budgets: Budgets, rounds: int) -> tuple[Budgets, Budgets]:
    """Return what is judged by one run, and what by all rounds: CPU time and `max` only by as many as can show them."""
    if rounds == 1:
        return budgets, Budgets()
    latency = dict(budgets.latency)
    once, often = Budgets(), budgets
    if "max" in latency and rounds < CLEAN_CALLS_FOR_MAX:
        once = replace(once, latency={"max": latency.pop("max")})
        often = replace(often, latency=latency)
    if rounds < rounds_needed(0.5):
        once = replace(once, cpu_time_ns=budgets.cpu_time_ns, cpu_utilization=budgets.cpu_utilization)
        often = replace(often, cpu_time_ns=None, cpu_utilization=None)
    return once, often


def _judge_once(body: Call, budgets: Budgets, duration_of: DurationOf | None) -> Sequence[BudgetResult]:
    try:
        return judge_body_once(body, budgets, duration_of=duration_of)
    except MeterError as error:
        return [_not_measured(kind, error) for kind in kinds_of(budgets)]


class _Counted:
    """A call that knows whether it was made at all."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.calls = 0

    def __call__(self) -> Any:
        __tracebackhide__ = True
        self.calls += 1
        return self._call()


def raise_for(results: Iterable[BudgetResult], *, inconclusive_fails: bool = False) -> tuple[str, ...]:
    """Raise BudgetExceeded if a budget is not kept; return the messages of inconclusive ones, to warn with."""
    __tracebackhide__ = True
    found = tuple(results)
    bad = {"fail", "inconclusive"} if inconclusive_fails else {"fail"}
    if broken := [result for result in found if result.verdict in bad]:
        raise BudgetExceeded(broken)
    return tuple(result.message for result in found if result.verdict == "inconclusive")


def _reported(results: Sequence[BudgetResult], on_result: OnResult | None) -> tuple[BudgetResult, ...]:
    if on_result is not None:
        for result in results:
            on_result(result)
    return tuple(results)


def _measured(kind: str, subject: Subject, budgets: Budgets) -> Sequence[BudgetResult]:
    try:
        if subject.remote and kind != "latency":
            raise MeterError(subject.remote)
        return _PASSES[kind](subject, budgets)
    except (
        MeterError,
        TargetError,
    ) as error:  # the latter is raised by an idle call: what a tool's raises is its outcome
        return [_not_measured(kind, error)]


def _not_measured(kind: str, error: MeterError | TargetError) -> BudgetResult:
    return BudgetResult(kind, "inconclusive", "not measured", "", f"{kind} not measured: {error}")


def _latency(subject: Subject, budgets: Budgets) -> Sequence[BudgetResult]:
    return measure_latency(
        subject.call,
        budgets.latency,
        process_ids=subject.process_ids,
        duration_of=subject.duration_of,
        effort=subject.effort,
        is_elsewhere=bool(subject.remote),
        idle=subject.idle,
    )


def _cpu(subject: Subject, budgets: Budgets) -> Sequence[BudgetResult]:
    return measure_cpu(
        subject.call,
        time_ns=budgets.cpu_time_ns,
        utilization=budgets.cpu_utilization,
        process_ids=subject.process_ids,
        effort=subject.effort,
        idle=subject.idle,
    )


def _memory(subject: Subject, budgets: Budgets) -> Sequence[BudgetResult]:
    results = [_peak(call, subject, budgets) for call in subject.turns or (subject.call,)]
    return [max(results, key=lambda result: (result.verdict != "pass", result.verdict == "fail", result.value or 0))]


def _peak(call: Call, subject: Subject, budgets: Budgets) -> BudgetResult:
    return measure_peak_budget(
        call,
        budgets.memory["peak"],
        process_ids=subject.process_ids,
        own_process=subject.own_process,
        own_thread=subject.own_thread,
        warm_up=subject.effort.warm_up,
        most_runs=subject.effort.max_total,
    )


def _leak(subject: Subject, budgets: Budgets) -> Sequence[BudgetResult]:
    allowed = subject.effort.max_total
    return [
        measure_leak_budget(
            subject.call,
            budgets.memory["leak"],
            process_ids=subject.process_ids,
            own_process=subject.own_process,
            most_calls=MOST_CALLS if allowed is None else allowed // LEAK_PASSES,
        )
    ]


def _growth(subject: Subject, budgets: Budgets) -> Sequence[BudgetResult]:
    limit = budgets.growth
    assert isinstance(limit, GrowthBudget)
    if subject.call_of_size is None:
        raise MeterError(f"there is nothing here whose size over {limit.over!r} could be changed")
    low, high = subject.sizes
    return measure_growth(
        subject.call_of_size,
        over=limit.over,
        low=low,
        high=high,
        latency=limit.latency,
        memory=limit.memory,
        process_ids=subject.process_ids,
        own_process=subject.own_process,
        duration_of=subject.duration_of,
        input_bytes=subject.input_bytes,
        idle=subject.idle,
    )


def _regression(subject: Subject, _: Budgets) -> Sequence[BudgetResult]:
    """Measure what baselines compare, CPU time first; `compare` judges it against `budgets.regression`."""
    times = measure_times(
        subject.call,
        process_ids=subject.process_ids,
        duration_of=subject.duration_of,
        effort=subject.effort,
        idle=subject.idle,
    )
    allowed = subject.effort.max_total
    if allowed is not None and allowed < REGRESSION_ROUNDS + PEAK_CALLS:
        return times
    return [*times, _largest_peak(subject)]


def _largest_peak(subject: Subject) -> BudgetResult:
    peaks = [
        measure_memory(call, process_ids=subject.process_ids, own_process=subject.own_process)
        for call in subject.turns or (subject.call,)
    ]
    return max(peaks, key=lambda result: (result.value is None, result.value or 0))


_PASSES: dict[str, Callable[[Subject, Budgets], Sequence[BudgetResult]]] = {
    "latency": _latency,
    "cpu": _cpu,
    "memory": _memory,
    "leak": _leak,
    "growth": _growth,
    "regression": _regression,
}
