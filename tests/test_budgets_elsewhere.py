"""Other systems: with each meter hidden in turn a verdict still comes, and the report says what was had instead."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_toolcheck.budgets import cpu, leak, lock, memory_children, processes, waits
from pytest_toolcheck.budgets.clocks import MeterError
from pytest_toolcheck.budgets.cpu import CpuGroup, CpuMeter
from pytest_toolcheck.budgets.latency import LatencyMeter
from pytest_toolcheck.budgets.lock import MeasuringLock
from pytest_toolcheck.budgets.measure import Subject, apply_budgets, apply_to_body
from pytest_toolcheck.budgets.memory import measure_peak
from pytest_toolcheck.budgets.memory_children import ChildMemoryMeter
from pytest_toolcheck.budgets.processes import has_proc
from pytest_toolcheck.spec.model import Budgets

from .budget_server import asked_server

MS, MIB = 1_000_000, 2**20
COMMANDS = """
import os, time
def burn():
    end = time.process_time() + 0.012
    while time.process_time() < end: pass
def hold():
    HOLD
COMMANDS = {"burn": burn, "hold": hold, "leak": lambda: kept.append(bytearray(b"x") * 65536)}
"""
HOLD = """
    block = bytearray(b"x") * (40 * 2**20)
    end = time.monotonic() + 20
    while not os.path.exists(SEEN) and time.monotonic() < end: time.sleep(0.001)
    if os.path.exists(SEEN): os.remove(SEEN)
    del block
"""
"""Forty MiB are held until whoever reads sizes has read them, and once more."""


@pytest.fixture(scope="module")
def mark(tmp_path_factory):
    """The file that is there once a held block was seen."""
    return tmp_path_factory.mktemp("seen") / "mark"


@pytest.fixture(scope="module")
def server(mark):
    """A server and how to ask it."""
    with asked_server(COMMANDS.replace("HOLD", HOLD.strip().replace("SEEN", repr(str(mark))))) as served:
        yield served


@pytest.fixture
def is_seen(monkeypatch, mark):
    """Whoever reads the size of a process says when it has read more than 40 MiB."""
    read = memory_children._rss_by_psutil

    def rss(pid):
        found = read(pid)
        if found and found > 40 * MIB and pid != os.getpid():
            mark.touch()
        return found

    mark.unlink(missing_ok=True)
    monkeypatch.setattr(memory_children, "_rss_by_psutil", rss)


@pytest.fixture
def no_proc(monkeypatch):
    """A system without /proc, as macOS and Windows are."""
    for module in (processes, cpu, waits, leak, memory_children):
        monkeypatch.setattr(module, "has_proc", lambda: False)
    monkeypatch.setattr(processes, "thread_ids", lambda pid: [])
    monkeypatch.setattr(CpuGroup, "around", lambda pids: None)


def verdict_of(budgets, call, pid=None, **where):
    (result,) = apply_budgets(Subject(call, (pid,) if pid else (), own_process=pid is None, **where), budgets)
    return result.verdict, dict(result.details)["measured"]


def test_latency_without_proc(no_proc, server):
    """Involuntary context switches gate beside the spin, here and for a server."""
    pid, ask = server
    for call, serving in ((lambda: None, None), (lambda: ask("nothing"), pid)):
        verdict, measured = verdict_of(Budgets(latency={"p50": 10_000 * MS}), call, serving)
        assert verdict == "pass"
        assert "no /proc here: run-queue delay unknown, calls gated by involuntary context switches" in measured


def test_switches_that_are_counted_tell_of_no_wait_after_a_sleep(no_proc):
    """Who slept until an answer came and then waited for a processor was not switched against its will."""
    (one,) = LatencyMeter(reference_ns=10**12).block(lambda: None, most=1)
    assert not one.sample.tells_waits


@pytest.mark.skipif(not has_proc(), reason="run-queue delays are Linux's")
def test_delays_tell_of_every_wait():
    """What the scheduler counts is the whole of it."""
    (one,) = LatencyMeter(reference_ns=10**12).block(lambda: None, most=1)
    assert one.sample.tells_waits


@pytest.mark.parametrize(("budget_ms", "verdict"), [(3, "fail"), (300, "pass")])
def test_cpu_of_a_server_without_proc(no_proc, monkeypatch, server, budget_ms, verdict):
    """psutil's ticks are evened out over the calls, and reach both verdicts."""
    monkeypatch.setattr("pytest_toolcheck.budgets.measure_time._sleep", lambda _: None)
    pid, ask = server
    found, measured = verdict_of(Budgets(cpu_time_ns=budget_ms * MS), lambda: ask("burn"), pid)
    assert found == verdict
    assert "by psutil, in ticks of 10 ms; ended children are not seen" in measured


