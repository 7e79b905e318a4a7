"""A correct plain tool: a hand-written retry around a hand-written breaker around the provider, then a cache."""

# ruff: noqa: RET503 - as such loops are written

import functools
import threading
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
        self.lock = threading.Lock()

    def __call__(self, function):
        @functools.wraps(function)
        def guarded(*args):
            self.enter()
            try:
                result = function(*args)
            except BaseException:
                self.failed()
                raise
            self.succeeded()
            return result

        return guarded

    def is_open(self):
        return self.opened_at is not None

    def enter(self):
        with self.lock:
            if self.opened_at is None:
                return
            if self.probing or time.monotonic() < self.opened_at + self.recovers_after:
                raise CircuitOpen("open")
            self.probing = True

    def succeeded(self):
        with self.lock:
            self.failures, self.opened_at, self.probing = 0, None, False

    def failed(self):
        with self.lock:
            self.failures += 1
            self.probing = False
            if self.opened_at is not None or self.failures >= self.opens_after:
                self.opened_at = time.monotonic()


def quote(sku):
    return {"price": 10, "source": "provider"}


def cached(sku):
    return {"price": 9, "source": "cache"}


quote_breaker = Breaker(5, 300.0)
guarded_quote = quote_breaker(quote)


def retried(sku):
    for attempt in range(3):
        try:
            return guarded_quote(sku)
        except (ConnectionError, TimeoutError):
            if attempt == 2:
                raise
            time.sleep(2**attempt)


def place_order(sku):
    try:
        return retried(sku)
    except (ConnectionError, TimeoutError, CircuitOpen):
        return cached(sku)


def place_order_plainly(sku):
    return retried(sku)
