"""Budget markers on tests that have the fixture `budget`: they are about the calls that are made through it."""

from __future__ import annotations

import pytest

from pytest_toolcheck.budgets.fixture import Budget
from pytest_toolcheck.budgets.results import BudgetExceeded
from pytest_toolcheck.spec.model import Budgets

from .budget_fakes import use_fake_meter
from .specs import PLUGINS

MS = 1_000_000


@pytest.mark.parametrize(
    ("block", "broken"), [({"p50": "1s"}, "max"), ({"p50": "1s", "max": "1s"}, ""), ({"max": "1s"}, "p50")]
)
def test_calls_keep_the_markers_budgets_but_for_what_their_block_limits(monkeypatch, block, broken):
    """A block is nearer to its calls than a marker, key by key, as the marker of a test is than its module's."""
    use_fake_meter(monkeypatch)
    budget = Budget(marked=Budgets(latency={"p50": 50 * MS, "max": 55 * MS}))
    assert not budget.has_measured

    def body():
        with budget.latency(**block) as b:
            b.call(lambda: 60 * MS)

    if broken:
        with pytest.raises(BudgetExceeded, match=f"latency {broken} 60 ms"):
            body()
    else:
        body()
    assert budget.has_measured


def test_a_marker_has_no_say_in_how_a_function_grows(monkeypatch):
    """What `budget.growth` calls takes a size, and of which size a marker speaks nobody knows."""
    use_fake_meter(monkeypatch)
    sizes = []
    with Budget(marked=Budgets(latency={"max": 1})).growth(latency="n log n") as b:
        b.call(lambda size: sizes.append(size) or size * MS)
    assert [result.metric for result in b.results] == ["growth of latency"]
    assert sizes


def test_markers_of_a_module_are_about_the_calls_through_the_fixture(pytester: pytest.Pytester):
    """Not about the body with all that measuring takes; a percentile needs no rounds; without a call nobody knows."""
    pytester.makepyfile(
        test_marked="""
import pytest

pytestmark = pytest.mark.memory_budget(peak="2MiB")
runs = []

def hold(mebibytes):
    return len(bytearray(mebibytes * 2**20))

def test_over(budget):
    with budget.cpu(time="10s") as b:
        b.call(hold, 3)

class TestOutside:
    pytestmark = [pytest.mark.latency_budget(p95="10s"), pytest.mark.cpu_budget(time="10s")]

    def test_kept(self, budget):
        runs.append(hold(3))
        with budget.latency(p50="10s") as b:
            assert b.call(hold, 1) == 2**20
        assert [result.metric for result in b.results] == ["latency p50", "latency p95", "cpu time", "memory peak"]

def test_nearer(budget):
    with budget.memory(peak="4MiB") as b:
        b.call(hold, 3)
    assert [result.budget for result in b.results] == ["4 MiB"]

@pytest.fixture
def wrapped(budget):
    return budget.cpu(time="10s")

@pytest.mark.asyncio
async def test_async_and_through_another_fixture(wrapped):
    async def held(): return hold(3)
    async with wrapped as b:
        await b.acall(held)

def test_no_call(budget):
    hold(3)

@pytest.mark.latency_budget(p95="10s")
def test_no_call_of_many(budget):
    hold(3)

def test_runs():
    assert len(runs) == 1
"""
    )
    result = pytester.runpytest(*PLUGINS, "--toolcheck-log=off")
    result.assert_outcomes(passed=3, failed=4)  # a warning is an error here
    over = "BudgetExceeded: memory peak 3* MiB, budget 2 MiB, over in * of 3 calls"
    result.stdout.fnmatch_lines_random(
        [
            f"FAILED *::test_over - {over}*",
            f"FAILED *::test_async_and_through_another_fixture - {over}*",
            "*memory peak not measured: the test made no call through its fixture `budget`, beside which *",
            "*made no call through its fixtures, so its budgets are about its own body: latency p95 * needs rounds=126*",
        ]
    )


def test_what_takes_more_than_calls_is_refused_when_tests_are_collected(pytester: pytest.Pytester):
    """Growth has no parameter here, and a regression no call of its own."""
    pytester.makepyfile(
        test_marked="""
import pytest

@pytest.mark.growth_budget(over="n", latency="n")
def test_growth(budget): pass

@pytest.mark.cpu_budget(time="1s", regression="20%")
def test_regression(budget): pass
"""
    )
    result = pytester.runpytest(*PLUGINS, "--toolcheck-log=off")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        ["test_marked.py:3: growth_budget needs the calls *", "test_marked.py:6: regression of a test's own body *"]
    )
