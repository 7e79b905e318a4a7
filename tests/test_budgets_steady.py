"""Calls that wait on a busy machine: what the machine's speed makes nothing of, it does not excuse."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_toolcheck.budgets import latency, waits
from pytest_toolcheck.budgets.latency import LatencyMeter
from pytest_toolcheck.budgets.processes import has_proc
from pytest_toolcheck.budgets.sample import Sample
from pytest_toolcheck.budgets.steady import SteadyCalls
from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, SequentialVerdict
from pytest_toolcheck.budgets.waits import Waits

MS = 1_000_000
SPIN = 270_000
WAITS = Sample(20 * MS, 0, SPIN, SPIN, SPIN, 0, computed_ns=MS // 10, wakings=2)


def noisy(
    call: Sample,
    *,
    computes: float = 0.0,
    seed: int = 0,
    calls: int = 60,
    slow: tuple[float, float] = (1.2, 2.2),
    differ_ms: float = 0.1,
) -> list[Sample]:
    """Return calls as they are beside loops that are `slow` times as long; `computes` is the share that is slowed alike."""
    moves = random.Random(seed)
    found = []
    for _ in range(calls):
        factor = moves.uniform(*slow)
        waited = moves.choice([0, 0, 3 * MS])
        slower = call.wall_ns * (1 + computes * (factor - 1)) + moves.uniform(0, differ_ms) * MS
        spin = round(SPIN * factor)
        found.append(
            replace(call, wall_ns=round(slower) + waited, run_delay_ns=waited, spin_before_ns=spin, spin_after_ns=spin)
        )
    return found


def judged(calls: list[Sample], budget_ns: float, quantile: float = 0.5) -> str | None:
    rule = SequentialVerdict(quantile, round(budget_ns))
    for sample in calls:
        if rule.feed(sample) is not None:
            break
    return rule.verdict


@pytest.mark.parametrize("quantile", [0.5, 0.95, 1.0])
def test_a_tool_that_waits_fails_on_a_busy_machine(quantile):
    """A tenth over its budget, it fails where no loop is undisturbed; what it waited for a processor is taken off."""
    calls = noisy(WAITS)
    assert judged(calls, 20 * MS / 1.1, quantile) == "fail"
    assert judged([replace(call, computed_ns=None) for call in calls], 20 * MS / 1.1, quantile) is None


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("computes", [0.0, 0.05, 0.15, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("is_told", [True, False], ids=["here", "in a database beside it"])
def test_a_tool_within_its_budget_does_not_fail_whatever_it_does(computes, is_told, seed):
    """Its computing is slowed here, or in a process that nobody knows of and that the calls wait for."""
    computed = round(20 * MS * computes) if is_told else 0
    calls = noisy(replace(WAITS, computed_ns=computed), computes=computes, seed=seed)
    assert judged(calls, 20 * MS / 0.9) in (None, "pass")


@pytest.mark.parametrize(
    "change",
    [
        {"tells_waits": False},
        {"spin_reference_ns": 0},
        {"wakings": 80},
        {"computed_ns": 15 * MS},
    ],
    ids=["waits that are not told", "no reference", "it wakes up again and again", "it computes most of the time"],
)
def test_what_the_machine_may_have_done_after_all_is_no_fail(change):
    """Each of these leaves an explanation for a tenth."""
    assert judged([replace(call, **change) for call in noisy(WAITS)], 20 * MS / 1.1) is None


@pytest.mark.parametrize(("differ_ms", "verdict"), [(0.4, "fail"), (1.0, None), (4.0, None)])
def test_calls_that_differ_by_as_much_as_they_are_over_say_nothing(differ_ms, verdict):
    """Interruptions at random lengthen calls unevenly."""
    assert judged(noisy(WAITS, differ_ms=differ_ms), 20 * MS / 1.07) == verdict


@pytest.mark.parametrize(("slow", "verdict"), [((1.7, 2.2), "fail"), ((2.0, 2.1), None), ((2.0, 2.0), None)])
def test_the_machine_has_to_move(slow, verdict):
    """Where every loop is as slow as the others, calls that are slowed differ as little."""
    assert judged(noisy(WAITS, slow=slow, differ_ms=0.0), 20 * MS / 1.1) == verdict


@pytest.mark.parametrize("seed", range(20))
def test_calls_that_a_slow_database_lifts_far_over_their_budget_move_with_the_machine(seed):
    """Three tenths of their time are computed there, on a machine that is three times as slow as it was."""
    calls = noisy(replace(WAITS, computed_ns=0), computes=0.3, slow=(3.0, 4.0), seed=seed)
    assert judged(calls, 20 * MS / 0.9) is None


@pytest.mark.parametrize(("ratio", "verdict"), [(1.1, "fail"), (0.9, "pass")])
def test_waits_beside_a_call_that_are_counted_as_its_own_hide_nothing(ratio, verdict):
    """On a busy machine half of the calls of a server seem to have waited for as long as they took: the others are judged."""
    calls = noisy(WAITS, calls=400)
    beside = [replace(call, run_delay_ns=15 * MS) if k % 2 else call for k, call in enumerate(calls)]
    assert judged(beside, 20.1 * MS / ratio) == verdict


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("computes", [0.1, 0.3, 1.0])
def test_those_that_did_not_wait_accuse_no_tool_within_its_budget(computes, seed):
    """What is slowed beside the machine's loops moves with them in these calls as well."""
    calls = noisy(replace(WAITS, computed_ns=0), computes=computes, seed=seed, calls=400)
    beside = [replace(call, run_delay_ns=15 * MS) if k % 2 else call for k, call in enumerate(calls)]
    assert judged(beside, 20 * MS / 0.9) != "fail"


