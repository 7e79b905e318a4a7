"""Replacing what a C function does: every alias follows, errors come out as from a Python function, all is put back."""

from __future__ import annotations

import gc
import select
import signal
import sys
import time
import types

import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.clock.alarms import Alarms
from pytest_toolcheck.clock.cfunction import CFunction, NamedFunction, is_swappable, replacement
from pytest_toolcheck.clock.session import _replacements, new_clock


def test_this_interpreter_needs_no_fallback():
    """On CPython 3.11 to 3.13 every function of the clock is replaced in C, none by its name."""
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 15):
        pytest.skip("another interpreter: the fallback is in use")
    made = [*_replacements(new_clock()).values(), *Alarms(new_clock()).replacements, replacement(select.select, print)]
    assert {type(each) for each in made} == {CFunction}


def test_an_alias_follows_and_the_real_one_stays_reachable():
    """The function object is the same while it is replaced; `real` calls the original meanwhile."""
    alias = time.thread_time_ns
    swapped = replacement(time.thread_time_ns, lambda: -1)
    swapped.on()
    try:
        assert (alias(), time.thread_time_ns(), alias is time.thread_time_ns) == (-1, -1, True)
        assert swapped.real() > 0
        gc.collect()
    finally:
        swapped.off()
    assert alias() > 0


def test_on_and_off_can_be_repeated():
    """Switching on twice or off twice is harmless, and no reference is lost or kept."""

    def substitute():
        return -1

    swapped = replacement(time.thread_time_ns, substitute)
    before = sys.getrefcount(substitute)
    for _ in range(50):
        swapped.on()
        swapped.on()
        swapped.off()
        swapped.off()
    assert sys.getrefcount(substitute) == before
    assert time.thread_time_ns() > 0


def test_an_exception_leaves_the_replacement():
    """What the substitute raises reaches the caller: no callback stands between that would swallow it."""

    def refuse():
        raise LookupError("refused")

    swapped = replacement(time.thread_time_ns, refuse)
    swapped.on()
    try:
        with pytest.raises(LookupError, match="refused"):
            time.thread_time_ns()
    finally:
        swapped.off()


@pytest.mark.parametrize("wrong", [-1, -0.5, "x", None, float("nan"), float("inf"), 1e300, [], 1j])
def test_sleep_refuses_what_the_real_sleep_refuses(wrong):
    """A wrong argument of time.sleep raises the same error with the same text as in real time."""
    with pytest.raises((TypeError, ValueError, OverflowError)) as real:
        time.sleep(wrong)
    with virtual_time() as clock:
        with pytest.raises(type(real.value)) as virtual:
            time.sleep(wrong)
        assert (str(virtual.value), clock.now, clock.sleeps) == (str(real.value), 0, [])


@pytest.mark.parametrize("arguments", [(), (1, 2)])
def test_sleep_counts_its_arguments_as_the_real_sleep_does(arguments):
    """Too few and too many arguments are a TypeError, as always."""
    with virtual_time(), pytest.raises(TypeError):
        time.sleep(*arguments)


def test_sleep_takes_whatever_is_a_number():
    """Integers of other types sleep as long as they say; zero sleeps not at all."""

    class Two:
        def __index__(self):
            return 2

    with virtual_time() as clock:
        for length in (Two(), True, 0, 0.25):
            time.sleep(length)
        assert (clock.now, clock.sleeps) == (3.25, [2, 1, 0.25])


def test_a_signal_handler_may_raise_while_the_clock_is_read():
    """The exception of a signal handler ends a loop over the virtual clock, as it would any Python code."""

    class Struck(Exception):
        pass

    def strike(*_):
        raise Struck

    def read_until_struck(clock):
        for turn in range(1000):
            if turn == 500:
                signal.raise_signal(signal.SIGUSR1)
            clock.advance(0.001)
            time.monotonic()

    before = signal.signal(signal.SIGUSR1, strike)
    try:
        with virtual_time() as clock, pytest.raises(Struck):
            read_until_struck(clock)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_other_clocks_stay_real():
    """Processor clocks and the raw clock are not virtual, and wrong clock ids are refused as ever."""
    with virtual_time() as clock:
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW), time.process_time_ns()
        clock.advance("100h")
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW), time.process_time_ns()
        assert all(0 <= b - a < 1e12 for a, b in zip(before, after, strict=True))
        with pytest.raises(OSError, match="Invalid argument"):
            time.clock_gettime(9999)
        with pytest.raises(TypeError):
            time.clock_gettime()


def test_the_fallback_replaces_the_name_everywhere():
    """Where the C function cannot be replaced, its name is, in every module that holds it; off puts all back."""
    module = types.ModuleType("holder_of_a_clock")
    module.read = time.thread_time_ns
    sys.modules[module.__name__] = module
    swapped = NamedFunction(time.thread_time_ns, lambda: -1)
    real = time.thread_time_ns
    try:
        swapped.on()
        assert (time.thread_time_ns(), module.read()) == (-1, -1)
        swapped.off()
        assert (time.thread_time_ns, module.read) == (real, real)
    finally:
        del sys.modules[module.__name__]


def test_the_fallback_is_taken_for_what_is_no_builtin():
    """A Python function, or a builtin with another calling convention, is replaced by its name."""
    assert isinstance(replacement(test_on_and_off_can_be_repeated, print), NamedFunction)
    assert not is_swappable(print)
    assert isinstance(replacement(print, repr), NamedFunction)


def test_virtual_time_works_by_name_alone(monkeypatch):
    """With the fallback in force the clocks of `time` and a loop still share virtual time."""
    import asyncio

    monkeypatch.setattr("pytest_toolcheck.clock.cfunction.is_swappable", lambda _function: False)

    async def main():
        start = time.monotonic()
        await asyncio.sleep(60)
        await asyncio.to_thread(time.sleep, 5)
        return time.monotonic() - start

    real = time.monotonic
    with virtual_time():
        assert asyncio.run(main()) == 65
    assert time.monotonic is real
