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


def test_the_durations_of_subtests_stay_real(pytester):
    """A subtest that sleeps for an hour has not lasted for one."""
    pytester.makepyfile(
        """
        import time, pytest

        @pytest.mark.virtual_time
        def test_it(subtests):
            with subtests.test("an hour"):
                time.sleep(3600)
        """
    )
    result = pytester.inline_run("-p", "toolcheck", "-o", "asyncio_default_fixture_loop_scope=function")
    durations = [report.duration for report in result.getreports("pytest_runtest_logreport") if report.when == "call"]
    assert len(durations) == 2
    assert max(durations) < 600
