"""Faults that one failing call does not show: state kept from call to call, other errors, work that goes on."""

from __future__ import annotations

import pytest

from pytest_toolcheck.spec.model import BreakerPromise

from .faulty.resilience.lab import BREAKER, FALLBACK, HERE, RETRY, mutated, plan_of, run

SOURCE = (HERE / "layered.py").read_text()
DEPENDS_ON = {"provider": "shop:quote", "cache": "shop:cached"}
LAYERS = (("provider", 60.0), ("place_order", 200.0))
FAULTS = {
    "attempts counted for all calls": (
        "        for used in range(3):\n",
        "        self.used = 0\n        while True:\n            used, self.used = self.used, self.used + 1\n",
        "concurrent calls do not share attempts",
        "provider was called twice, promised 3 times, when 2 calls at once failed at first",
    ),
    "waits before the first attempt too": (
        "            try:\n                return await function(sku)",
        "            await asyncio.sleep(1.0 if used == 0 else 0)\n            try:\n                return await function(sku)",
        "waits 1s, 2s",
        "the call waited 1s before its first attempt, as long as before another",
    ),
    "waits grow from call to call": (
        "            await asyncio.sleep(self.first_s * 2**used)",
        "            await asyncio.sleep(self.first_s)\n            self.first_s *= 2",
        "each call starts afresh",
        "the wait before attempt 2 of call 2 was 4s, promised 1s",
    ),
    "refusals of the open breaker are tried again": (
        "            except (ConnectionError, TimeoutError):",
        "            except (ConnectionError, TimeoutError, Refused):",
        "does not retry what the open breaker refuses",
        (
            "a call was refused by the open breaker after waits of 3s: the refusal was tried again, "
            "and only ConnectionError, TimeoutError are to be"
        ),
    ),
    "waits grow after many calls": (
        "            await asyncio.sleep(self.first_s * 2**used)",
        "            self.used += 1\n            await asyncio.sleep(self.first_s * 2**used * (2 if self.used > 6 else 1))",
        "each call starts afresh",
        "the wait before attempt 2 of call 4 was 2s, promised 1s",
    ),
    "attempts end by the time gone by": (
        "            await asyncio.sleep(self.first_s * 2**used)",
        "            if time.monotonic() - began > 45:\n                raise Refused\n            await asyncio.sleep(self.first_s * 2**used)",
        "a second attempt has its time",
        "a call was ended after 59.9s, with provider within its limit; promised 200s in all",
    ),
    "an error that is final is hidden": (
        "    except (ConnectionError, TimeoutError, Refused) as",
        "    except ValueError:\n        return {'source': 'live', 'price': None}\n    except (ConnectionError, TimeoutError, Refused) as",
        "ValueError comes through",
        "the call returned {'source': 'live', 'price': None} though provider failed with ValueError: its error was swallowed",
    ),
    "no fallback after one of the errors": (
        "(ConnectionError, TimeoutError, Refused) as",
        "(ConnectionError, Refused) as",
        "answers after TimeoutError",
        "the fallback did not answer when provider failed with TimeoutError: the call raised TimeoutError",
    ),
    "no fallback after hangs": (
        "await asyncio.wait_for(quote(sku), 60)",
        "await quickly(sku)",
        "answers when it hangs",
        "the fallback did not answer when provider hung: the call raised Late",
    ),
    "what hangs goes on": (
        "asyncio.wait_for(quote(sku), 60)",
        "asyncio.wait_for(asyncio.shield(quote(sku)), 60)",
        "timeout[provider:a hang given up is cancelled",
        "the call of provider that hung was given up, and goes on: it was not cancelled",
    ),
    "a place is kept after other errors": (
        "        half_open, self.probing = self.probing, False\n",
        "        if kind is ValueError:\n            return\n        half_open, self.probing = self.probing, False\n",
        "a probe that fails with ValueError makes room",
        "no call was let through 300.1s after its probe failed with ValueError: its place was not given back",
    ),
    "the fallback answers when asked in vain": (
        '{"source": "live", "price": await RETRY.call(guarded, sku)}',
        '{"source": "cache", "price": 0 * await RETRY.call(guarded, sku) + await cached(sku)}',
        "is not asked while the dependency answers",
        "the call was answered by the fallback, cache, though provider answered",
    ),
}
QUICKLY = """

class Late(TimeoutError):
    pass


async def quickly(sku):
    try:
        return await asyncio.wait_for(quote(sku), 60)
    except TimeoutError as error:
        if error.args:
            raise
        raise Late from error
"""


def promised(folder, source):
    return plan_of(
        source, folder, retry=RETRY, breaker=BREAKER, fallback=FALLBACK, timeout_s=60.0, timeouts=LAYERS,
        depends_on=DEPENDS_ON,
    )  # fmt: skip


