"""A dependency that only hangs opens its breaker; one whose time limit stands outside never hears of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .faulty.resilience.lab import BREAKER, RETRY, mutated, plan_of, run

SHOP = """
import asyncio
from circuitbreaker import circuit
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

patiently = retry(stop=stop_after_attempt(3), wait=wait_exponential(multiplier=1), reraise=True,
                  retry=retry_if_exception_type((ConnectionError, TimeoutError)))
guarded = circuit(failure_threshold=5, recovery_timeout=300)

async def quote(sku):
    return {"price": 1}

@guarded
async def asked(sku):
    return await asyncio.wait_for(quote(sku), 60)

async def place_order(sku: str) -> dict:
    return await asked(sku)
"""
OUTSIDE = (
    "    return await asyncio.wait_for(quote(sku), 60)\n\nasync def place_order(sku: str) -> dict:\n    return await asked(sku)",
    "    return await quote(sku)\n\nasync def place_order(sku: str) -> dict:\n    return await asyncio.wait_for(asked(sku), 60)",
)
SENTENCE = "hangs count as failures"


@pytest.mark.parametrize(
    "order", ["@guarded", "@guarded\n@patiently", "@patiently\n@guarded"], ids=["alone", "in", "around"]
)
def test_a_limit_inside_the_breaker_is_not_accused(order, tmp_path):
    """Each attempt or each call counts, whichever way breaker and retry are nested."""
    source = mutated(SHOP, "@guarded", order)
    retry = RETRY if "patiently" in order else None
    report = run(plan_of(source, tmp_path, retry=retry, breaker=BREAKER, timeout_s=60.0), only=SENTENCE)
    assert list(report.passed) == [f"breaker[provider:{SENTENCE}]"], report


def test_a_limit_outside_the_breaker_is_found(tmp_path):
    """The breaker sees cancellations only, and lets every call hang for its minute."""
    source = mutated(SHOP, *OUTSIDE)
    report = run(plan_of(source, tmp_path, breaker=BREAKER, timeout_s=60.0), only=SENTENCE)
    [error] = report.failed.values()
    assert "5 hangs that the time limit ended did not open the breaker" in str(error)


def test_a_breaker_that_counts_other_errors_only_is_found(tmp_path):
    """It is told what to expect, and a time-out is not among it."""
    source = mutated(SHOP, "recovery_timeout=300", "recovery_timeout=300, expected_exception=ConnectionError")
    report = run(plan_of(source, tmp_path, breaker=BREAKER, timeout_s=60.0), only=SENTENCE)
    assert list(report.failed) == [f"breaker[provider:{SENTENCE}]"]


def test_nothing_is_said_of_hangs_that_are_not_retried(tmp_path):
    """Where the retried errors are named and TimeoutError is not, it may well be no failure."""
    retry = replace(RETRY, retries=("ConnectionError",))
    report = run(plan_of(SHOP, tmp_path, retry=retry, breaker=BREAKER, timeout_s=60.0), only=SENTENCE)
    assert not report.passed
    assert not report.failed


def test_a_hang_that_nobody_ends_is_another_sentences(tmp_path):
    """It is skipped here, with the reason: the promise `timeout` fails for it."""
    source = mutated(SHOP, "await asyncio.wait_for(quote(sku), 60)", "await quote(sku)")
    report = run(plan_of(source, tmp_path, breaker=BREAKER, timeout_s=60.0), only=SENTENCE)
    assert not report.passed
    assert not report.failed
