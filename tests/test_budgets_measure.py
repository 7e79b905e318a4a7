"""Budgets from call to message: how often a call is made, what the result says, and what is never mixed."""

from __future__ import annotations

import time
from itertools import count

import pytest

from pytest_toolcheck.budgets import clocks, measure_body, measure_time
from pytest_toolcheck.budgets.clocks import MeterError
from pytest_toolcheck.budgets.cpu import CpuMeter, CpuReading
from pytest_toolcheck.budgets.latency import LatencyMeter, TimedCall
from pytest_toolcheck.budgets.measure import (
    Subject,
    apply_budgets,
    apply_to_body,
    kinds_of,
    raise_for,
)
from pytest_toolcheck.budgets.measure_body import judge_body_once
from pytest_toolcheck.budgets.measure_time import Effort, measure_cpu, measure_latency
from pytest_toolcheck.budgets.results import BudgetExceeded, BudgetResult, quantile_of
from pytest_toolcheck.budgets.verdict import Sample
from pytest_toolcheck.spec.model import Budgets

from .budget_fakes import NoisyMeter, QuietMeter, use_fake_meter

MS = 1_000_000


class Tool:
    """Takes as long as it says, in turn, and counts its calls."""

    def __init__(self, *durations_ms):
        self.durations_ns = [round(duration * MS) for duration in durations_ms]
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.durations_ns[self.calls % len(self.durations_ns)]


def test_a_fast_tool_passes_after_few_calls(monkeypatch):
    """Nine calls and one to warm up pass a median; nothing waits."""
    pauses = use_fake_meter(monkeypatch)
    tool = Tool(1)
    (result,) = measure_latency(tool, {"p50": 50 * MS})
    assert (result.verdict, result.used, result.total, tool.calls, pauses) == ("pass", 9, 9, 10, [])
    assert result.message == "latency p50 1 ms, budget 50 ms, 9 of 9 calls used"


@pytest.mark.parametrize(
    ("budgets", "blocks"),
    [({"p50": 50}, [9, 64, 27]), ({"p50": 50, "p95": 90}, [64, 36]), ({"max": 50}, [59, 41])],
)
def test_the_first_calls_are_no_more_than_can_pass(monkeypatch, budgets, blocks):
    """Most tools keep their budgets, and calls that nobody judges any more are made in vain; after those, whole blocks."""
    asked = []

    class Asked(QuietMeter):
        spin_ns = 350_000

        def block(self, call, *, most=64, in_quiet=True):
            asked.append(most)
            return [super(Asked, self).block(call)[0] for _ in range(most)]

    use_fake_meter(monkeypatch, Asked)
    measure_latency(
        lambda: 60 * MS, {name: limit * MS for name, limit in budgets.items()}, effort=Effort(max_total=100)
    )
    assert asked == blocks


def test_a_slow_tool_fails_with_all_there_is_to_judge_by(monkeypatch):
    """The message has the quantile with its interval, the budget, the calls used; the fail came thrice."""
    pauses = use_fake_meter(monkeypatch)
    (result,) = measure_latency(Tool(58.9, 61.2, 66), {"p50": 50 * MS})
    assert (result.verdict, pauses) == ("fail", [0.1, 0.5])
    assert result.message == "latency p50 61.2 ms (58.9 to 66 ms at 99 %), budget 50 ms, 51 of 51 calls used"
    details = dict(result.details)
    assert details["slowest"].startswith("call 50: 66 ms") or "66 ms" in details["slowest"]
    assert details["measured"] == "measured by a fake"
    assert details["verdict"].count("fail: 17 of 17 usable calls over the budget") == 3


def test_a_quantile_within_its_budget_passes_though_some_calls_are_slow(monkeypatch):
    """One call in fifty over the budget keeps a p95 and breaks a max."""
    use_fake_meter(monkeypatch)
    p95, most = measure_latency(Tool(*[1] * 49, 80), {"p95": 50 * MS, "max": 60 * MS})
    assert (p95.verdict, most.verdict) == ("pass", "fail")
    assert most.message.startswith("latency max 80 ms, budget 60 ms")


def test_a_noisy_machine_gives_no_verdict_but_a_reason(monkeypatch):
    """No usable call is no pass and no fail: the message counts them."""
    use_fake_meter(monkeypatch, NoisyMeter)
    (result,) = measure_latency(Tool(60), {"p50": 50 * MS}, effort=Effort(max_calls=200))
    assert (result.verdict, result.value) == ("inconclusive", None)
    assert result.message == (
        "latency p50 not measured, budget 50 ms, 0 of 200 calls used: inconclusive, too noisy: 0 of 200 calls usable"
    )


