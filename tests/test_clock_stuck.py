"""Waits that once never ended: in the `with` of a lock, and in a system call that a signal came upon."""

from __future__ import annotations

import _thread
import concurrent.futures
import fcntl
import multiprocessing
import os
import re
import signal
import socket
import threading
import time
import warnings
from contextlib import contextmanager

import pytest

from pytest_toolcheck import clock as clock_package
from pytest_toolcheck.clock import cmethods, virtual_time
from pytest_toolcheck.clock.errors import VirtualDeadlock

from .test_clock_handlers import beside


def own_lock():
    lock = threading.Lock()
    lock.acquire()
    return lock


def semaphore_of_processes():
    semaphore = multiprocessing.get_context("spawn").Semaphore(1)
    semaphore.acquire()
    return semaphore


@pytest.mark.parametrize("make", [own_lock, semaphore_of_processes])
def test_a_with_of_a_lock_that_nobody_releases_is_a_deadlock(make):
    """The commonest deadlock of all is told at once, with its line."""
    with pytest.raises(VirtualDeadlock) as found, virtual_time(), make():
        pass
    assert "test_a_with_of_a_lock_that_nobody_releases_is_a_deadlock (test_clock_stuck.py:" in str(found.value)


def test_two_threads_that_take_two_locks_in_opposite_order_are_named_both():
    """Each holds what the other wants; the test is one of them, and reentrant locks are no exception."""
    first, second, have_begun = threading.RLock(), threading.RLock(), threading.Barrier(2)

    def opposite():
        with second:
            have_begun.wait()
            with first:
                pass

    def forwards():
        with beside(opposite), first:
            have_begun.wait()
            with second:
                pass

    with pytest.raises(VirtualDeadlock) as found, virtual_time():
        forwards()
    assert re.search(r"forwards \(test_clock_stuck.py:\d+\) waits for ever", str(found.value))
    assert re.search(r"thread '.*': .*opposite \(test_clock_stuck.py:\d+\)", str(found.value))


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock])
def test_threads_that_wait_for_each_others_locks_end_with_the_failed_test(make):
    """Or the process would hang at its end, where threads are joined that nobody tells of a deadlock."""
    locks, have_begun = (make(), make()), threading.Barrier(2)

    def take(mine, other):
        with mine:
            have_begun.wait()
            with other:
                pass

    threads = [threading.Thread(target=take, args=order) for order in (locks, locks[::-1])]

    def run_all():
        for each in threads:
            each.start()
        threads[0].join()

    with pytest.raises(VirtualDeadlock), virtual_time():
        run_all()
    for each in threads:
        each.join(10)
        assert not each.is_alive()


def test_a_with_of_a_lock_gets_it_at_its_virtual_instant():
    """Whoever holds it sleeps meanwhile; reading the clock afterwards shows how long."""
    lock, is_held = threading.RLock(), threading.Event()

    def hold():
        with lock:
            is_held.set()
            time.sleep(30)

    with virtual_time() as clock, beside(hold):
        is_held.wait()
        with lock:
            assert clock.now == 30


def test_locks_of_threading_itself_are_waited_for_in_real_time():
    """They are taken by whoever looks after the threads, in the midst of moving the clock."""
    lock, is_held, go_on, virtually = threading._active_limbo_lock, _thread.allocate_lock(), _thread.allocate_lock(), []
    enter = cmethods._enter(type(lock), lambda _lock: virtually.append(_lock) or True)
    is_held.acquire()
    go_on.acquire()

    def hold():
        lock.acquire()
        is_held.release()
        go_on.acquire()
        lock.release()

    _thread.start_new_thread(hold, ())
    is_held.acquire()
    _thread.start_new_thread(go_on.release, ())
    enter(lock)
    lock.release()
    assert not virtually


@pytest.mark.parametrize("interval", [0, 10])
def test_a_handler_that_only_notes_leaves_a_blocking_read_to_go_on(interval):
    """The read is resumed after it, and the clock goes on for the thread that is to write."""
    rung = []
    with virtual_time() as clock, pipe() as (ours, theirs), handling(lambda *_: rung.append(clock.now)):
        signal.setitimer(signal.ITIMER_REAL, 5, interval)
        with beside(lambda: (time.sleep(20), os.write(theirs, b"late"))):
            assert os.read(ours, 4) == b"late"
        assert clock.now == 20
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert rung == ([5, 15] if interval else [5])


def test_a_handler_that_works_in_a_blocking_read_is_waited_for():
    """No virtual time passes while it runs."""
    rung = []
    with virtual_time() as clock, pipe() as (ours, theirs), handling(lambda *_: rung.append((work(), clock.now))):
        signal.alarm(5)
        with beside(lambda: (time.sleep(20), os.write(theirs, b"late"))):
            assert os.read(ours, 4) == b"late"
    assert [at for _, at in rung] == [5]


def work():
    return sum(range(300_000))


@contextmanager
def pipe():
    ours, theirs = os.pipe()
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


@contextmanager
def at_last(event, thread):
    try:
        yield
    finally:
        event.set()
        thread.join()


