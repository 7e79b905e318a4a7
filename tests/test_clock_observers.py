"""Whoever measures a test from around it is told the real time that it took."""

from __future__ import annotations

import time

import hypothesis
from _pytest import timing
from hypothesis import strategies as st

from pytest_toolcheck.clock import virtual_time


def test_pytests_durations_stay_real_also_inside():
    """Virtual time that begins in a fixture and ends after the test leaves pytest's clocks alone."""
    before = timing.Instant()
    with virtual_time():
        during = timing.Instant()
        time.sleep(3600)
        assert during.elapsed().seconds < 600
        assert timing.Instant().time - during.time < 600
    assert 0 <= before.elapsed().seconds < 600
    assert timing.perf_counter is time.perf_counter


def test_hypothesis_does_not_take_virtual_time_for_a_slow_test():
    """A minute of virtual time in each example is not past a deadline of 30 seconds."""
    slept = []

    @hypothesis.settings(deadline=30_000, max_examples=3, database=None)
    @hypothesis.given(st.integers(60, 100))
    def sleeps(seconds):
        time.sleep(seconds)
        slept.append(seconds)

    with virtual_time():
        sleeps()
    assert len(slept) >= 3
