"""A dependency is observed wherever it is called from, answered by script, and put back exactly."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import inspect
import sys
import threading
import types
import weakref

import pytest

from pytest_toolcheck.clock.session import virtual_time
from pytest_toolcheck.resilience import DependencyProbe, cancel, fail, hang, succeed
from pytest_toolcheck.resilience.swap import ReferenceProblem

SOURCE = """
import functools
import math

def quote(sku, *, count=1):
    return (sku, count)

async def quote_async(sku):
    return sku

def wrap(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

wrapped_async = wrap(quote_async)
doubled = functools.partial(quote, count=2)
root = math.sqrt

def closure(one):
    def inner(two):
        return one + two
    return inner

add_ten = closure(10)

def numbers():
    yield 1

class Client:
    def __init__(self, name):
        self.name = name
    def fetch(self, sku):
        return f"{self.name}:{sku}"
    @staticmethod
    def static(sku):
        return f"static:{sku}"
    @classmethod
    def klass(cls, sku):
        return f"{cls.__name__}:{sku}"
    def __call__(self, sku):
        return f"called:{sku}"

client = Client("one")
other = Client("two")
kept = client.fetch
text = "no callable"
"""


@pytest.fixture
def shop(monkeypatch):
    module = types.ModuleType("shop_under_probe")
    exec(SOURCE, module.__dict__)
    monkeypatch.setitem(sys.modules, "shop_under_probe", module)
    return module


def probe(path, **how):
    return DependencyProbe(f"shop_under_probe:{path}", **how)


def test_every_alias_of_a_function_is_observed(shop):
    """A name that was imported, wrapped or kept before the probe came is answered by it too."""
    alias, wrapped = shop.quote, shop.wrap(shop.quote)
    with probe("quote") as observed:
        observed.answers((succeed("scripted"), 2))
        assert (alias("a"), wrapped("b"), shop.doubled("c")) == ("scripted", "scripted", ("c", 2))
    assert [call.arguments for call in observed.calls] == [(("a",), {}), (("b",), {}), (("c",), {"count": 2})]
    assert alias("d") == ("d", 1)
    assert len(observed.calls) == 3


def test_function_is_put_back_exactly(shop):
    """Code, attributes and signature are as before."""
    shop.quote.note = "mine"
    before, signature = shop.quote.__code__, inspect.signature(shop.quote)
    with probe("quote") as observed:
        assert inspect.signature(shop.quote) == signature
        observed.answers(fail(OSError))
        with pytest.raises(OSError, match="injected"):
            shop.quote("a")
    assert shop.quote.__code__ is before
    assert vars(shop.quote) == {"note": "mine"}


def test_nothing_stays_of_a_probe_and_the_failures_it_injected(shop):
    """An error leads to the code of the stand-in, which the garbage collector does not look into: it leads nowhere."""
    for path in ("quote", "quote_async", "Client.fetch"):
        with probe(path) as observed, contextlib.suppress(ConnectionError):
            observed.answers((fail(ConnectionError), None))
            called = shop.Client("a").fetch("x") if path == "Client.fetch" else getattr(shop, path)("x")
            asyncio.run(called)
        assert observed.calls[0].failed
        left = weakref.ref(observed)
        del observed
        gc.collect()
        assert left() is None, path


def test_a_call_that_begins_too_late_reaches_the_function_itself(shop):
    """A coroutine made while it was observed, and awaited afterwards, is an ordinary call of what is there again."""
    with probe("quote_async") as observed:
        observed.answers((fail(), None))
        pending = shop.quote_async("late")
    assert asyncio.run(pending) == "late"
    assert observed.calls == []


@pytest.mark.parametrize(
    ("path", "call", "original"),
    [
        ("Client.fetch", lambda shop: shop.other.fetch("a"), "two:a"),
        ("Client.static", lambda shop: shop.client.static("a"), "static:a"),
        ("Client.klass", lambda shop: shop.Client.klass("a"), "Client:a"),
        ("client.fetch", lambda shop: shop.kept("a"), "one:a"),
        ("client", lambda shop: shop.client("a"), "called:a"),
        ("add_ten", lambda shop: shop.add_ten(1), 11),
        ("doubled", lambda shop: shop.doubled("a"), ("a", 2)),
        ("root", lambda shop: shop.root(9), 3),
    ],
    ids=lambda value: value if isinstance(value, str) and value[0] != "C" else None,
)
def test_all_kinds_of_callables(shop, path, call, original):
    """Methods, class and static methods, instances, closures, partials and builtins are observed and put back."""
    with probe(path) as observed:
        assert call(shop) == original
        observed.answers(succeed("scripted"))
        assert call(shop) == "scripted"
    assert len(observed.calls) == 2
    assert observed.calls[0].result == original
    assert call(shop) == original
    assert len(observed.calls) == 2


def test_method_of_one_instance_leaves_the_others(shop):
    """Observing one instance's method leaves the others' alone, and their arguments whole."""
    with probe("client.fetch") as observed:
        observed.answers(succeed("scripted"))
        assert shop.other.fetch("b") == "two:b"
        assert shop.kept("a") == "scripted"
    assert [call.arguments for call in observed.calls] == [(("a",), {})]


def test_async_function_stays_one(shop):
    """A coroutine function is still one, fails when awaited and not when called, and is timed to its end."""
    with virtual_time(), probe("quote_async") as observed:
        assert inspect.iscoroutinefunction(shop.quote_async)
        observed.answers(fail(OSError, after_s=2), succeed(after_s=3))
        pending = shop.quote_async("a")
        assert observed.calls == []

        async def twice():
            with pytest.raises(OSError, match="injected failure 1 of quote_async"):
                await pending
            return await shop.quote_async("b")

        assert asyncio.run(twice()) == "b"
    assert [call.ended_s - call.started_s for call in observed.calls] == [2, 3]


def test_function_that_hands_out_a_coroutine_fails_inside_it(shop):
    """A plain function that returns a coroutine does not fail before that is awaited."""
    with probe("wrapped_async") as observed:
        observed.answers(fail(OSError))
        pending = shop.wrapped_async("a")
        assert observed.running()
        with pytest.raises(OSError, match="injected"):
            asyncio.run(_finish(pending))
        assert asyncio.run(_finish(shop.wrapped_async("b"))) == "b"
    assert [call.failed for call in observed.calls] == [True, False]


async def _finish(pending):
    return await pending


def test_cancelled_is_not_failed(shop):
    """A call that was cancelled, from outside or from within, is told from one that failed."""

    async def cancelled_from_outside():
        task = asyncio.ensure_future(shop.quote_async("a"))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait({task})
        with pytest.raises(asyncio.CancelledError):
            await shop.quote_async("b")

    with virtual_time(), probe("quote_async") as observed:
        observed.answers(hang(), cancel())
        asyncio.run(cancelled_from_outside())
    assert [(call.cancelled, call.failed) for call in observed.calls] == [(True, False)] * 2
    assert observed.failures() == []


def test_errors_of_every_shape_can_be_injected(shop):
    """A class whose constructor asks for more, an instance and a factory all serve."""

    class Picky(Exception):
        def __init__(self, code, reason):
            super().__init__(code, reason)

    instance = ValueError("this one")
    with probe("quote") as observed:
        observed.answers(fail(Picky), fail(instance), fail(lambda message: KeyError(message)))
        for expected in (Picky, ValueError, KeyError):
            with pytest.raises(expected):
                shop.quote("a")
    assert observed.calls[1].error is instance


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("quote", "write it as pkg.module:attribute"),
        ("no_such_module:quote", "cannot be imported"),
        ("shop_under_probe:qoute", "has no 'qoute'; it has .*quote"),
        ("shop_under_probe:text", "is a str: only what can be called"),
    ],
)
def test_a_wrong_reference_is_explained(shop, reference, message):
    """What names nothing says so, and what there is."""
    with pytest.raises(ReferenceProblem, match=message):
        DependencyProbe(reference)


def test_a_callable_without_a_place_needs_its_path():
    """A partial that is handed over directly cannot be replaced: its path is asked for."""
    with pytest.raises(ReferenceProblem, match="name it by where it stands"):
        DependencyProbe(functools.partial(int, base=2))


def test_calls_from_many_threads_are_counted(shop):
    """No call is lost when threads call at once, and each has a number of its own."""
    with probe("quote") as observed:
        threads = [threading.Thread(target=lambda: [shop.quote("a") for _ in range(50)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [call.number for call in observed.calls] == list(range(1, 401))
