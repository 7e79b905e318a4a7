"""A correct async tool: a hand-written breaker around a hand-written retry around the provider."""

# ruff: noqa: RET503 - as such loops are written

import asyncio
import time


class CircuitOpen(Exception):
    pass


class Breaker:
    def __init__(self, opens_after, recovers_after):
        self.opens_after = opens_after
        self.recovers_after = recovers_after
        self.failures = 0
        self.opened_at = None
        self.probing = False

    @property
    def state(self):
        if self.opened_at is None:
            return "closed"
        return "half_open" if time.monotonic() - self.opened_at >= self.recovers_after else "open"

    def enter(self):
        if self.state == "open":
            raise CircuitOpen("open")
        if self.state == "half_open":
            if self.probing:
                raise CircuitOpen("a probe is under way")
            self.probing = True

    def succeeded(self):
        self.failures = 0
        self.opened_at = None
        self.probing = False

    def failed(self):
        self.failures += 1
        self.probing = False
        if self.opened_at is not None or self.failures >= self.opens_after:
            self.opened_at = time.monotonic()

    def abandoned(self):
        self.probing = False

    async def call(self, function, *args):
        self.enter()
        try:
            result = await function(*args)
        except Exception:
            self.failed()
            raise
        except BaseException:
            self.abandoned()
            raise
        self.succeeded()
        return result


BREAKERS = {}


def breaker_of(name):
    if name not in BREAKERS:
        BREAKERS[name] = Breaker(5, 300.0)
    return BREAKERS[name]


async def quote(sku):
    return {"price": 10}


async def tax(sku):
    return {"tax": 2}


async def retried(function, *args):
    for attempt in range(3):
        try:
            return await function(*args)
        except (ConnectionError, TimeoutError):
            if attempt == 2:
                raise
            await asyncio.sleep(2**attempt)


async def place_order(sku):
    return await breaker_of("quote").call(retried, quote, sku)


async def tax_order(sku):
    return await breaker_of("tax").call(retried, tax, sku)
