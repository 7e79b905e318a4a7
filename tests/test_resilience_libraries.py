"""Tools built on known libraries pass, but for what those libraries measurably do not keep."""

from __future__ import annotations

import logging

import pytest

from .faulty.resilience.lab import BREAKER, RETRY, plan_of, run
from .faulty.resilience.libraries import KNOWN_LIMITS, TOOLS

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.mark.parametrize("name", TOOLS)
def test_only_the_known_limits_of_a_library_are_found(name, tmp_path, caplog):
    """Retry and breaker of libraries, nested either way: nothing is accused but what they really do not keep."""
    caplog.set_level(logging.CRITICAL)
    report = run(plan_of(TOOLS[name], tmp_path, retry=RETRY, breaker=BREAKER))
    assert set(report.failed) == KNOWN_LIMITS[name], report
    assert len(report.passed) >= 20


def test_pybreaker_on_a_coroutine_function_is_found(tmp_path):
    """pybreaker takes the coroutine for the answer, counts no failure and never opens: that is found and named."""
    source = (
        TOOLS["pybreaker in tenacity"].replace("def quote", "async def quote").replace("def place", "async def place")
    )
    source = source.replace("return quote(sku)", "return await quote(sku)")
    report = run(plan_of(source, tmp_path, retry=RETRY, breaker=BREAKER), only="opens on failure 5")
    [error] = report.failed.values()
    assert "the breaker never opened" in str(error)
