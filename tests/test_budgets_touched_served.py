"""What other processes touch: children of this one, and servers, beyond what they touch for a call that does nothing."""

from __future__ import annotations

import gc

import pytest

from pytest_toolcheck.budgets import measure_value, touched
from pytest_toolcheck.budgets.contention import Contention, Doubts
from pytest_toolcheck.budgets.measure_time import Effort
from pytest_toolcheck.budgets.processes import has_proc
from pytest_toolcheck.budgets.touched import Touched, TouchedServed, touches_little
from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, Sample

from .budget_server import asked_server

pytestmark = pytest.mark.skipif(not has_proc(), reason="the marks of pages are told by /proc")

MS, MIB = 1_000_000, 2**20
COMMANDS = """
import os, subprocess, sys
block = bytearray(b"x") * (32 * 2**20)
COMMANDS = {
    "compute": lambda: sum(range(100_000)),
    "walk": lambda: block.count(b"y"),
    "start": lambda: kept.append(subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=-1)),
}
"""


@pytest.fixture(autouse=True)
def no_garbage():
    """A collection of garbage touches all objects."""
    gc.disable()
    yield
    gc.enable()


def bytes_of(counting, call):
    counting.begin()
    call()
    return counting.end()


def test_what_a_living_child_touches_is_counted():
    """A worker that computes leaves a call one that touches little; one that walks through its memory does not."""
    with asked_server(COMMANDS) as (_, ask):
        assert bytes_of(Touched(), lambda: [ask("walk") for _ in range(3)]) > 24 * MIB
        assert touches_little(bytes_of(Touched(), lambda: [ask("compute") for _ in range(3)]), beside_bytes=MIB)


def test_what_a_server_touches_is_counted():
    """All that it touches where nothing is known of its way to a tool, and what it touches beyond that where it is."""
    with asked_server(COMMANDS, own_session=True) as (pid, ask):
        counting = TouchedServed((pid,))
        assert bytes_of(counting, lambda: ask("walk")) > 24 * MIB
        assert touches_little(bytes_of(counting, lambda: ask("compute")), beside_bytes=MIB)
        assert counting.way_ns == 0
        walking = TouchedServed((pid,), lambda: ask("walk"))
        assert bytes_of(walking, lambda: ask("walk")) <= 0
        assert walking.way_ns > 0
        assert TouchedServed((pid,)).end() is None


def test_a_process_that_begins_meanwhile_may_touch_anything():
    """Nobody looked at it from its beginning."""
    with asked_server(COMMANDS, own_session=True) as (pid, ask):
        counting = TouchedServed((pid,))
        assert not touches_little(bytes_of(counting, lambda: ask("start")))


def judged(monkeypatch, *, served_bytes, way_ns, cost_ns):
    """Judge calls of a server, which all take as long, against 1 ms of CPU time, beside others that sweep the caches."""
    monkeypatch.setattr(Contention, "slow_down", lambda self: 1.05)
    monkeypatch.setattr(Contention, "slow_down_of_caches", lambda self: 16.0)
    monkeypatch.setattr(touched.TouchedServed, "begin", lambda self: None)
    monkeypatch.setattr(touched.TouchedServed, "end", lambda self: served_bytes)
    spent = [0]
    monkeypatch.setattr(Doubts, "_computed", lambda self: spent[0])
    rule, doubts = ConfirmedVerdict(0.5, MS, gates=False), Doubts((1,))
    doubts._touched.way_ns = way_ns
    while rule.verdict is None:
        if rule.pause_s:
            doubts.begin_stage()
        rule.feed(Sample(cost_ns))
        spent[0] += cost_ns
        doubts.look([rule], [cost_ns])
    return rule.verdict


@pytest.mark.parametrize(
    ("served_bytes", "way_ms", "cost_ms", "verdict"),
    [
        (8 * MIB, 0, 5, "inconclusive"),
        (None, 0, 5, "inconclusive"),
        (100_000, 0, 1.5, "fail"),
        (100_000, 1, 5, "fail"),
        (100_000, 1, 1.2, "inconclusive"),
    ],
    ids=["lives in memory", "not known", "computes", "mostly computes", "mostly its way"],
)
def test_a_server_that_computes_is_judged_beside_others_that_sweep_memory(
    served_bytes, way_ms, cost_ms, verdict, monkeypatch
):
    """Only its way to the tool and back may be slower for them, where the tool itself touches little."""
    way_ns, cost_ns = round(way_ms * MS), round(cost_ms * MS)
    assert judged(monkeypatch, served_bytes=served_bytes, way_ns=way_ns, cost_ns=cost_ns) == verdict


@pytest.mark.parametrize(("probed_bytes", "verdict"), [(100_000, "fail"), (8 * MIB, "inconclusive")])
def test_a_call_is_looked_at_alone_where_judging_touches_much(probed_bytes, verdict, monkeypatch):
    """Rules that are fed between calls touch memory as well: calls with nothing between show what is theirs."""
    monkeypatch.setattr(Contention, "slow_down", lambda self: 1.05)
    monkeypatch.setattr(Contention, "slow_down_of_caches", lambda self: 16.0)
    monkeypatch.setattr(Touched, "begin", lambda self: None)
    monkeypatch.setattr(Touched, "end", lambda self: 8 * MIB)
    monkeypatch.setattr(Touched, "of", lambda self, call: call())
    rule, doubts = ConfirmedVerdict(0.5, MS, gates=False), Doubts(probe=lambda: probed_bytes)
    while rule.verdict is None:
        if rule.pause_s:
            doubts.begin_stage()
        rule.feed(Sample(5 * MS))
        doubts.look([rule], [5 * MS])
    assert rule.verdict == verdict


@pytest.mark.parametrize(
    ("judged_bytes", "alone_bytes", "rounds", "slow_down"),
    [
        (700_000, 8 * MIB, None, 1.0),
        (2 * MIB, 600_000, None, 1.0),
        (2 * MIB, 8 * MIB, None, 16.0),
        (2 * MIB, 600_000, 90, 16.0),
        (2 * MIB, 600_000, 300, 1.0),
        (None, None, None, 16.0),
    ],
    ids=["little", "little but for measuring", "much", "no calls beyond rounds", "rounds enough", "not known"],
)
def test_what_is_compared_is_looked_at_alone_where_measuring_touches_much(
    judged_bytes, alone_bytes, rounds, slow_down, monkeypatch
):
    """A tool that computes and got twice as slow is not excused by what reading the clocks of so many calls touches."""
    monkeypatch.setattr(Contention, "slow_down", lambda self: 1.05)
    monkeypatch.setattr(Contention, "slow_down_of_caches", lambda self: 16.0)
    monkeypatch.setattr(Touched, "begin", lambda self: None)
    monkeypatch.setattr(Touched, "end", lambda self: judged_bytes)
    monkeypatch.setattr(Touched, "of", lambda self, call: alone_bytes)
    monkeypatch.setattr(measure_value, "_sleep", lambda _: None)
    cpu, _ = measure_value.measure_times(lambda: None, effort=Effort(max_total=rounds))
    assert cpu.slow_down == slow_down
