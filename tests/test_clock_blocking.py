"""Waits that C keeps: locks, simple queues, sockets and selectors with a time limit; and waits that nothing can end."""

from __future__ import annotations

import _thread
import asyncio
import concurrent.futures
import multiprocessing
import os
import queue
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from pytest_toolcheck.clock import VirtualDeadlock, virtual_time
from pytest_toolcheck.clock.sockets import is_within_reach
from pytest_toolcheck.clock.work import Work


@pytest.fixture(name="clock")
def _clock():
    with virtual_time() as clock:
        yield clock


@pytest.fixture(name="pair")
def _pair():
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def start(*functions):
    threads = [threading.Thread(target=function, daemon=True) for function in functions]
    [thread.start() for thread in threads]
    return threads


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock])
def test_a_lock_times_out_and_is_handed_over(clock, make):
    """Lock.acquire(timeout=60) fails sixty virtual seconds later, and succeeds at the instant of the release."""
    lock, held = make(), threading.Event()

    def hold():
        with lock:
            held.set()
            time.sleep(100)

    [thread] = start(hold)
    held.wait()
    assert lock.acquire(timeout=60) is False
    assert clock.now == 60
    assert lock.acquire(timeout=60) is True
    assert clock.now == 100
    lock.release()
    thread.join()


def test_locks_are_as_strict_as_ever(clock):
    """What a lock refuses it refuses here, in its own words; the types are put back afterwards."""
    for wrong in ((False, 1), (True, -2)):
        with pytest.raises(ValueError, match="timeout"):
            threading.Lock().acquire(*wrong)
    with pytest.raises(TypeError):
        threading.Lock().acquire(timeout="x")
    assert clock.now == 0


def test_the_types_of_c_are_put_back():
    """After virtual time the methods of locks and queues are the very ones that were there."""
    kinds = [(_thread.LockType, "acquire"), (_thread.RLock, "acquire"), (queue.SimpleQueue, "get")]
    kinds += [(socket.socket, "accept"), (selectors.SelectSelector, "select"), (selectors.DefaultSelector, "select")]
    before = [vars(kind)[name] for kind, name in kinds]
    with virtual_time():
        assert all(vars(kind)[name] is not own for (kind, name), own in zip(kinds, before, strict=True))
    assert all(vars(kind)[name] is own for (kind, name), own in zip(kinds, before, strict=True))
    assert "recv" not in vars(socket.socket)


def test_a_simple_queue_times_out_and_delivers(clock):
    """SimpleQueue.get(timeout) keeps virtual time, for any item, None included."""
    items = queue.SimpleQueue()
    with pytest.raises(queue.Empty):
        items.get(timeout=30)
    start(lambda: (time.sleep(5), items.put(None)))
    assert items.get(timeout=30) is None
    assert clock.now == 35


def test_a_socket_times_out_and_receives(clock, pair):
    """A blocking socket's time limit is virtual, in the test's thread and in others."""
    left, right = pair
    left.settimeout(60)
    with pytest.raises(TimeoutError, match="timed out"):
        left.recv(1)
    assert clock.now == 60
    start(lambda: (time.sleep(5), right.sendall(b"x")))
    assert (left.recv(1), clock.now) == (b"x", 65)
    with concurrent.futures.ThreadPoolExecutor(1) as pool, pytest.raises(TimeoutError):
        pool.submit(left.recv_into, bytearray(1)).result()
    assert clock.now == 125


def test_a_selector_times_out_and_sees(clock, pair):
    """select(timeout) of a selector outside any loop waits in virtual time."""
    left, right = pair
    for kind in (selectors.DefaultSelector, selectors.PollSelector, selectors.SelectSelector):
        with kind() as selector:
            selector.register(left, selectors.EVENT_READ)
            begun = clock.now
            assert selector.select(30) == []
            assert clock.now == begun + 30
            start(lambda: (time.sleep(5), right.sendall(b"x")))
            assert [key.fileobj for key, _events in selector.select(30)] == [left]
            assert (left.recv(1), clock.now) == (b"x", begun + 35)


def test_a_pipe_that_is_polled_without_waiting_answers(clock):
    """`Connection.poll()` looks until its instant has passed: it returns, instead of looking for ever."""
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        assert ours.poll() is False
        theirs.send("item")
        assert ours.poll(60)
    assert clock.now < 1e-6