@pytest.mark.parametrize(
    ("call_s", "quantile", "calls", "verdict"),
    [(0.45, "p95", 126, "pass"), (0.6, "p50", 51, "fail"), (1.8, "p50", 51, "fail"), (1.8, "p95", 21, "inconclusive")],
)
def test_slow_calls_are_waited_for_where_a_few_of_them_show_something(monkeypatch, call_s, quantile, calls, verdict):
    """A p95 of calls of half a second takes a minute on the quietest machine; one that takes too long says what it needs."""
    use_fake_meter(monkeypatch)
    passed = [0]
    monkeypatch.setattr(measure_time, "wall_ns", lambda: passed[0])

    def call():
        passed[0] += round(call_s * 1.1e9)
        return round(call_s * 1000) * MS

    [result] = measure_latency(call, {quantile: 500 * MS if verdict != "inconclusive" else 2000 * MS})
    assert (result.verdict, result.total) == (verdict, calls)
    assert result.message.endswith("are needed at least") is (verdict == "inconclusive")


def test_a_fail_of_slow_calls_is_confirmed_though_many_are_disturbed(monkeypatch):
    """Two of three calls are beside a slow spin: what has failed once is worth two minutes."""
    calls, passed = count(), [0]

    class OftenNoisyMeter(QuietMeter):
        def block(self, call, *, most=64, in_quiet=True):
            self.spin_ns = 350_000 if next(calls) % 3 else 270_000
            return super().block(call, most=most)

    use_fake_meter(monkeypatch, OftenNoisyMeter)
    monkeypatch.setattr(measure_time, "wall_ns", lambda: passed[0])

    def call():
        passed[0] += 630 * MS
        return 630 * MS

    [result] = measure_latency(call, {"p50": 500 * MS})
    assert result.verdict == "fail"
    assert 80 * 10**9 < passed[0] <= 120 * 10**9


def test_rounds_bound_the_runs_of_all_stages(monkeypatch):
    """A body is never run more often than its marker allows, even where a fail waits to be confirmed."""
    use_fake_meter(monkeypatch)
    tool = Tool(60)
    (result,) = apply_to_body(tool, Budgets(latency={"p50": 50 * MS}), rounds=40)
    assert (tool.calls, result.verdict) == (40, "inconclusive")


def test_a_failing_call_is_not_measured(monkeypatch):
    """What the call raises comes through."""
    use_fake_meter(monkeypatch)
    with pytest.raises(ZeroDivisionError):
        measure_latency(lambda: 1 / 0, {"p50": MS})


class FakeCpu:
    """Stands in for CpuMeter: the call's result is (cpu, wall), or (cpu, wall, waited)."""

    def __init__(self, process_ids=(), *, evens_ticks=False, counts_waits=False):
        pass

    def measure(self, call):
        cpu, wall, *waited = call()
        return CpuReading(cpu, wall, None, *waited)

    def notes(self):
        return ("fake",)

    def close(self):
        pass


@pytest.mark.parametrize(
    ("cpu_ms", "verdicts"), [(5, ("pass", "pass")), (30, ("fail", "pass")), (90, ("fail", "fail"))]
)
def test_cpu_time_and_utilization_are_judged_on_the_same_calls(monkeypatch, cpu_ms, verdicts):
    """Time a call and share of one core, each against its own budget."""
    monkeypatch.setattr(measure_time, "CpuMeter", FakeCpu)
    monkeypatch.setattr(measure_time, "_sleep", lambda _: None)
    results = measure_cpu(lambda: (cpu_ms * MS, 100 * MS), time_ns=20 * MS, utilization=0.8)
    assert tuple(result.verdict for result in results) == verdicts
    assert [result.metric for result in results] == ["cpu time", "cpu utilization"]
    assert f"cpu utilization {cpu_ms}%" in results[1].message


@pytest.mark.parametrize(
    ("cpu_ms", "waited_ms", "verdict"), [(25, 90, "inconclusive"), (25, 20, "pass"), (90, 40, "fail"), (25, 0, "pass")]
)
def test_a_busy_machine_hides_no_share_of_a_core(monkeypatch, cpu_ms, waited_ms, verdict):
    """A call of 140 ms that waited for a processor used more of what it had: it passes only if it cannot be too much."""
    monkeypatch.setattr(measure_time, "CpuMeter", FakeCpu)
    monkeypatch.setattr(measure_time, "_sleep", lambda _: None)
    effort = Effort(max_calls=100)
    [result] = measure_cpu(lambda: (cpu_ms * MS, 140 * MS, waited_ms * MS), utilization=0.3, effort=effort)
    assert result.verdict == verdict
    assert ("too noisy: 0 of 100 calls usable" in result.message) is (verdict == "inconclusive")


