"""The meters for memory: exact peaks, leaks found, caches forgiven; here and in servers."""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import sys
import threading
import tracemalloc
from types import SimpleNamespace

import pytest

from pytest_toolcheck.budgets import leak, memory, memory_children
from pytest_toolcheck.budgets.clocks import MeterError
from pytest_toolcheck.budgets.leak import measure_leak, native_bytes
from pytest_toolcheck.budgets.measure import apply_to_body
from pytest_toolcheck.budgets.measure_growth import measure_growth
from pytest_toolcheck.budgets.measure_memory import measure_leak_budget, measure_peak_budget
from pytest_toolcheck.budgets.memory import MemoryReading, measure_peak
from pytest_toolcheck.budgets.memory_children import ChildMemoryMeter
from pytest_toolcheck.budgets.processes import has_proc
from pytest_toolcheck.spec.model import Budgets
from pytest_toolcheck.targets.processes import MALLOC_SETTINGS

from .budget_server import asked_server

memray = pytest.importorskip("memray")
needs_proc = pytest.mark.skipif(not has_proc(), reason="the memory of other processes is read from /proc")

MIB = 2**20
COMMANDS = """
def spike():
    block = bytearray(b"x") * (10 * 2**20)
    del block
def cache():
    if len(kept) < 60: kept.append(bytes(8000))
COMMANDS = {"spike": spike, "cache": cache, "leak": lambda: kept.append(bytes(1100))}
"""


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


@needs_proc
def test_what_child_processes_need_is_said_to_be_missing():
    """A peak in this process is without that of its children, and a call that had any says so, also where it passes."""
    note = "(without its child processes, which are not counted)"
    command = [sys.executable, "-S", "-c", "block = bytearray(b'x') * (20 * 2**20)"]
    found = measure_peak_budget(lambda: subprocess.run(command, check=True), 10 * MIB)
    assert found.verdict == "pass"
    assert found.message.endswith(note)
    with asked_server(COMMANDS, own_session=False) as (_, ask):
        assert note in measure_peak_budget(lambda: ask("spike"), 10 * MIB).message
        assert note not in measure_peak_budget(spike, 11 * MIB).message


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


def test_a_peak_just_over_the_budget_says_by_how_much():
    """A rounded number equal to the budget would mislead: the bytes are shown."""
    failed = measure_peak_budget(spike, 10 * MIB)
    assert "budget 10 MiB" in failed.message
    assert " B (by " in failed.measured


