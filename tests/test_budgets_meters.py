"""The meters for time: what they count, wherever it is spent. Bounds are of CPU spent on purpose, never of speed."""

from __future__ import annotations

import dis
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_toolcheck.budgets import clocks, cpu, growth_doubts, latency, measure_time, processes, waits
from pytest_toolcheck.budgets import measure_growth as measure_growth_module
from pytest_toolcheck.budgets.clocks import MeterError, is_time_virtual, refuse_virtual_time
from pytest_toolcheck.budgets.cpu import CpuGroup, CpuMeter, process_clock_ns
from pytest_toolcheck.budgets.latency import LatencyMeter
from pytest_toolcheck.budgets.measure import Subject, apply_budgets
from pytest_toolcheck.budgets.measure_growth import measure_growth
from pytest_toolcheck.budgets.measure_time import Effort, measure_latency
from pytest_toolcheck.budgets.processes import descendants_here, has_proc, process_tree
from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, Sample
from pytest_toolcheck.budgets.waits import Waits
from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.spec.model import Budgets

from .budget_server import asked_server

pytestmark = pytest.mark.skipif(not has_proc(), reason="the meters of other processes read /proc")

MS = 1_000_000
COMMANDS = """
import os, time
def burn(seconds=0.005):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
def fork():
    if not (child := os.fork()):
        burn(); os._exit(0)
    os.waitpid(child, 0)
def fork_long():
    if not (child := os.fork()):
        for _ in range(6): burn()
        os._exit(0)
    os.waitpid(child, 0)
COMMANDS = {"burn": burn, "fork": fork, "fork_long": fork_long}
"""
BURN_ALONE = "import time\nwhile time.process_time() < 0.03: pass"


def burn(milliseconds=5):
    end = time.thread_time_ns() + milliseconds * MS
    while time.thread_time_ns() < end:
        pass


def test_cpu_of_a_call_is_counted_and_its_waiting_is_not():
    """Work counts; sleeping does not."""
    meter = CpuMeter()
    assert meter.measure(burn).cpu_ns >= 5 * MS
    reading = meter.measure(lambda: time.sleep(0.02))
    assert reading.cpu_ns < reading.wall_ns / 2
    assert reading.utilization < 0.5


def test_cpu_of_a_thread_that_ended_during_the_call_is_counted():
    """What a worker thread of the tool burns is the tool's."""

    def in_thread():
        thread = threading.Thread(target=burn)
        thread.start()
        thread.join()

    assert CpuMeter().measure(in_thread).cpu_ns >= 5 * MS


def test_cpu_of_a_child_that_ended_during_the_call_is_counted():
    """What a command burns is the tool's, and so is what its own child burns."""
    run = [sys.executable, "-S", "-c", BURN_ALONE]
    assert CpuMeter().measure(lambda: subprocess.run(run, check=True)).cpu_ns >= 30 * MS
    nested = [sys.executable, "-S", "-c", f"import subprocess; subprocess.run({run!r}, check=True)"]
    assert CpuMeter().measure(lambda: subprocess.run(nested, check=True)).cpu_ns >= 30 * MS


def test_cpu_of_a_living_child_of_this_process_is_counted():
    """What a worker of the tool's own pool burns is the tool's; what a server does that the run started is not."""
    for own_session, is_counted in ((False, True), (True, False)):
        with asked_server(COMMANDS, own_session=own_session) as (_, ask):
            assert (CpuMeter().measure(lambda: ask("burn")).cpu_ns >= 5 * MS) is is_counted
    with asked_server(COMMANDS) as (_, ask):
        meter = CpuMeter(evens_ticks=True)
        assert sum(meter.measure(lambda: ask("fork_long")).cpu_ns for _ in range(2)) >= 25 * MS


def test_children_are_found_where_the_session_began_outside_of_the_container(monkeypatch):
    """In a namespace of processes whose session was begun outside of it that session has the number 0."""
    own, getsid = os.getsid(0), os.getsid
    monkeypatch.setattr(os, "getsid", lambda pid: 0 if getsid(pid) == own else getsid(pid))
    with asked_server(COMMANDS) as (worker, _), asked_server(COMMANDS, own_session=True) as (server, _):
        assert {worker, server} & set(descendants_here()) == {worker}