def test_the_correct_twin_is_not_accused(tmp_path):
    """A tool that keeps all of it passes every sentence, and few have nothing to say."""
    report = run(promised(tmp_path, SOURCE))
    assert not report.failed, report
    assert len(report.passed) > 35
    assert len(report.skipped) <= 2, report.skipped


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.replace(" ", "_"))
def test_fault_is_found(fault, tmp_path):
    """Each fault is found by its sentence, told in one line, with what was expected beside what was seen."""
    old, new, sentence, message = FAULTS[fault]
    source = mutated(SOURCE, old, new)
    if fault == "no fallback after hangs":
        source = mutated(
            source,
            '            return {"source": "cache"',
            '            if type(first) is Late:\n                raise\n            return {"source": "cache"',
        )
        source += QUICKLY
    if fault == "attempts end by the time gone by":
        source = mutated(source, "        for used in", "        began = time.monotonic()\n        for used in")
    report = run(promised(tmp_path, source), only=sentence)
    (failure,) = report.failed.values()
    assert message in str(failure), report
    details = dict(failure.findings[0].details)
    assert details["expected"] != details["seen"]
    assert "place_order" in details["timeline"]


FIRST = (
    '    try:\n        return {"source": "live"',
    '    await asyncio.sleep(3)\n    try:\n        return {"source": "live"',
)


@pytest.mark.parametrize("place", ['    try:\n        return {"source": "live"', "    return 9\n"])
def test_other_work_of_the_tool_is_not_held_to_the_promise(place, tmp_path):
    """What the tool does before it asks the dependency, and what its fallback takes, breaks no sentence."""
    report = run(promised(tmp_path, mutated(SOURCE, place, f"    await asyncio.sleep(3)\n{place}")))
    assert not report.failed, report


@pytest.mark.parametrize("refused", ["ConnectionError", "TimeoutError"])
def test_a_refusal_that_is_such_an_error_may_be_tried_again(refused, tmp_path):
    """An open circuit that raises one of the errors that are promised to be retried, is."""
    source = mutated(SOURCE, "class Refused(Exception):", f"class Refused({refused}):")
    report = run(promised(tmp_path, source), only="what the open breaker refuses")
    assert report.passed, report


def test_a_breaker_that_recovers_early_is_found_in_a_tool_that_does_something_else_first(tmp_path):
    """A call that is let through is one also where the tool takes a while before it asks the dependency."""
    source = mutated(SOURCE, *FIRST)
    assert not run(promised(tmp_path, source), only="breaker[").failed
    source = mutated(source, "time.monotonic() - self.opened_at < 300", "time.monotonic() - self.opened_at < 200")
    report = run(promised(tmp_path, source), only="no calls while open")
    (failure,) = report.failed.values()
    assert "the open breaker let a call through at 225s" in str(failure)


def test_the_last_error_is_that_of_the_last_attempt_also_where_it_opens_the_breaker(tmp_path):
    """Where all attempts were made, their last error comes through, whatever the breaker thinks of it."""
    source = mutated(
        SOURCE,
        "                    raise\n            await",
        "                    raise RuntimeError('no') from None\n            await",
    )
    source = mutated(source, "self.failures >= 5:", "self.failures >= 3:")
    source = mutated(source, "except (ConnectionError, TimeoutError, Refused) as first", "except Refused as first")
    plan = plan_of(source, tmp_path, retry=RETRY, breaker=BreakerPromise(3, 300.0), depends_on=DEPENDS_ON)
    (failure,) = run(plan, only="the last error").failed.values()
    assert "the last error of provider does not come through: the call raised RuntimeError" in str(failure)


def test_a_call_that_does_something_else_first_is_cancelled_when_it_asks_the_dependency(tmp_path):
    """A tool that waits for another before it calls the dependency is not accused by the sentences on cancelled calls."""
    source = mutated(
        SOURCE,
        '    try:\n        return {"source": "live"',
        '    await asyncio.sleep(3)\n    try:\n        return {"source": "live"',
    )
    report = run(promised(tmp_path, source), only="cancelled")
    assert not report.failed, report
    assert len(report.passed) == 7, report


def test_a_call_that_needs_a_retry_has_it_after_many_that_failed(tmp_path):
    """Retries that are used up for ever are missed by the call that needs one."""
    source = mutated(
        SOURCE,
        "                if used == 2:",
        "                self.used += 1\n                if used == 2 or self.used > 30:",
    )
    source = mutated(source, "async with CIRCUIT:", "async with Circuit():")
    report = run(plan_of(source, tmp_path, retry=RETRY, depends_on=DEPENDS_ON), only="failed calls leave room")
    (failure,) = report.failed.values()
    assert "where its first attempt failed, after 30 failed calls" in str(failure)