def test_each_kind_of_budget_has_a_pass_of_its_own(monkeypatch):
    """Never two measurements in one call: no call is seen by two meters."""
    use_fake_meter(monkeypatch)
    monkeypatch.setattr(measure_time, "CpuMeter", FakeCpu)
    seen = []
    for name in ("measure_latency", "measure_cpu", "measure_peak_budget", "measure_leak_budget"):
        result = BudgetResult(name, "pass", "", "", "")
        answer = result if "budget" in name else (result,)
        monkeypatch.setattr(
            f"pytest_toolcheck.budgets.measure.{name}",
            lambda *_, name=name, answer=answer, **__: seen.append(name) or answer,
        )
    budgets = Budgets(latency={"p50": 1}, memory={"peak": 1, "leak": 1}, cpu_time_ns=1)
    assert kinds_of(budgets) == ("latency", "cpu", "memory", "leak")
    told = []
    results = apply_budgets(Subject(lambda: None), budgets, on_result=told.append)
    assert seen == ["measure_latency", "measure_cpu", "measure_peak_budget", "measure_leak_budget"]
    assert tuple(told) == results


def test_what_cannot_be_measured_is_inconclusive_and_says_why(monkeypatch):
    """A meter that refuses makes no error of the test's: the reason stands in the message."""
    monkeypatch.setattr(clocks, "wall_ns", lambda: time.perf_counter_ns() + 3600 * 10**9)
    (result,) = apply_budgets(Subject(lambda: None), Budgets(latency={"p50": MS}))
    assert result.verdict == "inconclusive"
    assert "latency not measured: a budget cannot be measured under virtual time" in result.message


def body_once(monkeypatch, sample, budgets, cpu_ns=0):
    reading = CpuReading(cpu_ns, sample.wall_ns, waited_ns=sample.run_delay_ns)

    class Meter:
        computed_ns = 0

        def once(self, call, *, is_within):
            return TimedCall(sample, reading)

        def notes(self):
            return ("measured by a fake",)

    monkeypatch.setattr(measure_body, "LatencyMeter", Meter)
    monkeypatch.setattr(CpuMeter, "measure", lambda *_: reading)
    return [result.verdict for result in apply_to_body(lambda: None, budgets)]


@pytest.mark.parametrize(
    ("wall_ms", "spin", "verdict"),
    [
        (10, 270, "pass"),
        (55, 270, "inconclusive"),
        (80, 270, "fail"),
        (80, 400, "inconclusive"),
        (100, 400, "fail"),
        (10, 400, "pass"),
    ],
)
def test_one_run_of_a_body_fails_only_beyond_doubt(monkeypatch, wall_ms, spin, verdict):
    """One run cannot be confirmed: without what slowed it, a fail must be over by a quarter."""
    sample = Sample(wall_ms * MS, 0, spin, spin, 270)
    assert body_once(monkeypatch, sample, Budgets(latency={"max": 50 * MS})) == [verdict]


def test_one_run_of_a_body_judges_cpu_as_well(monkeypatch):
    """CPU time and utilization come from the same single run."""
    sample = Sample(100 * MS, 0, 270, 270, 270)
    budgets = Budgets(cpu_time_ns=20 * MS, cpu_utilization=0.5)
    assert body_once(monkeypatch, sample, budgets, cpu_ns=60 * MS) == ["fail", "inconclusive"]


def test_waiting_for_a_processor_is_no_excuse_for_the_cpu_time_of_a_body(monkeypatch):
    """CPU time does not grow while a run waits, so a disturbed run fails it all the same; its wall time does."""
    sample = Sample(100 * MS, 80 * MS, 900, 900, 270)
    budgets = Budgets(latency={"max": 50 * MS}, cpu_time_ns=20 * MS)
    assert body_once(monkeypatch, sample, budgets, cpu_ns=60 * MS) == ["inconclusive", "fail"]


