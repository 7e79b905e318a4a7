"""Verdicts where others compute on the same core, now and then or all the time, and may have when the reference was taken."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest

from pytest_toolcheck.budgets.spins import FEWEST, Spins
from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, Sample, SequentialVerdict

from .test_budgets_verdict import MS, clean, feed_all

SPIN_NS = 270_000
SHARED = 1.65


class SharedCore:
    """Calls of a millisecond; for some hundred calls in turn somebody computes on the same core, and for some hundred nobody."""

    def __init__(self, seed: int, *, most_calls: int = 600) -> None:
        self._random, self._most_calls = random.Random(seed), most_calls
        self._left, self._slow = 0, self._random.choice([1.0, SHARED])
        self._spin = self._spun()

    def call(self) -> Sample:
        if self._left <= 0:
            self._slow, self._left = (SHARED if self._slow == 1 else 1.0), self._random.randint(20, self._most_calls)
        self._left -= 1
        wall = round(MS * self._slow * (1 + abs(self._random.gauss(0, 0.03))))
        before, self._spin = self._spin, self._spun()
        return Sample(wall, 0, before, self._spin)

    def _spun(self) -> int:
        return round(SPIN_NS * self._slow * (1 + abs(self._random.gauss(0, 0.05))))


def judged(seed: int, ratio: float, reference_ns: float) -> str:
    """Return the verdict on a median truly at `ratio` of its budget, by three fresh rules, 100 calls apart."""
    machine = SharedCore(seed)
    for _ in range(3):
        rule = SequentialVerdict(0.5, round(1.02 * MS / ratio))
        while rule.verdict is None:
            found = machine.call()
            spins = (found.spin_before_ns, found.spin_after_ns, round(reference_ns))
            rule.feed(Sample(found.wall_ns, 0, *spins))
        for _ in range(100):
            machine.call()
        if rule.verdict != "fail":
            break
    return str(rule.verdict)


@pytest.mark.parametrize("raised", [1.0, 1.3, SHARED, 1.8])
def test_a_core_that_others_use_now_and_then_accuses_nobody_whenever_the_reference_was_taken(raised):
    """At 0.9 of the budget nothing fails, at 1.1 nearly all, though the reference was that of a bad moment."""
    kept = Counter(judged(seed, 0.9, raised * SPIN_NS) for seed in range(30))
    slower = Counter(judged(seed, 1.1, raised * SPIN_NS) for seed in range(15))
    assert not kept["fail"]
    assert kept["pass"] >= 28
    assert slower["fail"] >= 14


def shared_all_the_time(cost: float, calls: int) -> list[Sample]:
    chance = random.Random(5)
    spins = [round(SPIN_NS * SHARED * chance.uniform(0.95, 1.05)) for _ in range(calls + 1)]
    walls = [round(cost * SHARED * MS * chance.uniform(0.98, 1.02)) for _ in range(calls)]
    return [
        Sample(wall, 0, *pair, round(SHARED * SPIN_NS))
        for wall, pair in zip(walls, itertools.pairwise(spins), strict=False)
    ]


def test_a_core_that_others_use_all_the_time_shows_a_plain_regression_only():
    """Nothing tells how slow it is, but that loops differ from one to the next: 0.9 never fails, nor 1.1, 2.3 does at once."""
    assert feed_all(SequentialVerdict(0.5, MS), shared_all_the_time(0.9, 2000)) == "inconclusive"
    assert feed_all(SequentialVerdict(0.5, MS), shared_all_the_time(1.1, 2000)) == "inconclusive"
    plain = ConfirmedVerdict(0.5, MS)
    assert feed_all(plain, shared_all_the_time(2.3 / SHARED, 200)) == "fail"
    assert plain.total == 51
    assert feed_all(SequentialVerdict(1, MS), shared_all_the_time(0.9, 600)) == "inconclusive"
    assert feed_all(SequentialVerdict(1, MS), shared_all_the_time(2.3 / SHARED, 60)) == "fail"


def test_doubt_lasts_no_longer_than_until_both_states_were_seen():
    """A thousand usable calls end nothing while the reference is uncertain; the machine's other state does."""
    samples = shared_all_the_time(1.1, 1300)
    quiet = [Sample(round(1.1 * MS), 0, SPIN_NS, SPIN_NS + k % 3, round(SHARED * SPIN_NS)) for k in range(200)]
    rule = SequentialVerdict(0.5, MS)
    assert feed_all(rule, samples) is None
    assert rule.usable > 1000
    assert feed_all(rule, quiet) == "fail"
    assert rule.dropped["machine slowed down"] >= 1299
    assert max(rule.values) < SHARED * MS


