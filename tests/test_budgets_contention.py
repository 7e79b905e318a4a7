"""Memory that others use: what lives in it is slower, and no verdict comes of that alone."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from pytest_toolcheck.budgets import contention, latency
from pytest_toolcheck.budgets.contention import COPIES, LONG_NS, Blocks, Contention, Doubts
from pytest_toolcheck.budgets.tries import MOST_DOUBTED
from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, Sample, SequentialVerdict

MS = 1_000_000


def found(slow_downs: list[float], walls_ms: list[float], quantile: float = 0.5) -> ConfirmedVerdict:
    """Judge calls of these durations, in turn, against 1 ms, on a machine whose memory is so slow after each stage."""
    rule, stages = ConfirmedVerdict(quantile, MS, gates=False), iter(slow_downs)
    for call in range(5000):
        rule.feed(Sample(round(walls_ms[call % len(walls_ms)] * MS)))
        if rule.pause_s or rule.verdict == "fail":
            rule.doubt(next(stages))
        if rule.verdict:
            break
    return rule


@pytest.mark.parametrize(
    ("slow_downs", "walls", "verdict"),
    [
        ([1.5] * 9, [1.2, 1.3, 1.4], "inconclusive"),
        ([1.0] * 9, [1.2, 1.3, 1.4], "fail"),
        ([1.5, 1.0, 1.5, 1.0, 1.5, 1.0], [1.2, 1.3, 1.4], "fail"),
        ([1.5] * 9, [1.6, 1.7, 1.8], "fail"),
        ([1.5] * 9, [1.3, 1.31, 1.32], "fail"),
        ([1.09] * 9, [1.05, 1.08, 1.2], "fail"),
    ],
    ids=["explained", "quiet", "quiet three times", "more than that", "calls that hardly vary", "usual"],
)
def test_slow_memory_explains_calls_that_vary_and_are_over_by_no_more(slow_downs, walls, verdict):
    """A fail that slow memory may be is none; where it is over by more, or memory is quiet three times, it is."""
    assert found(slow_downs, walls).verdict == verdict


def test_the_reason_is_said_and_stages_are_made_again_only_so_often():
    """The message names memory and by how much it is slower."""
    rule = found([1.5] * 9, [1.2, 1.3, 1.4])
    assert len(rule.stages) == MOST_DOUBTED + 2
    assert "what lives there may take 1.50 times as long" in rule.reason_inconclusive()


def machine(took_ns: list[int], monkeypatch) -> Contention:
    """Return what looks at a machine whose copies take so long, moment by moment."""
    moments = iter(took_ns)
    monkeypatch.setattr(Blocks, "copy_ns", lambda self: [next(moments)] * COPIES)
    watched = Contention()
    watched._blocks = Blocks()
    return watched


def test_memory_is_compared_with_its_best_moment(monkeypatch):
    """A better moment later on is the better reference."""
    watched = machine([300, 200, 500, 100, 200], monkeypatch)
    assert [watched.slow_down() for _ in range(5)] == [1, 1, 2.5, 1, 2]


def test_what_memory_was_between_long_calls_counts(monkeypatch):
    """Short calls would be slower for a copy before them, so none is made there; the usual of the stage counts, once."""
    watched = machine([100, 300, 320, 100, 100], monkeypatch)
    watched.slow_down()
    watched.note(LONG_NS - 1)
    watched.note(LONG_NS)
    watched.note(LONG_NS)
    assert (watched.slow_down(), watched.slow_down()) == (3.1, 1.0)


def test_a_clock_too_coarse_for_a_copy_tells_nothing(monkeypatch):
    """Where a copy takes no time at all nothing is doubted, nor where there is no room for the blocks."""
    assert machine([0, 0], monkeypatch).slow_down() == 1
    assert Contention().slow_down() == 1


@pytest.mark.parametrize(
    ("computed", "has_cpu", "slow_down"), [(0, True, 1), (10, True, 2), (5, True, 4 / 3), (0, False, 2)]
)
def test_what_sleeps_is_not_slower_for_slow_memory(computed, has_cpu, slow_down, monkeypatch):
    """Only what a call computes lives in memory; of another process it is not known how much that is."""
    clock = iter([0, computed, computed])
    monkeypatch.setattr(Contention, "slow_down", lambda self: 2.0)
    told: list[float] = []
    monkeypatch.setattr(ConfirmedVerdict, "doubt", lambda self, factor, **_: told.append(factor) or True)
    rule = ConfirmedVerdict(0.5, MS)
    monkeypatch.setattr(SequentialVerdict, "values", [6, 4])
    rule.pause_s, rule.stages = 0.1, rule.stages * 2
    Doubts((), computed_ns=(lambda: next(clock)) if has_cpu else None).look([rule], [6, 4])
    assert told == [pytest.approx(slow_down)]


@pytest.mark.parametrize(
    ("children", "is_elsewhere", "slow_down"), [((0, 0), False, 1), ((3, 13), False, 2), ((0, 0), True, 2)]
)
def test_what_others_compute_for_a_call_is_slower_as_well(children, is_elsewhere, slow_down, monkeypatch):
    """Its child processes, ended or living; of who serves it somewhere it is not known what that computes."""
    clock = iter([*children, children[-1]])
    monkeypatch.setattr(contention, "children_here_ns", lambda: next(clock))
    monkeypatch.setattr(Contention, "slow_down", lambda self: 2.0)
    told: list[float] = []
    monkeypatch.setattr(ConfirmedVerdict, "doubt", lambda self, factor, **_: told.append(factor) or True)
    rule = ConfirmedVerdict(0.5, MS)
    rule.pause_s = 0.1
    Doubts((), computed_ns=lambda: 0, is_elsewhere=is_elsewhere).look([rule], [6, 4])
    assert told == [pytest.approx(slow_down)]


@pytest.mark.parametrize(
    ("cost_ms", "computed_ms", "verdict"),
    [(9, 9, "inconclusive"), (30, 30, "fail"), (30, 5, "inconclusive"), (30, None, "fail")],
    ids=["short", "long", "it mostly sleeps", "cpu time"],
)
def test_long_calls_are_never_slowed_as_much_as_short_ones(cost_ms, computed_ms, verdict, monkeypatch):
    """A short one may find all pushed out of the caches; each is 7 times over its budget, memory 16 times as slow."""
    limit, computed = round(cost_ms * MS / 7), [0]
    monkeypatch.setattr(Contention, "slow_down", lambda self: 1.0)
    monkeypatch.setattr(Contention, "slow_down_of_caches", lambda self: 16.0)
    monkeypatch.setattr(contention, "by_share", lambda slow_down, *_: slow_down)
    rule = ConfirmedVerdict(0.5, limit, gates=False)
    doubts = Doubts((), computed_ns=None if computed_ms is None else lambda: computed[0])
    monkeypatch.setattr(doubts, "_touched", FakeTouched())
    while rule.verdict is None:
        if rule.pause_s:
            doubts.begin_stage()
        computed[0] += (computed_ms or 0) * MS
        rule.feed(Sample(cost_ms * MS))
        doubts.look([rule], [cost_ms * MS])
    assert rule.verdict == verdict


class FakeTouched:
    """Calls that touch all there is."""

    way_ns = 0

    def begin(self):
        pass

    def end(self):
        return 2**40

    def aside(self):
        return nullcontext()


def test_a_copy_takes_time():
    """The blocks are real: pages that were never written to are all the same one."""
    assert min(Blocks().copy_ns()) > 10_000


def test_what_is_spun_between_calls_is_none_of_what_they_compute(monkeypatch):
    """A call that sleeps computes next to nothing, however much is spun beside it."""
    clock = [0]

    def spin() -> int:
        clock[0] += 1_000
        return 250_000

    monkeypatch.setattr(latency, "process_cpu_ns", lambda: clock[0])
    monkeypatch.setattr(latency, "thread_cpu_ns", lambda: clock[0])
    monkeypatch.setattr(latency, "spin", spin)
    meter = latency.LatencyMeter(reference_ns=250_000)
    meter.block(lambda: clock.__setitem__(0, clock[0] + 7), most=1)
    assert (meter.computed_ns, clock[0] > 1_000) == (7, True)
