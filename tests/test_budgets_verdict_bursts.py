"""The verdict of a tail on a machine whose hypervisor takes the processor away in bursts, seen by spins alone."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable

import pytest

from pytest_toolcheck.budgets import tries, verdict
from pytest_toolcheck.budgets.interruptions import NEARLY_ALL, Interruptions
from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, Sample

MS = 1_000_000
CALL_NS, SPIN_NS = MS, 270_000
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
    monkeypatch.setattr(tries, "QUIET_CALLS", 0)
    monkeypatch.setattr(Interruptions, "share_of", lambda self, duration_ns, **_: 0.0)
    monkeypatch.setattr(Interruptions, "puts_off_from_ns", math.inf)
    assert verdicts(0.9, machine_type).count("fail") >= 2


def interruptions(spins: list[int], *, wall_ns: int = CALL_NS, waits: int = 0, walls: int = 0) -> Interruptions:
    found = Interruptions()
    for index, spin in enumerate(spins):
        wall = wall_ns + index % 2 * walls
        found.add(wall, has_waited=index < waits, spins=(index, spin), tells_waits=waits > 0)
    return found


def test_the_share_of_interrupted_calls_follows_from_the_spins():
    """One spin in a hundred: a call as long as a spin is hit as often, one of a hundred spins nearly always."""
    found = interruptions(([SPIN_NS] * 99 + [10 * SPIN_NS]) * 50)
    assert 0.01 < found.share_of(SPIN_NS) < 0.03
    assert interruptions([SPIN_NS] * 99 + [10 * SPIN_NS], wall_ns=100 * SPIN_NS).share_of(100 * SPIN_NS) == NEARLY_ALL
    assert Interruptions().share_of(CALL_NS) == interruptions([0] * 9).share_of(CALL_NS) == 0


def test_few_spins_without_an_interruption_show_little():
    """The longer calls are beside what was spun, the more of them may have been interrupted all the same."""
    few, many = interruptions([SPIN_NS] * 20), interruptions([SPIN_NS] * 2000)
    assert few.share_of(CALL_NS) > 0.5
    assert many.share_of(CALL_NS) < 0.01
    told = interruptions([SPIN_NS] * 20, waits=1)
    assert told.share_of(CALL_NS) < few.share_of(CALL_NS) / 2


def test_a_call_is_at_risk_for_as_long_as_it_takes_itself():
    """A budget far above what calls take puts none of them at risk for longer."""
    found = interruptions([SPIN_NS] * 200)
    assert found.share_of(100 * CALL_NS) == pytest.approx(found.share_of(CALL_NS))


def test_long_calls_that_vary_may_keep_step_with_time_slices():
    """Put off in every call and never in a spin: where no wait is told, that is not to be excluded."""
    long_ns, spins = 8 * CALL_NS, [SPIN_NS] * 5000
    assert interruptions(spins, wall_ns=long_ns, walls=long_ns).share_of(long_ns) == NEARLY_ALL
    assert interruptions(spins, wall_ns=long_ns, walls=long_ns // 20).share_of(long_ns) < 0.1
    assert interruptions(spins, wall_ns=long_ns, walls=long_ns, waits=1).share_of(long_ns) < 0.1


def test_calls_longer_by_a_time_slice_may_have_been_put_off_until_the_machine_is_known_to_be_quiet():
    """A server is put off on a processor where nothing is spun; where waits are told, or spins enough say all is quiet, it was not."""
    loud = [SPIN_NS] * 1900 + [int(1.2 * SPIN_NS)] * 20
    for put_off in (loud, [SPIN_NS] * 290):
        assert CALL_NS + MS / 2 < interruptions(put_off).puts_off_from_ns < CALL_NS + MS
    quiet = [SPIN_NS] * 1900 + [int(1.2 * SPIN_NS)] * 8
    for kept in (interruptions(quiet), interruptions([SPIN_NS] * 310), interruptions(loud, waits=1), Interruptions()):
        assert kept.puts_off_from_ns == math.inf


def test_a_machine_slower_than_its_reference_is_not_quiet():
    """Its spins differ little from each other, and more from those of a better moment."""
    for reference_ns, is_quiet in ((SPIN_NS, True), (round(SPIN_NS / 1.08), False)):
        found = Interruptions()
        for index in range(600):
            spun = round(SPIN_NS * (1.04 if index % 30 == 0 else 1))
            found.add(CALL_NS, has_waited=False, spins=(index, spun), reference_ns=reference_ns)
        assert (found.puts_off_from_ns == math.inf) is is_quiet


def test_a_machine_that_is_slow_all_the_time_interrupts_nothing():
    """The usual spin is what the others are longer than, and none by less than half."""
    assert interruptions([3 * SPIN_NS] * 5000).share_of(CALL_NS) < 0.01
    assert interruptions([SPIN_NS] * 5000 + [int(1.4 * SPIN_NS)] * 2000).share_of(CALL_NS) < 0.01


def test_interruptions_too_short_for_a_call_to_be_slow_do_not_count():
    """What adds less than 2 % to a call does not make it slow, unless there is so much of it that it slows evenly."""
    found = interruptions(([SPIN_NS] * 10 + [2 * SPIN_NS]) * 200)
    assert found.share_of(30 * SPIN_NS) > 0.3
    assert found.share_of(60 * SPIN_NS) < 0.05
    assert found.slow_down(30 * SPIN_NS) == 1
    assert found.slow_down(60 * SPIN_NS) == pytest.approx(1 + 200 / 2200)


def test_a_machine_that_is_slow_for_a_while_interrupts_no_call_between_quiet_spins():
    """Spin after spin is slow then, and calls beside those are not used; of all calls they tell as ever."""
    found = interruptions([SPIN_NS] * 300 + [2 * SPIN_NS] * 300)
    assert found.share_of(CALL_NS) < 0.1
    assert found.share_of(CALL_NS, of_all=True) == NEARLY_ALL
    assert found.slow_down(CALL_NS) == found.slow_down(60 * SPIN_NS) == 1
    assert interruptions([SPIN_NS, 2 * SPIN_NS] * 300).share_of(CALL_NS) == NEARLY_ALL


def test_what_is_known_to_have_waited_is_no_untold_interruption():
    """Where run-queue delays tell of waits, spins are put off by the same neighbours, and those calls are dropped."""
    hit = ([SPIN_NS] * 9 + [10 * SPIN_NS]) * 100
    assert interruptions(hit, waits=400).share_of(CALL_NS) < 0.1
    assert interruptions(hit).share_of(CALL_NS) > 0.3


def test_a_spin_whose_own_wait_is_known_was_not_interrupted_without_a_trace():
    """What the scheduler tells of a spin explains it; a tool that sleeps waits less often than spins do."""
    verdicts_of = {}
    for spin_wait in (14 * SPIN_NS, None):
        rule = ConfirmedVerdict(0.5, 20 * CALL_NS)
        more = (SPIN_NS,) * 10
        put_off = Sample(30 * CALL_NS, 2 * CALL_NS, SPIN_NS, 15 * SPIN_NS, SPIN_NS, spin_wait, more)
        calm = Sample(30 * CALL_NS, 0, SPIN_NS, SPIN_NS + 1, SPIN_NS, spin_wait and 0, more)
        for index in range(300):
            rule.feed(calm if index % 3 else put_off)
        verdicts_of[spin_wait] = rule.verdict
    assert verdicts_of == {14 * SPIN_NS: "fail", None: None}


def test_a_wait_longer_than_its_spin_says_nothing():
    """The wait is read around the spin, so it may be longer: however many there are, nothing is divided by nothing."""
    found = Interruptions()
    for index in range(2000):
        found.add(CALL_NS, has_waited=False, spins=(index, SPIN_NS), known_ns=2 * SPIN_NS if index < 1500 else 0)
    assert 0 < found.share_of(CALL_NS) < 0.1


def test_calls_of_one_go_count_their_spins_once():
    """Sixty short calls between two spins have not seen sixty spins; sixty calls of a millisecond have, if just as long."""
    for wall_ns, spins in ((1000, 1), (CALL_NS, 60)):
        found, same = Interruptions(), interruptions([SPIN_NS] * spins, wall_ns=wall_ns)
        for _ in range(60):
            found.add(wall_ns, has_waited=False, spins=(1, SPIN_NS))
        assert found.share_of(SPIN_NS) == same.share_of(SPIN_NS)


def test_further_spins_after_a_long_call_count():
    """What was spun beside long calls says how often they were interrupted."""
    alone, more = interruptions([SPIN_NS] * 30), Interruptions()
    for index in range(30):
        more.add(CALL_NS, has_waited=False, spins=(index, SPIN_NS), more=(SPIN_NS,) * 20)
    assert more.share_of(CALL_NS) < alone.share_of(CALL_NS) / 5


def test_a_median_needs_no_such_gate():
    """Half of the calls may be spoilt unseen before a median is: those after a slow spin are used, but for the first."""
    rule = verdict.SequentialVerdict(0.5, 2 * CALL_NS)
    rule.feed(Sample(CALL_NS, 0, SPIN_NS, 2 * SPIN_NS, SPIN_NS))
    rule.feed(Sample(CALL_NS, 0, SPIN_NS, SPIN_NS, SPIN_NS))
    assert rule.usable == 0
    rule.feed(Sample(CALL_NS, 0, SPIN_NS, SPIN_NS, SPIN_NS))
    assert rule.usable == 1


class LoadedServer:
    """A server on a processor where nothing is spun: in stretches of a hundred calls one in two is put off for 3 ms.

    Of the spins one in 150 is a little slow. `told` is what a call says of its wait of so many ns.
    """

    def __init__(self, seed: int, told: Callable[[int], dict[str, object]]) -> None:
        self._random, self._told = random.Random(seed), told
        self._number = seed * 37

    def call(self) -> Sample:
        self._number += 1
        is_put_off = self._number // 100 % 2 and self._random.random() < 0.5
        waited = round(self._random.uniform(2e6, 4e6)) if is_put_off else 0
        wall = round(CALL_NS * (1 + abs(self._random.gauss(0, 0.02)))) + waited
        spins = [round(SPIN_NS * (1.2 if self._random.random() < 0.02 else 1)) for _ in range(2)]
        return Sample(
            wall, spin_before_ns=spins[0], spin_after_ns=spins[1], spin_reference_ns=SPIN_NS, **self._told(waited)
        )


UNTOLD = {
    "zeroed": lambda waited: {},
    "unknown": lambda waited: {"run_delay_ns": None},
    "only switches counted": lambda waited: {"spin_delay_ns": 0, "tells_waits": False},
}


def on_a_loaded_server(ratio: float, told: Callable[[int], dict[str, object]]) -> Counter[str]:
    """Return how often each verdict came on a p95 that is truly at `ratio` of its budget."""
    found = []
    for seed in range(15):
        machine, rule = LoadedServer(seed, told), ConfirmedVerdict(0.95, round(P95_NS / ratio), max_calls=700)
        while rule.feed(machine.call()) is None:
            pass
        found.append(str(rule.verdict))
    return Counter(found)


@pytest.mark.parametrize("told", UNTOLD.values(), ids=UNTOLD)
def test_a_server_put_off_unseen_is_no_regression_of_a_p95(told):
    """However quiet the few spins of the first calls are: no fail at 0.9 of the budget, nearly all at 1.1."""
    assert not on_a_loaded_server(0.9, told)["fail"]
    assert on_a_loaded_server(1.1, told)["fail"] >= 14


def test_a_server_whose_waits_are_told_is_judged_by_the_other_calls():
    """The calls that waited are left out: nearly all pass at 0.9 of the budget."""
    found = on_a_loaded_server(0.9, lambda waited: {"run_delay_ns": waited})
    assert found["pass"] >= 13
    assert not found["fail"]


class Command:
    """A process of its own for each call of 26 ms; neighbours, if any, put it off most of the time, and few spins.

    Spins wait as well, and say for how long; `known` is whether calls do.
    """

    def __init__(self, seed: int, *, has_neighbours: bool, known: bool) -> None:
        self._random, self._has_neighbours, self._known = random.Random(seed), has_neighbours, known

    def call(self) -> Sample:
        waited = round(self._random.uniform(5, 40) * MS) if self._has_neighbours else 0
        *more, last = [self._spun() for _ in range(10)]
        wall = round(26 * MS * (1 + abs(self._random.gauss(0, 0.02)))) + waited
        known = {"run_delay_ns": waited} if self._known else {"tells_waits": False}
        return Sample(wall, **known, **spins(SPIN_NS, last), spin_delay_ns=last - SPIN_NS, more_spins_ns=tuple(more))

    def _spun(self) -> int:
        return SPIN_NS + (3 * MS if self._has_neighbours and self._random.random() < 0.03 else 0)


def spins(before: int, after: int) -> dict[str, int]:
    return {"spin_before_ns": before, "spin_after_ns": after, "spin_reference_ns": SPIN_NS}


def of_commands(ratio: float, **neighbours: bool) -> Counter[str]:
    """Return how often each verdict came on a median that is truly at `ratio` of its budget."""
    found = []
    for seed in range(5):
        machine, rule = Command(seed, **neighbours), ConfirmedVerdict(0.5, round(26.4 * MS / ratio), max_calls=300)
        while rule.feed(machine.call()) is None:
            pass
        found.append(str(rule.verdict))
    return Counter(found)


def test_a_command_that_neighbours_put_off_in_every_call_is_no_regression():
    """What an ended process waited nobody tells, so spins have to: those that waited show that it may have as well."""
    assert of_commands(0.9, has_neighbours=True, known=False) == {"inconclusive": 5}
    assert not of_commands(0.9, has_neighbours=True, known=True)["fail"]


def test_a_slower_command_is_found_on_a_quiet_machine():
    """Spins enough that none put off show that nothing else does it."""
    assert of_commands(1.1, has_neighbours=False, known=False) == {"fail": 5}
    assert of_commands(0.9, has_neighbours=False, known=False) == {"pass": 5}
