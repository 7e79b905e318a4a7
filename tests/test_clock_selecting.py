"""Limits that the modules `select`, `signal` and `multiprocessing` keep, in virtual time."""

from __future__ import annotations

import copyreg
import multiprocessing
import pickle
import select
import selectors
import signal
import socket
import threading
import time
import types
from contextlib import suppress
from datetime import datetime

import pytest

from pytest_toolcheck.clock import selecting, virtual_time
from pytest_toolcheck.clock.errors import VirtualLivelock


@pytest.fixture(name="clock")
def _clock():
    with virtual_time() as clock:
        yield clock


@pytest.fixture(name="pair")
def _pair():
    pair = socket.socketpair()
    yield pair
    [end.close() for end in pair]


def by_select(end, timeout_s):
    return select.select([end], [], [], timeout_s)[0]


def by_poll(end, timeout_s):
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return poll.poll(timeout_s * 1000)


def by_epoll(end, timeout_s):
    with select.epoll() as epoll:
        epoll.register(end, select.EPOLLIN | select.EPOLLET)
        return epoll.poll(timeout_s)


@pytest.mark.parametrize("wait", [by_select, by_poll, by_epoll])
def test_a_limit_passes_and_input_ends_the_wait(clock, pair, wait):
    """An hour without input takes no real time; input of another thread is seen at its instant."""
    assert wait(pair[0], 3600) == []
    assert clock.now == 3600
    thread = threading.Thread(target=lambda: (time.sleep(5), pair[1].send(b"x")))
    thread.start()
    assert wait(pair[0], 60)
    assert clock.now == 3605
    thread.join()


def by_selector(end, timeout_s):
    with selectors.DefaultSelector() as selector:
        selector.register(end, selectors.EVENT_READ)
        return selector.select(timeout_s)


def by_socket(end, timeout_s):
    end.settimeout(timeout_s)
    with suppress(TimeoutError):
        end.recv(1)


@pytest.mark.parametrize("wait", [by_select, by_poll, by_epoll, by_selector, by_socket])
def test_a_limit_below_a_second_is_kept_in_a_thread(clock, pair, wait):
    """Exactly, alone and beside a test that sleeps for longer; in real time nothing passes."""
    seen = []
    for beside in (lambda: None, lambda: time.sleep(60)):
        start = clock.now
        thread = threading.Thread(target=lambda: (wait(pair[0], 0.25), seen.append(clock.now - start)))  # noqa: B023
        thread.start()
        beside()
        thread.join()
    assert seen == [0.25, 0.25]
    assert clock.now == 60.25


def test_a_thread_that_polls_often_has_all_of_its_looks(clock, pair):
    """Ten times a second for a minute, and input is seen at its instant."""
    looks, over = [], threading.Event()

    def poll():
        while not select.select([pair[0]], [], [], 0.125)[0]:
            looks.append(clock.now)
        over.set()

    thread = threading.Thread(target=poll)
    thread.start()
    time.sleep(60)
    pair[1].send(b"x")
    thread.join()
    assert looks[:479] == [0.125 * (i + 1) for i in range(479)]
    assert clock.now == 60


def test_select_sleeps(clock):
    """`select.select([], [], [], 60)` is a sleep."""
    assert select.select([], [], [], 60) == ([], [], [])
    assert clock.now == 60


def test_messages_time_out(clock, pair):
    """recvmsg keeps the socket's limit like recv."""
    pair[0].settimeout(60)
    with pytest.raises(TimeoutError):
        pair[0].recvmsg(1)
    assert clock.now == 60


def test_select_is_real_again_afterwards():
    """What was replaced is put back: what a function does, and how it is pickled."""

    def state():
        return select.select.__self__, signal.alarm.__self__, signal.setitimer.__self__, dict(copyreg.dispatch_table)

    before = state()
    with virtual_time():
        assert not any(now is then for now, then in zip(state(), before, strict=True))
    assert state() == before
    assert select.select([], [], [], 0.001) == ([], [], [])
    assert signal.setitimer(signal.ITIMER_VIRTUAL, 0) == (0, 0)


def test_an_alias_of_select_waits_in_virtual_time(clock, late):
    """A default argument and a name in a closure follow, arguments wrong in number or kind are refused."""

    def wait(seconds, *, select=select.select):
        return select([], [], [], seconds)

    assert wait(60) == ([], [], [])
    assert clock.now == 60
    for wrong in ((), ([],), ([], [], [], 1, 2)):
        with pytest.raises(TypeError):
            wait.__kwdefaults__["select"](*wrong)
    arm = [signal.setitimer]
    arm[0](signal.ITIMER_REAL, 5)
    with pytest.raises(Late):
        wait(60)
    assert clock.now == 65


