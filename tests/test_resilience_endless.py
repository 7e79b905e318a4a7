"""Calls and tasks that never end: each is found, or left behind, in bounded time."""

from __future__ import annotations

import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.clock.errors import VirtualLivelock
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
    assert "place_order: a call does not end: it goes on for ever: after 3001 waits" in str(failure)
    assert "call 2 of place_order" in dict(failure.findings[0].details)["timeline"]


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
