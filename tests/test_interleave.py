"""Races: seeded shuffles of task steps find them, name the seed, and find them again."""

from __future__ import annotations

import asyncio

import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.clock.interleave import run_interleaved, shuffled_tasks


class Account:
    """Loses an update when two withdrawals overlap at their await; `lock` makes it right."""

    def __init__(self, *, lock):
        self.balance = 100
        self.lock = asyncio.Lock() if lock else None

    async def withdraw(self, amount):
        if self.lock is None:
            return await self._withdraw(amount)
        async with self.lock:
            return await self._withdraw(amount)

    async def _withdraw(self, amount):
        await asyncio.sleep(0)
        balance = self.balance
        for _ in range(amount % 3):
            await asyncio.sleep(0)
        self.balance = balance - amount


async def assumes_an_order():
    """Right only while tasks run in the order in which they were made."""
    seen = []

    async def step(number):
        await asyncio.sleep(0)
        seen.append(number)

    await asyncio.gather(*(step(number) for number in range(3)))
    return tuple(seen)


async def withdraw_twice(*, lock):
    account = Account(lock=lock)
    await asyncio.gather(account.withdraw(10), account.withdraw(10))
    assert account.balance == 80


def test_an_assumed_order_is_broken_by_some_seed():
    """Seed 0 is asyncio's own order; other seeds show other orders, all of them sooner or later."""
    results = run_interleaved(assumes_an_order, 50)
    assert results[0] == (0, 1, 2)
    assert len(set(results)) == 6


def test_a_seed_gives_the_same_order_again():
    """What a seed did once it does again."""
    once, again = (run_interleaved(assumes_an_order, range(1, 30)) for _ in range(2))
    assert once == again


def test_a_lost_update_is_found_and_names_its_seed():
    """The exception of the first failing seed bears the seed, which fails alone as well."""
    with pytest.raises(AssertionError) as failure:
        run_interleaved(lambda: withdraw_twice(lock=False), 200)
    seed = failure.value.toolcheck_seed
    assert f"under seed {seed}" in failure.value.__notes__[0]
    with pytest.raises(AssertionError):
        run_interleaved(lambda: withdraw_twice(lock=False), [seed])


def test_a_correct_lock_is_not_accused():
    """The same code with a lock passes under every seed."""
    assert run_interleaved(lambda: withdraw_twice(lock=True), 200) == [None] * 200


def test_callbacks_keep_their_order():
    """call_soon stays first in, first out under every seed: asyncio promises that."""

    async def callbacks():
        seen, loop = [], asyncio.get_running_loop()
        for number in range(5):
            loop.call_soon(seen.append, number)
        await asyncio.gather(*(asyncio.sleep(0) for _ in range(3)))
        await asyncio.sleep(0.1)
        return seen

    assert run_interleaved(callbacks, 20) == [[0, 1, 2, 3, 4]] * 20


def test_it_runs_in_virtual_time():
    """An hour of sleep in each of fifty runs takes no real time, and the timers keep their order."""

    async def sleeps():
        seen = []

        async def nap(seconds):
            await asyncio.sleep(seconds)
            seen.append(seconds)

        await asyncio.gather(nap(3600), nap(1), nap(60))
        return seen

    assert run_interleaved(sleeps) == [[1, 60, 3600]] * 50


def test_within_virtual_time_the_clock_is_shared():
    """Called in a test that has a clock already, the runs use that one."""
    with virtual_time() as clock:
        run_interleaved(lambda: asyncio.sleep(2), 3)
        assert clock.now == 6


def test_the_loop_is_put_back():
    """After the body the loop's queue and its class are asyncio's own again."""
    loop = asyncio.new_event_loop()
    original = asyncio.BaseEventLoop.run_forever
    with shuffled_tasks(3):
        loop.run_until_complete(asyncio.sleep(0))
    assert type(loop._ready).__name__ == "deque"
    assert asyncio.BaseEventLoop.run_forever is original
    loop.close()


RACE = """
    import asyncio, pytest
    pytestmark = pytest.mark.{plugin}

    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    @pytest.mark.interleave({arguments})
    async def test_race():
        seen = []

        async def step(number):
            await asyncio.sleep(10)
            seen.append(number)

        await asyncio.gather(*(step(number) for number in range(3)))
        print("order", seen)
        assert seen == [0, 1, 2]
"""


@pytest.fixture(name="run")
def _run(pytester, monkeypatch):
    """Run a test file."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(source, *options):
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess(
            "-p", "no:randomly", "-o", "asyncio_default_fixture_loop_scope=function", *options
        )

    return run


@pytest.mark.parametrize("plugin", ["asyncio", "anyio"])
def test_the_marker_finds_the_race_and_says_how_to_replay_it(run, plugin):
    """A race fails under some seed; the failure shows the command that runs that seed alone."""
    result = run(RACE.format(plugin=plugin, arguments="seeds=30"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*interleave: under seed *; replay it with: pytest '*::test_race*' --toolcheck-interleave-seed=*"]
    )


def test_one_seed_alone(run):
    """`seed=0` is asyncio's own order; the option on the command line wins over the marker."""
    run(RACE.format(plugin="asyncio", arguments="seed=0")).assert_outcomes(passed=1)
    result = run(RACE.format(plugin="asyncio", arguments="seed=0"), "--toolcheck-interleave-seed=2")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*under seed 2;*"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("runs=3", "*interleave takes seeds and seed by name, not runs*"),
        ("seeds=0", "*names no seed*"),
    ],
)
def test_wrong_arguments_are_told(run, arguments, told):
    """A misspelt argument, or no seed at all, is an error that says what is taken."""
    result = run(RACE.format(plugin="asyncio", arguments=arguments))
    assert result.ret != 0
    result.stdout.fnmatch_lines([told])


def test_seeds_that_are_no_numbers_are_told(run):
    """A text is no list of seeds, though it could be taken for one."""
    wrong = ["seeds='abc'", "seeds=2.5", "seed='7'"]
    tests = [f"@pytest.mark.interleave({each})\nasync def test_{i}():\n    pass\n" for i, each in enumerate(wrong)]
    result = run("import pytest\n\npytestmark = pytest.mark.asyncio\n\n" + "\n".join(tests))
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*test_0: interleave takes seeds, a whole number or*found seeds='abc', seed=None",
            "*seeds=2.5, seed=None",
            "*seed='7'",
        ]
    )


def test_a_synchronous_test_is_refused(run):
    """A test without tasks cannot be interleaved, and is told so instead of passing without a test."""
    result = run("import pytest\n\n@pytest.mark.interleave\ndef test_plain():\n    pass\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*interleave needs an async test: test_plain has no tasks to shuffle*"])
