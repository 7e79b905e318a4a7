"""A signal's handler that waits: in the midst of another wait of the same thread, wherever that is."""

from __future__ import annotations

import asyncio
import queue
import select
import signal
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from pytest_toolcheck.clock import driver, virtual_time
from pytest_toolcheck.clock.virtual import Waiter


@pytest.fixture(name="clock")
def _clock():
    with virtual_time() as clock:
        yield clock


@pytest.fixture(name="handled")
def _handled(clock):
    """The instants at which a handler of SIGALRM has slept for ten seconds; the first comes at 5."""
    at = []

    def sleep_long(*_):
        time.sleep(10)
        at.append(clock.now)

    before = signal.signal(signal.SIGALRM, sleep_long)
    signal.alarm(5)
    yield at
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@contextmanager
def beside(function):
    thread = threading.Thread(target=function)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def by_poll():
    one, other = socket.socketpair()
    with one, other:
        poll = select.poll()
        poll.register(one, select.POLLIN)
        poll.poll(8000)


@pytest.mark.parametrize(
    "wait",
    [
        lambda: time.sleep(8),
        lambda: threading.Event().wait(8),
        lambda: threading.Lock().acquire() and asyncio.run(asyncio.sleep(8)),
        lambda: select.select([], [], [], 8),
        by_poll,
    ],
)
def test_a_handler_sleeps_for_longer_than_what_it_interrupts(clock, handled, wait):
    """The wait that it came upon is over when the handler is, and the clock stands still for neither."""
    wait()
    assert handled == [15]
    assert clock.now == 15


def test_what_arrives_meanwhile_is_found_afterwards(clock, handled):
    """An endless wait that is over while the handler sleeps does not hold the clock."""
    event, items, seen = threading.Event(), queue.Queue(), []
    with beside(lambda: (time.sleep(7), event.set(), items.put("late"), time.sleep(4), seen.append(clock.now))):
        event.wait()
        assert items.get() == "late"
    assert handled == [15]
    assert (clock.now, seen) == (15, [11])


def test_a_handler_sleeps_while_threads_tick(clock):
    """Timers that ring again and again, and others' sleeps in between: each at its instant."""
    at, ticks, over = [], [], threading.Event()

    def handle(*_):
        time.sleep(0.25)
        at.append(clock.now)

    def tick():
        while not over.wait(0.1):
            ticks.append(clock.now)

    before = signal.signal(signal.SIGALRM, handle)
    try:
        with beside(tick):
            signal.setitimer(signal.ITIMER_REAL, 1, 1)
            for _ in range(20):
                time.sleep(0.3)
            signal.setitimer(signal.ITIMER_REAL, 0)
            over.set()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert at[:3] == [1.25, 2.25, 3.25]
    assert len(ticks) >= 55


@contextmanager
def entering(clock):
    with driver.Entering(clock.entering):
        yield


@contextmanager
def starting(clock):
    clock.starting.add(threading.get_ident())
    yield
    clock.starting.clear()


@pytest.mark.parametrize("place", [entering, starting, lambda clock: clock.guard, lambda clock: clock.mover._driving])
def test_a_handler_may_wait_wherever_it_strikes(clock, place):
    """Also where its thread keeps the others from the clock's lists: they go on, and it is there again afterwards."""
    seen, go = [], threading.Event()

    def held():
        return set(clock.entering), set(clock.starting), clock.guard._is_owned(), clock.mover._driving._is_owned()

    with beside(lambda: (go.wait(), time.sleep(3), seen.append(clock.now))), place(clock):
        before = held()
        go.set()
        time.sleep(5)
        assert held() == before
    assert (clock.now, seen) == (5, [3])


def test_a_look_around_that_a_handler_interrupted_is_worth_nothing(clock, monkeypatch):
    """What was found to stand still before the handler waited may run afterwards: it is looked at again."""
    mover, looks, me = clock.mover, [], threading.get_ident()
    find = mover._find_work

    def find_interrupted(waiting):
        found = find(waiting)
        if threading.get_ident() != me:
            return found
        looks.append(sum(waiter.thread == me for waiter in waiting))
        if len(looks) == 1:
            time.sleep(1)  # the handler's
            looks.append("handled")
        return found

    monkeypatch.setattr(mover, "_find_work", find_interrupted)
    waiter = Waiter(5_000_000_000)
    assert mover._enlist(waiter)
    assert mover._move(waiter) is False
    assert clock.now == 1
    assert mover._move(waiter) is True
    assert (clock.now, looks[0], looks[-2:]) == (5, 1, ["handled", 1])
    mover._strike(waiter)
