"""The clock itself: exact, forwards only, with durations as a user writes them."""

from __future__ import annotations

import asyncio
import datetime
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_toolcheck.clock import VirtualClock, VirtualLivelock, VirtualTimeError, virtual_time
from pytest_toolcheck.clock import durations as durations_module
from pytest_toolcheck.clock.durations import to_ns, to_text
from pytest_toolcheck.errors import UnitError


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("60s", 60 * 10**9),
        ("1.5ms", 1_500_000),
        ("1m30s", 90 * 10**9),
        ("2h", 7200 * 10**9),
        (" 250 ms ", 250 * 10**6),
        ("-1h", -3600 * 10**9),
        ("0.1us", 100),
        (0.1, 10**8),
        (3, 3 * 10**9),
        (datetime.timedelta(days=1, microseconds=1), 86_400 * 10**9 + 1000),
    ],
)
def test_durations(text, ns):
    """A duration is exact to the nanosecond, however it is written."""
    assert to_ns(text) == ns


@pytest.mark.parametrize(
    "wrong", ["", "60", "s", "5 apples", "1s x", "--1s", None, True, float("nan"), float("inf"), []]
)
def test_durations_without_a_unit_are_refused(wrong):
    """What is not a duration is a UnitError that quotes it."""
    with pytest.raises(UnitError) as refused:
        to_ns(wrong)
    assert repr(wrong) in str(refused.value)


@given(st.integers(min_value=0, max_value=10**15))
def test_text_and_back(ns):
    """A duration's short text means the same duration."""
    assert to_ns(to_text(ns)) == ns
    assert durations_module.SECOND == 10**9


@given(st.lists(st.integers(min_value=0, max_value=10**12), max_size=30))
def test_no_sum_of_steps_loses_a_nanosecond(steps):
    """However the clock is moved, it shows the sum of its steps, on the monotonic and on the wall clock."""
    clock = VirtualClock(monotonic_ns=5, wall_ns=7)
    for step in steps:
        clock.advance(f"{step}ns")
    assert clock.now_ns == sum(steps)
    assert clock.monotonic_ns() == 5 + sum(steps)
    assert clock.wall_ns() == 7 + sum(steps)
    assert clock.jumps == sum(step > 0 for step in steps)


def test_it_refuses_to_go_backwards():
    """A negative step is refused, with the way that exists for a wall clock set back."""
    with pytest.raises(VirtualTimeError, match=r"does not go backwards.*step_wall"):
        VirtualClock().advance("-1s")


def test_just_past_an_instant():
    """`advance_past` goes one microsecond further than `advance`: the resolution of datetime."""
    with virtual_time() as clock:
        start = datetime.datetime.now()
        clock.advance_past("60s")
        assert datetime.datetime.now() - start == datetime.timedelta(seconds=60, microseconds=1)
        assert clock.now_ns == 60 * 10**9 + 1000


def test_the_wall_clock_can_be_stepped_alone():
    """A wall clock set back or forth leaves the monotonic clock alone, and keeps its step as time passes."""
    with virtual_time() as clock:
        wall, monotonic = time.time_ns(), time.monotonic()
        clock.step_wall("-1h")
        assert (time.time_ns() - wall, time.monotonic() - monotonic) == (-3600 * 10**9, 0)
        clock.advance("10s")
        assert (time.time_ns() - wall, time.monotonic() - monotonic) == (-3590 * 10**9, 10)
        clock.step_wall("2h")
        assert time.time_ns() - wall == 3610 * 10**9
        assert "wall stepped by 3600s" in repr(clock)


def test_every_nanosecond_reaches_the_wall_clock():
    """Steps smaller than a microsecond are not lost on the way to time.time_ns()."""
    with virtual_time() as clock:
        start = time.time_ns()
        for _ in range(1000):
            clock.advance("1ns")
        assert time.time_ns() - start == 1000


def test_the_time_zone_is_left_alone():
    """The local time zone is the machine's, in virtual time too."""
    zone = time.tzname, time.localtime().tm_gmtoff
    with virtual_time():
        assert (time.tzname, time.localtime().tm_gmtoff) == zone


def test_one_clock_at_a_time():
    """Virtual time within virtual time is refused, and the outer one goes on."""
    with virtual_time() as clock:
        with pytest.raises(VirtualTimeError, match="active already"), virtual_time():
            pass
        time.sleep(1)
        assert clock.now == 1


def test_a_busy_loop_over_the_clock_is_a_livelock():
    """`while time.monotonic() < end: pass` would never end in virtual time: it fails and says why."""

    def wait_for(end):
        while time.monotonic() < end:
            pass

    with virtual_time(), pytest.raises(VirtualLivelock, match=r"read 1,000,000 times at one instant \(0s\)"):
        wait_for(1e15)


def test_the_repr_tells_the_state():
    """A clock's repr shows whether it is in force, how late it is, and what waits."""
    clock = VirtualClock()
    assert repr(clock) == "<VirtualClock off at 0s, 0 jumps>"
    clock.advance("1500ms")
    assert repr(clock) == "<VirtualClock off at 1.5s, 1 jumps>"
    assert clock.remaining is None


def test_the_shortest_sleep_takes_time():
    """A token bucket that lacks a rounding error of a token sleeps for less than a nanosecond, and has it then."""
    with virtual_time() as clock:
        time.sleep(1e-17)
        assert clock.now_ns == 1
        asyncio.run(asyncio.sleep(1e-17))
        assert 1 < clock.now_ns < 50
        assert clock.sleeps == [1e-17, 1e-17]