class Late(Exception):
    """Raised by the handler of SIGALRM."""


@pytest.fixture(name="late")
def _late():
    def raise_late(*_):
        raise Late

    before = signal.signal(signal.SIGALRM, raise_late)
    yield
    signal.signal(signal.SIGALRM, before)


def test_an_alarm_rings_at_its_instant(late, clock):
    """A synchronous limit by signal ends a sleep of a day after a minute, and a wait without a limit too."""
    assert signal.alarm(60) == 0
    with pytest.raises(Late):
        time.sleep(86_400)
    assert clock.now == 60
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    with pytest.raises(Late):
        threading.Event().wait()
    assert clock.now == 60.5


def test_an_alarm_that_is_switched_off_is_none(late, clock):
    """What is left is told; afterwards nothing waits for it, and nothing rings."""
    signal.setitimer(signal.ITIMER_REAL, 10)
    time.sleep(4)
    assert signal.getitimer(signal.ITIMER_REAL) == (6, 0)
    assert signal.alarm(0) == 6
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    time.sleep(100)
    assert clock.now == 104


def test_an_alarm_with_an_interval_rings_again(clock):
    """Every five seconds, as often as in real time."""
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(clock.now))
    try:
        signal.setitimer(signal.ITIMER_REAL, 10, 5)
        time.sleep(22)
        assert rung == [10, 15, 20]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_alarm_that_was_not_awaited_goes_with_the_test():
    """Nothing of it rings outside."""
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        with virtual_time():
            signal.alarm(60)
        assert [t for t in threading.enumerate() if t.name == "alarm" and t.join(5) is None and t.is_alive()] == []
        assert rung == []
    finally:
        signal.signal(signal.SIGALRM, before)


def test_semaphores_of_multiprocessing_time_out(clock):
    """Those that the test makes keep virtual time."""
    assert multiprocessing.get_context("spawn").Semaphore(0).acquire(timeout=60) is False
    assert clock.now == 60


def test_replaced_functions_are_pickled_by_name():
    """A pool of processes is sent `time.sleep` itself; other builtin functions go as ever."""
    with virtual_time():
        sent = [pickle.dumps(function) for function in (time.sleep, time.time, len, [].append, datetime.now)]
    assert pickle.loads(sent[0]) is time.sleep
    assert pickle.loads(sent[1]) is time.time
    assert [type(pickle.loads(each)) for each in sent[2:]] == [types.BuiltinFunctionType] * 3


@pytest.mark.parametrize("read", [time.ctime, time.asctime], ids=["ctime", "asctime"])
def test_written_times_follow(clock, read):
    """`ctime` and `asctime` show the wall clock, and write down other times as they are given."""
    before = read()
    time.sleep(86_400)
    assert time.mktime(time.strptime(read())) - time.mktime(time.strptime(before)) == 86_400
    assert time.ctime(0) == time.asctime(time.localtime(0))


def test_a_busy_loop_over_datetime_is_found_out(monkeypatch):
    """It reads the wall clock past `time`, and would never end."""
    monkeypatch.setattr("pytest_toolcheck.clock.virtual.READS_AT_ONE_INSTANT", 1000)

    def wait_busily():
        end = datetime.now().timestamp() + 1
        while datetime.now().timestamp() < end:
            pass

    with pytest.raises(VirtualLivelock, match="wait_busily"), virtual_time():
        wait_busily()


class Polling:
    """Refuses, as a poll object does, a second call while one is under way; there, somebody asks for input."""

    def __init__(self):
        self.has_input, self.answers, self._is_running = None, [], False

    def poll(self, _timeout=None):
        if self._is_running:
            raise RuntimeError("concurrent poll() invocation")
        self._is_running = True
        if self.has_input is not None:
            self.answers.append(self.has_input())
        self._is_running = False
        return []


def test_a_poll_object_is_not_asked_by_two_at_once():
    """Whoever drives the clock while another thread polls takes it that there may be input, and tries again."""
    polling = Polling()

    def keep(_limit_s, attempt, *, has_input, expects):
        polling.has_input = has_input
        return attempt(0)

    waits = types.SimpleNamespace(applies=lambda _limit_s: True, is_owner=True, keep=keep)
    assert selecting._limited_poll(Polling, waits, unit=1)(polling, 60) == []
    assert polling.answers == [True]