def test_reading_the_meter_is_none_of_a_calls_cost(monkeypatch):
    """Looking for child processes takes longer than many a tool, and is done outside of what is counted."""
    monkeypatch.setattr(cpu, "descendants_here", lambda: burn(3) or ())
    reading = CpuMeter().measure(lambda: None)
    assert reading.cpu_ns < 3 * MS
    assert reading.cpu_ns <= reading.wall_ns


@pytest.mark.parametrize(
    ("cost_of_child", "verdict"),
    [(lambda n: 20 * n**2, "fail"), (lambda n: 5_000 * n, "pass"), (lambda n: 0, "pass")],
    ids=["quadratic", "linear", "idle"],
)
def test_the_growth_of_what_a_child_does_is_the_tools(cost_of_child, verdict, monkeypatch):
    """A quadratic worker breaks a linear budget, though this process takes the same time for any size."""
    clocks = {"here": 0, "child": 0}
    monkeypatch.setattr(cpu, "process_cpu_ns", lambda: clocks["here"])
    monkeypatch.setattr(cpu, "descendants_here", lambda: (7,))
    monkeypatch.setattr(cpu, "process_clock_ns", lambda _: clocks["child"])
    monkeypatch.setattr(cpu, "has_process_clocks", lambda: True)
    for ended in ("_ended_children_of_ns", "_ended_children_here_ns"):
        monkeypatch.setattr(cpu, ended, lambda *_: 0)
    monkeypatch.setattr(growth_doubts, "_is_near", lambda *_: True)

    def call(n):
        clocks["here"] += 20_000
        clocks["child"] += cost_of_child(n)

    [found] = measure_growth(call, over="n", low=16, high=256, latency="n")
    assert found.verdict == verdict, found.message


@pytest.mark.parametrize("process_ids", [(7,), ()], ids=["a server", "a child"])
@pytest.mark.parametrize("limit", ["latency", "memory"])
def test_sizes_end_where_those_that_serve_compute_for_long(process_ids, limit, monkeypatch):
    """A size for which a server takes seconds is not asked for because this process had nothing to do meanwhile."""
    used, asked = [0], []
    for found in ("descendants_here", "process_tree"):
        monkeypatch.setattr(cpu, found, lambda *_: (7,))
    monkeypatch.setattr(cpu, "process_clock_ns", lambda _: used[0])
    monkeypatch.setattr(cpu, "has_process_clocks", lambda: True)
    monkeypatch.setattr(cpu.CpuGroup, "around", lambda _: None)
    monkeypatch.setattr(measure_growth_module, "_grown", lambda what, cost, sizes, *_, **__: sizes)

    def call(n):
        asked.append(n)
        used[0] += 300_000 * n**2

    (sizes,) = measure_growth(call, over="n", low=1, high=512, process_ids=process_ids, **{limit: "n"})
    assert sizes == (4, 8, 16, 32)
    assert max(asked) == 32


def test_the_growth_of_what_a_living_child_burns_is_seen():
    """Its clock is read for each size: what it burns by its own clock cannot be less, whatever the machine does."""
    burns = "{str(n): lambda n=n: burn(n**2 / 4000) for n in range(1, 9)}"
    with asked_server(f"{COMMANDS}\nCOMMANDS = {burns}") as (_, ask):
        [found] = measure_growth(lambda n: ask(str(n)), over="n", low=1, high=8, latency="n")
    assert found.value > 1.2, found.message


def test_a_child_that_ends_during_a_call_counts_for_that_call_only():
    """A process that was there before does not bring its whole life into the call that waits for its end."""
    child = subprocess.Popen(
        [sys.executable, "-S", "-c", BURN_ALONE + "\nprint(flush=True)\ninput()"], stdin=-1, stdout=-1
    )
    child.stdout.readline()
    with child:
        assert CpuMeter().measure(lambda: child.communicate(b"\n")).cpu_ns < 25 * MS


