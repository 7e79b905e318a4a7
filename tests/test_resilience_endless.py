"""Calls and tasks that never end: each is found, or left behind, in bounded time."""

from __future__ import annotations

import re

import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.clock.errors import VirtualLivelock
from pytest_toolcheck.clock.virtual import VirtualClock, Waiter
from pytest_toolcheck.resilience import runner, world

from .faulty.resilience.faults import ASYNC
from .faulty.resilience.lab import BREAKER, RETRY, mutated, plan_of, run
from .test_heartbeat import ASYNC as BEATING
from .test_heartbeat import plan_of as beating_plan
from .test_heartbeat import run as run_heartbeat

BUSY = """
import time

def quote(sku):
    return {"price": 1}

busy = []

def place_order(sku):
    while busy:
        time.sleep(0.5)
    busy.append(1)
    for wait in (1, 2, None):
        try:
            answer = quote(sku)
            busy.clear()
            return answer
        except (ConnectionError, TimeoutError):
            if wait is None:
                raise
            time.sleep(wait)
"""
PEST = "\n\nasync def pest():\n    while True:\n        try:\n            await asyncio.sleep(1)\n        except asyncio.CancelledError:\n            pass\n"


@pytest.fixture
def few_jumps(monkeypatch):
    monkeypatch.setattr(world, "MOST_JUMPS", 3000)


def test_a_wait_for_a_slot_that_is_never_freed_is_found(tmp_path, few_jumps):
    """A plain tool that polls for a slot which a failed call still holds fails, with the timeline, in bounded time."""
    report = run(plan_of(BUSY, tmp_path, retry=RETRY), only="concurrent calls")
    (failure,) = report.failed.values()
    assert re.search(r"place_order: a call does not end: it goes on for ever: after 30\d\d waits", str(failure))
    assert "call 2 of place_order" in dict(failure.findings[0].details)["timeline"]


def test_a_tool_that_is_known_to_have_no_end_is_not_waited_for_again(tmp_path, monkeypatch):
    """The first sentence that sees no end costs its waits, the others much fewer."""
    monkeypatch.setattr(world, "MOST_JUMPS", 1000)
    monkeypatch.setattr(world, "FEW_JUMPS", 100)
    report = run(plan_of(BUSY, tmp_path, retry=RETRY, breaker=BREAKER), only="probe")
    first, *others = [int(re.search(r"after (\d+) waits", str(failure))[1]) for failure in report.failed.values()]
    assert first > 1000
    assert others
    assert max(others) < 300


MONITORED = mutated(
    ASYNC,
    "BREAKERS = {}",
    """BREAKERS, MONITORS = {}, []

async def monitor():
    while True:
        await asyncio.sleep(1)
""",
)
MONITORED = mutated(
    MONITORED,
    '    return await breaker_of("quote")',
    """    if not MONITORS:
        MONITORS.append(asyncio.ensure_future(monitor()))
    return await breaker_of("quote")""",
)


def test_a_tool_with_a_task_that_looks_round_again_and_again_is_not_accused(tmp_path, monkeypatch):
    """Time passes beside it, however often it wakes in a whole scenario; where that is too often, the test is skipped."""
    monkeypatch.setattr(world, "MOST_JUMPS", 500)
    plan = plan_of(MONITORED, tmp_path, retry=RETRY, breaker=BREAKER)
    for sentence in ("still open at 299.9s", "a failed probe opens it again"):
        report = run(plan, only=sentence)
        assert report.passed, report
    report = run(plan_of(MONITORED, tmp_path, retry=RETRY), only="failed calls leave room")
    assert not report.failed, report
    (reason,) = report.skipped.values()
    assert reason == (
        "something of place_order goes on by itself, and wakes over 500 times in 3600 s: so much virtual time is not passed"
    )


