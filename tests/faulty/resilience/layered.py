"""A correct tool: a time limit inside a breaker inside a retry, and a chain of fallbacks, all of them objects."""

import asyncio
import time

REMEMBERED = {}


async def quote(sku):
    return 10


async def cached(sku):
    return 9


class Refused(Exception):
    """The circuit is open."""


class Circuit:
    def __init__(self):
        self.failures, self.opened_at, self.probing = 0, None, False

    async def __aenter__(self):
        if self.opened_at is not None:
            if self.probing or time.monotonic() - self.opened_at < 300:
                raise Refused("the circuit is open")
            self.probing = True

    async def __aexit__(self, kind, error, trace):
        half_open, self.probing = self.probing, False
        if kind is None:
            self.failures, self.opened_at = 0, None
        elif issubclass(kind, Exception):
            self.failures += 1
            if half_open or self.failures >= 5:
                self.opened_at = time.monotonic()


class Retry:
    def __init__(self):
        self.first_s = 1.0
        self.used = 0

    async def call(self, function, sku):
        for used in range(3):
            try:
                return await function(sku)
            except (ConnectionError, TimeoutError):
                if used == 2:
                    raise
            await asyncio.sleep(self.first_s * 2**used)
        return None


CIRCUIT, RETRY = Circuit(), Retry()


async def guarded(sku):
    async with CIRCUIT:
        return await asyncio.wait_for(quote(sku), 60)


async def place_order(sku):
    try:
        return {"source": "live", "price": await RETRY.call(guarded, sku)}
    except (ConnectionError, TimeoutError, Refused) as first:
        try:
            return {"source": "cache", "price": await cached(sku)}
        except Exception as second:
            raise second from first