def test_waits_for_a_processor_are_counted_where_asked(monkeypatch):
    """A share of a core is told with the largest that it may be on an idle machine."""
    told = iter([{1: 5 * MS}, {1: 5 * MS, 2: 6 * MS}])
    monkeypatch.setattr(Waits, "read", lambda self: next(told))
    reading = CpuMeter(counts_waits=True).measure(lambda: time.sleep(0.012))
    assert reading.waited_ns == 6 * MS
    assert reading.utilization < reading.most_utilization
    assert CpuMeter().measure(burn).waited_ns == 0


def test_cpu_of_a_server_is_read_from_its_own_clock():
    """A server's work counts, a question without work hardly does."""
    with asked_server(COMMANDS) as (pid, ask):
        meter = CpuMeter((pid,), use_cgroup=False)
        assert meter.measure(lambda: ask("burn")).cpu_ns >= 5 * MS
        assert meter.measure(lambda: ask("nothing")).cpu_ns < 5 * MS
        assert process_clock_ns(pid) >= 5 * MS
        assert "ended children in ticks" in meter.notes()[0]


def test_cpu_of_a_servers_ended_children_is_counted_in_a_cgroup():
    """A grandchild that ended counts to the microsecond where a cgroup may be made."""
    with asked_server(COMMANDS) as (pid, ask):
        group = CpuGroup.around((pid,))
        if group is None:
            pytest.skip("no cgroup v2 may be made here")
        group.close()
        meter = CpuMeter((pid,))
        try:
            assert meter.measure(lambda: ask("fork")).cpu_ns >= 5 * MS
            assert "cgroup" in meter.notes()[0]
        finally:
            meter.close()
        assert not group._path.exists()
        assert process_clock_ns(pid) is not None


def test_a_process_that_is_gone_has_no_clock():
    """A dead server gives no reading and no error."""
    with asked_server(COMMANDS) as (pid, _):
        assert pid in process_tree([os.getpid()])
    assert process_clock_ns(pid) is None
    assert process_tree([pid]) == ()
    assert Waits((pid,)).read()


def test_a_thread_that_begins_during_a_call_counts_with_all_its_waiting():
    """Delays are gained per thread; a new thread's whole delay was gained within the call."""
    assert Waits().waited_ns({1: 100, 2: 50}, {1: 130, 3: 7}, 1000) == 37


@pytest.mark.parametrize(
    ("switches", "cpu_ms", "took_ms", "waited_ms"),
    [(3, 26, 30, 0), (9, 26, 300, 0), (90, 26, 300, 274), (9, 60, 30, 0)],
)
def test_a_child_put_off_again_and_again_may_have_waited_whenever_it_did_not_work(switches, cpu_ms, took_ms, waited_ms):
    """A few switches are usual; beyond them a call of an ended child costs for sure what that computed, and no more."""
    after = {-1: 100 + switches, -2: (7 + cpu_ms) * MS, 1: 130}
    assert Waits().waited_ns({-1: 100, -2: 7 * MS, 1: 100}, after, took_ms * MS) == waited_ms * MS + 30


@pytest.mark.skipif(not has_proc(), reason="run-queue delays are Linux's")
def test_what_an_ended_child_waited_is_not_told():
    """A command, or what a tool runs: the sample says that its delay is not all, and the message what is known."""
    meter = LatencyMeter(reference_ns=10**12)
    (here,) = meter.block(lambda: None, most=1)
    assert here.sample.tells_waits
    assert len(meter.notes()) == 2
    (child,) = meter.block(lambda: subprocess.run(["true"], check=True), most=1)
    assert not child.sample.tells_waits
    assert "what they waited is judged by the spins" in meter.notes()[1]