@needs_proc
def test_a_servers_spike_is_seen_and_its_rest_is_not():
    """A server's 10 MiB spike shows in every call, and a call without one shows next to nothing."""
    with asked_server(COMMANDS, MALLOC_SETTINGS) as (pid, ask):
        meter = ChildMemoryMeter((pid,))
        ask("spike")
        assert all(abs(meter.measure(lambda: ask("spike")).peak_bytes - 10 * MIB) < MIB // 2 for _ in range(5))
        assert meter.measure(lambda: ask("nothing")).peak_bytes < MIB // 2


@needs_proc
def test_a_servers_peak_just_over_its_budget_is_inconclusive(monkeypatch):
    """The kernel's count has a grain: within it over the budget is no proof, beyond it is."""
    over = iter([100 * 1024] * 3 + [300 * 1024] * 3)
    monkeypatch.setattr(ChildMemoryMeter, "measure", lambda self, call: MemoryReading(10 * MIB + next(over)))
    unsure, sure = (measure_peak_budget(lambda: None, 10 * MIB, process_ids=(1,)) for _ in range(2))
    assert (unsure.verdict, sure.verdict) == ("inconclusive", "fail")
    assert "the system's own count is off by up to 256 KiB" in unsure.message


@needs_proc
def test_a_commands_memory_is_that_of_the_process_it_starts():
    """A command counts whole, interpreter included."""
    code = "import time; block = bytearray(b'x') * (40 * 2**20); time.sleep(0.05)"
    meter = ChildMemoryMeter(())
    reading = meter.measure(lambda: subprocess.run([sys.executable, "-S", "-c", code], check=True))
    assert 40 * MIB < reading.peak_bytes < 80 * MIB


def leak_of(call, budget):
    readings = measure_leak(call, budget, most_calls=200)
    assert all(reading.calls <= 200 for reading in readings)
    return readings[-1]


def test_a_kilobyte_a_call_is_found_within_200_calls():
    """A list that keeps a block a call is a leak of that size."""
    kept = []
    reading = leak_of(lambda: kept.append(bytearray(1024)), 1000)
    assert reading.verdict == "fail"
    assert 1024 <= reading.growth.value < 1200


def test_a_leak_in_steps_is_found():
    """A leak that shows only every tenth call is found, at its mean."""
    kept, calls = [], []

    def step():
        calls.append(None)
        if len(calls) % 10 == 0:
            kept.append(bytearray(20 * 1024))

    assert leak_of(step, 1024).verdict == "fail"


@pytest.mark.skipif(native_bytes() is None, reason="this C library does not tell what malloc has given out")
def test_a_leak_of_c_code_is_found():
    """Blocks that Python does not know of are counted in a second pass."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    reading = leak_of(lambda: libc.malloc(1100), 1024)
    assert (reading.verdict, reading.source) == ("fail", "blocks in malloc (mallinfo2)")


@pytest.mark.parametrize("size", [30, 128, 150])
def test_a_cache_that_stops_in_a_later_stretch_is_no_leak(size):
    """Where the second stretch leaves it open, a third one shows that it stopped."""
    cache = []
    readings = measure_leak(lambda: cache.append(bytes(4096)) if len(cache) < size else None, 1024)
    assert [reading.verdict for reading in readings] == ["pass", "pass"]


def test_a_cache_that_fills_up_and_stops_is_no_leak():
    """60 entries and no more: growth ends, and so does suspicion."""
    cache = []
    assert leak_of(lambda: cache.append(bytes(8000)) if len(cache) < 60 else None, 1024).verdict == "pass"


@pytest.mark.parametrize("size", [180, 200, 280, 512, 1000])
def test_a_cache_that_fills_up_late_is_no_leak(size):
    """While calls are cheap, what grew for 200 of them has to go on for ever longer."""
    cache = []
    readings = measure_leak(lambda: cache.append(bytes(1024)) if len(cache) < size else None, 512)
    assert [reading.verdict for reading in readings] == ["pass", "pass"]


def test_a_leak_is_confirmed_by_a_third_stretch_at_least():
    """Where no more calls may be made, growth in 295 is a leak, and growth that ended just before that is open."""
    kept, cache = [], []
    found = measure_leak(lambda: kept.append(bytes(1024)), 1024, most_calls=295)
    assert [(reading.verdict, reading.calls) for reading in found] == [("fail", 295)]
    result = measure_leak_budget(lambda: cache.append(bytes(1024)) if len(cache) < 275 else None, 512, most_calls=295)
    assert result.message.endswith("over 295 calls: inconclusive, it no longer grew at the end")


def test_a_large_leak_is_not_made_larger_than_it_takes(monkeypatch):
    """What has grown by half a GiB needs no more calls to be judged."""
    monkeypatch.setattr(leak, "MOST_GROWN_BYTES", 2**20)
    kept = []
    assert leak_of(lambda: kept.append(bytearray(2**17)), 1024).verdict == "fail"
    assert len(kept) < 60


def test_calls_too_slow_for_a_leak_are_said(monkeypatch):
    """A leak is not waited for without end: the message says how long it took, and how many calls are needed."""
    monkeypatch.setattr(leak, "MOST_SECONDS", -1)
    with pytest.raises(MeterError, match=r"10 calls took \d+ s, and a leak shows in 295"):
        measure_leak(lambda: None, 1024)


def test_rounds_bound_the_calls_of_a_body():
    """`rounds=` is how often a body may be run, in both passes of a leak together."""
    kept = []
    (result,) = apply_to_body(lambda: kept.append(bytes(1024)), Budgets(memory={"leak": 512}), rounds=590)
    assert (result.verdict, len(kept)) == ("fail", 295)


@pytest.mark.parametrize("budget", [1, 1024])
def test_what_is_given_back_is_no_leak(budget):
    """Garbage in cycles and memory freed at once are no leak, down to a byte a call."""

    def clean():
        cycle = [bytearray(5000)]
        cycle.append(cycle)

    assert leak_of(clean, budget).verdict == "pass"


def test_tracemalloc_in_use_is_refused():
    """A leak is not measured with somebody else's tracemalloc, which it would have to stop."""
    tracemalloc.start()
    try:
        with pytest.raises(MeterError, match="tracemalloc is in use"):
            measure_leak(spike, 1024)
    finally:
        tracemalloc.stop()


def test_a_servers_share_of_files_is_no_memory_of_its_own(tmp_path, monkeypatch):
    """What strangers with the same libraries do to the share of their pages must not look like growth, nor hide it."""
    monkeypatch.setattr(memory_children, "PROC", tmp_path)
    rollup = tmp_path / "7" / "smaps_rollup"
    rollup.parent.mkdir()
    rollup.write_text(
        "0-1 ---p 0 0:0 0 [rollup]\nRss: 90 kB\nPss: 50 kB\nPss_Anon: 30 kB\nPss_File: 15 kB\nPss_Shmem: 5 kB\n"
    )
    assert memory_children._resident(7) == 35 * 1024
    rollup.write_text("0-1 ---p 0 0:0 0 [rollup]\nRss: 90 kB\nPss: 50 kB\n")
    assert memory_children._resident(7) == 50 * 1024


def test_the_grain_of_a_servers_peak_grows_with_the_processors():
    """Each of them may keep 32 pages to itself, and a call comes by a few."""
    pages = [memory_children.grain_bytes(count) // mmap.PAGESIZE for count in (1, 2, 4, 64)]
    assert pages == [64, 64, 128, 256]


@needs_proc
def test_a_servers_leak_is_found_and_its_cache_is_forgiven():
    """The same of a server, by the slope of its own share of memory."""
    with asked_server(COMMANDS, MALLOC_SETTINGS) as (pid, ask):
        assert measure_leak_budget(lambda: ask("nothing"), 256, process_ids=(pid,)).verdict == "pass"
        failed = measure_leak_budget(lambda: ask("leak"), 512, process_ids=(pid,))
        assert failed.verdict == "fail"
        assert "budget 512 B a call" in failed.message
    with asked_server(COMMANDS, MALLOC_SETTINGS) as (pid, ask):
        assert measure_leak_budget(lambda: ask("cache"), 512, process_ids=(pid,)).verdict == "pass"


def test_the_padding_of_memrays_file_is_cut(tmp_path):
    """memray reads the zeros at the end of its file one by one; few are left, and the peak is the same."""
    path = tmp_path / "trace.memray"
    memory._track(lambda: bytearray(3 * 2**20) and None, path, is_exact=False)
    assert len(path.read_bytes()) - len(path.read_bytes().rstrip(b"\0")) <= 16
    assert memory._peak_of_all_threads(path) // 2**20 == 3


@pytest.mark.parametrize(
    ("size", "count", "file", "is_ours"),
    [(2**14, 1, leak.__file__, True), (2**14, 1, __file__, False), (2**14, 2, leak.__file__, False)],
)
def test_room_for_frames_that_our_calls_take_is_not_the_tools(size, count, file, is_ours):
    """How deep in calls a test happens to be run makes no difference to its peak."""
    record = SimpleNamespace(size=size, n_allocations=count, stack_trace=lambda _: [("__call__", file, 1)])
    assert memory._is_ours(record) is is_ours


def test_growth_of_memory_is_judged():
    """A table of n by n cells grows by n^2, whatever the machine."""
    (failed,) = measure_growth(
        lambda size: bytearray(size * size) and None, over="size", low=1, high=4096, memory="n log n"
    )
    assert failed.verdict == "fail"
    assert failed.message.startswith("growth of memory size^")
    (passed,) = measure_growth(lambda size: bytearray(size * 1000) and None, over="size", low=1, high=4096, memory="n")
    assert passed.verdict == "pass"


def test_growth_over_a_narrow_range_is_inconclusive():
    """Two sizes show no growth, and the message says how many are needed."""
    (result,) = measure_growth(lambda size: None, over="items", low=4, high=8, latency="n")
    assert result.verdict == "inconclusive"
    assert "2 sizes could be tried, 4 are needed" in result.message


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
        monkeypatch.setattr(
            "pytest_toolcheck.budgets.measure_memory.measure_peak", lambda *_, found=reading, **__: found
        )
        (result,) = apply_to_body(lambda: None, Budgets(memory={"peak": 100 * MIB}))
        assert result.verdict == verdict
