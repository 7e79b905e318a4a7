"""One-line faults, each with the sentence that finds it."""

from __future__ import annotations

import dataclasses

from pytest_toolcheck.spec.model import Dependency, Example, ToolSpec

from .lab import BREAKER, FALLBACK, HERE, RETRY

ASYNC = (HERE / "guarded_async.py").read_text()
SYNC = (HERE / "guarded_sync.py").read_text()
LIMITED = (HERE / "limited.py").read_text()
CACHED = {"provider": "shop:quote", "cache": "shop:cached"}
TAX = ToolSpec("tax_order", examples=(Example({"sku": "A"}),), depends_on={"tax": Dependency("tax", python="shop:tax")})
KINDS = {
    "async": (ASYNC, {"retry": RETRY, "breaker": BREAKER, "siblings": (TAX,)}),
    "alone": (ASYNC.replace('breaker_of("quote").call(retried, quote, sku)', "retried(quote, sku)"), {"retry": RETRY}),
    "sync": (SYNC, {"retry": RETRY, "breaker": BREAKER, "fallback": FALLBACK, "depends_on": CACHED}),
    "plain": (SYNC, {"retry": RETRY, "breaker": BREAKER, "call": "place_order_plainly"}),
    "limited": (LIMITED, {"timeout_s": 60.0, "timeouts": (("provider", 60.0), ("place_order", 120.0), ("server", 180.0)),
                          "retry": dataclasses.replace(RETRY, delays_s=())}),
    "limited plain": (LIMITED, {"timeout_s": 60.0, "call": "order_plainly", "depends_on": {"provider": "shop:quote_plainly"}}),
}  # fmt: skip

