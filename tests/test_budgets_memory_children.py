"""The memory of other processes: servers, commands, and the children of a tool that runs in this one."""

from __future__ import annotations

import mmap
import subprocess
import sys

import pytest

from pytest_toolcheck.budgets import memory_children, memory_here, memory_watch
from pytest_toolcheck.budgets.measure_memory import measure_leak_budget, measure_peak_budget
from pytest_toolcheck.budgets.memory import MemoryReading
from pytest_toolcheck.budgets.memory_children import ChildMemoryMeter
from pytest_toolcheck.budgets.memory_watch import GAP_NS, Watch
from pytest_toolcheck.budgets.processes import has_proc
from pytest_toolcheck.targets.processes import MALLOC_SETTINGS

from .budget_server import asked_server

needs_proc = pytest.mark.skipif(not has_proc(), reason="the memory of other processes is read from /proc")

MIB = 2**20
COMMANDS = """
def spike():
    block = bytearray(b"x") * (10 * 2**20)
    del block
def cache():
    if len(kept) < 60: kept.append(bytes(8000))
def fork():
    import os
    if pid := os.fork():
        os.waitpid(pid, 0)
    else:
        import time
        time.sleep(0.01)
        spike()
        os._exit(0)
COMMANDS = {"spike": spike, "cache": cache, "fork": fork, "leak": lambda: kept.append(bytes(1100))}
"""


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


def run_child(code="block = bytearray(b'x') * (20 * 2**20)"):
    subprocess.run([sys.executable, "-S", "-c", code], check=True)


@needs_proc
def test_what_a_tools_child_processes_need_is_added():
    """A tool that lets a child do the work has its peak, and the message says how much of it is whose."""
    failed, passed = (measure_peak_budget(run_child, limit * MIB) for limit in (20, 80))
    assert (failed.verdict, passed.verdict) == ("fail", "pass")
    assert 20 * MIB < passed.value < 50 * MIB
    assert failed.message.endswith(" MiB in child processes)")
    assert any(memory_here.COUNTED in text for _, text in failed.details)


@needs_proc
def test_what_a_worker_needs_for_a_call_is_exact():
    """A child that lived before, such as a pool's, counts with what it gains; an idle one with nothing."""
    with asked_server(COMMANDS, MALLOC_SETTINGS) as (_, ask):
        ask("spike")
        for _ in range(5):
            assert abs(memory_here.peak_here(lambda: ask("spike")).children_bytes - 10 * MIB) < MIB // 2
        assert memory_here.peak_here(lambda: None).children_bytes < MIB // 2


@needs_proc
def test_what_a_server_of_the_run_starts_meanwhile_is_none_of_the_calls():
    """A server of the run's own may start processes at any time, also while a tool in this process is measured."""
    with asked_server(COMMANDS, own_session=True) as (_, ask):
        assert memory_here.peak_here(lambda: ask("fork")).children_bytes == 0


@needs_proc
def test_of_a_forked_process_counts_what_it_does_not_share():
    """A server of 60 MiB that forks for a call has not used another 60 MiB."""
    with asked_server(COMMANDS + "\nkept.append(bytearray(b'x') * (60 * 2**20))", MALLOC_SETTINGS) as (pid, ask):
        meter = ChildMemoryMeter((pid,))
        assert 9 * MIB < max(meter.measure(lambda: ask("fork")).peak_bytes for _ in range(3)) < 14 * MIB


@needs_proc
def test_processes_one_after_the_other_are_not_added_up():
    """Three commands in turn need as much as one."""
    meter = ChildMemoryMeter()
    one = meter.measure(run_child).peak_bytes
    assert meter.measure(lambda: [run_child() for _ in range(3)]).peak_bytes < 1.5 * one


@needs_proc
def test_a_file_that_comes_into_a_servers_memory_is_none_of_its_own(tmp_path):
    """Where the system takes back idle pages, any call may load parts of the program again; a spike beside that still shows."""
    file = tmp_path / "file"
    file.write_bytes(bytes(4 * MIB))
    maps = f"""
import mmap
def load():
    with open({str(file)!r}, "rb") as opened:
        kept.append(mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ))
    sum(kept[-1][::4096])
COMMANDS |= {{"load": load, "both": lambda: (load(), spike())}}
"""
    with asked_server(COMMANDS + maps, MALLOC_SETTINGS) as (pid, ask):
        meter = ChildMemoryMeter((pid,))
        ask("spike")
        assert meter.measure(lambda: ask("load")).peak_bytes < MIB // 2
        assert abs(meter.measure(lambda: ask("both")).peak_bytes - 10 * MIB) < MIB // 2


