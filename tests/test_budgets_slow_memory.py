"""What ran once, or is compared with a baseline, while neighbours use the machine's memory: that alone accuses nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_toolcheck.budgets import contention, measure_body, measure_value, runners
from pytest_toolcheck.budgets.baseline import Machine, compare, load_baseline, save_baseline
from pytest_toolcheck.budgets.contention import Contention, slow_down_of
from pytest_toolcheck.budgets.cpu import CpuMeter, CpuReading
from pytest_toolcheck.budgets.latency import LatencyMeter, TimedCall
from pytest_toolcheck.budgets.measure_body import judge_body_once
from pytest_toolcheck.budgets.results import BudgetResult
from pytest_toolcheck.budgets.runners import others_run
from pytest_toolcheck.budgets.sample import Sample
from pytest_toolcheck.budgets.touched import Touched
from pytest_toolcheck.spec.model import Budgets

MS = 1_000_000
HERE = Machine("this machine", 250_000)
EXPLAINED = "memory is slow: what lives there may take 3.00 times as long, and that may be all that is wrong"


@pytest.fixture
def asked(monkeypatch):
    """Memory is 3 times slower; return how often that was asked."""
    found: list[int] = []

    def slow_down(touched):
        found.append(1)
        return 3.0

    monkeypatch.setattr(measure_body, "slow_down_of", slow_down)
    monkeypatch.setattr(measure_value, "slow_down_of", slow_down)
    return found


def run_once(monkeypatch, budgets, *, cpu_ms, wall_ms) -> BudgetResult:
    reading = CpuReading(round(cpu_ms * MS), round(wall_ms * MS))
    monkeypatch.setattr(CpuMeter, "measure", lambda *_: reading)
    monkeypatch.setattr(LatencyMeter, "once", lambda *_, **__: TimedCall(Sample(reading.wall_ns), reading))
    (found,) = judge_body_once(lambda: None, budgets)
    return found


@pytest.mark.parametrize(
    ("cpu_ms", "wall_ms", "verdict", "times_asked"),
    [
        (9, 9, "pass", 0),
        (12, 12, "inconclusive", 0),
        (30, 30, "inconclusive", 1),
        (40, 40, "fail", 1),
        (1, 30, "fail", 1),
    ],
    ids=["within", "over by less than a quarter", "explained", "over by more", "it only waited"],
)
def test_one_run_over_a_maximum_is_not_accused_for_slow_memory(
    monkeypatch, asked, cpu_ms, wall_ms, verdict, times_asked
):
    """Only what it computed was slower for that; a run that keeps its budget does not ask."""
    found = run_once(monkeypatch, Budgets(latency={"max": 10 * MS}), cpu_ms=cpu_ms, wall_ms=wall_ms)
    assert (found.verdict, len(asked)) == (verdict, times_asked)
    assert (EXPLAINED in found.message) == (verdict == "inconclusive" and times_asked == 1)


@pytest.mark.parametrize("metric", ["latency", "cpu"])
@pytest.mark.parametrize(("cost_ms", "limit_ms", "verdict"), [(9, 1, "inconclusive"), (90, 10, "fail")])
def test_a_long_run_is_never_slowed_as_much_as_a_short_one(monkeypatch, metric, cost_ms, limit_ms, verdict):
    """Both are nine times over; a short run may find all pushed out of the caches, which was up to 16 times as slow."""
    monkeypatch.setattr(measure_body, "slow_down_of", lambda touched: 16.0)
    limit = limit_ms * MS
    budgets = Budgets(cpu_time_ns=limit) if metric == "cpu" else Budgets(latency={"max": limit})
    assert run_once(monkeypatch, budgets, cpu_ms=cost_ms, wall_ms=cost_ms).verdict == verdict


@pytest.mark.parametrize(("cpu_ms", "verdict"), [(9, "pass"), (30, "inconclusive"), (40, "fail")])
def test_cpu_time_of_one_run_is_not_accused_for_slow_memory(monkeypatch, asked, cpu_ms, verdict):
    """What lives in memory takes more CPU time where neighbours use it."""
    found = run_once(monkeypatch, Budgets(cpu_time_ns=10 * MS), cpu_ms=cpu_ms, wall_ms=cpu_ms)
    assert found.verdict == verdict
    assert (EXPLAINED in found.message) == (verdict == "inconclusive")


def test_what_is_done_to_judge_a_run_is_not_what_it_touches(monkeypatch):
    """Counting ends with a run that is too much, before the machine is looked at; one that is kept is not charged for it."""
    order = []

    def once(self, call, *, is_within):
        reading = call()
        order.append("spun")
        return TimedCall(Sample(reading.wall_ns), reading)

    monkeypatch.setattr(LatencyMeter, "once", once)
    monkeypatch.setattr(Touched, "end", lambda self: order.append("counted"))
    monkeypatch.setattr(measure_body, "slow_down_of", lambda touched: 1.0)
    for cpu_ms in (40, 4):
        reading = CpuReading(cpu_ms * MS, cpu_ms * MS)
        monkeypatch.setattr(CpuMeter, "measure", lambda *_, reading=reading: reading)
        judge_body_once(lambda: None, Budgets(latency={"max": 10 * MS}))
    assert order == ["counted", "spun", "spun"]


def test_what_touches_little_is_not_slower(monkeypatch):
    """Nothing is asked of memory then; of what is not known to, the worse of copies and caches counts."""
    monkeypatch.setattr(Contention, "slow_down", lambda self: 1.5)
    monkeypatch.setattr(Contention, "slow_down_of_caches", lambda self: 4.0)
    assert (slow_down_of(0), slow_down_of(None), slow_down_of(2**30)) == (1, 4, 4)


@pytest.mark.parametrize(("running", "begun"), [("1/204", 0), ("3/204", 1)], ids=["alone", "beside neighbours"])
def test_what_one_run_touches_is_counted_only_beside_neighbours(monkeypatch, tmp_path, running, begun):
    """Counting costs a millisecond, which a quick test on a quiet machine need not pay."""
    begins: list[int] = []
    (tmp_path / "loadavg").write_text(f"0.50 0.60 0.70 {running} 4711\n")
    monkeypatch.setattr(runners, "PROC", tmp_path)
    monkeypatch.setattr(Touched, "begin", lambda self: begins.append(1))
    judge_body_once(lambda: None, Budgets(cpu_time_ns=1000 * MS))
    assert len(begins) == begun


def test_where_nobody_tells_who_runs_nothing_is_counted(monkeypatch, tmp_path):
    """Elsewhere than on Linux there are no marks of pages either."""
    monkeypatch.setattr(runners, "PROC", tmp_path)
    assert not others_run()


@pytest.mark.parametrize(
    ("value_ms", "slow_down", "verdict"),
    [(30, 1.0, "fail"), (30, 1.5, "inconclusive"), (40, 1.5, "fail"), (22, 1.5, "pass")],
)
def test_slow_memory_is_no_regression(tmp_path, value_ms, slow_down, verdict):
    """A lower bound that memory explains accuses nobody, and the message says so; what it does not explain fails."""
    path = tmp_path / "main.json"
    then = BudgetResult("cpu time", "pass", "", "", "", value=20 * MS, unit="ns", low=19.6 * MS, high=20.4 * MS)
    save_baseline(path, [("a::test", then)], machine=HERE)
    now = replace(then, value=value_ms * MS, low=value_ms * MS * 0.98, high=value_ms * MS * 1.02, slow_down=slow_down)
    (found,) = compare(load_baseline(path), [("a::test", now)], machine=HERE)
    assert found.verdict == verdict
    assert ("memory is slow" in found.message) == (verdict == "inconclusive")


def test_what_is_measured_for_a_baseline_knows_how_slow_memory_was(monkeypatch, asked):
    """CPU time by all of it, time on the wall clock by the part that is computed."""
    monkeypatch.setattr(measure_value, "_sleep", lambda _: None)
    monkeypatch.setattr(CpuMeter, "measure", lambda self, call: CpuReading(5 * MS, 10 * MS))
    cpu, wall = measure_value.measure_times(lambda: None)
    assert (cpu.slow_down, wall.slow_down) == (3, pytest.approx(1.5))


def test_of_what_is_long_memory_explains_less_to_a_baseline(monkeypatch):
    """As in a budget: no call of 10 ms or more was seen to take more than about 5 times as long."""
    monkeypatch.setattr(measure_value, "_sleep", lambda _: None)
    monkeypatch.setattr(measure_value, "slow_down_of", lambda touched: 16.0)
    monkeypatch.setattr(CpuMeter, "measure", lambda self, call: CpuReading(20 * MS, 20 * MS))
    cpu, _ = measure_value.measure_times(lambda: None)
    assert cpu.slow_down == contention.SLOWEST_LONG


def test_neighbours_are_looked_for_in_each_pause(monkeypatch):
    """Those that came in between are seen as well."""
    looks: list[int] = []
    monkeypatch.setattr(measure_value, "_sleep", lambda _: None)
    monkeypatch.setattr(Contention, "note", lambda self, took_ns=contention.LONG_NS: looks.append(took_ns))
    monkeypatch.setattr(CpuMeter, "measure", lambda self, call: CpuReading(5 * MS, 10 * MS))
    measure_value.measure_times(lambda: None)
    assert len(looks) == 2
