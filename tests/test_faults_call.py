"""Faults at callables: sync and async, through every alias, put back exactly, counted, logged and healed."""

from __future__ import annotations

import asyncio
import errno
import functools
import sys
import time
import types
from datetime import UTC, datetime

import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.events import bind
from pytest_toolcheck.faults import FaultError, FaultNeverFired, Faults, RateLimited

SOURCE = '''
import functools

class Busy(Exception):
    def __init__(self, code, reason):
        super().__init__(code, reason)

calls = []

def quote(sku, count=1):
    """The price."""
    calls.append(sku)
    return {"sku": sku, "price": 3}

async def quote_later(sku):
    calls.append(sku)
    return "abcdefghij"

def hand_out(sku) -> "Awaitable[str]":
    return quote_later(sku)

class Provider:
    def ask(self, sku):
        return f"{self.name}:{sku}"
    def __init__(self, name):
        self.name = name

one, other = Provider("one"), Provider("other")
partial = functools.partial(quote, "A")
RATE = 3
'''


@pytest.fixture
def shop(monkeypatch):
    """A module called `faultshop`."""
    module = types.ModuleType("faultshop")
    exec(compile(SOURCE, "faultshop.py", "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "faultshop", module)
    return module


@pytest.fixture
def log():
    return []


@pytest.fixture
def faults(log):
    made = Faults(lambda ev, /, **fields: log.append((ev, fields)))
    yield made
    made.heal()


def test_a_fault_hits_every_alias_and_is_put_back_exactly(shop, faults):
    """A name imported before and a decorator's copy are hit too; afterwards the function is what it was."""
    alias, wrapped = shop.quote, functools.lru_cache(shop.quote)
    before = (shop.quote.__code__, dict(vars(shop.quote)))
    fault = faults.inject("faultshop:quote", "3*error(ConnectionError)")
    for call in (shop.quote, alias, wrapped):
        with pytest.raises(ConnectionError, match="injected fault: faultshop:quote"):
            call("A")
    assert shop.calls == []
    assert alias("B") == {"sku": "B", "price": 3}
    fault.assert_fired(3)
    fault.heal()
    assert (shop.quote.__code__, dict(vars(shop.quote))) == before


def test_a_dotted_path_needs_no_colon(shop, faults):
    """`pkg.mod.attr` names the same as `pkg.mod:attr`, methods too; other instances are left alone."""
    faults.inject("faultshop.one.ask", "error(KeyError)")
    with pytest.raises(KeyError):
        shop.one.ask("A")
    assert shop.other.ask("A") == "other:A"
    faults.heal()
    assert shop.one.ask("A") == "one:A"


def test_what_is_no_function_is_replaced_by_its_attribute(shop, faults):
    """A `functools.partial` is hit under its name, and the same object is back afterwards."""
    before = shop.partial
    faults.inject("faultshop:partial", "1*error")
    with pytest.raises(ConnectionError):
        shop.partial()
    faults.heal()
    assert shop.partial is before


def test_async_functions_are_awaited(shop, faults):
    """Coroutine functions and functions that hand out a coroutine fail when awaited, and answer later."""
    faults.inject("faultshop:quote_later", "1*error(TimeoutError, 'too slow') -> truncate(3)")
    faults.inject("faultshop:hand_out", "1*error(OSError)")

    async def calls():
        with pytest.raises(TimeoutError, match="too slow"):
            await shop.quote_later("A")
        with pytest.raises(OSError, match="injected"):
            await shop.hand_out("A")
        assert await shop.quote_later("A") == "abc"
        assert await shop.hand_out("A") == "abc"

    asyncio.run(calls())


def test_delays_and_hangs_take_virtual_time(shop, faults):
    """`delay(2s)` takes two seconds, a hang thirty days where nobody ends it, sync and async."""
    with virtual_time() as clock:
        faults.inject("faultshop:quote", "1*delay(2s) -> hang")
        faults.inject("faultshop:quote_later", "1*delay(90s) -> hang")
        assert shop.quote("A")["price"] == 3
        assert clock.now == 2
        with pytest.raises(TimeoutError, match="hung, and nobody ended it"):
            shop.quote("A")
        assert clock.now > 29 * 24 * 3600
        before = clock.now

        async def limited():
            assert await shop.quote_later("A") == "abcdefghij"
            async with asyncio.timeout(60):
                await shop.quote_later("A")

        with pytest.raises(TimeoutError):
            asyncio.run(limited())
        assert clock.now - before == pytest.approx(150)


def test_windows_are_of_virtual_time(shop, faults):
    """A fault in `window(1s..5s)` is there from the first second on, and over after the fifth."""
    with virtual_time():
        faults.inject("faultshop:quote", "window(1s..5s): error")
        seen = []
        for _ in range(6):
            try:
                shop.quote("A")
                seen.append("ok")
            except ConnectionError:
                seen.append("error")
            time.sleep(1)
    assert seen == ["ok", "error", "error", "error", "error", "ok"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("truncate(0)", {}),
        ("truncate(50%)", {"sku": "A"}),
        ("corrupt(2)", {"sku": "\N{REPLACEMENT CHARACTER}", "price": -4}),
        ("oversize(3B)", {"sku": "A", "price": 3, "oversize": "xxx"}),
        ("duplicate", {"sku": "A", "price": 3}),
    ],
)
def test_results_are_altered(shop, faults, action, expected):
    """Kinds that spoil the answer spoil the result; `duplicate` calls twice."""
    faults.inject("faultshop:quote", action)
    assert shop.quote("A") == expected
    assert len(shop.calls) == (2 if action == "duplicate" else 1)


def test_errors_are_named_in_every_way(shop, faults):
    """A builtin, a name of the callable's module with an odd constructor, a dotted name, rate limits, a full disk."""
    faults.inject("faultshop:quote", "1*error(Busy) -> 1*error(asyncio.TimeoutError) -> 1*rate_limit(7s) -> disk_full")
    with pytest.raises(shop.Busy):
        shop.quote("A")
    with pytest.raises(asyncio.TimeoutError):
        shop.quote("A")
    with pytest.raises(RateLimited) as limited:
        shop.quote("A")
    assert limited.value.retry_after == 7
    with pytest.raises(OSError, match="No space left") as full:
        shop.quote("A")
    assert full.value.errno == errno.ENOSPC


def test_the_wall_clock_jumps(shop, faults):
    """`clock_jump(-1h)` steps the virtual wall clock, at a call or at once at the clock; the monotonic one goes on."""
    with virtual_time():
        before, ticking = datetime.now(UTC), time.monotonic()
        fault = faults.inject("clock", "clock_jump(-1h)")
        assert round((datetime.now(UTC) - before).total_seconds()) == -3600
        faults.inject("faultshop:quote", "1*clock_jump(2h)")
        shop.quote("A")
        assert round((datetime.now(UTC) - before).total_seconds()) == 3600
        assert time.monotonic() == ticking
        fault.assert_fired(1)


def test_whom_a_fault_is_for(shop, faults, log):
    """`tool` and `session` limit a fault to calls made for them; each firing bears the request id of its call."""
    fault = faults.inject("faultshop:quote", "1*error", tool="place_order", session="s2")
    for tool, sid in [("place_order", "s1"), ("list_orders", "s2")]:
        with bind(rid="r1", tool=tool, sid=sid):
            assert shop.quote("A")
    with bind(rid="r2", tool="place_order", sid="s2"), pytest.raises(ConnectionError):
        shop.quote("A")
    assert fault.firings[0].rid == "r2"
    ((name, fields),) = log
    assert (name, fields["rid"], fields["sid"]) == ("fault.injected", "r2", "s2")
    assert fields["attrs"]["kind"] == "error"
    assert fields["attrs"]["on"] == "faultshop:quote"


def test_two_faults_at_one_place(shop, faults):
    """The first injected that has something to do decides; healing one leaves the other in place."""
    first = faults.inject("faultshop:quote", "1*error(KeyError)")
    second = faults.inject("faultshop.quote", "error(ValueError)")
    with pytest.raises(KeyError):
        shop.quote("A")
    with pytest.raises(ValueError, match="injected"):
        shop.quote("A")
    first.heal()
    with pytest.raises(ValueError, match="injected"):
        shop.quote("A")
    assert (first.hits, second.hits) == (2, 2)  # the call that the first one ended did not come to the second
    second.heal()
    assert shop.quote("A")


def test_a_fault_that_never_fired_fails(shop, faults):
    """Closing heals first, then says which fault never fired and whether anything came by."""
    faults.inject("faultshop:quote", "nth(3): error")
    faults.inject("faultshop:quote_later", "error", optional=True)
    shop.quote("A")
    with pytest.raises(FaultNeverFired) as caught:
        faults.close()
    assert str(caught.value).startswith(
        "fault 'nth(3): error(ConnectionError, \"\")' at faultshop:quote never fired: 1 hit came by"
    )
    assert "optional=True" in str(caught.value)
    assert [fault.point.name for fault in faults.armed] == ["faultshop:quote", "faultshop:quote_later"]
    assert faults.report().count("stayed armed") == 2
    assert [shop.quote("A")["price"] for _ in range(3)] == [3, 3, 3]


def test_assert_fired_counts(shop, faults):
    """`assert_fired(n)` wants exactly n; what is over does not stay armed."""
    fault = faults.inject("faultshop:quote", "1*error")
    with pytest.raises(FaultNeverFired, match="fired never, expected at least once: nothing"):
        fault.assert_fired()
    with pytest.raises(ConnectionError):
        shop.quote("A")
    fault.assert_fired()
    with pytest.raises(FaultNeverFired, match="fired once, expected twice"):
        fault.assert_fired(2)
    faults.close()
    assert faults.armed == []


def test_healing_lets_go_of_what_hangs(shop, faults):
    """A thread that hangs in real time goes on with an error as soon as the fault is healed."""
    from concurrent.futures import ThreadPoolExecutor

    fault = faults.inject("faultshop:quote", "hang")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(shop.quote, "A")
        while not fault.fired:
            time.sleep(0.001)
        fault.heal()
        with pytest.raises(TimeoutError, match="hung"):
            future.result(5)


@pytest.mark.parametrize(
    ("point", "schedule", "message"),
    [
        (
            "faultshop:quote",
            "kill",
            "'kill' makes no sense at a callable: it is for a process. Kinds for a callable: delay,",
        ),
        ("faultshop:quote", "error(503)", "a status is an answer of HTTP or MCP"),
        ("faultshop:quote", "error(Nonesuch)", "there is no such exception"),
        ("faultshop:quote", "clock_jump(1h)", "mark the test with virtual_time"),
        ("faultshop:nonesuch", "hang", "has no 'nonesuch'"),
        ("faultshop:RATE", "hang", "only what can be called"),
        ("nonesuch.module:quote", "hang", "cannot be imported"),
        (3.5, "hang", "is no place for a fault"),
    ],
)
def test_what_makes_no_sense_is_said(shop, faults, point, schedule, message):
    """A kind that does not fit the point, an unknown error, a point that is none: an error that says what does fit."""
    with pytest.raises(FaultError, match=message.replace("(", r"\(")):
        faults.inject(point, schedule)
    assert faults.injected == []


def test_a_direction_is_for_streams(shop, faults):
    """A callable has no direction."""
    with pytest.raises(FaultError, match="a callable has no direction"):
        faults.inject("faultshop:quote", "hang", direction="response")


@pytest.fixture
def copies(tmp_path, monkeypatch):
    """A module that two specs and a test have loaded, each as its own copy."""
    import importlib

    from pytest_toolcheck.targets._modules import load_module

    file = tmp_path / "copiedshop.py"
    file.write_text("import httpx\n\ndef price():\n    return 3\n\n\nclass Shop:\n    def ask(self):\n        return price()\n\n\n"
                    "client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200)))\n")  # fmt: skip
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    loaded = [load_module(str(file), spec_path=tmp_path / f"{name}.tool.yaml") for name in "ab"]
    yield lambda: [importlib.import_module("copiedshop"), *loaded]
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize("name", ["copiedshop:price", "copiedshop.price", "the function", "copiedshop:Shop.ask"])
def test_each_copy_of_a_module_is_hit(copies, faults, name):
    """A `.py` target is loaded under a name of its own: what a test names is hit in the tool's copy, too."""
    modules = copies()
    faults.inject(modules[0].price if name == "the function" else name, "3*error(ConnectionError)")
    for module in modules:
        with pytest.raises(ConnectionError, match=r"copiedshop:(price|Shop\.ask)$"):
            module.Shop().ask()
    assert [module.Shop().ask() for module in modules] == [3, 3, 3]
    faults.heal()
    assert [module.price() for module in modules] == [3, 3, 3]


def test_a_copy_is_hit_where_nobody_imported_the_module(copies, faults):
    """The module is not imported once more, with all that its code does, to put a fault into it."""
    faults.inject("copiedshop:price", "error(ConnectionError)")
    assert "copiedshop" not in sys.modules
    for module in [module for name, module in sys.modules.items() if name.startswith("copiedshop_toolcheck_")]:
        with pytest.raises(ConnectionError):
            module.price()


@pytest.mark.parametrize("by_name", [True, False])
def test_each_copy_of_a_client_is_hit(copies, faults, by_name):
    """An httpx client may be named as `pkg.module:client`, and is hit in each copy of its module."""
    modules = copies()
    faults.inject("copiedshop:client" if by_name else modules[0].client, "3*error(503)")
    for status in (503, 200):
        assert [module.client.get("http://shop/").status_code for module in modules] == [status] * 3
