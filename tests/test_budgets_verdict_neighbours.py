"""What neighbours cost a call that neither its wait nor a spin tells of: room that the rule leaves for it."""

from __future__ import annotations

import pytest

from pytest_toolcheck.budgets.verdict import Sample, SequentialVerdict

from .test_budgets_verdict import MS, feed_all


def test_what_switching_costs_a_disturbed_call_fails_no_tool_that_keeps_its_budget():
    """A call that waited runs on with cold caches: a third more than it costs alone is no regression."""
    rule = SequentialVerdict(0.5, MS, max_calls=500)
    cold = Sample(round(0.9 * 1.33 * MS) + MS, MS, 270_000, 270_000, 270_000)
    assert feed_all(rule, [cold] * 500) == "inconclusive"


@pytest.mark.parametrize(("usable", "verdict"), [(4, "inconclusive"), (12, "fail")])
def test_few_undisturbed_calls_among_many_break_no_median(usable, verdict):
    """Where the machine spoils 96 of 100 calls, the rest is of moments that say nothing of the usual ones."""
    slow, spoilt = Sample(2 * MS, 0, *[270_000] * 3), Sample(2 * MS, MS, *[270_000] * 3)
    rule = SequentialVerdict(0.5, MS, max_calls=2_000)
    assert feed_all(rule, ([slow] * usable + [spoilt] * (100 - usable)) * 20) == verdict


def test_what_the_place_of_objects_in_memory_costs_breaks_no_median():
    """Two in a hundred more than the budget are within what the same code differs by; three are not."""
    for share, spun, verdict in ((1.015, True, "inconclusive"), (1.03, True, "fail"), (1.015, False, "fail")):
        sample = Sample(round(share * MS), 0, *[270_000 * spun] * 3)
        assert feed_all(SequentialVerdict(0.5, MS, max_calls=300), [sample] * 300) == verdict


@pytest.mark.parametrize("spoilt", [Sample(3 * MS, MS, *[270_000] * 3), Sample(3 * MS, 0, 270_000, 350_000, 270_000)])
def test_the_call_after_a_disturbed_one_is_not_used(spoilt):
    """It runs on with cold caches beside quiet spins, half as long again: the tool within its budget passes by the others."""
    spins = (270_000, 270_000, 270_000)
    goes = [spoilt, Sample(round(1.4 * MS), 0, *spins), Sample(round(0.95 * MS), 0, *spins)]
    rule = SequentialVerdict(0.5, MS)
    assert feed_all(rule, goes * 200) == "pass"
    assert rule.dropped["runs on with cold caches"] == rule.usable
    assert max(rule.values) < MS
    slower = [spoilt, *[Sample(round(1.1 * MS), 0, *spins)] * 2]
    assert feed_all(SequentialVerdict(0.5, MS), slower * 200) == "fail"


def test_a_long_call_after_a_disturbed_one_is_used():
    """Cold caches are nothing to a call of half a second, of which there are few."""
    rule = SequentialVerdict(0.5, MS)
    feed_all(rule, [Sample(600 * MS, 60 * MS), Sample(600 * MS, 0)])
    assert (rule.usable, rule.total) == (1, 2)


@pytest.mark.parametrize(
    ("cost", "spun", "told", "verdict"),
    [
        (1.3, 9.0, 8.0, "fail"),
        (1.3, 9.0, None, "inconclusive"),
        (1.15, 9.0, 8.0, "inconclusive"),
        (1.3, 1.5, 0.0, "inconclusive"),
    ],
    ids=["a spin that waited", "a spin that may have waited", "within the margin", "a machine that is slower"],
)
def test_a_spin_that_waited_hides_no_regression_of_calls_that_waited_too(cost, spun, told, verdict):
    """On a busy machine every long call waits, and so do the spins: what is told of both is taken off both."""
    wait = None if told is None else round(told * 270_000)
    call = Sample(round(cost * 40 * MS) + 30 * MS, 30 * MS, round(spun * 270_000), round(spun * 270_000), 270_000, wait)
    assert feed_all(SequentialVerdict(0.5, 40 * MS, max_calls=300), [call] * 300) == verdict


def test_a_slower_machine_shows_in_the_spins_that_did_not_wait():
    """One spin is little to go by: further ones after a long call say how fast the machine is."""
    call = Sample(130 * MS, 60 * MS, 270_000, 270_000, 270_000, 0, (405_000,) * 5)
    assert feed_all(SequentialVerdict(0.5, 50 * MS, max_calls=300), [call] * 300) == "inconclusive"
    quick = Sample(130 * MS, 60 * MS, 270_000, 270_000, 270_000, 0, (270_000,) * 5)
    assert feed_all(SequentialVerdict(0.5, 50 * MS, max_calls=300), [quick] * 300) == "fail"
