"""Growth of what lives in memory: larger sizes cost more a step there, and that alone accuses nobody. Costs are counted, not timed."""

from __future__ import annotations

import pytest

from pytest_toolcheck.budgets import growth_doubts, measure_growth
from pytest_toolcheck.budgets.cpu import CpuMeter, CpuReading
from pytest_toolcheck.budgets.growth import doubling_sizes, halved_steps, judge_growth
from pytest_toolcheck.budgets.growth_doubts import doubted_elsewhere, doubted_here

SIZES = doubling_sizes(1000, 128_000)
CACHE = 10_000
"""The largest size whose calls touch little."""


def in_memory(size, power=1.0, slow=6):
    """Return what an algorithm costs whose steps cost more beyond the cache."""
    return round(100 * size**power * (1 + slow * size / (size + 8 * CACHE)))


def reading_of(cost, sizes, limit):
    return judge_growth([(size, cost(size)) for size in sizes], limit)


@pytest.fixture
def touching(monkeypatch):
    """Let calls touch what a size is; return the sizes that were looked at."""
    looked_at = []

    class Touched:
        def __init__(self, idle):
            pass

        def begin(self):
            looked_at.append(None)

        def end(self):
            return looked_at[-1]

    monkeypatch.setattr(growth_doubts, "Touched", Touched)
    monkeypatch.setattr(growth_doubts, "touches_little", lambda size: size <= CACHE)
    return looked_at


def doubted(cost, looked_at, *, low=100, sizes=SIZES, limit="n"):
    def call(size):
        looked_at[-1] = size

    failed = reading_of(cost, sizes, limit)
    assert failed.verdict == "fail"
    return doubted_here(failed, call, low=low, limit=limit, read=lambda tried: reading_of(cost, tried, limit))


def test_steps_that_cost_more_in_memory_accuse_nobody(touching):
    """The same algorithm keeps its budget on sizes that touch little, and the message says where that ends."""
    reading = doubted(in_memory, touching)
    assert reading.verdict == "inconclusive"
    assert reading.reason.startswith(
        "calls of size 16000 and more touch more memory than a processor's own cache holds"
    )
    assert reading.reason.endswith("up to 8000 nothing shows")


def test_what_grows_too_fast_on_small_sizes_as_well_fails_by_these(touching):
    """Memory is no excuse for a square."""
    reading = doubted(lambda size: in_memory(size, 2.0), touching)
    assert (reading.verdict, reading.costs[-1][0]) == ("fail", 8000)


def test_what_touches_little_fails_at_once(touching):
    """Nothing is measured again."""
    sizes = doubling_sizes(1, CACHE)
    assert doubted(lambda size: size**2, touching, sizes=sizes).costs[-1][0] == CACHE


@pytest.mark.parametrize(
    ("power", "low", "verdict"),
    [(1.0, 8000, "inconclusive"), (3.0, 8000, "fail"), (1.0, 16_000, "inconclusive"), (3.5, 16_000, "fail")],
)
def test_without_smaller_sizes_only_more_than_memory_ever_adds_fails(touching, power, low, verdict):
    """No call was seen to take more than 16 times as long for slow memory."""
    reading = doubted(
        lambda size: in_memory(size, power, slow=16), touching, low=low, sizes=doubling_sizes(low, 128_000)
    )
    assert reading.verdict == verdict


def test_a_collection_of_garbage_is_not_what_a_call_touches(touching):
    """It touches all objects; the least of two looks counts."""
    seen = []

    def call(size):
        seen.append(size)
        touching[-1] = 10**9 if len(seen) == 3 else size

    failed = reading_of(lambda size: size**2, doubling_sizes(1, CACHE), "n")
    assert doubted_here(failed, call, low=1, limit="n", read=pytest.fail).verdict == "fail"


@pytest.mark.parametrize(
    ("power", "slow_down", "verdict"),
    [(1.3, 1.0, "fail"), (1.3, 9.0, "inconclusive"), (2.0, 9.0, "fail"), (2.0, 1.0, "fail")],
)
def test_neighbours_may_explain_what_servers_cost(monkeypatch, power, slow_down, verdict):
    """Of those that touch much it counts while nobody sweeps memory, or where it is more than that explains."""
    monkeypatch.setattr(growth_doubts, "slow_down_of", lambda touched: slow_down)
    failed = reading_of(lambda size: round(1000 * size**power), SIZES, "n")
    reading = doubted_elsewhere(failed, lambda size: None, limit="n", process_ids=())
    assert reading.verdict == verdict
    assert ("memory is slow" in reading.reason) == (verdict == "inconclusive")


def test_a_server_that_touches_little_grows_by_itself(touching, monkeypatch):
    """Beside neighbours that sweep memory: what slows its way slows that of each size."""
    monkeypatch.setattr(growth_doubts, "TouchedServed", lambda process_ids, ping: growth_doubts.Touched(ping))
    monkeypatch.setattr(growth_doubts, "slow_down_of", lambda touched: 9.0)

    def verdict_of(most_touched):
        def call(size):
            touching[-1] = min(size, most_touched)

        failed = reading_of(lambda size: round(1000 * size**1.3), SIZES, "n")
        return doubted_elsewhere(failed, call, limit="n", process_ids=(1,)).verdict

    assert (verdict_of(CACHE), verdict_of(CACHE + 1)) == ("fail", "inconclusive")


@pytest.mark.parametrize("process_ids", [(), (1,)], ids=["here", "served"])
def test_a_fail_is_doubted_before_it_counts(monkeypatch, process_ids):
    """In this process by what it touches, behind a server by what neighbours do."""
    asked = []

    def fake(name, answer):
        def doubt(failed, *_args, **_options):
            asked.append(name)
            return answer(failed)

        return doubt

    monkeypatch.setattr(CpuMeter, "measure", lambda self, call: CpuReading(call(), 1))
    monkeypatch.setattr(measure_growth, "doubted_here", fake("here", lambda failed: failed))
    monkeypatch.setattr(measure_growth, "doubted_elsewhere", fake("served", lambda failed: failed))
    (found,) = measure_growth.measure_growth(
        lambda size: size**2, over="size", low=1, high=4096, latency="n", process_ids=process_ids
    )
    assert (found.verdict, asked) == ("fail", ["served" if process_ids else "here"])


def test_steps_are_halved_where_few_sizes_show_nothing_sharply(monkeypatch):
    """Costs that jump from size to size leave a wide interval; twice as many sizes make it narrower."""
    assert halved_steps((1, 4, 16)) == (1, 2, 4, 8, 16)
    tried = set()

    def measure(self, call):
        size = call()
        tried.add(size)
        return CpuReading(round(1000 * size**1.5 * {512: 1.6, 2048: 0.7}.get(size, 1)), 1)

    monkeypatch.setattr(CpuMeter, "measure", measure)
    monkeypatch.setattr(measure_growth, "doubted_here", lambda failed, *_, **__: failed)
    (found,) = measure_growth.measure_growth(lambda size: size, over="size", low=1, high=4096, latency="n")
    assert (found.verdict, len(tried)) == ("fail", 15)