@pytest.mark.parametrize(
    ("cpu_ms", "verdict"), [(30, "inconclusive"), (20, "pass"), (90, "fail")], ids=["open", "little", "much"]
)
def test_waiting_for_a_processor_makes_no_body_pass_by_its_share_of_one(monkeypatch, cpu_ms, verdict):
    """Half of the run was waiting: what it used then is the share that counts, unless it is too much as it is."""
    budgets = Budgets(cpu_utilization=0.5)
    assert body_once(monkeypatch, Sample(100 * MS, 50 * MS), budgets, cpu_ns=cpu_ms * MS) == [verdict]


@pytest.mark.parametrize(
    ("budgets", "waits", "spins", "begun"),
    [
        (Budgets(cpu_utilization=1.0), True, 0, 0),
        (Budgets(cpu_time_ns=MS), False, 0, 1),
        (Budgets(latency={"max": 1000 * MS}), True, 1, 1),
    ],
    ids=["share", "cpu", "wall"],
)
def test_one_run_of_a_body_is_charged_only_for_what_its_budgets_need(monkeypatch, budgets, waits, spins, begun):
    """CPU needs no calibration spins, a share of a core nothing of what the run touches, and only it what was waited."""
    made, counted = [], []

    class Meter(LatencyMeter):
        def __init__(self):
            made.append(1)
            super().__init__(reference_ns=1)

    class Cpu(CpuMeter):
        def __init__(self, *, counts_waits):
            counted.append(counts_waits)
            super().__init__(counts_waits=counts_waits)

    touching = []
    monkeypatch.setattr(measure_body, "LatencyMeter", Meter)
    monkeypatch.setattr(measure_body, "CpuMeter", Cpu)
    monkeypatch.setattr(measure_body, "others_run", lambda: touching.append(1))
    assert judge_body_once(lambda: None, budgets)
    assert (counted, len(made), len(touching)) == ([waits], spins, begun)


def test_what_was_waited_before_a_body_ran_is_no_excuse_for_it(monkeypatch):
    """Getting ready to count what it touches takes longer than many a body."""
    reading = CpuReading(100 * MS, 100 * MS, waited_ns=0)
    sample = Sample(150 * MS, 99 * MS, 270, 270, 270)
    monkeypatch.setattr(CpuMeter, "measure", lambda *_: reading)
    monkeypatch.setattr(CpuMeter, "tells_waits", True)
    monkeypatch.setattr(LatencyMeter, "once", lambda *_, **__: TimedCall(sample, reading))
    monkeypatch.setattr(measure_body, "slow_down_of", lambda touched: 1.0)
    (result,) = judge_body_once(lambda: None, Budgets(latency={"max": 50 * MS}))
    assert (result.verdict, "waited" in result.message) == ("fail", False)


def test_a_body_is_run_once_for_real():
    """Without rounds the body runs exactly once, whatever is judged."""
    runs = []
    apply_to_body(lambda: runs.append(1), Budgets(latency={"max": 10**12}, cpu_time_ns=10**12))
    assert runs == [1]


def test_broken_budgets_raise_and_inconclusive_ones_are_for_warning():
    """The first line of the error is the first broken budget; inconclusive ones fail only where that is set."""
    bad = BudgetResult("latency p95", "fail", "", "", "latency p95 61.2 ms, budget 50 ms", details=(("slowest", "x"),))
    unsure = BudgetResult("cpu time", "inconclusive", "", "", "cpu time unsure")
    fine = BudgetResult("memory peak", "pass", "", "", "fine")
    with pytest.raises(BudgetExceeded, match=r"61\.2 ms") as caught:
        raise_for([fine, unsure, bad])
    assert str(caught.value).splitlines() == ["latency p95 61.2 ms, budget 50 ms", "  slowest: x"]
    assert raise_for([fine, unsure]) == ("cpu time unsure",)
    with pytest.raises(BudgetExceeded, match="unsure"):
        raise_for([fine, unsure], inconclusive_fails=True)


@pytest.mark.parametrize(("quantile", "value"), [(0.5, 5), (0.95, 10), (1, 10), (0.9, 9)])
def test_a_quantile_is_one_of_the_values(quantile, value):
    """The quantile is the smallest value that at least that share of values does not exceed."""
    assert quantile_of(list(range(1, 11)), quantile) == value


def test_growth_without_sizes_is_inconclusive():
    """A growth budget on something without a size says so."""
    from pytest_toolcheck.spec.model import GrowthBudget

    (result,) = apply_budgets(Subject(lambda: None), Budgets(growth=GrowthBudget("items", "n")))
    assert "nothing here whose size over 'items'" in result.message
    assert isinstance(MeterError("x"), Exception)
