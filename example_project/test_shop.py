"""Tests written by hand, for what only the shop knows: the tools come from the specs, the rest from fixtures."""

from __future__ import annotations

import asyncio

import pytest
from shop import pricing, tools


@pytest.mark.tool_spec("shop.tool.yaml", tool="quote_order")
@pytest.mark.latency_budget(p95="100ms")
@pytest.mark.memory_budget(peak="1MiB")
def test_tax_is_charged_on_postage_too(tool):
    """Each call is in the log; the budgets judge the calls that the test makes."""
    quote = tool(lines=[{"sku": "LMN-0042", "count": 10}], country="FR")
    assert quote == {"goods": 40.5, "postage": 9.9, "vat": 10.08, "total": 60.48}


@pytest.mark.virtual_time
def test_a_lazy_supplier_is_asked_again(faults, virtual_clock):
    """Three waits of 1, 2 and 4 seconds pass at once; the fault must have fired, or the test fails."""
    faults.inject("shop.supplier:ask_price", "3*error(ConnectionError)")
    price = asyncio.run(pricing.live_price("ABC-1234"))
    assert price == {"price": 19.9, "source": "supplier"}
    assert virtual_clock.now == 7


@pytest.mark.virtual_time
def test_the_warehouse_recovers(breakers, virtual_clock):
    """The breaker is forced open; five minutes later one good answer closes it."""
    breaker = breakers.control(pricing.warehouse)
    breaker.trip()
    virtual_clock.advance_past("300s")
    assert pricing.pieces_left("ABC-1234") == 12
    breaker.expect(["closed", "open", "half_open", "closed"])


@pytest.mark.tool_spec("shop.tool.yaml", tool="delivery_days")
def test_many_customers_at_once(tool_sessions):
    """Twenty sessions get the same answer."""
    tool_sessions.open(20)
    assert {outcome.value for outcome in tool_sessions.map("delivery_days", {"country": "GB"})} == {5}


@pytest.mark.cpu_budget(time="20ms")
def test_search_is_cheap():
    """CPU time hardly feels what else the machine does."""
    assert [each["sku"] for each in tools.search_products("l", sort="price")] == ["LMN-0042", "ABC-1234"]
