"""Code that looks at the clock, or for something else, again and again without waiting for it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import select
import threading
import time
from datetime import datetime, timedelta

import pytest

from pytest_toolcheck.clock import VirtualDeadlock, VirtualLivelock, virtual_time

READS = "pytest_toolcheck.clock.virtual.READS_AT_ONE_INSTANT"


@pytest.fixture(name="clock")
def _clock():
    with virtual_time() as clock:
        yield clock


def test_a_loop_that_looks_until_the_instant_has_passed_leaves_it_exact(clock):
    """`as_completed(timeout)` ends *after* its instant: it is shown a little more, and the clock stays where it is."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(time.sleep, 5), pool.submit(time.sleep, 50)]
        with pytest.raises(concurrent.futures.TimeoutError):
            list(concurrent.futures.as_completed(jobs, timeout=20))
        assert clock.now == 20
        began = time.monotonic()
        time.sleep(5)
        assert time.monotonic() - began == 5
    assert clock.now == 50


@pytest.mark.parametrize(
    "look",
    [
        lambda: threading.Event().wait(0),
        lambda: time.sleep(0),
        lambda: select.select([], [], [], 0),
        lambda: select.poll().poll(0),
    ],
    ids=["event", "sleep", "select", "poll"],
)
@pytest.mark.parametrize(
    ("now", "second"),
    [(time.monotonic, 1), (time.monotonic_ns, 10**9), (time.time, 1), (datetime.now, timedelta(seconds=1))],
    ids=["monotonic", "monotonic_ns", "time", "datetime"],
)
def test_looking_until_a_limit_has_passed_ends(clock, look, now, second):
    """`while now() <= deadline: look()` ends in real time, so it does in virtual time, by any clock; none moves for it."""
    deadline, looks = now() + second, 0
    time.sleep(1)
    while now() <= deadline:
        look()
        looks += 1
        assert looks < 1000
    assert clock.now == 1


def test_reading_until_a_limit_has_passed_ends(clock, monkeypatch):
    """The same, where nothing tells that somebody looks for something: `queue.get(timeout=what is left)`."""
    monkeypatch.setattr("pytest_toolcheck.clock.virtual.READS_UNTIL_AHEAD", 1000)
    deadline = time.monotonic() + 5
    while (left := deadline - time.monotonic()) >= 0:
        with pytest.raises(queue.Empty):
            queue.Queue().get(timeout=left)
    assert 5 <= clock.now < 5 + 10e-9  # who only reads is helped over the instant itself by a nanosecond or two


@pytest.mark.parametrize("look", [lambda: threading.Event().wait(0), lambda: time.sleep(0)], ids=["event", "sleep"])
def test_looking_for_a_later_instant_is_a_livelock(monkeypatch, look):
    """Nobody moves the clock for who does not wait: it is told so, not left to hang."""
    monkeypatch.setattr(READS, 10_000)

    def look_until(deadline):
        while time.monotonic() < deadline:
            look()

    with virtual_time(), pytest.raises(VirtualLivelock, match="look_until"):
        look_until(time.monotonic() + 10)


def test_a_livelock_in_another_thread_fails_the_test(monkeypatch):
    """The thread ends by it; the test that has joined the thread does not pass."""
    monkeypatch.setattr(READS, 10_000)
    monkeypatch.setattr(threading, "excepthook", lambda _error: None)

    def spin():
        while time.monotonic() >= 0:
            pass

    def run():
        with virtual_time():
            thread = threading.Thread(target=spin)
            thread.start()
            thread.join()

    with pytest.raises(VirtualLivelock, match="spin"):
        run()


def test_a_busy_loop_beside_real_work_is_none_of_virtual_time(monkeypatch):
    """Who looks again and again whether a computing thread is done waits for the thread, not for the clock."""
    monkeypatch.setattr(READS, 10_000)
    done, looks = [], 0

    def compute():
        """Work for a while, past the first suspicion, and not until the very moment of another one."""
        began = time.thread_time()
        while time.thread_time() - began < 0.05 or looks <= 10_000 or not 2_000 < looks % 10_000 < 8_000:
            pass
        done.append(True)

    with virtual_time(max_real_wait="60s") as clock:  # by then a busy machine has come to it, too
        thread = threading.Thread(target=compute)
        thread.start()
        while not done:
            time.monotonic()
            looks += 1
        thread.join()
        assert clock.now == 0


def test_work_that_ends_as_it_is_looked_for_is_noticed_first(clock, monkeypatch):
    """Nothing is at work any more, but the loop that waits for it has not looked since: it looks once more."""
    monkeypatch.setattr(READS, 10_000)
    done = []

    def end_unseen():
        done.append(True)
        return False

    monkeypatch.setattr(clock.mover, "has_work", end_unseen)

    def look_until(is_over):
        while not is_over():
            time.monotonic()

    look_until(lambda: done)
    with pytest.raises(VirtualLivelock):
        look_until(bool)


def test_a_loop_notices_work_that_ends_as_it_is_looked_for(clock, monkeypatch):
    """The same of an event loop that turns until a thread has ended."""
    monkeypatch.setattr("pytest_toolcheck.clock.loop.TURNS_AT_ONE_INSTANT", 200)
    done = []
    monkeypatch.setattr(clock.mover.activity, "find_work", lambda *_args, **_keywords: done.append(True))

    async def wait_for_it():
        while not done:
            await asyncio.sleep(0)

    asyncio.run(wait_for_it())
    assert done


def test_sleeping_for_ever_is_no_timer():
    """`asyncio.sleep(math.inf)`, which is anyio's `sleep_forever`, is ended by others, or is a deadlock."""

    async def sleep_for_ever(limit):
        async with asyncio.timeout(limit):
            await asyncio.sleep(float("inf"))

    with virtual_time() as clock:
        with pytest.raises(TimeoutError):
            asyncio.run(sleep_for_ever(60))
        assert clock.now == 60
    with pytest.raises(VirtualDeadlock, match="sleep_for_ever"), virtual_time():
        asyncio.run(sleep_for_ever(None))
