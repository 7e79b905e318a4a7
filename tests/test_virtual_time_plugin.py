"""The marker `virtual_time` and the fixture `virtual_clock`, with pytest-asyncio, anyio and plain functions."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pytest_toolcheck.clock import hooks

from .specs import PLUGINS

ASYNCIO_AUTO = ["-p", "no:randomly", "-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
OURS_ALONE = ["-p", "no:toolcheck", "-p", "pytest_toolcheck.clock.hooks"]


@pytest.fixture(name="run")
def _run(pytester, monkeypatch):
    """Run a test file with this room's hooks and none of the other rooms."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(source, *options):
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess(*OURS_ALONE, *ASYNCIO_AUTO, *options)

    return run


def test_a_marked_function_sleeps_in_no_time(run):
    """An hour of time.sleep in a marked synchronous test costs nothing, and pytest's own duration stays real."""
    result = run(
        """
        import time, pytest

        @pytest.mark.virtual_time
        def test_sleeps():
            start = time.monotonic()
            time.sleep(3600)
            assert time.monotonic() - start == 3600
        """,
        "--durations=0",
        "-vv",
    )
    result.assert_outcomes(passed=1)
    spent = re.findall(r"^(\d+\.\d+)s (?:call|setup|teardown)", result.stdout.str(), re.MULTILINE)
    assert sum(map(float, spent)) < 600
    assert float(re.search(r"passed in (\d+\.\d+)s", result.stdout.str())[1]) < 600


def test_the_fixture_alone_is_enough(run):
    """A test that asks for `virtual_clock` runs in virtual time without the marker."""
    result = run(
        """
        import time

        def test_moves(virtual_clock):
            start = time.monotonic()
            virtual_clock.advance("60s")
            time.sleep(0.5)
            assert time.monotonic() - start == 60.5
            assert virtual_clock.now == 60.5
            assert (virtual_clock.jumps, virtual_clock.sleeps) == (2, [0.5])
            assert "active at 60.5s" in repr(virtual_clock)
        """
    )
    result.assert_outcomes(passed=1)


def test_an_unmarked_test_stays_real(run):
    """Without marker and fixture nothing is replaced, also after a test that was virtual."""
    result = run(
        """
        import time, pytest

        @pytest.mark.virtual_time
        def test_virtual():
            time.sleep(10_000)

        def test_real():
            assert abs(time.monotonic() - time.clock_gettime(time.CLOCK_MONOTONIC_RAW)) < 1000
            assert "pytest_toolcheck" not in repr(time.sleep)
        """
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("scope", ["function", "class", "module", "session"])
def test_every_loop_scope_of_pytest_asyncio(run, scope):
    """Virtual time holds in a loop of any scope, and a loop that outlives the test is real again in the next."""
    result = run(
        f"""
        import asyncio, time, pytest

        class TestScope:
            pytestmark = pytest.mark.asyncio(loop_scope="{scope}")

            @pytest.mark.virtual_time
            async def test_first(self):
                loop = asyncio.get_running_loop()
                start = loop.time()
                await asyncio.sleep(60)
                assert loop.time() - start == 60

            async def test_real_again(self):
                loop = asyncio.get_running_loop()
                assert abs(loop.time() - time.clock_gettime(time.CLOCK_MONOTONIC_RAW)) < 1000
                await asyncio.sleep(0.001)
                assert "_selectors" not in repr(type(loop._selector)) and "Virtual" not in type(loop._selector).__name__

            async def test_third(self, virtual_clock):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(asyncio.Event().wait(), 30)
                assert virtual_clock.now == 30
        """
    )
    result.assert_outcomes(passed=3)


def test_anyio_on_asyncio(run):
    """anyio's own pytest plugin runs its tests in virtual time as well, fixtures with it."""
    result = run(
        """
        import time, anyio, pytest
        pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.fixture
        async def resource(anyio_backend):
            yield "open"

        async def test_sleeps(resource):
            start = time.monotonic()
            with anyio.move_on_after(30) as scope:
                await anyio.sleep(60)
            assert scope.cancelled_caught
            await anyio.to_thread.run_sync(time.sleep, 5)
            assert time.monotonic() - start == 35
        """,
        "-o",
        "asyncio_mode=strict",
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(("marker", "mode"), [("asyncio", "auto"), ("anyio", "strict")])
def test_a_deadlock_names_the_test_and_its_line(run, marker, mode):
    """The failure stands at the test's own await, names the task, and the fixtures are still torn down."""
    result = run(
        f"""
        import asyncio, pytest
        pytestmark = [pytest.mark.virtual_time, pytest.mark.{marker}]

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.fixture
        async def resource(anyio_backend):
            yield 1
            print("torn down")

        async def test_waits(resource):
            await asyncio.Event().wait()  # here

        async def test_after():
            await asyncio.sleep(1)
        """,
        "-rA",
        "-o",
        f"asyncio_mode={mode}",
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        ["*await asyncio.Event().wait()  # here*", "*VirtualDeadlock: deadlock in virtual time*"]
    )
    result.stdout.fnmatch_lines(["*test_waits (test_a_deadlock_names_the_test_and_its_line.py:*)"])
    result.stdout.fnmatch_lines(["torn down"])


def test_the_wall_clock_can_start_at_a_date(run):
    """`start` sets the wall clock of the test."""
    result = run(
        """
        import datetime, pytest

        @pytest.mark.virtual_time(start="2030-01-02T03:04:05Z")
        def test_date(virtual_clock):
            assert datetime.datetime.now(datetime.UTC).isoformat() == "2030-01-02T03:04:05+00:00"
            virtual_clock.step_wall("-1h")
            assert datetime.datetime.now(datetime.UTC).isoformat() == "2030-01-02T02:04:05+00:00"
            assert virtual_clock.now == 0
        """
    )
    result.assert_outcomes(passed=1)


def test_a_wrong_marker_argument_says_what_is_taken(run):
    """A misspelt argument of the marker ends in an error with the names that exist."""
    result = run(
        """
        import pytest

        @pytest.mark.virtual_time(max_wait="1s")
        def test_x():
            pass
        """
    )
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*virtual_time takes max_real_wait and start by name, not max_wait*"])


def test_a_wrong_value_of_the_marker_says_what_is_expected(run):
    """A wrong value is told with the test and the argument, not by an error of ours from within."""
    wrong = ["max_real_wait='5'", "max_real_wait='-5s'", "start='yesterday'"]
    tests = [f"@pytest.mark.virtual_time({each})\ndef test_{i}():\n    pass\n" for i, each in enumerate(wrong)]
    result = run("import pytest\n\n" + "\n".join(tests))
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*test_0: virtual_time(max_real_wait='5'): not a duration*",
            "*test_1: virtual_time(max_real_wait='-5s'): it is no length of time*",
            "*test_2: virtual_time(start='yesterday'): expected a datetime or an ISO 8601 text*",
        ]
    )


