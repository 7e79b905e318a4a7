"""The memory meter of this process: exact peaks, one tracker at a time, a body run no more often than it may."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace

import pytest

from pytest_toolcheck.budgets import leak, memory
from pytest_toolcheck.budgets.clocks import MeterError
from pytest_toolcheck.budgets.measure import apply_to_body
from pytest_toolcheck.budgets.measure_memory import measure_peak_budget
from pytest_toolcheck.budgets.memory import MemoryReading, measure_peak
from pytest_toolcheck.spec.model import Budgets

memray = pytest.importorskip("memray")

MIB = 2**20


def spike():
    block = bytearray(10 * MIB)
    del block


@pytest.mark.parametrize("is_exact", [False, True])
def test_a_short_spike_is_seen_to_the_kilobyte(is_exact):
    """10 MiB that live for a moment and are never touched are 10 MiB, and the line that took them is named."""
    reading = measure_peak(spike, is_exact=is_exact)
    assert 10 * MIB <= reading.peak_bytes < 10 * MIB + 4096
    assert reading.sites[0].place.startswith("test_budgets_memory.py")
    assert reading.sites[0].place.endswith("in spike")


def test_small_objects_are_exact_when_traced():
    """Ten thousand small objects count with their own size, not with that of the arenas that hold them."""
    expected = 10_000 * sys.getsizeof(object()) + sys.getsizeof([None] * 10_000)
    reading = measure_peak(lambda: [object() for _ in range(10_000)] and None, is_exact=True)
    assert expected <= reading.peak_bytes < 1.2 * expected


def test_only_the_calling_thread_counts_where_that_is_asked():
    """Another thread's memory is not this call's, unless the call may use threads."""

    def in_thread():
        thread = threading.Thread(target=spike)
        thread.start()
        thread.join()

    assert measure_peak(in_thread, own_thread=True).peak_bytes < MIB
    assert measure_peak(in_thread, own_thread=False).peak_bytes >= 10 * MIB


def test_a_second_tracker_is_refused_with_a_clear_message(tmp_path):
    """Beside pytest-memray's tracker the message names it and the way on."""
    with memray.Tracker(tmp_path / "other.bin"), pytest.raises(MeterError, match=r"only one can be.*--memray"):
        measure_peak(spike)
    assert measure_peak(spike).peak_bytes >= 10 * MIB


def test_an_error_of_the_call_ends_the_tracking():
    """What the call raises comes through, and the next measurement works."""
    with pytest.raises(ZeroDivisionError):
        measure_peak(lambda: 1 / 0)
    assert measure_peak(spike).peak_bytes >= 10 * MIB


def test_a_peak_is_judged_and_its_message_names_the_place():
    """Over the budget is a fail with the sites; within it one call is enough."""
    failed = measure_peak_budget(spike, 9 * MIB)
    assert failed.verdict == "fail"
    assert failed.message.startswith("memory peak 10 MiB, budget 9 MiB, over in 3 of 3 calls")
    assert any("in spike" in text for _, text in failed.details)
    passed = measure_peak_budget(spike, 11 * MIB)
    assert (passed.verdict, passed.used) == ("pass", 1)


def test_the_places_of_a_peak_are_those_that_matter():
    """Where every object is traced, the frames of whoever makes the call are too: they take hundreds of bytes, and no line."""
    failed = measure_peak_budget(spike, 9 * MIB, warm_up=0, most_runs=1)
    (place,) = dict(failed.details)["allocated at the peak"].splitlines()
    assert "in spike" in place


def test_a_peak_just_over_the_budget_says_by_how_much():
    """A rounded number equal to the budget would mislead: the bytes are shown."""
    failed = measure_peak_budget(spike, 10 * MIB)
    assert "budget 10 MiB" in failed.message
    assert " B (by " in failed.measured


def test_the_padding_of_memrays_file_is_cut(tmp_path):
    """memray reads the zeros at the end of its file one by one; few are left, and the peak is the same."""
    path = tmp_path / "trace.memray"
    memory._track(lambda: bytearray(3 * 2**20) and None, path, is_exact=False)
    assert len(path.read_bytes()) - len(path.read_bytes().rstrip(b"\0")) <= 16
    assert memory._peak_of_all_threads(path) // 2**20 == 3


