"""What a message gives to judge by: how it was measured, the slowest inputs, and what the machine did meanwhile."""

from __future__ import annotations

from itertools import cycle

from pytest_toolcheck.budgets import measure_body, measure_time, runners
from pytest_toolcheck.budgets.cpu import CpuMeter, CpuReading
from pytest_toolcheck.budgets.measure_body import judge_body_once
from pytest_toolcheck.budgets.measure_time import Effort, measure_cpu
from pytest_toolcheck.budgets.runners import who_runs
from pytest_toolcheck.spec.model import Budgets

MS = 1_000_000


def test_cpu_time_has_its_slowest_inputs_and_the_machines_noise(monkeypatch, tmp_path):
    """As latency has: who reads it has to know whether it was this input, or this machine."""
    costs = cycle([30, 31, 90])
    monkeypatch.setattr(CpuMeter, "measure", lambda self, call: CpuReading((call() or 0) * MS, 100 * MS, "an input"))
    monkeypatch.setattr(measure_time, "_sleep", lambda _: None)
    monkeypatch.setattr(runners, "PROC", tmp_path)
    monkeypatch.setattr(runners.os, "cpu_count", lambda: 2)
    (tmp_path / "loadavg").write_text("0.00 0.01 0.05 7/211 4242\n")
    (result,) = measure_cpu(lambda: next(costs), time_ns=20 * MS, effort=Effort(label_of=str))
    details = dict(result.details)
    assert result.verdict == "fail"
    assert "machine: 7 threads run or want to, on 2 processors" in details["measured"]
    assert details["slowest by CPU time"].endswith("an input: 90 ms")
    assert details["slowest by CPU time"].count("an input") == 3


def test_where_nobody_tells_who_runs_nothing_is_said(monkeypatch, tmp_path):
    """There is no /proc elsewhere."""
    monkeypatch.setattr(runners, "PROC", tmp_path)
    assert who_runs() == ()


def test_a_fail_does_not_say_that_slow_memory_may_be_all(monkeypatch):
    """It says how much that may explain, and what is left."""
    monkeypatch.setattr(CpuMeter, "measure", lambda *_: CpuReading(40 * MS, 40 * MS))
    monkeypatch.setattr(measure_body, "slow_down_of", lambda touched: 2.0)
    (result,) = judge_body_once(lambda: None, Budgets(cpu_time_ns=10 * MS))
    assert result.verdict == "fail"
    assert "may take 2.00 times as long: 20 ms without that" in dict(result.details)["measured"]
