"""Correct tools built on the field's retry and breaker libraries, in both orders of the decorators."""

from __future__ import annotations

TOOLS = {
    "pybreaker in tenacity": """
import pybreaker, tenacity
breaker = pybreaker.CircuitBreaker(fail_max=5, reset_timeout=300)
def quote(sku): return {"price": 1}
@tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_exponential(multiplier=1), retry=tenacity.retry_if_exception_type((ConnectionError, TimeoutError)), reraise=True)
@breaker
def place_order(sku): return quote(sku)
""",
    "tenacity in pybreaker": """
import pybreaker, tenacity
breaker = pybreaker.CircuitBreaker(fail_max=5, reset_timeout=300)
def quote(sku): return {"price": 1}
@breaker
@tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_exponential(multiplier=1), retry=tenacity.retry_if_exception_type((ConnectionError, TimeoutError)))
def place_order(sku): return quote(sku)
""",
    "circuitbreaker async in tenacity": """
import circuitbreaker, tenacity
async def quote(sku): return {"price": 1}
@tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_exponential(multiplier=1), retry=tenacity.retry_if_exception_type((ConnectionError, TimeoutError)), reraise=True)
@circuitbreaker.circuit(failure_threshold=5, recovery_timeout=300)
async def place_order(sku): return await quote(sku)
""",
    "stamina in circuitbreaker sync": """
import circuitbreaker, stamina
def quote(sku): return {"price": 1}
@circuitbreaker.circuit(failure_threshold=5, recovery_timeout=300)
@stamina.retry(on=(ConnectionError, TimeoutError), attempts=3, timeout=None, wait_initial=1.0, wait_max=60, wait_jitter=0, wait_exp_base=2)
def place_order(sku): return quote(sku)
""",
    "stamina in aiobreaker": """
import aiobreaker, stamina, datetime
breaker = aiobreaker.CircuitBreaker(fail_max=5, timeout_duration=datetime.timedelta(seconds=300))
async def quote(sku): return {"price": 1}
@breaker
@stamina.retry(on=(ConnectionError, TimeoutError), attempts=3, timeout=None, wait_initial=1.0, wait_max=60, wait_jitter=0, wait_exp_base=2)
async def place_order(sku): return await quote(sku)
""",
    "backoff around purgatory": """
import purgatory, backoff
factory = purgatory.AsyncCircuitBreakerFactory(default_threshold=5, default_ttl=300)
async def quote(sku): return {"price": 1}
@backoff.on_exception(backoff.expo, (ConnectionError, TimeoutError), max_tries=3, jitter=None)
@factory("quote")
async def place_order(sku): return await quote(sku)
""",
    "backoff in sync purgatory": """
import purgatory, backoff
factory = purgatory.SyncCircuitBreakerFactory(default_threshold=5, default_ttl=300)
def quote(sku): return {"price": 1}
@factory("quote")
@backoff.on_exception(backoff.expo, (ConnectionError, TimeoutError), max_tries=3, jitter=None)
def place_order(sku): return quote(sku)
""",
}
"""The source of each, by what stands around what."""

WALL_CLOCK = {"breaker[provider:wall clock an hour back]", "breaker[provider:wall clock an hour forward]"}
HERD = {"breaker[provider:10 callers and 1 probe]"}
CANCELLED_FOR_A_SUCCESS = {
    "breaker[provider:a cancelled call is no success]",
    "breaker[provider:a cancelled probe does not close it]",
}
KNOWN_LIMITS = {
    "pybreaker in tenacity": WALL_CLOCK,
    "tenacity in pybreaker": WALL_CLOCK,
    "circuitbreaker async in tenacity": HERD | CANCELLED_FOR_A_SUCCESS,
    "stamina in circuitbreaker sync": HERD,
    "stamina in aiobreaker": WALL_CLOCK | HERD,
    "backoff around purgatory": WALL_CLOCK | HERD | {"breaker[provider:a cancelled call is no failure]"},
    "backoff in sync purgatory": WALL_CLOCK | HERD,
}
"""What these libraries do not promise, as measured: the scenarios that rightly fail, and no others."""