@pytest.mark.parametrize("zeros", [0, 16, 17, 4095, 4096, 4183, 9000])
@pytest.mark.parametrize("used", [0, 1, 4096, 44_969])
def test_padding_of_more_than_a_page_is_cut_and_nothing_else(tmp_path, used, zeros):
    path = tmp_path / "trace.memray"
    path.write_bytes(b"x" * used + bytes(zeros))
    memory._cut_padding(path)
    assert path.read_bytes() == b"x" * used + bytes(min(zeros, 16))


@pytest.mark.parametrize(
    ("size", "count", "file", "is_ours"),
    [
        (2**14, 1, leak.__file__, True),
        (2**14, 1, __file__, False),
        (2**14, 2, leak.__file__, False),
        (2**14 + 200, 2, leak.__file__, True),
        (2**15, 2, leak.__file__, False),
    ],
)
def test_room_for_frames_that_our_calls_take_is_not_the_tools(size, count, file, is_ours):
    """How deep in calls a test happens to be run makes no difference to its peak."""
    record = SimpleNamespace(size=size, n_allocations=count, stack_trace=lambda _: [("__call__", file, 1)])
    assert memory._is_ours(record) is is_ours


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="cProfile has a place of its own since Python 3.12")
def test_a_profiler_that_memray_would_break_is_refused():
    """Beside cProfile a budget says so and the call is not made; afterwards both work."""
    import cProfile

    profiler, calls = cProfile.Profile(), []
    profiler.enable()
    try:
        with pytest.raises(MeterError, match=r"profiler \(Profile\) is active.*run memory budgets without it"):
            measure_peak(lambda: calls.append(1))
    finally:
        profiler.disable()
    assert calls == []
    assert measure_peak(spike).peak_bytes >= 10 * MIB


def test_no_room_for_the_trace_is_said(monkeypatch):
    """A folder for temporary files that cannot be written is a reason, not a traceback."""

    def refuse(**_):
        raise PermissionError(13, "Permission denied", "/nowhere")

    monkeypatch.setattr(memory.tempfile, "mkstemp", refuse)
    result = measure_peak_budget_or_error(lambda: None)
    assert "memray needs a file for its trace: [Errno 13] Permission denied" in result


def measure_peak_budget_or_error(call):
    with pytest.raises(MeterError) as caught:
        measure_peak_budget(call, MIB)
    return str(caught.value)


@pytest.mark.parametrize("budget", [MIB, 2 * MIB, 4 * MIB, 100 * MIB])
@pytest.mark.parametrize("rounds", [None, 1, 2, 3])
@pytest.mark.parametrize("size", [100, MIB // 2, 3 * MIB])
def test_a_body_runs_no_more_often_than_it_may(budget, rounds, size):
    """Fixtures are not reset, so without `rounds=` a body runs once, however near its peak is to the budget."""
    runs = []

    def body():
        runs.append(1)
        bytearray(size)

    (result,) = apply_to_body(body, Budgets(memory={"peak": budget}), rounds=rounds)
    assert 1 <= len(runs) <= (rounds or 1)
    assert result.verdict == ("fail" if size > budget else "pass")


def test_the_only_run_is_exact():
    """Small objects in arenas that Python has already are seen by the one run there is."""
    count = 20_000
    marked = Budgets(memory={"peak": MIB})
    (result,) = apply_to_body(lambda: [object() for _ in range(count)] and None, marked)
    exact = count * sys.getsizeof(object()) + sys.getsizeof([None] * count)
    assert exact <= result.value < 1.3 * exact


def test_a_large_budget_is_off_by_some_arenas_where_one_run_is_all_there_is(monkeypatch):
    """Then a peak over it by less than that is inconclusive, not a fail."""
    for over, verdict in ((MIB, "inconclusive"), (3 * MIB, "fail"), (-MIB, "pass")):
        reading = MemoryReading(100 * MIB + over, is_exact=False)
        monkeypatch.setattr("pytest_toolcheck.budgets.memory_here.peak_here", lambda *_, found=reading, **__: found)
        (result,) = apply_to_body(lambda: None, Budgets(memory={"peak": 100 * MIB}))
        assert result.verdict == verdict
