"""Growth: a slope with its interval, judged on the very sizes that were tried. Costs are counted, not timed."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_toolcheck.budgets.growth import CLASSES, doubling_sizes, judge_growth, least_costs, without_flat_start
from pytest_toolcheck.budgets.measure_growth import measure_growth
from pytest_toolcheck.budgets.slope import theil_sen

SIZES = doubling_sizes(1, 4096)


@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(3, 40))
def test_a_line_has_its_slope(slope, start, points):
    """On a line, slope and interval are the line's slope."""
    found = theil_sen(range(points), [start + slope * x for x in range(points)])
    assert found.value == pytest.approx(slope, abs=1e-9)
    assert found.low - 1e-9 <= slope <= found.high + 1e-9


def test_wild_points_do_not_bend_the_slope():
    """A fifth of the points thrown far off leaves the slope alone."""
    ys = [2.0 * x for x in range(25)]
    for x in (3, 9, 14, 20, 24):
        ys[x] += 1000
    assert theil_sen(range(25), ys).value == pytest.approx(2, abs=0.1)


def test_two_points_are_the_least():
    """One point has no slope."""
    with pytest.raises(ValueError, match="at least two"):
        theil_sen([1], [1])


@pytest.mark.parametrize(("low", "high", "sizes"), [(1, 8, (1, 2, 4, 8)), (0, 5, (1, 2, 5)), (3, 3, (3,))])
def test_sizes_double_up_to_the_largest(low, high, sizes):
    """Sizes end at the largest allowed and never fall below the smallest."""
    assert doubling_sizes(low, high) == sizes


def cost_of(kind, noise):
    return lambda size: round(1000 * CLASSES[kind](size) * (1 + noise.expovariate(20)) + 300)


@pytest.mark.parametrize("kind", list(CLASSES))
def test_a_cost_keeps_its_own_class_and_breaks_the_next_but_one(kind):
    """With noise and a fixed cost of calling, no class fails its own budget, and one two steps faster is found."""
    names = list(CLASSES)
    costs = without_flat_start(least_costs(cost_of(kind, random.Random(4)), SIZES))
    assert judge_growth(costs, kind).verdict == "pass"
    for slower in names[names.index(kind) + 1 :]:
        assert judge_growth(costs, slower).verdict == "pass"
    for faster in names[: max(names.index(kind) - 1, 0)]:
        assert judge_growth(costs, faster).verdict == "fail"


@pytest.mark.parametrize(("kind", "limit"), [("n log n", "n"), ("n^2", "n log n"), ("log n", "1"), ("n", "log n")])
def test_neighbouring_classes_are_told_apart(kind, limit):
    """n log n is more than n: the slope's lower bound says so where the noise is small."""
    costs = [(size, round(10_000 * CLASSES[kind](size))) for size in SIZES]
    assert judge_growth(costs, limit).verdict == "fail"


def test_a_wide_interval_around_the_budget_is_inconclusive():
    """Costs that jump about prove nothing, and the verdict says so."""
    costs = [(1, 100), (2, 900), (4, 300), (8, 5000), (16, 2500)]
    reading = judge_growth(costs, "n")
    assert reading.exponent.low < 1 < reading.exponent.value
    assert reading.verdict == "inconclusive"


def test_the_least_cost_of_shuffled_repeats_counts():
    """Every size is measured as often as any other, not in order, and its smallest cost is kept."""
    calls = []

    def cost(size):
        calls.append(size)
        return 100 * size + len(calls)

    costs = dict(least_costs(cost, (1, 2, 4), repeats=5))
    assert sorted(calls) == [1] * 5 + [2] * 5 + [4] * 5
    assert calls != sorted(calls)
    assert costs[4] == 400 + calls.index(4) + 1


def test_sizes_at_which_calling_is_all_the_cost_are_dropped():
    """A fixed cost that hides the growth of small sizes does not flatten the slope; five sizes remain."""
    costs = [(size, 100 + size * size) for size in (1, 2, 4, 8, 16, 32, 64, 128)]
    kept = without_flat_start(costs)
    assert len(kept) == 5
    assert judge_growth(kept, "n").exponent.value > math.log2(2.7)
    assert len(without_flat_start([(size, 7) for size in SIZES])) == 5


def test_sizes_at_the_floor_are_left_out():
    """What is below the floor was not told apart; four sizes are kept, also where all are at it."""
    costs = [(size, max(size**2, 70_000)) for size in SIZES]
    assert [size for size, _ in without_flat_start(costs, floor=70_000)] == [size for size in SIZES if size**2 > 70_000]
    assert len(without_flat_start([(size, 7) for size in SIZES], floor=7)) == 4


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
