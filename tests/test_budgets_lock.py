"""One measurement at a time across processes."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from pytest_toolcheck.budgets.clocks import MeterError
from pytest_toolcheck.budgets.lock import MeasuringLock, measuring_lock

from .another_worker import another_worker_measures

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no file locks between workers on Windows")


def test_another_process_waits_until_it_is_free(tmp_path):
    """While one worker measures, another does not; when it ends, even by dying, the next may."""
    with (
        another_worker_measures(tmp_path),
        pytest.raises(MeterError, match="another worker has been measuring"),
        MeasuringLock(tmp_path, patience_s=0),
    ):
        pass
    with MeasuringLock(tmp_path, patience_s=30) as lock:
        assert "held" in repr(lock)


def test_a_child_that_the_tool_forked_does_not_keep_it(tmp_path):
    """A forked process has the same open file, and the lock lives as long as that: it is freed, not only closed."""
    with MeasuringLock(tmp_path) as lock:
        inherited = os.dup(lock._file)
    try:
        with MeasuringLock(tmp_path, patience_s=0) as other:
            assert "held" in repr(other)
    finally:
        os.close(inherited)


def test_it_can_be_entered_again_inside(tmp_path):
    """A fixture that measures within a measured test does not wait for itself."""
    lock = MeasuringLock(tmp_path / "new", patience_s=0)
    with lock, lock:
        assert "held" in repr(lock)
    assert "free" in repr(lock)
    with MeasuringLock(tmp_path / "new", patience_s=0):
        pass


def test_threads_of_one_process_wait_too(tmp_path):
    """Two threads never measure at once."""
    lock = MeasuringLock(tmp_path)
    inside, most = [], []

    def measure():
        with lock:
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=measure) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_it_is_free_after_an_error(tmp_path):
    """What is raised inside comes through, and the lock is free."""
    lock = MeasuringLock(tmp_path, patience_s=0)
    with pytest.raises(KeyError), lock:
        raise KeyError
    with MeasuringLock(tmp_path, patience_s=0):
        pass


def test_a_worker_has_one_lock(tmp_path):
    """Two of them on one file would wait for each other."""
    assert measuring_lock(tmp_path) is measuring_lock(tmp_path)


def test_around_a_body_it_is_free_for_the_threads_of_this_process(tmp_path):
    """What a measured body measures itself, in a thread of its own, goes on; other workers still wait."""
    lock = MeasuringLock(tmp_path, patience_s=0)
    measured = []

    def measure():
        with lock:
            measured.append(repr(lock))

    with lock.around_body():
        thread = threading.Thread(target=measure, daemon=True)
        thread.start()
        thread.join(10)
        with pytest.raises(MeterError), MeasuringLock(tmp_path, patience_s=0):
            pass
    assert measured == [repr(lock).replace("free", "held")]
