"""No test of a worker begins while another worker measures for long."""

from __future__ import annotations

import json
import os
import sys
import time

import pytest

from pytest_toolcheck.budgets.lock import MeasuringLock
from pytest_toolcheck.budgets.quiet import LONG_S, PATIENCE_S, QuietForOthers

from .another_worker import another_worker_measures
from .specs import ALONE, PLUGINS, SUBPROCESS, WORKERS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no file locks between workers on Windows")
ONE_WORKER = (*WORKERS, "-n", "1")
WAYS = ["test_without.py"], ["test_marked.py"], ["test_by_fixture.py"], ["test_beside_a_spec.py", "lab.tool.yaml"]
AS_WORKER = """
import json, sys
import pytest

class Worker:
    def pytest_configure(self, config):
        config.workerinput = {}

sys.exit(sum(pytest.main(json.loads(way), plugins=[Worker()]) for way in sys.argv[1:]))
"""
"""One process is a worker for several runs: nothing of budgets is imported in the first."""


@pytest.fixture
def measured(tmp_path):
    """Another process that measures."""
    with another_worker_measures(tmp_path) as worker:
        yield worker


def _began_long_ago(lock):
    long_ago = time.time() - 2 * LONG_S
    os.utime(lock.path, (long_ago, long_ago))


def test_a_test_waits_until_the_long_measurement_has_ended(tmp_path, measured):
    """It is told by when the measurement began, and ends with it."""
    lock = MeasuringLock(tmp_path)
    _began_long_ago(lock)

    def end_it(_seconds):
        waited.append(1)
        measured.communicate()

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
    chosen = "--toolcheck-log=off", "-k", "test_it"
    for files in WAYS:
        pytester.runpytest(*PLUGINS, *ALONE, *chosen, *files).assert_outcomes(passed=1)
    (pytester.path / "as_worker.py").write_text(AS_WORKER)
    arguments = [*SUBPROCESS, "-p", "pytest_asyncio.plugin", *chosen]
    told = pytester.run(sys.executable, "as_worker.py", *(json.dumps([*arguments, *files]) for files in WAYS))
    assert told.ret == 0, told.stdout.str()
    pytester.runpytest(*PLUGINS, *chosen, *WAYS[1], *ONE_WORKER).assert_outcomes(passed=1)
