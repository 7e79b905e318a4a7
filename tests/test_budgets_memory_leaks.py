"""The leak meter: what keeps growing is found, and caches and garbage are forgiven."""

from __future__ import annotations

import ctypes
import tracemalloc

import pytest

from pytest_toolcheck.budgets import leak
from pytest_toolcheck.budgets.clocks import MeterError
from pytest_toolcheck.budgets.leak import MOST_CALLS, measure_leak, native_bytes
from pytest_toolcheck.budgets.measure import apply_to_body
from pytest_toolcheck.budgets.measure_memory import measure_leak_budget
from pytest_toolcheck.spec.model import Budgets


def leak_of(call, budget):
    readings = measure_leak(call, budget, most_calls=200)
    assert all(reading.calls <= 200 for reading in readings)
    return readings[-1]


def test_a_kilobyte_a_call_is_found_within_200_calls():
    """A list that keeps a block a call is a leak of that size."""
    kept = []
    reading = leak_of(lambda: kept.append(bytearray(1024)), 1000)
    assert reading.verdict == "fail"
    assert 1024 <= reading.growth.value < 1200


def test_a_leak_in_steps_is_found():
    """A leak that shows only every tenth call is found, at its mean."""
    kept, calls = [], []

    def step():
        calls.append(None)
        if len(calls) % 10 == 0:
            kept.append(bytearray(20 * 1024))

    assert leak_of(step, 1024).verdict == "fail"