@contextmanager
def handling(handler):
    before = signal.signal(signal.SIGALRM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_forked_child_has_the_real_clock_and_none_of_the_locks_of_this_one():
    """It sleeps in real time, though it was forked while threads waited for virtual time and moved it."""
    stop = threading.Event()
    with virtual_time() as clock, beside(lambda: stop.wait(3600)), beside(lambda: sleep_often(stop)):
        try:
            ended = [fork_and_sleep() for _ in range(5)]
        finally:
            stop.set()
    assert ended == [(0, True)] * 5
    assert clock.mover is None


def sleep_often(stop):
    while not stop.is_set():
        time.sleep(0.5)


def fork_and_sleep():
    """Fork; return the child's exit code, and whether it saw real time pass."""
    ours, theirs = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
        pid = os.fork()
    if pid == 0:
        signal.alarm(20)  # a child that hangs does not outlive the test
        before = time.clock_gettime(time.CLOCK_BOOTTIME)
        time.sleep(0.01)
        os.write(
            theirs, b"%d" % (not clock_package.active_clock() and time.clock_gettime(time.CLOCK_BOOTTIME) > before)
        )
        os._exit(0)
    os.close(theirs)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with os.fdopen(ours) as answer:
        return code, answer.read() == "1"


def test_a_pool_of_forked_workers_works():
    """The workers wait for jobs without a limit, as whoever waits in vain does."""
    forking = multiprocessing.get_context("fork")
    with virtual_time() as clock, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=forking) as pool:
            assert list(pool.map(pow, [2, 3], [3, 2], timeout=60)) == [8, 9]
    assert clock.now == 0


def test_a_signal_of_another_thread_is_handled_at_its_instant():
    """The clock stands still until the handler has run: nobody else gets on meanwhile."""
    handled = []

    def send():
        for _ in range(20):
            time.sleep(1)
            os.kill(os.getpid(), signal.SIGALRM)

    with virtual_time() as clock, handling(lambda *_: handled.append(clock.now)), beside(send):
        time.sleep(30)
    assert handled == list(range(1, 21))


def test_a_wait_for_a_files_lock_is_no_work(tmp_path):
    """Whoever holds it sleeps meanwhile."""
    file = tmp_path / "locked"
    with virtual_time(max_real_wait="60s") as clock, file.open("w") as ours, file.open("w") as theirs:
        fcntl.flock(ours, fcntl.LOCK_EX)
        with beside(lambda: (time.sleep(10), fcntl.flock(ours, fcntl.LOCK_UN))):
            fcntl.flock(theirs, fcntl.LOCK_EX)
        assert clock.now == 10


def test_a_writer_waits_for_its_reader():
    """A full socket is no work: its reader sleeps in virtual time."""
    ours, theirs = socket.socketpair()
    with virtual_time(max_real_wait="60s") as clock, ours, theirs, beside(lambda: read_late(theirs)):
        ours.sendall(b"x" * 4_000_000)
        assert clock.now == 10


def read_late(connection):
    time.sleep(10)
    left = 4_000_000
    while left:
        left -= len(connection.recv(1 << 20))


def test_a_condition_whose_lock_is_never_given_back_is_a_deadlock():
    """The wait itself is over in time; who has the lock since waits for ever."""
    condition, over = threading.Condition(), threading.Event()

    def keep_it():
        with condition:
            over.wait()

    def wait_with_limit():
        with condition, condition:
            thread.start()
            assert not condition.wait(5)

    thread = threading.Thread(target=keep_it)
    with pytest.raises(VirtualDeadlock) as found, virtual_time(), at_last(over, thread):
        wait_with_limit()
    assert re.search(r"wait_with_limit \(test_clock_stuck.py:\d+\) waits for ever", str(found.value))


def test_a_condition_is_held_as_often_as_before():
    """After the wait it takes as many releases, and is free afterwards."""
    condition = threading.Condition()
    with virtual_time() as clock:
        with condition, condition, condition:
            assert not condition.wait(5)
        assert clock.now == 5
        with pytest.raises(RuntimeError):
            condition.release()
        with beside(lambda: condition.acquire() and condition.release()):
            pass


def test_a_wait_for_a_signal_is_no_work():
    """Another thread sends it later, by `sigwait` as by a handler."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    try:
        with virtual_time(max_real_wait="60s") as clock, beside(lambda: send_late(signal.SIGUSR2)):
            assert signal.sigwait([signal.SIGUSR2]) == signal.SIGUSR2
            assert clock.now == 10
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR2])


def send_late(number):
    time.sleep(10)
    os.kill(os.getpid(), number)


def test_a_timer_that_is_called_off_as_it_rings_rings_no_more():
    """The thread that sends the signal and the one that calls it off come at one instant, again and again."""
    rung = []
    with virtual_time() as clock, handling(lambda *_: rung.append(clock.now)):
        for begin in range(0, 200, 10):
            signal.setitimer(signal.ITIMER_REAL, 5, 1)
            time.sleep(5)
            signal.setitimer(signal.ITIMER_REAL, 0)
            time.sleep(5)
            assert set(rung) <= {begin + 5}
            assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
            rung.clear()
