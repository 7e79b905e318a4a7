"""No test of a worker begins while another worker measures for long."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time

import pytest

from pytest_toolcheck.budgets.lock import MeasuringLock
from pytest_toolcheck.budgets.quiet import LONG_S, PATIENCE_S, QuietForOthers

from .specs import PLUGINS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no file locks between workers on Windows")
WORKERS = ("--disable-plugin-autoload", "-p", "pytest_asyncio.plugin", "-p", "xdist", "-n", "2")


def _measure(directory, measuring, end):
    with MeasuringLock(directory):
        measuring.set()
        end.wait(60)


@pytest.fixture
def measured(tmp_path):
    """Another process that measures, and the event that ends it."""
    context = multiprocessing.get_context("spawn")
    measuring, end = context.Event(), context.Event()
    worker = context.Process(target=_measure, args=(tmp_path, measuring, end))
    worker.start()
    assert measuring.wait(60)
    yield worker, end
    end.set()
    worker.join()


def _began_long_ago(lock):
    long_ago = time.time() - 2 * LONG_S
    os.utime(lock.path, (long_ago, long_ago))


def test_a_test_waits_until_the_long_measurement_has_ended(tmp_path, measured):
    """It is told by when the measurement began, and ends with it."""
    worker, end = measured
    lock = MeasuringLock(tmp_path)
    _began_long_ago(lock)

    def end_it(_seconds):
        waited.append(1)
        end.set()
        worker.join()

    waited = []
    QuietForOthers(lock, sleep=end_it).wait()
    assert waited == [1]
    QuietForOthers(lock, sleep=pytest.fail).wait()


def test_nobody_waits_for_what_has_just_begun(tmp_path, measured):
    """Most budgets are decided in a moment."""
    lock = MeasuringLock(tmp_path)
    in_a_moment = time.time() + 60
    os.utime(lock.path, (in_a_moment, in_a_moment))
    assert lock.is_held_elsewhere()
    QuietForOthers(lock, sleep=pytest.fail).wait()


def test_it_is_waited_for_a_minute_at_most(tmp_path, measured):
    """A measurement that never ends does not stop the run."""
    lock = MeasuringLock(tmp_path)
    _began_long_ago(lock)
    waited = []
    QuietForOthers(lock, sleep=waited.append).wait()
    assert sum(waited) == pytest.approx(PATIENCE_S)


def test_nobody_waits_for_himself_or_for_nothing(tmp_path):
    """What a worker measures itself is over before its next test; where nobody has measured there is no file."""
    lock = MeasuringLock(tmp_path / "run")
    QuietForOthers(lock, sleep=pytest.fail).wait()
    assert not lock.is_held_elsewhere()
    with lock:
        began = os.stat(lock.path).st_mtime
        _began_long_ago(lock)
    QuietForOthers(lock, sleep=pytest.fail).wait()
    with lock:
        assert os.stat(lock.path).st_mtime >= began


def test_workers_with_budgets_do_so(pytester):
    """By markers, by the fixture and by specs, in workers only."""
    pytester.makepyfile(
        lab="def double(n: int) -> int:\n    return 2 * n\n",
        test_marked="""
        import pytest
        pytestmark = pytest.mark.cpu_budget(time="10s")
        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("toolcheck-quiet") == hasattr(pytestconfig, "workerinput")
        """,
        test_by_fixture="""
        def test_it(pytestconfig, budget):
            assert pytestconfig.pluginmanager.has_plugin("toolcheck-quiet") == hasattr(pytestconfig, "workerinput")
        """,
        test_without="""
        def test_it(pytestconfig):
            assert not pytestconfig.pluginmanager.has_plugin("toolcheck-quiet")
        """,
        test_beside_a_spec="""
        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("toolcheck-quiet") == hasattr(pytestconfig, "workerinput")
        """,
    )
    pytester.makefile(
        ".tool.yaml",
        lab="toolcheck: 1\ntarget: {python: lab}\ntools:\n  double: {budgets: {cpu: {time: 10s}}, variations: {limit: 1}}\n",
    )
    for files in (
        ["test_marked.py"],
        ["test_by_fixture.py"],
        ["test_without.py"],
        ["test_beside_a_spec.py", "lab.tool.yaml"],
    ):
        for how in ((), WORKERS):
            result = pytester.runpytest(*PLUGINS, "--toolcheck-log=off", "-k", "test_it", *files, *how)
            assert result.parseoutcomes()["passed"] == 1, result.stdout.str()