def test_such_a_fail_is_confirmed_as_any_other():
    """It has to come three times, and says that it is the least that calls can have cost."""
    rule = ConfirmedVerdict(0.5, round(20 * MS / 1.1))
    calls = iter(noisy(WAITS, calls=51))
    assert [rule.feed(call) for call in calls] == [None] * 50 + ["fail"]
    assert [stage.is_by_least_cost for stage in rule.stages] == [True] * 3


def test_one_call_of_which_nobody_tells_leaves_nothing_to_be_said_of_any():
    """What it waited may be what lifts the others."""
    steady = SteadyCalls(18 * MS)
    calls = noisy(WAITS)
    for call in calls[:30]:
        steady.add(call, SPIN)
    assert steady.are_steady
    steady.add(replace(calls[30], tells_waits=False), SPIN)
    assert not steady.are_steady


@pytest.mark.parametrize(("process_ids", "computed"), [((), 40), ((7,), 640)])
def test_samples_say_what_was_computed_and_how_often_threads_began_to_run(monkeypatch, process_ids, computed):
    """Here by the process's clock, of a server by those of its processes as well."""
    here, there = [100], iter([1000, 1600])
    monkeypatch.setattr(latency, "process_cpu_ns", lambda: here[0])
    monkeypatch.setattr(latency, "has_process_clocks", lambda: True)
    monkeypatch.setattr(latency, "process_clock_ns", lambda _: next(there))
    monkeypatch.setattr(LatencyMeter, "_calibrate", lambda self: SPIN)

    def read(meter_waits, *, own_last=False):
        meter_waits.is_known, meter_waits.served = True, (7,)
        meter_waits.beginnings += 4
        return {}

    monkeypatch.setattr(Waits, "read", read)
    (one,) = LatencyMeter(process_ids, reference_ns=SPIN).block(lambda: here.append(here.pop() + 40), most=1)
    assert (one.sample.computed_ns, one.sample.wakings) == (computed, 4)


def test_what_is_read_beside_a_call_is_no_part_of_it(monkeypatch):
    """The file system is walked for the server's processes farthest from the call, and the spin's own wait begins after the rest."""
    asked = []
    monkeypatch.setattr(waits, "process_tree", lambda pids: asked.append("walk") or (*pids, 8))
    monkeypatch.setattr(waits, "has_proc", lambda: True)
    monkeypatch.setattr(waits, "_delays", lambda pid: asked.append("own" if pid == os.getpid() else pid) or [])
    monkeypatch.setattr(latency, "_sleep", lambda seconds: asked.append("rest"))
    monkeypatch.setattr(Waits, "read_own", lambda self: asked.append("own"))
    monkeypatch.setattr(LatencyMeter, "_calibrate", lambda self: asked.append("spin") or SPIN)
    LatencyMeter((7,), reference_ns=SPIN).block(lambda: asked.append("call"), most=1)
    beside = ["walk", 7, 8, "own", "call", "own", 7, 8, "walk", "rest", "own", "spin", "own"]
    assert asked[-len(beside) :] == beside


@pytest.mark.skipif(not has_proc(), reason="the files of Linux")
def test_how_often_threads_began_to_run_is_told_by_the_system():
    """It is the third number beside what each thread has waited."""

    def told():
        stats = [file.read_text().split() for file in Path("/proc/self/task").glob("*/schedstat")]
        return sum(int(beginnings) for _, _, beginnings in stats)

    found, before = Waits(), told()
    found.read()
    assert 0 < before <= found.beginnings <= told()