FAULTS = [
    # the breaker, with the retry inside it
    ("async", "opens late", "Breaker(5, 300.0)", "Breaker(6, 300.0)", "opens on failure 5"),
    ("async", "opens early", "Breaker(5, 300.0)", "Breaker(4, 300.0)", "stays closed after 4"),
    ("async", "recovers early", "Breaker(5, 300.0)", "Breaker(5, 299.0)", "still open at 299.9s"),
    ("async", "recovers late", "Breaker(5, 300.0)", "Breaker(5, 301.0)", "lets a probe through after 300s"),
    ("async", "recovers by the first failure", "            self.opened_at = time.monotonic()\n", "            self.opened_at = self.first\n", "still open at 299.9s"),
    ("async", "closes after two successes", "        self.failures = 0\n        self.opened_at = None\n        self.probing = False\n\n    def failed",
     "        self.probing = False\n        self.successes = getattr(self, 'successes', 0) + 1\n        if self.opened_at is None or self.successes > 1:\n            self.failures, self.opened_at = 0, None\n\n    def failed",
     "a success closes it"),
    ("async", "a failed call keeps its slot", '    return await breaker_of("quote").call(retried, quote, sku)',
     '    await SLOTS.acquire()\n    result = await breaker_of("quote").call(retried, quote, sku)\n    SLOTS.release()\n    return result',
     "failed calls leave room for the next"),
    ("async", "never recovers", 'return "half_open" if time.monotonic() - self.opened_at >= self.recovers_after else "open"',
     'return "open"', "lets a probe through"),
    ("async", "never refuses", 'if self.state == "open":', 'if self.state == "broken":', "never opened"),
    ("async", "lets the herd in", "if self.probing:", "if False:", "10 callers and 1 probe"),
    ("async", "a refused caller takes a place for good", '                raise CircuitOpen("a probe is under way")', "                self.taken = True\n                raise CircuitOpen('a probe is under way')",
     "10 callers and 1 probe"),
    ("async", "a success does not reset the count", "        self.failures = 0\n        self.opened_at = None\n        self.probing = False\n\n    def failed",
     "        self.opened_at = None\n        self.probing = False\n\n    def failed", "a success in between"),
    ("async", "a failed probe closes it", "        if self.opened_at is not None or self.failures >= self.opens_after:",
     "        if self.opened_at is not None:\n            self.opened_at = None\n        elif self.failures >= self.opens_after:",
     "a failed probe"),
    ("async", "a success leaves it half open", "        self.opened_at = None\n        self.probing = False\n\n    def failed",
     "        self.probing = False\n\n    def failed", "a success closes it"),
    ("async", "one breaker for all names", "    if name not in BREAKERS:", "    name = quote.__class__\n    if name not in BREAKERS:",
     "leaves other breakers alone"),
    ("async", "looking resets it", '    @property\n    def state(self):\n        if self.opened_at is None:',
     '    @property\n    def state(self):\n        if self.opened_at is None:\n            self.failures = 0 if self.failures < 4 else self.failures',
     "breaker["),
    ("async", "a cancellation counts as a failure", "            self.abandoned()", "            self.failed()", "a cancelled call is no failure"),
    ("async", "a cancelled probe keeps its slot", "            self.abandoned()", "            pass", "a cancelled probe makes room"),
    ("async", "a cancellation is taken for a success", "            self.abandoned()", "            self.succeeded()", "a cancelled call is no success"),
    ("async", "a cancelled probe closes it", "            self.abandoned()", "            self.succeeded() if self.opened_at else self.abandoned()",
     "a cancelled probe does not close it"),
    ("async", "a cancellation is counted beside failures", "            self.abandoned()", "            self.failures += 1\n            self.abandoned()", "a cancelled call is no failure"),
    ("async", "reads the wall clock", "            self.opened_at = time.monotonic()\n", "            self.opened_at = time.time()\n", "wall clock"),
    ("async", "ignores coroutines", "result = await function(*args)", "result = function(*args)", "opens on failure"),
    ("async", "counts lost updates", "        self.enter()\n        try:", "        self.enter()\n        seen = self.failures\n        try:",
     "opens under 50"),
    ("async", "refused calls keep it open", '            raise CircuitOpen("open")', '            self.opened_at = time.monotonic()\n            raise CircuitOpen("open")',
     "no calls while open"),
    # retries
    ("async", "one attempt too few", "range(3)", "range(2)", "exactly 3 attempts"),
    ("async", "one attempt too many", "range(3)", "range(4)", "exactly 3 attempts"),
    ("async", "waits twice as long", "2**attempt", "2 * 2**attempt", "waits 1s, 2s"),
    ("async", "retries everything", "except (ConnectionError, TimeoutError):", "except Exception:", "gives up on ValueError"),
    ("async", "forgets one error", "except (ConnectionError, TimeoutError):", "except ConnectionError:", "retries TimeoutError"),
    ("async", "retries a cancelled call", "except (ConnectionError, TimeoutError):", "except (ConnectionError, asyncio.CancelledError, TimeoutError):",
     "a cancelled call is not retried"),
    ("async", "swallows the last error", "                raise\n            await", "                return None\n            await", "the last error comes through"),
    ("async", "raises the first error", "TimeoutError):\n            if attempt == 2:\n                raise\n",
     "TimeoutError) as error:\n            errors.append(error)\n            if attempt == 2:\n                raise errors[0]\n",
     "the last error comes through"),
    ("async", "hides the last error", "                raise\n            await", "                raise RuntimeError('failed') from None\n            await",
     "the last error comes through"),
    ("async", "a wait blocks the loop", "await asyncio.sleep(2**attempt)", "time.sleep(2**attempt)", "its waits block nobody else"),
    ("async", "a wait is polled away", "await asyncio.sleep(2**attempt)", "[time.sleep(0.01) for _ in range(100 * 2**attempt)]", "its waits block nobody else"),
    # the breaker inside the retry, in threads
    ("sync", "opens late", "Breaker(5, 300.0)", "Breaker(6, 300.0)", "opens on failure 5"),
    ("sync", "opens early", "Breaker(5, 300.0)", "Breaker(4, 300.0)", "stays closed after 4"),
    ("sync", "lets the herd in", "if self.probing or time", "if time", "10 callers and 1 probe"),
    ("sync", "no fallback while open", "except (ConnectionError, TimeoutError, CircuitOpen):", "except (ConnectionError, TimeoutError):",
     "answers while the breaker is open"),
    ("sync", "an empty answer for the fallback", "        return cached(sku)", '        return {"source": "none"}', "fallback["),
    ("sync", "swallows the fallback's error", "        return cached(sku)",
     '        try:\n            return cached(sku)\n        except Exception:\n            return {"source": "cache"}', "its own error"),
    ("sync", "waits after the last attempt", "            if attempt == 2:\n                raise\n            time.sleep(2**attempt)\n\n\ndef place_order(",
     "            time.sleep(2**attempt)\n            if attempt == 2:\n                raise\n\n\ndef place_order(", "waits 1s, 2s"),
    ("plain", "waits after the last attempt", "            if attempt == 2:\n                raise\n            time.sleep(2**attempt)\n\n\ndef place_order(",
     "            time.sleep(2**attempt)\n            if attempt == 2:\n                raise\n\n\ndef place_order(", "waits 1s, 2s"),
    ("plain", "looking resets it", "        return self.opened_at is not None\n", "        self.failures = 0\n        return self.opened_at is not None\n",
     "looking at its state"),
    ("plain", "looking resets it, of another class", "    def is_open(self):\n",
     "    @property\n    def state(self):\n        self.failures = 0\n        return 'open' if self.opened_at else 'closed'\n\n    def is_open(self):\n",
     "looking at its state"),
    ("plain", "attempts shared by all calls", "    for attempt in range(3):", "    for attempt in ATTEMPTS:", "each call starts afresh"),
    ("alone", "failures of all calls counted", "            if attempt == 2:\n                raise\n            await", "            errors.append(attempt)\n            if attempt == 2 or len(errors) > 20:\n                raise\n            await",
     "each call starts afresh after 10 that failed"),
    # timeouts
    ("limited", "too long", "QUOTE_S = 60", "QUOTE_S = 61", "a hang ends within 60s"),
    ("limited", "milliseconds for seconds", "QUOTE_S = 60", "QUOTE_S = 0.06", "an answer at 59.9s is taken"),
    ("limited", "no timeout", "asyncio.wait_for(quote(sku), QUOTE_S)", "quote(sku)", "a hang ends within 60s"),
    ("limited", "the outer never ends", "ORDER_S = 120", "ORDER_S = 1200", "place_order ends within 120s"),
    ("limited", "a hang is no error", '        raise TimeoutError("no quote in time")', "        return None", "a hang for ever is an error"),
    ("limited", "the outer is shorter than a second attempt needs", "ORDER_S = 120", "ORDER_S = 70", "a second attempt has its time"),
    ("limited", "layers in the wrong order", "QUOTE_S = 60\nORDER_S = 120", "QUOTE_S = 120\nORDER_S = 60", "a second attempt has its time"),
    ("limited", "the outer ends hangs alone", "            return await quoted_in_time(sku)\n    except TimeoutError:",
     "            pass\n        return await quoted_in_time(sku)\n    except TimeoutError:", "by slow failures"),
    ("limited plain", "plain functions have none", "future.result(timeout=QUOTE_S)", "future.result()", "a hang ends within 60s"),
]  # fmt: skip
EXTRA = {
    "a refused caller takes a place for good": ("            if self.probing:\n", "            if self.probing or getattr(self, 'taken', False):\n"),
    "a failed call keeps its slot": ("BREAKERS = {}", "BREAKERS = {}\nSLOTS = asyncio.Semaphore(8)"),
    "looking resets it, of another class": ("quote_breaker = ", "Breaker.__name__ = 'Guard'\nquote_breaker = "),
    "recovers by the first failure": ("        self.failures += 1\n", "        self.failures += 1\n        self.first = time.monotonic() if self.failures == 1 else self.first\n"),
    "raises the first error": ("    for attempt in range(3):", "    errors = []\n    for attempt in range(3):"),
    "reads the wall clock": ("time.monotonic() - self.opened_at", "time.time() - self.opened_at"),
    "counts lost updates": ("            self.failed()\n            raise", "            self.failures = seen\n            self.failed()\n            raise"),
    "one attempt too many": ("            if attempt == 2:", "            if attempt == 3:"),
    "failures of all calls counted": ("async def retried", "errors = []\n\n\nasync def retried"),
    "attempts shared by all calls": ("def retried", "ATTEMPTS = iter(range(1000))\n\n\ndef retried"),
}  # fmt: skip