def test_a_call_that_asks_for_ever_is_found(tmp_path, monkeypatch):
    """A retry without an end makes something happen all the time; after so many calls of the dependency that is no excuse."""
    monkeypatch.setattr(world, "MOST_CALLS", 100)
    monkeypatch.setattr(world, "MOST_JUMPS", 300)
    source = mutated(ASYNC, "    for attempt in range(3):", "    for attempt in range(3, 10**9):")
    source = mutated(source, "await asyncio.sleep(2**attempt)", "await asyncio.sleep(1)")
    report = run(plan_of(source, tmp_path, retry=RETRY), only="exactly 3 attempts")
    assert any("a call does not end" in str(failure) for failure in report.failed.values()), report


def test_a_jump_that_wakes_a_crowd_counts_for_more():
    """Where fifty threads poll, each jump of the clock costs much more than where one does."""
    clock = VirtualClock()
    clock.most_jumps = 100
    clock.waiting[:] = [Waiter(1) for _ in range(50)]
    clock.move_to(1)
    assert clock.most_jumps == 88


def test_an_async_wait_that_has_no_end_is_found(tmp_path, few_jumps):
    """A probe that was cancelled keeps the breaker's slot, and the next caller polls for it."""
    source = mutated(ASYNC, '                raise CircuitOpen("a probe is under way")', "                pass")
    source = mutated(source, "            self.abandoned()", "            pass")
    source = mutated(
        source,
        "        self.enter()\n",
        "        while self.probing:\n            await asyncio.sleep(1)\n        self.enter()\n",
    )
    report = run(plan_of(source, tmp_path, breaker=BREAKER), only="a cancelled probe")
    assert "does not end" in str(next(iter(report.failed.values())))


def test_a_deadlock_is_a_failure_with_its_place(tmp_path):
    """A slot that is never given back, and waited for without a time limit, is told with the line that waits."""
    source = mutated(ASYNC, "BREAKERS = {}", "BREAKERS = {}\nSLOTS = asyncio.Semaphore(2)")
    source = mutated(
        source, 'return await breaker_of("quote")', 'await SLOTS.acquire()\n    return await breaker_of("quote")'
    )
    report = run(plan_of(source, tmp_path, breaker=BREAKER), only="opens on failure")
    (failure,) = report.failed.values()
    assert "a call does not end: deadlock in virtual time" in str(failure)
    assert "place_order (shop.py:" in str(failure)
    assert "\n" not in str(failure)


def test_a_task_that_swallows_its_cancellation_is_left_behind(tmp_path):
    """What a correct tool's background task does at the end of a scenario holds nobody up."""
    source = mutated(ASYNC, "BREAKERS = {}", f"BREAKERS, PESTS = {{}}, []{PEST}")
    source = mutated(source, '    return await breaker_of("quote")',
                     '    if not PESTS:\n        PESTS.append(asyncio.ensure_future(pest()))\n    return await breaker_of("quote")')  # fmt: skip
    report = run(plan_of(source, tmp_path, retry=RETRY), only="exactly")
    assert (len(report.passed), report.failed) == (2, {})


def test_a_reporter_that_cannot_be_cancelled_is_found(tmp_path):
    """A heartbeat that goes on after the end, whatever is done to it, is found and ends with the scenario."""
    source = mutated(BEATING, "    while not task.done():\n        await asyncio.wait({task}, timeout=6)\n        if task.done():\n            return\n",
                     "    while True:\n        try:\n            await asyncio.sleep(6)\n        except asyncio.CancelledError:\n            pass\n")  # fmt: skip
    failed, _, _ = run_heartbeat(beating_plan(tmp_path, source))
    assert any("after the call had ended" in str(failure) for failure in failed.values()), failed


def test_the_clock_moves_no_further_than_it_may():
    """Without a limit it moves as often as anybody waits; beyond the limit the wait fails, and some more are allowed."""
    with virtual_time() as clock:
        clock.most_jumps = clock.jumps + 2
        clock.advance("1s")
        clock.advance("1s")
        with pytest.raises(VirtualLivelock, match="it goes on for ever: after 3 waits and 3 s it has no end"):
            clock.advance("1s")
        clock.advance("1s")
    assert runner.MOST_JUMPS > 20_000