@pytest.mark.skipif(native_bytes() is None, reason="this C library does not tell what malloc has given out")
def test_a_leak_of_c_code_is_found():
    """Blocks that Python does not know of are counted in a second pass."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    reading = leak_of(lambda: libc.malloc(1100), 1024)
    assert (reading.verdict, reading.source) == ("fail", "blocks in malloc (mallinfo2)")


@pytest.mark.parametrize("size", [30, 128, 150])
def test_a_cache_that_stops_in_a_later_stretch_is_no_leak(size):
    """Where the second stretch leaves it open, a third one shows that it stopped."""
    cache = []
    readings = measure_leak(lambda: cache.append(bytes(4096)) if len(cache) < size else None, 1024)
    assert [reading.verdict for reading in readings] == ["pass", "pass"]


def test_a_cache_that_fills_up_and_stops_is_no_leak():
    """60 entries and no more: growth ends, and so does suspicion."""
    cache = []
    assert leak_of(lambda: cache.append(bytes(8000)) if len(cache) < 60 else None, 1024).verdict == "pass"


@pytest.mark.parametrize("size", [180, 200, 280, 512, 1000])
def test_a_cache_that_fills_up_late_is_no_leak(size):
    """While calls are cheap, what grew for 200 of them has to go on for ever longer."""
    cache = []
    readings = measure_leak(lambda: cache.append(bytes(1024)) if len(cache) < size else None, 512)
    assert [reading.verdict for reading in readings] == ["pass", "pass"]


def test_a_cache_behind_calls_of_a_millisecond_is_waited_for(monkeypatch):
    """A busy machine makes calls slower, and no cache of a thousand entries a leak."""
    kept, made = {}, [0]

    def call():
        made[0] += 1
        kept[made[0] % 1000] = bytes(1000)

    monkeypatch.setattr(leak, "wall_ns", lambda: 2_500_000 * made[0])
    assert measure_leak_budget(call, 900).verdict == "pass"


def slow_call(monkeypatch, *, call_ms, entries=None):
    """Return a call that takes so long and keeps a block, up to so many."""
    kept, made = {}, [0]

    def call():
        made[0] += 1
        kept[made[0] % entries if entries else made[0]] = bytes(1000)

    monkeypatch.setattr(leak, "wall_ns", lambda: round(call_ms * 1_000_000) * made[0])
    return call


def leak_behind(monkeypatch, *, call_ms, entries=None, most_calls=MOST_CALLS):
    call = slow_call(monkeypatch, call_ms=call_ms, entries=entries)
    return measure_leak_budget(call, 900, most_calls=most_calls)


@pytest.mark.parametrize("call_ms", [5, 23, 60])
@pytest.mark.parametrize(("entries", "verdict"), [(1000, "pass"), (None, "fail")], ids=["cache", "leak"])
def test_a_cache_behind_slow_calls_is_told_from_a_leak(call_ms, entries, verdict, monkeypatch):
    """What grows is called often enough to fill a cache of a thousand entries, and hardly more often than that."""
    objects, *blocks = measure_leak(slow_call(monkeypatch, call_ms=call_ms, entries=entries), 900)
    assert [reading.verdict for reading in (objects, *blocks)] == ([verdict] if verdict == "fail" else ["pass"] * 2)
    assert 1_100 < objects.calls <= 1_700


@pytest.mark.parametrize("entries", [1000, None], ids=["cache", "leak"])
def test_calls_too_slow_to_tell_a_cache_from_a_leak_are_said(entries, monkeypatch):
    """No tool is accused of what a cache does as well; who limits the calls is answered by those."""
    found = leak_behind(monkeypatch, call_ms=150, entries=entries)
    reason = (
        "a cache that fills up grows as well, and the 1,100 calls that tell one of 1,000 entries from a leak would "
    )
    assert found.message.endswith(f"over 295 calls: inconclusive, {reason}take longer than 120 s")
    assert leak_behind(monkeypatch, call_ms=150, entries=entries, most_calls=400).verdict == "fail"
    assert leak_behind(monkeypatch, call_ms=150, entries=50).verdict == "pass"


def test_a_leak_is_confirmed_by_a_third_stretch_at_least():
    """Where no more calls may be made, growth in 295 is a leak, and growth that ended just before that is open."""
    kept, cache = [], []
    found = measure_leak(lambda: kept.append(bytes(1024)), 1024, most_calls=295)
    assert [(reading.verdict, reading.calls) for reading in found] == [("fail", 295)]
    result = measure_leak_budget(lambda: cache.append(bytes(1024)) if len(cache) < 275 else None, 512, most_calls=295)
    assert result.message.endswith("over 295 calls: inconclusive, it no longer grew at the end")


def test_a_large_leak_is_not_made_larger_than_it_takes(monkeypatch):
    """What has grown by half a GiB needs no more calls to be judged."""
    monkeypatch.setattr(leak, "MOST_GROWN_BYTES", 2**20)
    kept = []
    assert leak_of(lambda: kept.append(bytearray(2**17)), 1024).verdict == "fail"
    assert len(kept) < 60


def test_calls_too_slow_for_a_leak_are_said(monkeypatch):
    """A leak is not waited for without end: the message says how long it took, and how many calls are needed."""
    monkeypatch.setattr(leak, "MOST_SECONDS", -1)
    with pytest.raises(MeterError, match=r"10 calls took \d+ s, and a leak shows in 295"):
        measure_leak(lambda: None, 1024)


def test_rounds_bound_the_calls_of_a_body():
    """`rounds=` is how often a body may be run, in both passes of a leak together."""
    kept = []
    (result,) = apply_to_body(lambda: kept.append(bytes(1024)), Budgets(memory={"leak": 512}), rounds=590)
    assert (result.verdict, len(kept)) == ("fail", 295)


@pytest.mark.parametrize("budget", [1, 1024])
def test_what_is_given_back_is_no_leak(budget):
    """Garbage in cycles and memory freed at once are no leak, down to a byte a call."""

    def clean():
        cycle = [bytearray(5000)]
        cycle.append(cycle)

    assert leak_of(clean, budget).verdict == "pass"


def test_tracemalloc_in_use_is_refused():
    """A leak is not measured with somebody else's tracemalloc, which it would have to stop."""
    tracemalloc.start()
    try:
        with pytest.raises(MeterError, match="tracemalloc is in use"):
            measure_leak(lambda: None, 1024)
    finally:
        tracemalloc.stop()
