"""Baselines in a run: `--toolcheck-save-baseline` keeps, `--toolcheck-baseline` compares, wrong ones are named at once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_toolcheck.budgets import keeper, measure
from pytest_toolcheck.budgets.baseline import Machine
from pytest_toolcheck.budgets.results import BudgetResult

from .specs import PLUGINS

SPEC = """
toolcheck: 1
target: {python: lab}
tools:
  work: {budgets: {regression: 20%}}
"""
TESTS = """
import pytest
@pytest.mark.tool_spec("lab.tool.yaml", tool="work")
@pytest.mark.cpu_budget(regression="20%")
def test_tool(tool): tool(n=1)
"""
METRICS = ["cpu time", "latency p50", "memory peak"]
COST = {"ns": 1_000_000, "wall": 50_000_000, "bytes": 2**20}


def measured_value(call, **_):
    call()
    value = COST["ns"]
    bounds = value * 0.99, value * 1.01
    cpu = BudgetResult("cpu time", "pass", "", "", "", 25, 75, value, None, "ns", (), *bounds, reference_ns=250_000)
    wall = COST["wall"]
    return [cpu, replace(cpu, metric="latency p50", value=wall, low=wall, high=wall)]


def measured_memory(call, **_):
    call()
    size = COST["bytes"]
    return BudgetResult("memory peak", "pass", "", "", "", 2, 2, size, None, "bytes", (), size - 65_536, size + 65_536)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Runs the budgets of a spec and of a test, whose tool costs what it is told to."""
    pytester.makepyfile(lab="def work(n: int) -> int:\n    return n\n", test_lab=TESTS)
    pytester.makefile(".tool.yaml", lab=SPEC)
    monkeypatch.setattr(measure, "measure_times", measured_value)
    monkeypatch.setattr(measure, "measure_memory", measured_memory)
    monkeypatch.setattr(keeper, "_machine", lambda: Machine("here", 250_000))
    monkeypatch.setattr(keeper, "reference_workload_ns", lambda: 250_000)
    monkeypatch.setattr(Machine, "here", lambda: Machine("here", 250_000))

    def run_with(*args: str, cost_ns: int = 1_000_000, wall_ns: int = 50_000_000, size: int = 2**20):
        for key, value in (("ns", cost_ns), ("wall", wall_ns), ("bytes", size)):
            monkeypatch.setitem(COST, key, value)
        return pytester.runpytest(*PLUGINS, "--toolcheck-log=off", "-k", "budget or test_tool", *args)

    return run_with


def test_a_baseline_is_kept_and_compared_with(run, pytester):
    """The same cost passes, twice the cost fails the spec's budget and the marker's, by the figures of both."""
    result = run("--toolcheck-save-baseline=main")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["baseline of 2 tests: *main.json"])
    stored = json.loads((pytester.path / ".toolcheck" / "baselines" / "main.json").read_text())
    assert stored["machine"] == "here"
    assert {test: list(entry) for test, entry in stored["tests"].items()} == {
        "lab.tool.yaml::work::budget[regression]": METRICS,
        "test_lab.py::test_tool[work]": METRICS,
    }
    assert stored["tests"]["test_lab.py::test_tool[work]"]["cpu time"]["reference_ns"] == 250_000
    run("--toolcheck-baseline=main", cost_ns=1_100_000).assert_outcomes(passed=2)
    result = run("--toolcheck-baseline=.toolcheck/baselines/main.json", cost_ns=2_000_000)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines_random(["*cpu time 2 ms, baseline 1 ms, change +100%, allowed 20%*"] * 2)


def test_a_tool_that_only_waits_longer_or_needs_more_memory_has_regressed(run):
    """CPU time is compared first, and where it is the same a sleep or a larger block shows all the same."""
    run("--toolcheck-save-baseline=main")
    result = run("--toolcheck-baseline=main", wall_ns=75_000_000)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines_random(["*latency p50 75 ms, baseline 50 ms, change +50%, allowed 20%*"] * 2)
    result = run("--toolcheck-baseline=main", size=2 * 2**20)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines_random(["*memory peak 2 MiB, baseline 1 MiB, change +100%, allowed 20%*"] * 2)
    run("--toolcheck-baseline=main", wall_ns=55_000_000, size=2**20 + 65_536).assert_outcomes(passed=2)


def test_a_metric_that_the_baseline_lacks_is_named(run, pytester):
    """A file that was saved without memory warns of that, once."""
    run("--toolcheck-save-baseline=main")
    path = pytester.path / ".toolcheck" / "baselines" / "main.json"
    stored = json.loads(path.read_text())
    del stored["tests"]["test_lab.py::test_tool[work]"]["memory peak"]
    path.write_text(json.dumps(stored))
    result = run("--toolcheck-baseline=main", "-W", "default::pytest.PytestWarning")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(["*no baseline, *main.json has no memory peak of this test; save it anew*"])


def test_what_the_baseline_does_not_hold_is_said(run, pytester):
    """A test that was renamed or is new warns instead of passing for ever; a foreign baseline counts where asked to."""
    run("--toolcheck-save-baseline=main")
    path = pytester.path / ".toolcheck" / "baselines" / "main.json"
    stored = json.loads(path.read_text())
    del stored["tests"]["test_lab.py::test_tool[work]"]
    path.write_text(json.dumps({**stored, "machine": "another"}))
    compared = ("--toolcheck-baseline=main", "-W", "default::pytest.PytestWarning")
    result = run(*compared, cost_ns=2_000_000)
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(["*no baseline, *main.json has nothing of this test; save it anew*"])
    result.stdout.fnmatch_lines(["*change +100%, allowed 20% (advice: the baseline is of another; save one here)*"])
    run(*compared, "--toolcheck-foreign-baseline=scale", cost_ns=2_000_000).assert_outcomes(
        passed=1, failed=1, warnings=1
    )


def test_without_a_baseline_there_is_nothing_to_measure(run):
    """A budget that only compares says so; a marker's other budgets are judged as ever."""
    result = run("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*nothing to compare with: give --toolcheck-baseline=NAME*"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("none", "*--toolcheck-baseline: *none.json: there is no such baseline: write a new one with*"),
        ("a/b", "*--toolcheck-baseline: found 'a/b', expected a name of letters, digits*"),
        ("bad.json", "*--toolcheck-baseline: *bad.json: not a baseline (*): write a new one with*"),
        ("folder.json", "*--toolcheck-baseline: *folder.json: cannot be read (Is a directory): write a new one with*"),
    ],
)
def test_a_wrong_baseline_ends_the_run_at_once(run, pytester, value, message):
    """The option, the file and what to do are named before a test runs."""
    (pytester.path / "bad.json").write_text("{}")
    (pytester.path / "folder.json").mkdir()
    result = run(f"--toolcheck-baseline={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
