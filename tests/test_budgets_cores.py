"""Others on the same core: what computes is slower for them, CPU time included, and that alone accuses nobody."""

from __future__ import annotations

import os
from itertools import cycle

import pytest

from pytest_toolcheck.budgets import cores as module
from pytest_toolcheck.budgets import latency, measure_body, measure_time, runners
from pytest_toolcheck.budgets.cores import CALLS_DIFFER, SHARED, Cores, SpinsBeside, core_is_slow
from pytest_toolcheck.budgets.cpu import CpuMeter, CpuReading
from pytest_toolcheck.budgets.latency import LatencyMeter, TimedCall
from pytest_toolcheck.budgets.measure_body import judge_body_once
from pytest_toolcheck.budgets.measure_time import measure_cpu, measure_latency
from pytest_toolcheck.budgets.sample import Sample
from pytest_toolcheck.spec.model import Budgets

from .budget_fakes import QuietMeter, use_fake_meter

MS = 1_000_000
ALONE, BESIDE = "1/204", "3/204"
_BEGIN, _SLOW_DOWN = Cores.begin, Cores.slow_down


class Machine:
    """Two processors of one core: who runs, and what the calibration loop takes, is what a test says."""

    def __init__(self, monkeypatch, tmp_path):
        self.proc, self.spin_ns = tmp_path, 250_000
        self.looks = 0
        (tmp_path / "cpuinfo").write_text("flags\t\t: fpu ht syscall hypervisor lahf_lm\n")
        self.run(ALONE)
        monkeypatch.setattr(runners, "PROC", tmp_path)
        monkeypatch.setattr(runners, "_SIBLINGS", tmp_path / "siblings")
        (tmp_path / "siblings").write_text("0\n")
        monkeypatch.setattr(runners, "_processors", lambda: 2)
        monkeypatch.setattr(latency, "_reference_ns", [])
        monkeypatch.setattr(latency, "_sleep", lambda _: None)
        monkeypatch.setattr(latency, "spin", lambda: self.spin_ns)
        monkeypatch.setattr(module, "_sleep", lambda _: None)
        monkeypatch.setattr(module, "quartile_of_spins", self.look)
        monkeypatch.setattr(Cores, "begin", _BEGIN)
        monkeypatch.setattr(Cores, "slow_down", _SLOW_DOWN)
        runners.has_shared_cores.cache_clear()

    def run(self, running):
        (self.proc / "loadavg").write_text(f"0.50 0.60 0.70 {running} 4711\n")

    def look(self):
        self.looks += 1
        return self.spin_ns


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine that is quiet at first."""
    yield Machine(monkeypatch, tmp_path)
    runners.has_shared_cores.cache_clear()


@pytest.mark.parametrize(
    ("running", "processors", "siblings", "flags", "may"),
    [
        ("1/9", 2, "0", "fpu hypervisor", False),
        ("2/9", 2, "0", "fpu hypervisor", True),
        ("2/9", 2, "0", "fpu", False),
        ("2/9", 2, "0-1", "fpu", True),
        ("2/9", 8, "0,4", "fpu", False),
        ("5/9", 8, "0,4", "fpu", True),
        ("0/0", 2, "0-1", "fpu", False),
    ],
    ids=["alone", "guest", "no guest, own cores", "shared cores", "most are idle", "most are busy", "not told"],
)
def test_whether_another_may_be_on_the_same_core(machine, monkeypatch, running, processors, siblings, flags, may):
    """Where cores are shared, or nobody tells it of a guest, more than half of the other processors are at work."""
    machine.run(running)
    monkeypatch.setattr(runners, "_processors", lambda: processors)
    (machine.proc / "siblings").write_text(f"{siblings}\n")
    (machine.proc / "cpuinfo").write_text(f"flags\t\t: {flags} lahf_lm\n")
    assert runners.may_share_a_core() is may


def test_where_nobody_tells_of_cores_none_is_shared(machine):
    """There is no /proc/cpuinfo elsewhere."""
    machine.run(BESIDE)
    (machine.proc / "cpuinfo").unlink()
    assert not runners.may_share_a_core()


def test_a_quiet_moment_tells_what_the_loop_takes(machine):
    """Loops that are slower excuse calls, loops that are not excuse nothing, whoever runs later on."""
    cores = Cores()
    cores.begin()
    machine.run(BESIDE)
    assert (machine.looks, cores.slow_down(250_000)) == (1, 1.0)
    assert cores.slow_down(400_000) == pytest.approx(1.6 * CALLS_DIFFER)


def test_without_a_quiet_moment_all_may_have_been_slower_from_the_first_call_on(machine):
    """However even the loops are; until nobody else runs for a moment, which then is the better reference."""
    machine.run(BESIDE)
    machine.spin_ns = 400_000
    cores = Cores()
    cores.begin()
    assert cores.slow_down(400_000) == SHARED
    machine.run(ALONE)
    machine.spin_ns = 250_000
    assert cores.slow_down(400_000) == pytest.approx(1.6 * CALLS_DIFFER)
    assert (cores.slow_down(250_000), latency.session_reference_ns()) == (1.0, 250_000)


def test_the_usual_loop_of_a_stage_counts_once(machine, monkeypatch):
    """In CPU time, so that no wait is in it."""
    clock = [0]
    monkeypatch.setattr(module, "thread_cpu_ns", lambda: clock[0])
    monkeypatch.setattr(module, "spin", lambda: clock.__setitem__(0, clock[0] + next(took)))
    took, beside = iter([100, 500, 300, 7, 7, 9]), SpinsBeside()
    for _ in range(3):
        beside.spin()
    assert (beside.take_ns(), beside.take_ns()) == (300, 7)


class Costs:
    """Stands in for CpuMeter: each call costs so much CPU time; counts its calls."""

    def __init__(self, cost_ms):
        self.cost_ns, self.calls = round(cost_ms * MS), 0

    def __call__(self, *_):
        self.calls += 1
        return CpuReading(self.cost_ns, self.cost_ns)


@pytest.mark.parametrize(
    ("cost_ms", "running", "spin_us", "verdict"),
    [
        (1.1, ALONE, 250, "fail"),
        (1.5, BESIDE, 400, "inconclusive"),
        (2.5, BESIDE, 400, "fail"),
        (1.1, BESIDE, 255, "fail"),
        (0.9, BESIDE, 400, "pass"),
    ],
    ids=["quiet", "explained", "more than that", "not slower", "kept"],
)
def test_cpu_time_is_not_accused_of_what_others_on_its_core_add(
    machine, monkeypatch, cost_ms, running, spin_us, verdict
):
    """Against 1 ms, every call alike; the message says by how much all may have been slower, and why."""
    monkeypatch.setattr(CpuMeter, "measure", Costs(cost_ms))
    monkeypatch.setattr(measure_time, "_sleep", lambda _: None)
    cores = Cores()
    cores.begin()
    monkeypatch.setattr("pytest_toolcheck.budgets.contention.cores", cores)
    machine.run(running)
    spent = [0]
    monkeypatch.setattr(module, "thread_cpu_ns", lambda: spent.__setitem__(0, spent[0] + spin_us * 1000) or spent[0])
    (result,) = measure_cpu(lambda: None, time_ns=MS)
    assert result.verdict == verdict
    assert ("others compute on the same core" in result.message) == (verdict == "inconclusive")
    assert verdict != "inconclusive" or result.message.endswith(core_is_slow(1.6 * CALLS_DIFFER))


def spun_beside(monkeypatch, pairs):
    """Return loops that took so long beside calls of such cost."""
    clock, took, beside = [0], iter([spun for spun, _ in pairs]), SpinsBeside()
    monkeypatch.setattr(module, "thread_cpu_ns", lambda: clock[0])
    monkeypatch.setattr(module, "spin", lambda: clock.__setitem__(0, clock[0] + next(took)))
    for _, cost in pairs:
        beside.spin(cost)
    return beside


@pytest.mark.parametrize(
    ("spins", "costs", "steady"),
    [
        ([400_000, 600_000], [15_000_000, 15_010_000], True),
        ([400_000, 600_000], [2_000_000, 2_009_000], True),
        ([400_000, 600_000], [15_000_000, 16_500_000], False),
        ([400_000, 600_000], [400_000, 600_000], False),
        ([400_000, 410_000], [15_000_000, 15_000_000], False),
        ([400_000, 600_000], [0, 0], False),
    ],
    ids=["its own clock", "short", "evened out", "as the loops", "the core's speed stays", "a coarse clock"],
)
def test_calls_that_cost_the_same_at_any_speed_of_the_core_are_steady(monkeypatch, spins, costs, steady):
    """What a core slows differs as the loops beside it do, evened out over a call; of few calls nobody knows."""
    pairs = list(zip(spins * 9, costs[:1] * 9 + costs[1:] * 9, strict=True))
    assert spun_beside(monkeypatch, pairs).calls_are_steady() is steady
    assert not spun_beside(monkeypatch, pairs[:9]).calls_are_steady()


@pytest.mark.parametrize(("has_server", "verdict"), [(False, "fail"), (True, "inconclusive")], ids=["here", "a server"])
def test_steady_calls_are_not_excused_by_their_core(machine, monkeypatch, has_server, verdict):
    """Of a server nobody knows on which core it ran."""
    monkeypatch.setattr(CpuMeter, "measure", Costs(1.1))
    monkeypatch.setattr(measure_time, "_sleep", lambda _: None)
    cores, spent, spins = Cores(), [0], cycle([300_000, 450_000])
    cores.begin()
    monkeypatch.setattr("pytest_toolcheck.budgets.contention.cores", cores)
    machine.run(BESIDE)
    monkeypatch.setattr(module, "spin", lambda: spent.__setitem__(0, spent[0] + next(spins)))
    monkeypatch.setattr(module, "thread_cpu_ns", lambda: spent[0])
    (result,) = measure_cpu(lambda: None, time_ns=MS, process_ids=[os.getpid()] if has_server else [])
    assert result.verdict == verdict, result.message


def test_a_tool_that_keeps_its_budget_is_charged_for_no_loops(machine, monkeypatch):
    """They are spun from the first call on that is over it."""
    spun: list[int] = []
    monkeypatch.setattr(SpinsBeside, "spin", lambda self, _cost_ns: spun.append(1))
    monkeypatch.setattr(CpuMeter, "measure", Costs(0.5))
    (result,) = measure_cpu(lambda: None, time_ns=MS)
    assert (result.verdict, spun, machine.looks) == ("pass", [], 0)


@pytest.mark.parametrize(
    ("wall_ms", "computed_ms", "verdict"),
    [(1.5, 1.5, "inconclusive"), (2.5, 2.5, "fail"), (1.5, 0.1, "fail")],
    ids=["it computes", "more than that", "it sleeps"],
)
def test_latency_without_a_quiet_moment_fails_only_beyond_half_a_core(
    machine, monkeypatch, wall_ms, computed_ms, verdict
):
    """The loops beside it are even, for they were as slow when the reference was taken."""

    class Meter(QuietMeter):
        def block(self, call, *, most=64, in_quiet=True):
            self.computed_ns += round(computed_ms * MS)
            return super().block(call, most=most)

    use_fake_meter(monkeypatch, Meter)
    machine.run(BESIDE)
    monkeypatch.setattr("pytest_toolcheck.budgets.contention.cores", Cores())
    (result,) = measure_latency(lambda: round(wall_ms * MS), {"p50": MS})
    assert result.verdict == verdict
    assert ("2.00 times as long" in result.message) == (verdict == "inconclusive")


def test_stages_that_a_better_reference_belies_are_made_again(machine, monkeypatch):
    """The machine was slower from the first call on, and others end after the first stage: what follows counts."""
    calls = [0]

    class Meter(QuietMeter):
        def block(self, call, *, most=64, in_quiet=True):
            calls[0] += 1
            if calls[0] == 17:
                machine.run(ALONE)
                machine.spin_ns = self.spin_ns = 250_000
            self.computed_ns += call()
            wall = call() if calls[0] > 17 else round(call() * 1.6)
            return [TimedCall(Sample(wall, 0, self.spin_ns, self.spin_ns, latency.session_reference_ns(), 0), None)]

    use_fake_meter(monkeypatch, Meter)
    machine.run(BESIDE)
    machine.spin_ns = Meter.spin_ns = 400_000
    monkeypatch.setattr("pytest_toolcheck.budgets.contention.cores", Cores())
    (result,) = measure_latency(lambda: round(0.9 * MS), {"p50": MS})
    assert result.verdict == "pass"


@pytest.mark.parametrize("metric", ["latency", "cpu"])
@pytest.mark.parametrize(("cost_ms", "verdict"), [(0.9, "pass"), (2, "inconclusive"), (2.6, "fail")])
def test_one_run_beside_others_fails_only_beyond_half_a_core_and_a_quarter(
    machine, monkeypatch, metric, cost_ms, verdict
):
    """It cannot be confirmed, and no loop tells what would be undisturbed."""
    reading = CpuReading(round(cost_ms * MS), round(cost_ms * MS))
    monkeypatch.setattr(CpuMeter, "measure", lambda *_: reading)
    monkeypatch.setattr(LatencyMeter, "block", lambda *_, **__: [TimedCall(Sample(reading.wall_ns), reading)])
    monkeypatch.setattr(SpinsBeside, "take_ns", lambda self: 250_000)
    monkeypatch.setattr(measure_body, "slow_down_of", lambda touched: 1.0)
    monkeypatch.setattr(measure_body, "cores", Cores())
    machine.run(BESIDE)
    budgets = Budgets(cpu_time_ns=MS) if metric == "cpu" else Budgets(latency={"max": MS})
    (result,) = judge_body_once(lambda: None, budgets)
    assert result.verdict == verdict
    assert ("others compute on the same core" in result.message) == (verdict == "inconclusive")