def looked_at(looks: list[dict[int, tuple[bytes, int]]], monkeypatch) -> Watch:
    """Return a watch over process 1, image b"p", after looks at processes: their image and mark by id."""
    now: dict[int, tuple[bytes, int]] = {1: (b"p", 100)}
    monkeypatch.setattr(memory_watch, "image_of", lambda pid: now[pid][0] if pid in now else None)
    monkeypatch.setattr(memory_watch, "process_tree", lambda roots, without: list(now))
    watch = Watch((1,), {}, {1}, lambda pid: now[pid][1] if pid in now else None)
    for look in looks:
        now.clear()
        now.update({1: (b"p", 100)} | look)
        watch._look()
    return watch


@pytest.mark.parametrize(
    ("looks", "most"),
    [
        ([{2: (b"p", 100)}], 0),
        ([{2: (b"p", 100)}, {2: (b"c", 2)}, {2: (b"c", 7)}, {}], 7),
        ([{2: (b"p", 60)}, {2: (b"p", 75)}], 15),
        ([{2: (b"c", 5)}, {2: (b"c", 5), 3: (b"c", 5)}, {2: (b"c", 6), 3: (b"c", 8)}], 9),
        ([{2: (b"c", 5)}, {3: (b"d", 4)}, {4: (b"e", 3), 5: (b"f", 3)}], 6),
    ],
    ids=["before exec", "after exec", "forked", "forked by a child", "in turn and at once"],
)
def test_a_child_has_its_parents_memory_until_it_has_its_own(looks, most, monkeypatch):
    """Between fork and exec the mark is the parent's: a tool that runs `true` needs no 100 MiB."""
    assert looked_at(looks, monkeypatch).most_bytes == most


def test_processes_are_looked_at_only_while_the_call_is_made(monkeypatch):
    """Starting and stopping a tracker takes ten times as long as a small call, and nobody looks meanwhile."""
    looks = []
    monkeypatch.setattr(memory_watch, "process_tree", lambda roots, without: looks.append(1) or [])
    with Watch((1,), {}, {1}, lambda pid: None) as watch:
        watch._thread.join(0.02)
        before = len(looks)
        assert watch.call(lambda: "answer") == "answer"
        watch._thread.join()
        during = len(looks)
    assert (before, during >= 1, len(looks)) == (0, True, during)


def test_where_a_call_is_never_made_nobody_waits_for_it(monkeypatch):
    """A tracker that cannot be started ends the block."""
    monkeypatch.setattr(memory_watch, "process_tree", lambda roots, without: [])
    with pytest.raises(LookupError), Watch((1,), {}, {1}, lambda pid: None) as watch:
        raise LookupError
    assert not watch._thread.is_alive()


@pytest.mark.parametrize(("own", "verdict"), [(2 * MIB, "pass"), (8 * MIB, "inconclusive"), (13 * MIB, "fail")])
def test_peaks_that_may_not_have_been_at_the_same_time_prove_nothing(own, verdict, monkeypatch):
    """Here 8 MiB and 8 MiB in a child are 8 to 16 MiB: over a budget of 12 MiB is not proven; 13 MiB here alone are."""
    reading = MemoryReading(own + 8 * MIB, children_bytes=8 * MIB, is_exact=False)
    monkeypatch.setattr(memory_here, "peak_here", lambda *_, **__: reading)
    monkeypatch.setattr(memory_here, "measure_peak", lambda *_, **__: MemoryReading(own))
    result = measure_peak_budget(lambda: None, 12 * MIB)
    assert result.verdict == verdict
    assert ("at the same time is not known" in result.message) is (verdict == "inconclusive")


def test_a_call_in_which_nobody_looked_for_long_is_made_again(monkeypatch):
    """What a busy machine let nobody see in the first call shows in one of the next."""
    found = iter([MemoryReading(MIB, unseen_ns=2 * GAP_NS), MemoryReading(9 * MIB), MemoryReading(MIB)])
    monkeypatch.setattr(ChildMemoryMeter, "measure", lambda self, call: next(found))
    assert measure_peak_budget(lambda: None, 10 * MIB, own_process=False).value == 9 * MIB


@pytest.mark.parametrize(
    ("marks", "living", "said"),
    [(True, (), memory_here.UNSEEN), (True, (7,), memory_here.REUSED), (False, (7,), memory_here.NOT_COUNTED)],
)
def test_children_that_could_not_be_looked_at_are_said_to_be_missing(marks, living, said, monkeypatch):
    """Where this system keeps no marks, a child was gone too soon or had room left, the message says so, also of a pass."""
    monkeypatch.setattr(memory_here, "descendants_here", lambda: living)
    monkeypatch.setattr(memory_here, "has_marks", lambda: marks)
    monkeypatch.setattr(memory_here, "children_here_ns", iter(range(9)).__next__)
    result = measure_peak_budget(lambda: None, MIB)
    assert result.verdict == "pass", str(result)
    assert said in result.message
