"""Chains of fallbacks that fail as well, attempts that are slow to fail, several probes, and what outlives a call."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_toolcheck.spec.model import BreakerPromise

from .faulty.resilience.lab import FALLBACK, RETRY, mutated, plan_of, run

SHOP = """
def quote(sku): return {"source": "provider"}
def backup(sku): return {"source": "cache"}
def cached(sku): return {"source": "cache"}
def stock(sku): return 3
def recorded(order): return None

def place_order(sku: str) -> dict:
    left = stock(sku)
    order = asked(sku)
    recorded(order)
    return {**order, "left": left}

def asked(sku):
    try:
        return quote(sku)
    except ConnectionError:
        try:
            return backup(sku)
        except ConnectionError:
            return cached(sku)
"""
ALL = {"provider": "shop:quote", "backup": "shop:backup", "cache": "shop:cached", "stock": "shop:stock",
       "record": "shop:recorded"}  # fmt: skip
SENTENCE = "its own error is not swallowed"


def test_a_chain_of_fallbacks_is_not_accused(tmp_path):
    """What every call needs, before and after, is left alone: its failure would say nothing of the fallbacks."""
    report = run(plan_of(SHOP, tmp_path, fallback=FALLBACK, depends_on=ALL))
    assert not report.failed, report
    assert f"fallback[provider:{SENTENCE}]" in report.passed


@pytest.mark.parametrize(
    "how",
    ['{"source": "none"}', "None", "_raise(RuntimeError('no offer'), None)"],
    ids=["made up", "nothing", "an error without a cause"],
)
def test_an_error_that_the_last_of_a_chain_swallows_is_found(how, tmp_path):
    """Beside other dependencies, which would fail the call too if they were made to fail."""
    last = (
        f"try:\n                return cached(sku)\n            except ConnectionError:\n                return {how}"
    )
    source = mutated(SHOP, "return cached(sku)", last) + "\ndef _raise(error, cause): raise error from cause\n"
    source = mutated(source, "{**order,", "{**(order or {}),")
    [error] = run(plan_of(source, tmp_path, fallback=FALLBACK, depends_on=ALL), only=SENTENCE).failed.values()
    assert "swallowed" in str(error)


def test_a_fallback_that_every_call_asks_is_made_to_fail_all_the_same(tmp_path):
    """Where nothing else is asked after the failure, it is what plain calls ask as well."""
    source = """
def quote(sku): return {"source": "provider"}
def cached(sku): return {"source": "cache"}

def or_nothing(sku):
    try:
        return cached(sku)
    except ConnectionError:
        return {"source": "none"}

def place_order(sku: str) -> dict:
    try:
        order = quote(sku)
    except ConnectionError:
        return or_nothing(sku)
    or_nothing(sku)
    return order
"""
    depends_on = {"provider": "shop:quote", "cache": "shop:cached"}
    [error] = run(plan_of(source, tmp_path, fallback=FALLBACK, depends_on=depends_on), only=SENTENCE).failed.values()
    assert "swallowed" in str(error)


PATIENT = """
import asyncio
from tenacity import retry, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_exponential

async def quote(sku): return 1

@retry(stop=stop_after_attempt(4), wait=wait_exponential(multiplier=1), reraise=True,
       retry=retry_if_exception_type((ConnectionError, TimeoutError)))
async def asked(sku):
    return await asyncio.wait_for(quote(sku), 20)

async def place_order(sku: str) -> dict:
    return {"price": await asked(sku)}