def test_the_least_spins_are_the_reference_and_a_few_by_chance_are_not():
    """Four spins of a thousand that are far shorter say nothing; one in 20 does; the middle of those like it counts."""
    for short, reference in ((4, SPIN_NS), (50, SPIN_NS // 2)):
        spins = Spins()
        for k in range(1000):
            spins.add((SPIN_NS // 2 if k < short else SPIN_NS) + k % 7)
        assert spins.undisturbed_ns(2 * SPIN_NS) == pytest.approx(reference, rel=0.001)
    few = Spins()
    for _ in range(FEWEST - 1):
        few.add(SPIN_NS)
    assert few.undisturbed_ns(2 * SPIN_NS) == 2 * SPIN_NS
    assert few.undisturbed_ns(0) == 0


def test_spins_that_hardly_differ_leave_no_doubt():
    """So does a machine of which nothing is known; one whose few spins cannot tell does not end it."""
    steady, uneven, few = Spins(), Spins(), Spins()
    for k in range(40):
        steady.add(SPIN_NS + k % 2 * 1000)
        uneven.add(SPIN_NS + k % 3 * 9000)
    few.add(SPIN_NS)
    assert [spins.leave_doubt(SPIN_NS) for spins in (steady, uneven, few, Spins())] == [False, True, True, False]
    assert not uneven.leave_doubt(0)
    for k in range(20):
        uneven.add(round(SHARED * SPIN_NS) + k % 3 * 9000)
    assert not uneven.leave_doubt(SPIN_NS)


@pytest.mark.parametrize(("in_a_row", "doubted"), [(40, False), (1, True)])
def test_few_slow_spins_end_doubt_where_they_come_together(in_a_row, doubted):
    """Forty in a row of 2,000 show a core that was shared for a while; forty of which each stands alone were interrupted."""
    spins = Spins()
    for k in range(2000):
        is_slow = k // in_a_row % (2000 // 40) == 7
        spins.add((round(SHARED * SPIN_NS) if is_slow else SPIN_NS) + k % 3 * 9000)
    assert spins.leave_doubt(SPIN_NS) is doubted


def test_what_ends_doubt_decides_though_no_further_call_is_used():
    """Calls beside loops on a shared core are not used; that there are such loops shows that the calls before were undisturbed."""
    uneven = [Sample(round(1.1 * MS), 0, SPIN_NS, SPIN_NS + k % 3 * 9000, SPIN_NS) for k in range(60)]
    slow_ns = round(SHARED * SPIN_NS)
    shared = [Sample(round(1.1 * SHARED * MS), 0, slow_ns, slow_ns + k % 3 * 9000, SPIN_NS) for k in range(30)]
    rule = SequentialVerdict(0.5, MS)
    assert feed_all(rule, uneven) is None
    assert feed_all(rule, shared) == "fail"
    assert rule.usable == 60


@pytest.mark.parametrize(
    ("share", "spins", "doubted"), [(0.009, 150, True), (0.009, 300, False), (0.011, 900, True), (0.011, 1200, False)]
)
def test_many_spins_tell_a_noisy_time_from_a_shared_core(share, spins, doubted):
    """On a core of one's own hundreds of them differ by up to 1 %; on a shared one by 1.8 %, and some fifty by as little."""
    found = Spins()
    for k in range(spins):
        found.add(round(SPIN_NS * (1 + k % 2 * share)))
    assert found.leave_doubt(SPIN_NS) is doubted


def test_a_single_short_spin_lowers_no_reference():
    """An outlier does not take the other calls out of use."""
    rule = SequentialVerdict(0.5, MS, max_calls=60)
    feed_all(rule, [Sample(2 * MS, 0, SPIN_NS // 3, SPIN_NS // 3, SPIN_NS), *[clean(MS)] * 40])
    assert not rule.dropped["machine slowed down"]
