"""Tools that outlive their suppliers: time limits, retries, breakers, fallbacks, on libraries that the field uses."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pybreaker
from circuitbreaker import CircuitBreakerError, circuit
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential
from typing_extensions import TypedDict

from . import supplier
from .types import Sku, strict

PASSING = (ConnectionError, TimeoutError)
"""Errors that may be gone at the next attempt; all others are final."""
patiently = retry(
    stop=stop_after_attempt(4),
    wait=wait_exponential(multiplier=1),
    retry=retry_if_exception_type(PASSING),
    reraise=True,
)
warehouse = pybreaker.CircuitBreaker(fail_max=5, reset_timeout=300)
threads = ThreadPoolExecutor(8, thread_name_prefix="warehouse")


class Price(TypedDict):
    """A price, in euros, and who said so."""

    price: float
    source: Literal["supplier", "last order"]


@circuit(failure_threshold=5, recovery_timeout=300)
@patiently
async def _asked(sku: str) -> float:
    async with asyncio.timeout(60):
        return await supplier.ask_price(sku)


@strict
async def live_price(sku: Sku) -> Price:
    """Say what an article costs today; where the supplier does not answer, what it cost last."""
    try:
        return {"price": await _asked(_known(sku)), "source": "supplier"}
    except (*PASSING, CircuitBreakerError):
        return {"price": await supplier.remembered_price(sku), "source": "last order"}


@strict
def pieces_left(sku: Sku) -> int:
    """Say how many pieces lie in the warehouse."""
    return _counted(_known(sku))


@warehouse
@patiently
def _counted(sku: str) -> int:
    return threads.submit(supplier.ask_stock, sku).result(timeout=20)


def _known(sku: str) -> str:
    if sku not in supplier.CATALOGUE:
        raise ValueError(f"sku: unknown article {sku!r}; one of: {', '.join(supplier.CATALOGUE)}")
    return sku
