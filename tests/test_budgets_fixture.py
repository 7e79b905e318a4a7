"""The fixture `budget`: blocks that measure what is called in them."""

from __future__ import annotations

import asyncio
import time

import pytest

from pytest_toolcheck.budgets.fixture import Budget
from pytest_toolcheck.budgets.markers import BudgetError
from pytest_toolcheck.budgets.results import BudgetExceeded

from .budget_fakes import NoisyMeter, use_fake_meter

MS = 1_000_000


def test_a_block_returns_the_first_answer_and_records_the_result(monkeypatch):
    """The test goes on with what the first call returned, however often the call was repeated."""
    use_fake_meter(monkeypatch)
    told, answers = [], iter(range(MS, 2 * MS))
    with Budget(on_result=told.append).latency(p50="50ms") as b:
        assert b.call(lambda offset: next(answers) + offset, offset=0) == MS
    assert [result.verdict for result in b.results] == ["pass"]
    assert told == b.results


def test_the_end_of_a_block_raises_for_a_broken_budget(monkeypatch):
    """The test's other assertions in the block run first; its end then says what was too slow."""
    use_fake_meter(monkeypatch)
    reached = []

    def body():
        with Budget().latency(p50="50ms") as b:
            b.call(lambda: 60 * MS)
            reached.append(True)

    with pytest.raises(BudgetExceeded, match=r"latency p50 60 ms .*budget 50 ms, 51 of 51 calls used"):
        body()
    assert reached


def test_an_error_in_a_block_is_not_replaced(monkeypatch):
    """What fails in the block is what the test shows."""
    use_fake_meter(monkeypatch)

    def body():
        with Budget().latency(p50="1ms") as b:
            b.call(lambda: 60 * MS)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        body()


def raise_lookup_error():
    try:
        {}["first"]
    except KeyError:
        raise LookupError("mine")  # noqa: B904


async def raise_lookup_error_later():
    raise_lookup_error()


@pytest.mark.parametrize(
    "make",
    [
        lambda b: b.call(raise_lookup_error),
        lambda b: asyncio.run(b.acall(raise_lookup_error_later)),
        lambda b: asyncio.run(b.acall(asyncio.wait_for, raise_lookup_error_later(), 5)),
    ],
    ids=["call", "acall", "through the loop"],
)
@pytest.mark.parametrize("limits", [{"peak": "50MiB"}, {"leak": "1KiB"}], ids=str)
def test_an_error_of_what_is_measured_is_shown_without_what_measures_it(make, limits):
    """Its traceback leads from the test to the function, with the error that it was handling."""
    with pytest.raises(LookupError, match="mine") as found, Budget().memory(**limits) as b:
        make(b)
    files = [str(entry.path) for entry in found.traceback]
    assert [file for file in files if "budgets/measure" in file or "budgets/memory" in file] == []
    assert str(found.traceback[-1].path) == __file__
    assert isinstance(found.value.__context__, KeyError)


def test_a_mistake_in_a_call_is_shown_without_our_frames():
    """The message says all that there is to know."""
    with (
        pytest.raises(BudgetError, match=r"is not async: write `b.call\(function\)`") as found,
        Budget().latency(p50="50ms") as b,
    ):
        asyncio.run(b.acall(len, []))
    assert [str(entry.path) for entry in found.traceback if "budgets/measure" in str(entry.path)] == []


def test_an_inconclusive_block_warns_or_fails_as_set(monkeypatch):
    """Inconclusive is a warning with its reason, a fail where that is asked for."""
    use_fake_meter(monkeypatch, NoisyMeter)
    monkeypatch.setattr("pytest_toolcheck.budgets.measure_time.PATIENCE_SECONDS", 0)
    warned = []
    with Budget(warn=warned.append).latency(p50="50ms") as b:
        b.call(lambda: 60 * MS)
    assert len(warned) == 1
    assert "too noisy: 0 of 2000 calls usable" in warned[0]
    with pytest.raises(BudgetExceeded, match="too noisy"), Budget(inconclusive_fails=True).latency(p50="50ms") as b:
        b.call(lambda: 60 * MS)


def test_a_block_without_calls_is_an_error():
    """A block in which nothing is called through it would pass without having measured anything."""
    with pytest.raises(BudgetError, match="nothing was measured"), Budget().cpu(time="1ms"):
        pass


async def nothing_yet():
    """Do nothing."""