def test_what_a_server_elsewhere_waits_is_not_told(monkeypatch):
    """A server that was not started here may be put off on this machine all the same, and its samples say that nobody tells."""
    found: list[Sample] = []
    feed = ConfirmedVerdict.feed
    monkeypatch.setattr(ConfirmedVerdict, "feed", lambda self, sample: found.append(sample) or feed(self, sample))
    for remote in ("not started here", ""):
        apply_budgets(Subject(lambda: None, remote=remote, effort=Effort(max_total=1)), Budgets(latency={"p50": MS}))
    assert [sample.tells_waits for sample in found] == [False, True]


def test_the_latency_meter_brackets_calls_with_spins(monkeypatch):
    """Every call of a block bears the spins before and after it, and short calls share them."""
    spins = iter([100 * MS, 101 * MS, 103 * MS, 104 * MS])
    monkeypatch.setattr(LatencyMeter, "_calibrate", lambda self: next(spins))
    meter = LatencyMeter(reference_ns=100 * MS, duration_of=lambda answer: answer)
    block = meter.block(lambda: 7, most=3)
    assert [(one.sample.wall_ns, one.sample.spin_before_ns, one.sample.spin_after_ns) for one in block] == [
        (7, 100 * MS, 101 * MS)
    ] * 3
    (alone,) = meter.block(lambda: 7, most=1)
    assert (alone.sample.spin_before_ns, alone.sample.spin_after_ns) == (101 * MS, 103 * MS)


def test_the_latency_meter_waits_for_quiet_before_it_calls(monkeypatch):
    """After a slowed spin it spins again: a call beside it would not be used."""
    spins = iter([900 * MS, 900 * MS, 100 * MS, 102 * MS])
    monkeypatch.setattr(LatencyMeter, "_calibrate", lambda self: next(spins))
    (one,) = LatencyMeter(reference_ns=100 * MS).block(lambda: None, most=1)
    assert (one.sample.spin_before_ns, one.sample.spin_after_ns) == (100 * MS, 102 * MS)


@pytest.mark.parametrize(("took", "waits_for_quiet"), [([5, 6, 7], False), ([5, 12, 7], True)], ids=["within", "over"])
def test_no_quiet_is_waited_for_while_every_call_is_within_its_budget(monkeypatch, took, waits_for_quiet):
    """Calls within the budget beside slow spins prove that they keep it; once one is over, what the machine does counts."""
    asked = []
    monkeypatch.setattr(LatencyMeter, "_await_quiet", lambda _: asked.append("quiet"))
    monkeypatch.setattr(LatencyMeter, "_calibrate", lambda _: 900 * MS)
    monkeypatch.setattr(latency, "BLOCK_NS", 0)
    calls = iter([0, *took, *[7] * 500])
    (result,) = measure_latency(lambda: next(calls), {"p50": 10}, duration_of=lambda answer: answer)
    assert (result.verdict, bool(asked)) == ("pass", waits_for_quiet)


def test_one_call_within_its_limit_is_not_worth_more_than_a_spin(monkeypatch):
    """Whatever the machine did to it, it is within: no quiet is waited for and nothing is asked afterwards, as of one that is over."""
    spins = iter([900 * MS, 101 * MS, 102 * MS])
    monkeypatch.setattr(LatencyMeter, "_calibrate", lambda self: next(spins))
    meter = LatencyMeter(reference_ns=100 * MS, duration_of=lambda answer: answer)
    within = meter.once(lambda: 7, is_within=lambda result: result == 7)
    assert (within.sample.wall_ns, within.result, next(spins)) == (7, 7, 101 * MS)
    over = meter.once(lambda: 8, is_within=lambda result: result == 7)
    assert (over.sample.spin_before_ns, over.sample.spin_after_ns) == (900 * MS, 102 * MS)
    assert over.sample.run_delay_ns is not None


def test_a_busy_thread_of_the_tool_takes_the_spin_out_of_the_gates(monkeypatch):
    """The tool's own background thread slows the spin: then the spin gates nothing, and the notes say so."""
    cpu = iter(range(0, 10**9, 10**6))
    monkeypatch.setattr(latency, "process_cpu_ns", lambda: next(cpu))
    monkeypatch.setattr(latency, "thread_cpu_ns", lambda: 0)
    monkeypatch.setattr(latency, "spin", lambda: 1000)
    meter = LatencyMeter(reference_ns=100)
    for _ in range(5):
        meter.block(lambda: None, most=1)
    (last,) = meter.block(lambda: None, most=1)
    assert last.sample.spin_reference_ns == 0
    assert any("busy between calls" in note for note in meter.notes())


