"""Baselines: a file that can be reviewed, and a comparison that knows which machine it is of."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from pytest_toolcheck.budgets import keeper, measure_value, touched
from pytest_toolcheck.budgets.baseline import (
    Machine,
    compare,
    fingerprint,
    load_baseline,
    save_baseline,
)
from pytest_toolcheck.budgets.cpu import CpuMeter, CpuReading
from pytest_toolcheck.budgets.keeper import BaselineKeeper
from pytest_toolcheck.budgets.reference import reference_workload_ns
from pytest_toolcheck.budgets.results import BudgetResult
from pytest_toolcheck.errors import ToolcheckError

MS = 1_000_000
HERE = Machine("this machine", 250_000)


def result(value, *, metric="cpu time", verdict="pass", spread=0.02, unit="ns"):
    low, high = value * (1 - spread), value * (1 + spread)
    return BudgetResult(metric, verdict, "", "", "", value=value, unit=unit, low=low, high=high)


FILE = (
    '{"version": 1, "machine": "m", "reference_ns": %s, '
    '"tests": {"a::test": {"cpu time": {"value": %s, "low": null, "high": 2, "unit": "ns"}}}}'
)


@pytest.fixture(autouse=True)
def uncounted(monkeypatch):
    """What calls touch is counted by measuring as well, and here the meters are no real ones."""
    monkeypatch.setattr(touched, "has_proc", lambda: False)


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "baselines" / "main.json"
    results = [
        ("b::test", result(20 * MS)),
        ("b::test", result(33.333333 * MS, metric="latency p50")),
        ("a::test", result(1024, metric="memory peak", unit="bytes")),
        ("a::test", result(1, metric="memory leak", verdict="inconclusive", unit="bytes")),
    ]
    save_baseline(path, results, machine=HERE)
    return path


def one(path, measured, machine=HERE, **more):
    (comparison,) = compare(load_baseline(path), [("b::test", measured)], machine=machine, **more)
    return comparison


def test_the_file_is_made_for_review(stored, tmp_path):
    """Sorted, rounded, one metric a line, ending in a newline; saved again in another order it is the same."""
    text = stored.read_text()
    data = json.loads(text)
    assert list(data["tests"]) == ["a::test", "b::test"]
    assert '      "latency p50": {"value": 33330000, "low": 32670000, "high": 34000000, "unit": "ns"}' in text
    assert text.endswith("}\n")
    assert "memory leak" not in text  # an inconclusive value is no baseline
    entries = load_baseline(stored).entries
    again = [(test, result(e.value, metric=name, unit=e.unit)) for (test, name), e in reversed(list(entries.items()))]
    save_baseline(tmp_path / "again.json", again, machine=HERE)
    assert list(json.loads((tmp_path / "again.json").read_text())["tests"]) == ["a::test", "b::test"]


@pytest.mark.parametrize(
    ("value_ms", "verdict"), [(20, "pass"), (23.9, "pass"), (24.5, "inconclusive"), (30, "fail"), (10, "pass")]
)
def test_a_regression_has_three_verdicts(stored, value_ms, verdict):
    """Within the share: pass. Beyond it with both intervals: fail. Between: inconclusive."""
    comparison = one(stored, result(value_ms * MS))
    assert comparison.verdict == verdict
    assert not comparison.is_advice


def test_the_message_has_measured_baseline_and_change(stored):
    """The line stands alone."""
    assert one(stored, result(30 * MS)).message == "cpu time 30 ms, baseline 20 ms, change +50%, allowed 20%"


def test_a_slower_hour_of_the_same_machine_is_no_regression(stored):
    """The reference workload was re-run: times are scaled by it."""
    slower = Machine(HERE.fingerprint, 375_000)
    assert one(stored, result(30 * MS), machine=slower).verdict == "pass"
    assert one(stored, result(45 * MS), machine=slower).verdict == "fail"


@pytest.mark.parametrize(
    ("value_ms", "reference_ns", "verdict"),
    [(33, 125_000, "pass"), (50, 125_000, "fail"), (50, 375_000, "pass"), (70, 375_000, "fail")],
)
def test_waiting_is_not_expected_to_be_shorter_on_a_faster_machine(stored, value_ms, reference_ns, verdict):
    """A slower machine excuses time on the wall clock; a faster one asks for no less of it, since a call may only wait."""
    measured = result(value_ms * MS, metric="latency p50")
    assert one(stored, measured, machine=Machine(HERE.fingerprint, reference_ns)).verdict == verdict


def test_calls_that_waited_for_a_processor_are_no_measure_of_latency(monkeypatch):
    """They are left out, more are made for them, and where too few are left that is said; CPU time there is."""
    monkeypatch.setattr(measure_value, "_sleep", lambda _: None)
    monkeypatch.setattr(measure_value, "reference_workload_ns", lambda spins: 250)
    for every, verdict, message in (
        (18, "pass", "latency p50 9 ms (9 to 9 ms at 99 %), 11 of 577 calls used"),
        (20, "inconclusive", "latency p50 not measured: too noisy: 30 of 600 calls usable"),
    ):
        waits = itertools.cycle([0, *[MS] * (every - 1)])
        monkeypatch.setattr(
            CpuMeter, "measure", lambda self, call, waits=waits: CpuReading(MS, 9 * MS, waited_ns=next(waits))
        )
        cpu, latency = measure_value.measure_times(lambda: None)
        assert (cpu.value, latency.verdict) == (MS, verdict)
        assert latency.message == message


def test_the_peak_of_a_call_is_kept_with_what_it_may_differ_by():
    """A block of 1 MiB is measured as such, exactly, and another tracker makes it a message."""
    found = measure_value.measure_memory(lambda: bytearray(2**20))
    assert 2**20 <= found.value < 2**20 + measure_value.PEAK_GRAIN_BYTES
    assert (found.low, found.high) == (found.value - 65_536, found.value + 65_536)


def beside(measured, reference_ns):
    return replace(measured, reference_ns=reference_ns)


def test_times_are_compared_by_the_references_beside_them(tmp_path):
    """The moment in which a test was measured counts, then and now, not that in which the run began or ended."""
    path = tmp_path / "main.json"
    save_baseline(path, [("b::test", beside(result(20 * MS), 250_123))], machine=Machine(HERE.fingerprint, 400_000))
    assert '"unit": "ns", "reference_ns": 250123}' in path.read_text()
    assert one(path, beside(result(21 * MS), 250_000)).verdict == "pass"
    assert one(path, beside(result(28 * MS), 250_000)).verdict == "fail"
    assert one(path, beside(result(28 * MS), 350_000)).verdict == "pass"
    assert one(path, beside(result(29 * MS), 250_000), slowest_ns=300_000).verdict == "inconclusive"


def test_a_baseline_of_another_machine_is_advice(stored):
    """It never fails, and says whose it is."""
    comparison = one(stored, result(90 * MS), machine=Machine("another", 250_000))
    assert (comparison.verdict, comparison.is_advice) == ("inconclusive", True)
    assert "advice: the baseline is of this machine" in comparison.message


def test_a_baseline_of_another_machine_counts_where_its_reference_is_enough(stored):
    """Asked for, the reference workload that was re-run here scales it, and it fails as one of this machine."""
    half_as_fast = Machine("another", 500_000)
    for value_ms, verdict in ((40, "pass"), (60, "fail")):
        comparison = one(stored, result(value_ms * MS), machine=half_as_fast, scales_foreign=True)
        assert (comparison.verdict, comparison.is_advice) == (verdict, False)
        assert "scaled by its reference workload" in comparison.message


def test_without_bounds_nothing_fails(stored):
    """A budget kept by nine calls has no bounds: that its value is larger proves nothing."""
    few = BudgetResult("cpu time", "pass", "", "", "", value=90 * MS, unit="ns")
    assert one(stored, few).verdict == "inconclusive"


def test_memory_is_compared_across_machines(stored):
    """Bytes are bytes everywhere: no scaling, no advice."""
    baseline = load_baseline(stored)
    grown = [("a::test", result(2048, metric="memory peak", unit="bytes"))]
    (comparison,) = compare(baseline, grown, machine=Machine("another", 999_000))
    assert (comparison.verdict, comparison.is_advice) == ("fail", False)


def test_cpu_time_comes_first_and_what_is_new_is_left_out(stored):
    """The better question stands first; a test without an entry has nothing to be compared with."""
    now = [("b::test", result(33 * MS, metric="latency p50")), ("b::test", result(20 * MS)), ("new", result(1))]
    assert [c.metric for c in compare(load_baseline(stored), now, machine=HERE)] == ["cpu time", "latency p50"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a baseline"),
        ("[]", "not a baseline"),
        ('{"version": 9}', "version 9"),
        ('{"version": 1}', "machine"),
        (FILE % ("0", "1"), "reference_ns is 0, expected a whole number above 0"),
        (
            FILE % ("5", '1, "reference_ns": 0'),
            "reference_ns of a::test, cpu time is 0, expected a whole number above 0",
        ),
        (FILE % ("9", '"x"'), "value of a::test, cpu time is 'x', expected a number"),
        (FILE % ("9", '1, "mean": 3'), "a::test, cpu time has an unknown key 'mean', expected high, low,"),
        (FILE % ("9", "-1"), r"has the bounds \[-1, 2\], expected 0 <= low <= value <= high"),
        (FILE % ("9", "3"), r"has the bounds \[3, 2\], expected 0 <= low <= value <= high"),
        (FILE % ("9", "1" + "0" * 400), "value of a::test, cpu time is 1000.*expected a number"),
        ((FILE % ("9", "1")).replace('"ns"', '"s"'), "unit of a::test, cpu time is 's', expected 'ns'"),
        (
            (FILE % ("9", "1")).replace("cpu time", "speed"),
            "a::test, speed is no metric, expected a name that begins with",
        ),
        ((FILE % ("9", "1")).replace('"high": 2, ', ""), "high of a::test, cpu time is 'missing', expected a number"),
        ('{"version": 1, "machine": "m", "reference_ns": 9, "tests": []}', r"tests is \[\], expected a mapping"),
        ("[" * 100_000, "not a baseline .*recursion"),
        (FILE % ("9", "NaN"), "value of a::test, cpu time is nan, expected a number"),
    ],
)
def test_a_file_that_is_no_baseline_is_named(tmp_path, text, message):
    """The error names the file and how to write a new one."""
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(ToolcheckError, match=message) as caught:
        load_baseline(path)
    assert "broken.json" in str(caught.value)
    assert "--toolcheck-save-baseline" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    """The error says that there is none, and how to write one."""
    with pytest.raises(ToolcheckError, match="there is no such baseline"):
        load_baseline(tmp_path / "none.json")


def test_cpu_is_measured_with_bounds_for_a_baseline(monkeypatch):
    """The best of three batches counts: a burst over the first batch is no regression."""
    batches = iter([30] * 26 + [20, 21] * 12 + [20] + [25] * 25)
    pauses = []
    monkeypatch.setattr(measure_value, "_sleep", pauses.append)
    monkeypatch.setattr(CpuMeter, "measure", lambda self, call: CpuReading(call() * MS, 100 * MS))
    references = iter([300, 280, 250, 310])
    monkeypatch.setattr(measure_value, "reference_workload_ns", lambda spins: next(references))
    found, latency = measure_value.measure_times(lambda: next(batches))
    assert (latency.metric, latency.value, latency.low) == ("latency p50", 100 * MS, 99.5 * MS)
    assert found.reference_ns == latency.reference_ns == 250
    assert found.event_attrs()["reference_ns"] == 250
    assert (found.value, found.low, found.high, pauses) == (20 * MS, 20 * MS, 21 * MS, [0.1, 0.5])
    assert found.message == "cpu time 20 ms (20 to 21 ms at 99 %), 25 of 75 calls used"


def test_this_machine_has_a_name_and_a_reference():
    """The fingerprint is stable, and the reference workload takes time."""
    assert fingerprint() == fingerprint()
    assert "Python 3." in fingerprint()
    assert reference_workload_ns() > 0


@pytest.mark.parametrize(
    ("now_ns", "verdict"),
    [
        ([250_000] * 3, "fail"),
        ([350_000] * 3, "inconclusive"),
        ([350_000, 250_000, 400_000], "fail"),
        ([200_000] * 3, "fail"),
    ],
)
def test_a_regression_stands_only_if_the_machine_is_not_slower_just_now(stored, monkeypatch, now_ns, verdict):
    """Before a fail the reference is taken again: a slow stretch of the machine excuses, a slow moment does not."""
    moments = iter(now_ns)
    monkeypatch.setattr(keeper, "_machine", lambda: HERE)
    monkeypatch.setattr(keeper, "reference_workload_ns", lambda: next(moments))
    monkeypatch.setattr(keeper, "current", lambda: {"case": "b::test"})
    (found,) = BaselineKeeper(stored, None).compare([result(34.2 * MS)], 0.2)
    assert found.verdict == verdict