def test_hooks_load_no_asyncio():
    """Loading the hooks imports neither asyncio nor time-machine."""
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_toolcheck.clock.hooks;"
        "new = set(sys.modules) - before; bad = [m for m in new if m.split('.')[0] in ('asyncio', 'time_machine')];"
        "print(*bad)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_a_timeout_by_signal_still_stops_a_virtual_test(run):
    """pytest-timeout's real timer ends a test that computes for ever in virtual time."""
    result = run(
        """
        import pytest

        @pytest.mark.virtual_time
        @pytest.mark.timeout(0.3)
        def test_spins():
            while True:
                pass
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Timeout*"])


@pytest.mark.parametrize("marker", ["virtual_time", "interleave(seeds=1)"])
def test_real_time_is_bounded(pytester, marker):
    """When a test's real time is over, it fails, and says where virtual time stood. (The alarm is rung here, not waited for.)"""
    pytester.makepyfile(f"""
        import asyncio, pytest, signal

        @pytest.mark.asyncio
        @pytest.mark.{marker}
        async def test_reads_for_ever():
            await asyncio.sleep(12)
            signal.raise_signal(signal.SIGALRM)
        """)
    result = pytester.runpytest_inprocess(*PLUGINS)
    result.assert_outcomes(failed=1)
    limit = f"*Timeout (>{float(hooks.MOST_REAL_S)}s)*"
    result.stdout.fnmatch_lines([limit, "*virtual time stood at 12s after 1 jumps; it saw nothing at work*"])


@pytest.mark.parametrize("how", ["--timeout=60", "-otimeout=60", "marker", "real"])
def test_a_limit_of_the_users_own_counts(pytester, how):
    """Only a test in virtual time that has no limit is given one."""
    marker = {"marker": "pytest.mark.virtual_time, pytest.mark.timeout(60)", "real": ""}.get(
        how, "pytest.mark.virtual_time"
    )
    pytester.makepyfile(f"""
        import pytest
        pytestmark = [{marker}]

        def test_limits(request):
            assert [mark.args for mark in request.node.iter_markers("timeout")] in ([], [(60,)])
        """)
    options = [how] if how.startswith("-") else []
    pytester.runpytest_inprocess(*PLUGINS, *options).assert_outcomes(passed=1)