def test_without_proc_the_meter_says_what_it_does_not_know(monkeypatch):
    """Where /proc is missing the spin alone gates, and the notes say so."""
    monkeypatch.setattr(waits, "has_proc", lambda: False)
    monkeypatch.setattr(waits, "_CAN_COUNT_SWITCHES", False)
    meter = LatencyMeter(reference_ns=10**12)
    (one,) = meter.block(lambda: None, most=1)
    assert (one.sample.run_delay_ns, one.sample.spin_delay_ns) == (0, None)
    assert any("no /proc here" in note and "the spin alone" in note for note in meter.notes())


@pytest.mark.parametrize("switches", [0, 1])
def test_without_proc_a_call_that_was_put_off_may_have_waited_all_the_time(monkeypatch, switches):
    """An involuntary context switch tells of a wait and not how long it was, of calls and of spins."""
    counts = itertools.count(step=switches)
    monkeypatch.setattr(waits, "has_proc", lambda: False)
    monkeypatch.setattr(waits, "_CAN_COUNT_SWITCHES", True)
    monkeypatch.setattr(waits, "_switches", lambda pid: iter([next(counts)]))
    (one,) = LatencyMeter(reference_ns=10**12).block(lambda: None, most=1)
    if switches:
        assert one.sample.run_delay_ns >= one.sample.wall_ns
        assert one.sample.spin_delay_ns == one.sample.spin_after_ns
    else:
        assert (one.sample.run_delay_ns, one.sample.spin_delay_ns) == (0, 0)


def test_long_calls_are_followed_by_more_spins(monkeypatch):
    """A tenth of their time is spun, less what is known to have waited; short calls have one spin."""
    clock = iter(range(0, 10**12, 50 * MS))
    took = iter(range(100_000, 100_100))
    waited = itertools.cycle([0, 90_000])
    monkeypatch.setattr(latency, "wall_ns", lambda: next(clock))
    monkeypatch.setattr(LatencyMeter, "_calibrate", lambda self: next(took))
    monkeypatch.setattr(Waits, "own_ns", lambda self, before, spent: next(waited))
    meter = LatencyMeter(reference_ns=1_000_000, duration_of=lambda answer: answer)
    meter._previous_spin = 100_000
    (one,) = meter.block(lambda: 7, most=1)
    assert one.sample.more_spins_ns == tuple(range(100_000, 100_014, 2))
    assert one.sample.spin_after_ns == 100_014


def test_the_calibration_loop_makes_no_objects():
    """What it costs is the machine's doing alone: a loop that makes numbers is up to 15 % slower by where they lie."""
    makes = ("BINARY_OP", "BUILD_", "CALL", "FORMAT_", "UNARY_")
    loop = list(dis.get_instructions(latency.turn))
    start = next(position for position, one in enumerate(loop) if one.opname == "FOR_ITER")
    assert [one for one in loop[start:] if one.opname.startswith(makes) and one.argrepr != "[]"] == []
    before = dict(latency._CELLS)
    latency.turn(300)
    assert before == latency._CELLS
    numbers, number = set(), 0
    while number not in numbers:
        numbers.add(number)
        number = before[number]
    assert numbers == set(range(256))


def test_a_reference_is_the_best_of_moments_that_lie_apart(monkeypatch):
    """Ten spins in each of four moments: three in which the machine was slower do not count."""
    spins, pauses = iter([300] * 10 + [280] * 10 + [*[200] * 4, *[900] * 6] + [400] * 10), []
    monkeypatch.setattr(latency, "spin", lambda: next(spins))
    monkeypatch.setattr(latency, "_sleep", pauses.append)
    assert latency.reference_spin() == 200
    assert pauses == [latency.APART_S] * 3