def test_calls_that_nobody_judges_are_refused():
    """An async function that is not awaited, one that is not, no function, a call outside of the block: none passes."""
    with pytest.raises(BudgetError, match=r"nothing_yet is async.*await b\.acall"), Budget().cpu(time="1s") as b:
        b.call(nothing_yet)
    with pytest.raises(BudgetError, match="found 5, expected a function"), Budget().cpu(time="1s") as b:
        b.call(5)
    for block in (Budget().cpu(time="1s"), b):
        with pytest.raises(BudgetError, match="outside of the block is judged by nobody"):
            block.call(int)

    async def wait_for_a_number():
        with Budget().cpu(time="1s") as b:
            await b.acall(int, "7")

    with pytest.raises(BudgetError, match=r"is not async: write `b\.call"):
        asyncio.run(wait_for_a_number())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda b: b.latency(p96="1ms"), "unknown key 'p96'"),
        (lambda b: b.memory(peak="1ms"), "unknown unit"),
        (lambda b: b.cpu(), "found no limit"),
        (lambda b: b.growth(latency="fast"), "expected one of"),
        (lambda b: b.latency(p50="1ms", rounds=3), "belong to markers"),
        (lambda b: b.cpu("1ms"), "found '1ms' without a name, expected keywords such as time='1ms'"),
        (lambda b: b.growth(latency="n", sizes=(1, 4)), "3 sizes that double lie from 1 to 4, 4 are needed"),
        (lambda b: b.growth(latency="n", sizes=(100, 1)), "double lie from 100 to 1"),
        (lambda b: b.growth(latency="n", sizes=(0, 100)), r"sizes=\(0, 100\): expected the smallest and the largest"),
        (lambda b: b.growth(latency="n", sizes=(1.5, 100)), "expected the smallest and the largest"),
        (lambda b: b.growth(latency="n", sizes=(True, 100)), "expected the smallest and the largest"),
        (lambda b: b.growth(latency="n", sizes=(1, 2, 3)), "expected the smallest and the largest"),
        (lambda b: b.growth(latency="n", sizes=100), "expected the smallest and the largest"),
    ],
)
def test_a_block_that_cannot_be_meant_is_refused_at_once(make, message):
    """The same errors as of markers, at the line that opens the block."""
    with pytest.raises(BudgetError, match=message):
        make(Budget())


async def asynchronous():
    pytest.fail("nobody awaits it")


async def asynchronous_generator():
    yield


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (asynchronous, "asynchronous is async, so a call does nothing yet"),
        (lambda: asynchronous(), "<lambda> is async, so a call does nothing yet"),
        (asynchronous_generator, "is a generator, so a call does nothing yet"),
        ((lambda: (yield)), "is a generator, so a call does nothing yet: measure what goes through it"),
    ],
    ids=["async", "what returns a coroutine", "async generator", "generator"],
)
def test_what_does_nothing_yet_is_not_measured(function, message):
    """A budget of it would be kept whatever it does."""
    with pytest.raises(BudgetError, match=message), Budget().cpu(time="1s") as b:
        b.call(function)


def test_an_async_function_is_called_in_the_running_loop():
    """Each call is awaited in the test's own loop; the answer is the first one's."""
    loops = set()

    async def tool(number):
        loops.add(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return number

    async def main():
        with Budget().cpu(time="10s") as b:
            assert await b.acall(tool, 7) == 7
        assert [result.metric for result in b.results] == ["cpu time"]
        assert loops == {asyncio.get_running_loop()}

    asyncio.run(main())


def test_another_async_librarys_loop_is_said_to_be_none_of_ours():
    """Under trio nothing can be called from another thread in asyncio's way; a marker on the test can measure it."""
    with Budget().cpu(time="1s") as b:
        b.call(int)
        with pytest.raises(BudgetError, match="none is running: in a test of another async library, such as trio"):
            b.acall(asyncio.sleep, 0).send(None)


def test_an_async_block_judges_as_a_plain_one():
    """`async with` is as good: its end raises for what was too much, and for calls that were forgotten."""

    async def burn():
        end = time.thread_time_ns() + 3 * MS
        while time.thread_time_ns() < end:
            pass

    async def main(limit):
        async with Budget().cpu(time=limit) as b:
            await b.acall(burn)

    asyncio.run(main("10s"))
    with pytest.raises(BudgetExceeded, match="cpu time"):
        asyncio.run(main("1ms"))

    async def forgotten():
        async with Budget().cpu(time="1s"):
            pass

    with pytest.raises(BudgetError, match="nothing was measured"):
        asyncio.run(forgotten())


def test_an_async_call_is_timed_inside_the_loop(monkeypatch):
    """What counts is the time between the call and its answer in the loop, not the way there."""
    use_fake_meter(monkeypatch)

    async def tool():
        return "answer"

    async def main():
        with Budget().latency(p50="10s") as b:
            assert await b.acall(tool) == "answer"
        assert b.results[0].verdict == "pass"

    asyncio.run(main())


def test_a_growing_function_is_called_with_sizes():
    """The block of growth hands the size to the function, first."""
    with (
        pytest.raises(BudgetExceeded, match=r"growth of memory size\^"),
        Budget().growth(memory="n", sizes=(1, 2048)) as b,
    ):
        b.call(lambda size: bytearray(size * size) and None)
    with Budget().memory(peak="2MiB") as b:
        b.call(bytearray, 2**20)


def test_the_repr_says_what_can_be_done():
    """The fixture explains itself when printed."""
    assert "latency()" in repr(Budget())