"""
FOUR = dataclasses.replace(RETRY, attempts=4, delays_s=(1.0, 2.0, 4.0))
SLOWLY = "4 attempts that fail slowly"


@pytest.mark.parametrize(
    "promises", [{"timeout_s": 20.0}, {}, {"timeout_s": 20.0, "timeouts": (("provider", 20.0), ("place_order", 12.0))}]
)
def test_attempts_that_fail_slowly_are_as_many(promises, tmp_path):
    """Whatever limits are promised, all attempts fit into them."""
    report = run(plan_of(PATIENT, tmp_path, retry=FOUR, **promises), only=SLOWLY)
    assert report.passed, report


def test_a_retrier_that_stops_by_the_time_gone_by_is_found(tmp_path):
    """It makes four attempts while each fails at once, and fewer when each takes a while."""
    source = mutated(PATIENT, "stop=stop_after_attempt(4)", "stop=stop_after_delay(7)")
    report = run(plan_of(source, tmp_path, retry=FOUR, timeout_s=20.0))
    [(id_, error)] = report.failed.items()
    assert id_ == f"retry[provider:exactly {SLOWLY}]"
    assert "provider was called 3 times, promised 4 times" in str(error)


def test_limits_without_room_for_the_waits_are_named(tmp_path):
    """Four attempts with 7 s of waits do not fit into 6 s: nothing is shown, and that is said."""
    promises = {"timeout_s": 20.0, "timeouts": (("provider", 20.0), ("place_order", 6.0))}
    [reason] = run(plan_of(PATIENT, tmp_path, retry=FOUR, **promises), only=SLOWLY).skipped.values()
    assert "leaves no time for 4 attempts" in reason


SEVERAL = """
import asyncio, time

class Open(Exception): pass

class Guard:
    failures, opened_at, probing = 0, None, 0

    async def call(self, function, *args):
        is_probe = self.opened_at is not None
        if is_probe:
            if time.monotonic() - self.opened_at < 300 or self.probing >= 3:
                raise Open
            self.probing += 1
        try:
            answer = await function(*args)
        except Exception:
            self.failures += 1
            if is_probe or self.failures >= 5:
                self.opened_at = time.monotonic()
            self.leave(is_probe)
            raise
        except BaseException:
            self.leave(is_probe)
            raise
        self.failures, self.opened_at = 0, None
        self.leave(is_probe)
        return answer

    def leave(self, is_probe):
        self.probing -= is_probe

guard = Guard()

async def quote(sku): return {"price": 1}
async def place_order(sku: str) -> dict: return await guard.call(quote, sku)
"""
THREE = BreakerPromise(5, 300.0, 3)


def test_several_probes_are_not_accused(tmp_path):
    """Three at once may be let through, again and again."""
    report = run(plan_of(SEVERAL, tmp_path, breaker=THREE))
    assert not report.failed, report
    assert "breaker[provider:a failed probe opens it again]" in report.passed


@pytest.mark.parametrize(
    ("how", "sentence"),
    [("Exception", "a failed probe opens it again"), ("BaseException", "a cancelled probe makes room")],
)
def test_a_place_that_one_of_several_probes_keeps_is_found(how, sentence, tmp_path):
    """It is missed only when the places of all probes are taken."""
    kept = "            self.leave(is_probe)\n            raise\n"
    branch = f"        except {how}:\n"
    before, after = SEVERAL.split(branch)
    source = before + branch + after.replace(kept, "            raise\n", 1)
    assert any(sentence in id_ for id_ in run(plan_of(source, tmp_path, breaker=THREE)).failed)


LAYERED = """
import asyncio

async def quote(sku): return 1

async def asked(sku):
    for wait in (1, 1, None):
        try:
            return await asyncio.wait_for(quote(sku), 60)
        except (ConnectionError, TimeoutError):
            if wait is None:
                raise
            await asyncio.sleep(wait)

async def place_order(sku: str) -> dict:
    return {"price": await asyncio.wait_for(asked(sku), 100)}
"""
LAYERS = {
    "retry": dataclasses.replace(RETRY, delays_s=(1.0, 1.0)),
    "timeouts": (("provider", 60.0), ("place_order", 100.0)),
}


def test_what_a_call_began_ends_with_it(tmp_path):
    """Attempts that go on when the outer limit has ended the call are found; a call that is cancelled whole is not."""
    (tmp_path / "kept").mkdir(), (tmp_path / "broken").mkdir()
    assert not run(plan_of(LAYERED, tmp_path / "kept", **LAYERS), only="timeouts[").failed
    shielded = mutated(LAYERED, "wait_for(asked(sku), 100)", "wait_for(asyncio.shield(asked(sku)), 100)")
    failed = run(plan_of(shielded, tmp_path / "broken", **LAYERS), only="timeouts[").failed
    message = "place_order: provider was called again 22s after the call had ended: it goes on by itself"
    assert {id_: str(error) for id_, error in failed.items()} == {
        "timeouts[provider:place_order ends within 100s]": message
    }