def test_cpu_where_other_processes_clocks_are_refused(monkeypatch, server):
    """A kernel that does not let a process's clock be read makes no server free of cost."""

    def refuse(_):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(cpu, "time", SimpleNamespace(clock_gettime_ns=refuse, monotonic_ns=time.monotonic_ns))
    monkeypatch.setattr(CpuGroup, "around", lambda pids: None)
    pid, ask = server
    meter = CpuMeter((pid,))
    assert sum(meter.measure(lambda: ask("burn")).cpu_ns for _ in range(5)) >= 40 * MS
    assert "by psutil, in ticks of 10 ms" in meter.notes()[0]


@pytest.mark.parametrize(("peak", "verdict"), [(10 * MIB, "fail"), (400 * MIB, "pass")])
def test_the_peak_of_a_server_without_proc(no_proc, is_seen, server, mark, peak, verdict):
    """What is resident is read by psutil: a spike of some milliseconds fails, and the report says what would not."""
    mark.touch()  # the first call is not measured
    pid, ask = server
    found, measured = verdict_of(Budgets(memory={"peak": peak}), lambda: ask("hold"), pid)
    assert found == verdict
    assert "RSS of the server's process tree by psutil, read every 1 ms: a shorter spike is not seen" in measured


def test_the_peak_of_a_server_whose_kernel_keeps_no_marks(monkeypatch, is_seen, server):
    """Without CONFIG_PROC_PAGE_MONITOR there is a /proc and no clear_refs: the server's peak is not taken for nothing."""
    monkeypatch.setattr(memory_children, "has_marks", lambda: False)
    pid, ask = server
    assert ChildMemoryMeter((pid,)).measure(lambda: ask("hold")).peak_bytes > 30 * MIB


def test_the_peak_of_a_command_without_proc(no_proc, is_seen, mark):
    """The process that a call starts counts whole."""
    code = "import os, time" + textwrap.dedent(HOLD.replace("SEEN", repr(str(mark))))
    run = [sys.executable, "-S", "-c", code]
    meter = ChildMemoryMeter(())
    assert meter.measure(lambda: subprocess.run(run, check=True)).peak_bytes > 40 * MIB
    assert "RSS of the processes that the call starts by psutil" in meter.notes()[0]


def test_the_leak_of_a_server_without_proc(no_proc, server):
    """RSS by psutil shows a leak as well."""
    pid, ask = server
    verdict, measured = verdict_of(Budgets(memory={"leak": 4096}), lambda: ask("leak"), pid)
    assert verdict == "fail"
    assert "RSS, by psutil" in measured


@pytest.mark.parametrize(("peak", "verdict"), [(MIB, "fail"), (20 * MIB, "pass")])
def test_the_peak_of_a_call_without_memray(monkeypatch, peak, verdict):
    """On Windows tracemalloc counts Python's objects, and the report says what it does not see."""
    monkeypatch.setitem(sys.modules, "memray", None)
    found, measured = verdict_of(Budgets(memory={"peak": peak}), lambda: bytearray(10 * MIB) and None)
    assert found == verdict
    assert "what C code allocates is not seen (memray is not installed here)" in measured
    assert not tracemalloc.is_tracing()


def test_a_body_without_memray_runs_once(monkeypatch):
    """A peak near the budget asks for no second run: tracemalloc's count is exact."""
    monkeypatch.setitem(sys.modules, "memray", None)
    runs = []
    (result,) = apply_to_body(lambda: runs.append(bytearray(MIB)), Budgets(memory={"peak": MIB}))
    assert (result.verdict, len(runs)) == ("fail", 1)