def test_a_fail_that_is_to_be_confirmed_takes_the_reference_again(monkeypatch):
    """After the pause the machine may be faster than when the reference was taken."""
    monkeypatch.setattr(latency, "_reference_ns", [300_000])
    monkeypatch.setattr(latency, "spin", lambda: 250_000)
    meter = LatencyMeter()
    meter.forget()
    assert meter.reference_ns == latency.session_reference_ns() == 250_000


def test_a_reference_of_a_bad_moment_is_taken_again(monkeypatch):
    """Twenty spins in a row that are faster are the better reference, for the rest of the session."""
    monkeypatch.setattr(latency, "_reference_ns", [300_000])
    spins = iter([299_000] * 20 + [200_000] * 19 + [200_000, 400_000])
    monkeypatch.setattr(latency, "spin", lambda: next(spins))
    meter = LatencyMeter()
    for expected in [300_000] * 19 + [299_000] * 20 + [200_000] * 2:
        meter._calibrate()
        assert meter.reference_ns == expected
    assert latency.session_reference_ns() == 200_000
    assert LatencyMeter(reference_ns=1).reference_ns == 1


@pytest.mark.parametrize(("budget_ms", "verdict"), [(8, "pass"), (4, "fail")])
def test_ticks_of_ended_children_are_evened_out(monkeypatch, budget_ms, verdict):
    """A child of 6 ms reads as 0 or 10 ms, more often 10: that is neither over 8 ms nor too near to 4 ms."""
    spent = []
    monkeypatch.setattr(cpu, "process_tree", lambda roots, **_: tuple(roots))
    monkeypatch.setattr(cpu, "process_clock_ns", lambda pid: 0)
    monkeypatch.setattr(cpu, "_ended_children_of_ns", lambda pid: sum(spent) // (10 * MS) * 10 * MS)
    monkeypatch.setattr(CpuGroup, "around", lambda pids: None)
    monkeypatch.setattr(measure_time, "_sleep", lambda seconds: None)
    (result,) = measure_time.measure_cpu(lambda: spent.append(6 * MS), time_ns=budget_ms * MS, process_ids=(1,))
    assert result.verdict == verdict
    assert "evened out over the calls" in dict(result.details)["measured"]


def test_nothing_is_measured_under_our_virtual_time():
    """Every kind of budget is inconclusive there, for that reason, and measured again afterwards."""
    budgets = Budgets(latency={"p50": MS}, cpu_time_ns=MS, memory={"peak": MS, "leak": MS})
    with virtual_time():
        results = apply_budgets(Subject(lambda: None), budgets)
    assert [result.verdict for result in results] == ["inconclusive"] * 4
    assert all("under virtual time" in result.message for result in results)
    assert not is_time_virtual()


def test_the_systems_clock_is_looked_for_once(monkeypatch):
    """Opening a library takes longer than what is asked of it, and memray looks at all libraries anew after it."""
    refuse_virtual_time()
    monkeypatch.setattr(clocks.ctypes, "CDLL", None)
    refuse_virtual_time()


def test_nothing_is_measured_under_another_virtual_time(monkeypatch):
    """A clock that a test moves is noticed by the system's own, and the refusal says what to do."""
    assert not is_time_virtual()
    refuse_virtual_time()
    monkeypatch.setattr(clocks, "wall_ns", lambda: time.perf_counter_ns() + 3600 * 10**9)
    with pytest.raises(MeterError, match=r"under virtual time.*clock: real"):
        LatencyMeter()
    with pytest.raises(MeterError):
        CpuMeter()


def test_whether_there_is_a_proc_is_looked_up_once(monkeypatch, tmp_path):
    """A marker asks eleven times a test, and it does not come or go; another folder is looked up for itself."""
    looked: list[Path] = []
    monkeypatch.setattr(Path, "exists", lambda self: bool(looked.append(self)))
    monkeypatch.setattr(processes, "PROC", tmp_path)
    assert [processes.has_proc() for _ in range(3)] == [False] * 3
    assert looked == [tmp_path / "self" / "schedstat"]
