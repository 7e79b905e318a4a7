"""The verdict of a tail on a machine whose hypervisor takes the processor away in bursts, seen by spins alone."""

from __future__ import annotations

import math
import random

import pytest

from pytest_toolcheck.budgets import verdict
from pytest_toolcheck.budgets.interruptions import NEARLY_ALL, Interruptions
from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, Sample

CALL_NS, SPIN_NS = 1_000_000, 270_000
P95_NS = 1_040_000
SEEDS = range(40)


class StealingMachine:
    """Calls of a millisecond; in bursts, a quarter of the time, one in two loses up to 3 ms and one spin in six."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._now = self._change = 0.0
        self._is_burst = False
        self._spin = self._spun()

    def call(self) -> Sample:
        wall = self._worked(CALL_NS, 0.02)
        before, self._spin = self._spin, self._spun()
        return Sample(wall, 0, before, self._spin, SPIN_NS)

    def pass_by(self, seconds: float) -> None:
        self._now += seconds
        self._spin = self._spun()

    def _spun(self) -> int:
        return self._worked(SPIN_NS, 0.01)

    def _worked(self, amount_ns: int, spread: float) -> int:
        spent = amount_ns * (1 + abs(self._random.gauss(0, spread))) + self._stolen(amount_ns)
        self._now += spent / 1e9
        return int(spent)

    def _stolen(self, amount_ns: int) -> float:
        if self._now >= self._change:
            self._is_burst = not self._is_burst
            self._change = self._now + self._random.expovariate(1 / (0.15 if self._is_burst else 0.4))
        is_hit = self._is_burst and self._random.random() < 1 - math.exp(-amount_ns / 1_500_000)
        return self._random.uniform(1e5, 3e6) if is_hit else 0.0


class UntoldNeighbours(StealingMachine):
    """Neighbours on a system without run-queue delays: now and then a call or a spin is put off for milliseconds."""

    def _stolen(self, amount_ns: int) -> float:
        hits = self._random.random() < 1 - math.exp(-amount_ns / 3_500_000)
        return self._random.uniform(2e6, 8e6) if hits else 0.0


def verdicts(ratio: float, machine_type: type[StealingMachine] = StealingMachine, **limits: int) -> list[str]:
    """Return the verdict on a p95 that is truly at `ratio` of its budget, for each seed."""
    found = []
    for seed in SEEDS:
        machine = machine_type(seed)
        rule = ConfirmedVerdict(0.95, round(P95_NS / ratio), **limits)
        while rule.feed(machine.call()) is None:
            if rule.pause_s:
                machine.pass_by(rule.pause_s)
        found.append(str(rule.verdict))
    return found


def test_bursts_that_few_spins_show_are_no_regression_of_a_p95():
    """At 0.9 of the budget nothing fails, at 1.1 all do: calls just after a slow spin are not used."""
    kept = verdicts(0.9)
    assert "fail" not in kept
    assert kept.count("pass") > 0.8 * len(kept)
    assert set(verdicts(1.1)) == {"fail"}


def test_interruptions_that_only_spins_show_are_no_regression_of_a_p95():
    """A quarter of the calls is put off, and one spin in 13 says so: no fail at 0.9 of the budget, all fail at 1.1."""
    assert "fail" not in verdicts(0.9, UntoldNeighbours, max_calls=1000)
    assert set(verdicts(1.1, UntoldNeighbours)) == {"fail"}


@pytest.mark.parametrize("machine_type", [StealingMachine, UntoldNeighbours])
def test_without_these_gates_they_are(monkeypatch: pytest.MonkeyPatch, machine_type: type[StealingMachine]):
    """The machines of these tests are bad enough to show what the gates are for."""
    monkeypatch.setattr(verdict, "QUIET_CALLS", 0)
    monkeypatch.setattr(Interruptions, "share_of", lambda self, duration_ns: 0.0)
    assert verdicts(0.9, machine_type).count("fail") >= 2


def interruptions(spins: list[int], *, wall_ns: int = CALL_NS, waits: int = 0) -> Interruptions:
    found = Interruptions()
    for index, spin in enumerate(spins):
        found.add(wall_ns, has_waited=index < waits, spins=(index, spin))
    return found


def test_the_share_of_interrupted_calls_follows_from_the_spins():
    """One spin in a hundred: a call as long as a spin is hit as often, one of a hundred spins nearly always."""
    found = interruptions([SPIN_NS] * 99 + [10 * SPIN_NS])
    assert 0.01 < found.share_of(SPIN_NS) < 0.03
    assert found.share_of(100 * SPIN_NS) == NEARLY_ALL
    assert Interruptions().share_of(CALL_NS) == interruptions([0] * 9).share_of(CALL_NS) == 0


def test_a_machine_that_is_slow_all_the_time_interrupts_nothing():
    """The usual spin is what the others are longer than, and none by less than half."""
    assert interruptions([3 * SPIN_NS] * 50).share_of(CALL_NS) == 0
    assert interruptions([SPIN_NS] * 50 + [int(1.4 * SPIN_NS)] * 20).share_of(CALL_NS) == 0


def test_interruptions_too_short_for_a_call_to_be_slow_do_not_count():
    """What adds less than 2 % to a call decides nothing."""
    assert interruptions([SPIN_NS] * 50 + [2 * SPIN_NS]).share_of(30 * SPIN_NS) > 0
    assert interruptions([SPIN_NS] * 50 + [2 * SPIN_NS]).share_of(60 * SPIN_NS) == 0


def test_what_is_known_to_have_waited_is_no_untold_interruption():
    """Where run-queue delays tell of waits, spins are put off by the same neighbours, and those calls are dropped."""
    hit = [SPIN_NS] * 90 + [10 * SPIN_NS] * 10
    assert interruptions(hit, waits=40).share_of(CALL_NS) == 0
    assert interruptions(hit).share_of(CALL_NS) > 0.3


def test_a_spin_whose_own_wait_is_known_was_not_interrupted_without_a_trace():
    """What the scheduler tells of a spin explains it; a tool that sleeps waits less often than spins do."""
    verdicts_of = {}
    for spin_wait in (14 * SPIN_NS, None):
        rule = ConfirmedVerdict(0.5, 20 * CALL_NS)
        put_off = Sample(30 * CALL_NS, 2 * CALL_NS, SPIN_NS, 15 * SPIN_NS, SPIN_NS, spin_wait)
        calm = Sample(30 * CALL_NS, 0, SPIN_NS, SPIN_NS + 1, SPIN_NS, spin_wait and 0)
        for index in range(300):
            rule.feed(calm if index % 3 else put_off)
        verdicts_of[spin_wait] = rule.verdict
    assert verdicts_of == {14 * SPIN_NS: "fail", None: None}


def test_a_wait_longer_than_its_spin_says_nothing():
    """The wait is read around the spin, so it may be longer: however many there are, nothing is divided by nothing."""
    found = Interruptions()
    for index in range(20):
        found.add(CALL_NS, has_waited=False, spins=(index, SPIN_NS), known_ns=2 * SPIN_NS if index < 15 else 0)
    assert found.share_of(CALL_NS) == 0
    found.add(CALL_NS, has_waited=False, spins=(20, 9 * SPIN_NS))
    assert 0 < found.share_of(SPIN_NS) < 0.5


def test_calls_of_one_go_count_their_spins_once():
    """Sixty short calls between two spins have not seen sixty spins."""
    found = interruptions([SPIN_NS] * 9)
    for _ in range(60):
        found.add(1000, has_waited=False, spins=(1, 10 * SPIN_NS))
    assert found.share_of(SPIN_NS) < 0.3


def test_a_median_needs_no_such_gate():
    """Half of the calls may be spoilt unseen before a median is: those after a slow spin are used."""
    rule = verdict.SequentialVerdict(0.5, 2 * CALL_NS)
    rule.feed(Sample(CALL_NS, 0, SPIN_NS, 2 * SPIN_NS, SPIN_NS))
    rule.feed(Sample(CALL_NS, 0, SPIN_NS, SPIN_NS, SPIN_NS))
    assert rule.usable == 1
