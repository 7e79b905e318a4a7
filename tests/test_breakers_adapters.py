"""A breaker of one's own is controlled through an adapter of twenty lines; an unknown object says how to write it."""

from __future__ import annotations

import asyncio
import time

import pytest

from pytest_toolcheck.clock.session import virtual_time
from pytest_toolcheck.resilience import BreakerAdapter, Breakers, UnknownBreaker, register_adapter


class Breaker:
    """Hand-written, as found in many a service."""

    def __init__(self):
        self.failures, self.opened_at = 0, None

    def call(self, function):
        if self.opened_at is not None and time.monotonic() - self.opened_at < 300:
            raise RuntimeError("open")
        try:
            result = function()
        except Exception:
            self.failures += 1
            if self.failures >= 5 or self.opened_at is not None:
                self.opened_at = time.monotonic()
            raise
        self.failures, self.opened_at = 0, None
        return result


class ShopAdapter(BreakerAdapter):
    watched = ("opened_at",)

    @classmethod
    def knows(cls, candidate):
        return isinstance(candidate, Breaker)

    def state(self):
        if self.breaker.opened_at is None:
            return "closed"
        return "open" if self.remaining_s() > 0 else "half_open"

    def trip(self):
        self.breaker.opened_at = time.monotonic()

    def half_open(self):
        self.breaker.opened_at = time.monotonic() - 300

    def reset(self):
        self.breaker.failures, self.breaker.opened_at = 0, None

    def remaining_s(self):
        return self.breaker.opened_at + 300 - time.monotonic()


def fail():
    raise ConnectionError("down")


@pytest.fixture
def registered():
    take_back = register_adapter(ShopAdapter)
    yield
    take_back()


def test_hand_written_breaker_is_controlled(registered):
    """The documented example observes and forces a hand-written breaker like any other."""
    breaker = Breaker()
    with virtual_time() as clock, Breakers() as breakers:
        control = breakers.control(breaker)
        for _ in range(5):
            with pytest.raises(ConnectionError):
                breaker.call(fail)
        assert control.remaining == 300
        clock.advance("300s")
        assert control.state == "half_open"
        assert breaker.call(int) == 0
        control.expect(["closed", "open", "half_open", "closed"])
        control.trip()
        with pytest.raises(RuntimeError, match="open"):
            breaker.call(int)
    assert breaker.opened_at is None
    assert type(breaker) is Breaker


def test_adapter_of_a_hook_is_asked_first():
    """Adapters that are handed to the fixture's class need not be registered."""
    with Breakers(adapters=[ShopAdapter]) as breakers:
        assert breakers.control(Breaker()).state == "closed"


def test_bound_method_leads_to_its_breaker(registered):
    """Whatever closes over a breaker, wraps it or is bound to it leads to it."""
    breaker = Breaker()
    with Breakers() as breakers:
        assert breakers.control(breaker.call) is breakers.control(breaker)
        assert breakers.control(lambda: breaker.call(int)) is breakers.control(breaker)


def test_unknown_object_says_how_to_write_an_adapter():
    """The first line names the object and what is known; the rest is an adapter to fill in."""
    with Breakers() as breakers, pytest.raises(UnknownBreaker) as error:
        breakers.control(Breaker())
    first, *rest = str(error.value).splitlines()
    assert "Breaker" in first
    assert "pybreaker" in first
    assert any("register_adapter(MyAdapter)" in line for line in rest)
    assert any("isinstance(candidate, Breaker)" in line for line in rest)


def test_registering_something_else_is_refused():
    """Only a subclass of BreakerAdapter can be registered."""
    with pytest.raises(TypeError, match="subclass of BreakerAdapter"):
        register_adapter(Breaker)


@pytest.mark.parametrize("kind", ["SyncCircuitBreakerFactory", "AsyncCircuitBreakerFactory"])
def test_a_circuit_that_is_controlled_before_its_first_use_keeps_its_limits(kind):
    """purgatory makes a circuit when it is first called, with the limits that its decorator names: so it does when watched."""
    purgatory = pytest.importorskip("purgatory")
    factory = getattr(purgatory, kind)(default_threshold=2, default_ttl=30)

    async def quote_later():
        raise ConnectionError("down")

    guarded = factory("quotes", threshold=3, ttl=60)(fail if kind.startswith("Sync") else quote_later)
    with virtual_time() as clock, Breakers() as breakers:
        control = breakers.control(factory, name="quotes")
        for _ in range(3):
            assert control.state == "closed"
            with pytest.raises(ConnectionError):
                guarded() if kind.startswith("Sync") else asyncio.run(guarded())
        assert control.state == "open"
        assert control.remaining == pytest.approx(60, abs=0.1)
        clock.advance("1s")
    assert "get_breaker" not in vars(factory)