def test_talking_to_a_stopped_child_times_out(clock):
    """`communicate(timeout=60)` with a child that is stopped (SIGSTOP) ends at once, sixty virtual seconds later."""
    with subprocess.Popen(["sleep", "600"], stdout=subprocess.PIPE) as child:
        child.send_signal(signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            child.communicate(timeout=60)
        child.kill()
    assert clock.now == pytest.approx(60)


def test_a_loop_older_than_the_test_lives_in_virtual_time():
    """A loop that a fixture runs in a thread takes part: its sleeps end at their virtual instants."""
    loop = asyncio.new_event_loop()
    [thread] = start(loop.run_forever)
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
    own = loop._selector
    with virtual_time() as clock:
        clock.advance("500s")
        assert asyncio.run_coroutine_threadsafe(asyncio.sleep(30, "slept"), loop).result(40) == "slept"
        assert clock.now == 530
        with pytest.raises(concurrent.futures.TimeoutError):
            asyncio.run_coroutine_threadsafe(asyncio.sleep(30), loop).result(10)
        assert clock.now == 540
    assert loop._selector is own
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def test_timers_of_an_older_loop_ring_in_virtual_time():
    """Also while its thread sleeps until the first of them, and nothing of the test comes by to wake it."""
    loop, beats = asyncio.new_event_loop(), []

    def beat():
        beats.append(loop.time())
        loop.call_later(6, beat)

    loop.call_soon(beat)
    [thread] = start(loop.run_forever)
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
    with virtual_time():
        time.sleep(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    assert len(beats) in (10, 11)


def test_a_selector_pauses_in_real_time(monkeypatch):
    """While real work is under way, the looks at what has arrived let no virtual time pass."""
    left, right = socket.socketpair()
    with left, right, selectors.DefaultSelector() as selector, virtual_time() as clock:
        selector.register(left, selectors.EVENT_READ)
        works = iter([Work(("thread", 0), "a thread at work")] * 5)
        monkeypatch.setattr(clock.mover.activity, "find_work", lambda *_who, **_how: next(works, None))
        assert selector.select(30) == []
        assert (clock.now, clock.jumps) == (30, 1)


def wait_for_an_event():
    threading.Event().wait()


def wait_for_an_item():
    queue.Queue().get()


def wait_for_a_simple_item():
    queue.SimpleQueue().get()


def wait_for_a_lock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def wait_for_a_result():
    concurrent.futures.Future().result()


def wait_for_a_thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    threading.enumerate()[-1].join()


def wait_for_bytes():
    left, right = socket.socketpair()
    with left, right:
        left.recv(1)


def wait_for_a_connection():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.accept()


def wait_for_a_peer():
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as mine:
        mine.recv(1)


def wait_for_a_selector():
    left, right = socket.socketpair()
    with left, right, selectors.DefaultSelector() as selector:
        selector.register(left, selectors.EVENT_READ)
        selector.select()


def wait_for_output():
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        write_end = os.dup(child.stdin.fileno())
        try:
            child.communicate()
        finally:
            os.close(write_end)


@pytest.mark.parametrize(
    "wait",
    [
        wait_for_bytes,
        wait_for_a_connection,
        wait_for_a_peer,
        wait_for_a_selector,
        wait_for_output,
        wait_for_an_event,
        wait_for_an_item,
        wait_for_a_simple_item,
        wait_for_a_lock,
        wait_for_a_result,
        wait_for_a_thread,
    ],
    ids=lambda wait: wait.__name__,
)
def test_a_wait_that_nothing_can_end_is_found(wait):
    """Without a loop too, a test that waits for ever fails at once, and its first line says where it waits."""
    with pytest.raises(VirtualDeadlock) as failure, virtual_time() as clock:
        wait()
    assert clock.now == 0
    assert f"time: {wait.__name__} (test_clock_blocking.py:" in str(failure.value).splitlines()[0]


def test_what_another_process_may_send_is_waited_for():
    """A blocking socket whose peer is in another process is none of ours: what that does is not seen."""
    code = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); s.recv(1)"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-c", code, str(listening.getsockname()[1])]
        with subprocess.Popen(command) as child, listening.accept()[0] as accepted:
            assert is_within_reach(listening.fileno())
            assert not is_within_reach(accepted.fileno())
            accepted.send(b"x")
            assert child.wait() == 0
    assert not is_within_reach(accepted.fileno())


def test_a_wait_that_a_ticking_thread_ends_is_no_deadlock(pair):
    """A thread that wakes by a real timer, as `serve_forever` does, may still end a wait without a limit."""
    done = threading.Event()

    def tick():
        with selectors.DefaultSelector() as selector:
            selector.register(pair[0], selectors.EVENT_READ)
            selector.select(0.2)
            done.set()

    with virtual_time() as clock:
        [thread] = start(tick)
        done.wait()
        thread.join()
        assert clock.mover.stalls == []