def test_tracemalloc_in_use_is_said_without_memray(monkeypatch):
    """There is one count of Python's objects, and somebody else's is not stopped."""
    monkeypatch.setitem(sys.modules, "memray", None)
    tracemalloc.start()
    try:
        with pytest.raises(MeterError, match=r"tracemalloc is in use.*a memory budget needs it"):
            measure_peak(lambda: None)
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_a_leak_where_malloc_keeps_no_books(monkeypatch):
    """Without mallinfo2 Python's objects are counted, and only they are named."""
    monkeypatch.setattr(leak, "native_bytes", lambda: None)
    kept = []
    for call, verdict in ((lambda: kept.append(bytes(4096)), "fail"), (lambda: None, "pass")):
        found, measured = verdict_of(Budgets(memory={"leak": 1024}), call)
        assert found == verdict
        assert measured.startswith("Python objects (tracemalloc)")
        assert "mallinfo2" not in measured


def test_cpu_of_ended_children_without_resource(monkeypatch):
    """Without getrusage the process's own clock is left."""
    monkeypatch.setattr(cpu, "_HAS_RESOURCE", False)
    verdict, _ = verdict_of(Budgets(cpu_time_ns=10_000 * MS), lambda: None)
    assert verdict == "pass"


def test_measuring_without_file_locks(monkeypatch, tmp_path):
    """Without fcntl workers measure beside each other; nothing waits."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with MeasuringLock(tmp_path), MeasuringLock(tmp_path, patience_s=0):
        assert lock._try_lock(-1)


def test_measuring_locks_its_file_on_windows(monkeypatch, tmp_path):
    """There msvcrt locks a byte of the file; whoever finds it locked waits, and it is freed at the end."""
    answers, done = iter([False, True]), []

    def locking(file, mode, count):
        done.append((mode, count))
        if mode == "try" and not next(answers):
            raise PermissionError

    monkeypatch.setattr(
        lock, "_locking_module", lambda: SimpleNamespace(locking=locking, LK_NBLCK="try", LK_UNLCK="free")
    )
    monkeypatch.setattr(lock, "_RETRY_S", 0)
    with MeasuringLock(tmp_path):
        pass
    assert done == [("try", 1), ("try", 1), ("free", 1)]


def test_no_signal_is_sent_on_windows(monkeypatch):
    """Signal 0 is Ctrl-C there: whether a process lives is asked of psutil."""

    def kill(*_):
        raise AssertionError("a signal was sent")

    monkeypatch.setattr(processes, "os", SimpleNamespace(name="nt", kill=kill))
    assert processes.is_running(os.getpid())
    assert not processes.is_running(2**22 + 1)


HIDE = """
import asyncio, multiprocessing, os, ssl, subprocess, sys, tempfile  # these look for what is hidden below as they are imported
import elsewhere
sys.modules["memray"] = None
elsewhere.hide_while_importing()
"""
SUITE = """
import pytest

@pytest.mark.latency_budget(max="10s")
@pytest.mark.cpu_budget(time="10s")
def test_time(): pass

@pytest.mark.memory_budget(peak="8MiB")
def test_memory(): bytearray(2**20)

@pytest.mark.memory_budget(peak="8MiB")
def test_too_much(): bytearray(16 * 2**20)

def test_block(budget):
    with budget.memory(leak="1KiB") as b:
        b.call(dict)
"""


def test_a_run_without_what_only_unix_has(tmp_path):
    """The plugin loads, measures and judges where memray, resource, fcntl and their kind do not exist."""
    (tmp_path / "hide.py").write_text(HIDE)
    (tmp_path / "test_elsewhere.py").write_text(textwrap.dedent(SUITE))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "hide", "-p", "no:cacheprovider", "-p", "no:randomly"]
    done = subprocess.run(
        [*command, "-p", "toolcheck", "--toolcheck-log=off"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parent)]),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    assert "memory peak 16 MiB, budget 8 MiB" in done.stdout
    assert "memray is not installed here" in done.stdout
