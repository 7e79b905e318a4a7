"""Event loops in virtual time: timers, real sockets and children, deadlocks and livelocks, loops that live on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from pytest_toolcheck.clock import VirtualDeadlock, VirtualLivelock, children, virtual_time
from pytest_toolcheck.clock.children import Family


def run(main, **options):
    with virtual_time(**options) as clock:
        return asyncio.run(main(clock))


def test_backoff_is_exact():
    """1 + 2 + 4 seconds between attempts are exactly that, as floats."""

    async def main(_):
        at = []
        for attempt in range(4):
            at.append(time.monotonic())
            await asyncio.sleep(2**attempt)
        return at

    at = run(main)
    assert [b - a for a, b in itertools.pairwise(at)] == [1, 2, 4]


def test_timers_fire_in_order_at_their_instants():
    """call_later, call_at, timeouts and sleeps of many tasks fire in the order of their instants."""

    async def main(clock):
        loop, seen = asyncio.get_running_loop(), []
        for delay in (3, 0.1, 2, 0.2):
            loop.call_later(delay, lambda d=delay: seen.append((d, clock.now)))
        await asyncio.sleep(5)
        return seen

    assert run(main) == [(0.1, 0.1), (0.2, 0.2), (2, 2), (3, 3)]


def test_sleeps_are_listed():
    """`sleeps` holds every asyncio.sleep and time.sleep, in order; timeouts are none."""

    async def main(clock):
        await asyncio.sleep(1)
        async with asyncio.timeout(99):
            await asyncio.sleep(2)
        time.sleep(3)
        await asyncio.sleep(0)
        return clock.sleeps, clock.now

    assert run(main) == ([1, 2, 3], 6)


def test_a_timer_far_from_zero_is_due():
    """A machine that has been up for years has coarse floats: timers are due all the same."""
    from pytest_toolcheck.clock import VirtualClock

    async def main():
        for _ in range(100):
            await asyncio.sleep(0.1)

    clock = VirtualClock(monotonic_ns=3 * 10**17 + 123_456_789)
    with virtual_time(clock):
        asyncio.run(main())
    assert round(clock.now, 4) == 10


def test_a_connection_to_another_process_is_waited_for():
    """A virtual timeout does not strike while a server in another process works on its answer."""
    server = (
        "import socket, sys, time\n"
        "s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)\n"
        "c, _ = s.accept(); c.recv(10); time.sleep(0.1); c.sendall(b'answer'); c.close()\n"
    )
    with subprocess.Popen([sys.executable, "-c", server], stdout=subprocess.PIPE, text=True) as child:
        port = int(child.stdout.readline())

        async def main(clock):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"question")
            answer = await asyncio.wait_for(reader.read(10), 0.001)
            writer.close()
            return answer, clock.now

        assert run(main) == (b"answer", 0)


def test_an_idle_child_does_not_hold_the_clock():
    """A child that waits for input is no work: an hour passes at once beside it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:

        async def main(clock):
            await asyncio.sleep(3600)
            return clock.now, clock.mover.stalls

        assert run(main) == (3600, [])
        child.communicate(b"\n")


def test_a_child_that_never_ends_holds_the_clock_only_so_long():
    """After `max_real_wait` the clock moves on, and `stalls` says what it had waited for."""
    with subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=-1) as child:
        child.stdout.readline()

        async def main(clock):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 30)
            return clock.now, clock.mover.stalls

        now, stalls = run(main, max_real_wait="20ms")
        child.kill()
    assert now == 30
    assert f"child process {child.pid}" in stalls[0]


def idle_child():
    return subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


def test_a_wait_for_a_child_keeps_virtual_time():
    """`Popen.wait(600)` ends at once, in one step, beside a child that does nothing, and when a child has ended."""
    with idle_child() as child, virtual_time() as clock:
        with pytest.raises(subprocess.TimeoutExpired, match="after 600 seconds"):
            child.wait(timeout=600)
        assert (clock.now, clock.jumps) == (600, 1)
        threading.Timer(50, child.stdin.close).start()
        assert child.wait(timeout=600) == 0
        assert clock.now == 650


def test_an_endless_wait_for_an_idle_child_is_a_deadlock():
    """Nobody is left to give it the input that it waits for."""
    with idle_child() as child:
        with pytest.raises(VirtualDeadlock, match="no timer"), virtual_time():
            child.wait()
        child.stdin.close()


@pytest.mark.parametrize("code", ["time.sleep(600)", "subprocess.run(['sleep', '600'])"])
def test_a_child_that_sleeps_for_too_long_is_not_waited_for(code):
    """It is known to sleep for longer than it would be waited for: limits pass at once, and endless waits are told."""
    command = [sys.executable, "-c", f"import subprocess, time; print(flush=True); {code}"]
    with ending(subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)) as child, child.stdout:
        child.stdout.readline()
        with virtual_time() as clock, pytest.raises(subprocess.TimeoutExpired):
            child.wait(timeout=3)
        assert clock.now == 3
        with pytest.raises(VirtualDeadlock, match=r"child process .* woke nothing"), virtual_time():
            child.wait()


def test_a_deadlock_names_the_child_beside_an_older_thread_that_ticks():
    """Of all that might have woken the test, none is left out, whichever thread found that it did not."""
    over, loop = threading.Event(), asyncio.new_event_loop()
    threads = [threading.Thread(target=over.wait, args=(60,), name="older"), threading.Thread(target=loop.run_forever)]
    for thread in threads:
        thread.start()
    try:
        with ending(subprocess.Popen(["sleep", "600"], start_new_session=True)) as child:
            told = r"child process .* and thread 'older'.* woke nothing"
            with pytest.raises(VirtualDeadlock, match=told), virtual_time():
                child.wait()
    finally:
        over.set()
        loop.call_soon_threadsafe(loop.stop)
        for thread in threads:
            thread.join()
        loop.close()


def test_a_child_that_slept_for_too_long_is_waited_for_when_it_is_killed():
    """Its end takes a moment of real time; both ways of waiting for it know."""
    with virtual_time() as clock:
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(["sleep", "600"], timeout=60, check=False)
        assert clock.now == 60

    async def main(clock):
        child = await asyncio.create_subprocess_exec("sleep", "600")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(child.wait(), 60)
        child.kill()
        return await child.wait(), clock.now

    assert run(main) == (-signal.SIGKILL, 60)


def test_a_child_that_was_waited_for_in_vain_is_waited_for_when_it_is_killed():
    """It computed for longer than `max_real_wait`; its end is no deadlock."""
    with virtual_time(max_real_wait="20ms") as clock:
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run([sys.executable, "-c", "while True: pass"], timeout=60, check=False)
        assert clock.now == 60


def test_work_beside_a_child_that_sleeps_is_waited_for():
    """One of two children sleeps for ten minutes; the other's work takes no virtual time."""
    with ending(subprocess.Popen(["sleep", "600"], start_new_session=True)), virtual_time() as clock:
        assert subprocess.run([sys.executable, "-c", "import time; time.sleep(0.05)"], timeout=60, check=True)
        assert clock.now == 0


@pytest.mark.parametrize("most_threads", [children._MOST_THREADS, 0])
def test_a_child_is_found_among_strangers(monkeypatch, most_threads):
    """A child born late, and its own child, are found: among all processes, too, where there are too many threads to ask."""
    monkeypatch.setattr(children, "_MOST_THREADS", most_threads)
    family = Family()
    before = set(family.members())
    with ending(subprocess.Popen(["sh", "-c", "sleep 600 & wait"], start_new_session=True)) as first:
        while len(found := set(family.members()) - before) < 2:
            time.sleep(0.001)
        assert first.pid in found
        with ending(subprocess.Popen(["sleep", "600"], start_new_session=True)) as second:
            assert set(family.members()) - before == {*found, second.pid}
    assert set(family.members()) <= before


@contextlib.contextmanager
def ending(child):
    """Kill a child and its own children, however the block ends."""
    try:
        yield child
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def test_a_server_and_its_client_in_one_loop():
    """Both ends of a connection in one loop: the server's virtual work and the client's timeout share the clock."""

    async def serve(reader, writer):
        question = await reader.readline()
        await asyncio.sleep(5)
        writer.write(question.upper())
        await writer.drain()
        writer.close()

    async def main(clock):
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"question\n")
            answer = await asyncio.wait_for(reader.readline(), 6)
            writer.close()
            await writer.wait_closed()
        return answer, clock.now

    assert run(main) == (b"QUESTION\n", 5)


def test_a_server_that_is_too_slow_times_out():
    """The same connection, with a client that waits for less than the server takes."""

    async def serve(reader, writer):
        await reader.readline()
        await asyncio.sleep(5)
        writer.close()

    async def main(clock):
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"question\n")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.readline(), 3)
            timed_out = clock.now
            writer.close()
            await asyncio.sleep(10)
        return timed_out

    assert run(main) == 3


def test_a_livelock_names_what_runs():
    """A loop that re-arms a timer at the same instant for ever fails, naming the callback."""

    async def main(_):
        loop = asyncio.get_running_loop()

        def rearm():
            loop.call_later(0, rearm)

        rearm()
        await asyncio.sleep(60)

    with pytest.raises(VirtualLivelock) as failure:
        run(main)
    assert "rearm (test_clock_loop.py:" in str(failure.value)


def test_a_polling_task_is_a_livelock_too():
    """`while not done: await asyncio.sleep(0)` with nothing that could end it fails, naming the task."""

    async def polls():
        while True:
            await asyncio.sleep(0)

    async def main(_):
        await asyncio.create_task(polls(), name="poller")

    with pytest.raises(VirtualLivelock, match=r"poller: .*polls \(test_clock_loop.py:"):
        run(main)


def test_a_deadlock_is_told_for_every_task():
    """All tasks that wait are named, each with its own function and line."""

    async def first():
        await asyncio.Event().wait()

    async def second():
        await asyncio.Lock().acquire()
        await asyncio.get_running_loop().create_future()

    async def main(_):
        async with asyncio.TaskGroup() as group:
            group.create_task(first(), name="one")
            group.create_task(second(), name="two")

    with pytest.raises(BaseException) as failure:
        run(main)
    text = str(failure.value) + "".join(map(str, getattr(failure.value, "exceptions", ())))
    for part in ("one: ", "first (test_clock_loop.py:", "two: ", "second (test_clock_loop.py:"):
        assert part in text


def test_a_loop_that_outlives_virtual_time_keeps_its_timers():
    """A timer set in real time keeps what it has left to wait, in virtual time and back in real time."""
    loop = asyncio.new_event_loop()
    try:
        fired = []
        loop.call_later(3600, lambda: fired.append("before"))
        with virtual_time() as clock:
            loop.run_until_complete(asyncio.sleep(3500))
            loop.call_later(500, lambda: fired.append("during"))
            assert (fired, clock.now) == ([], 3500)
        left = sorted(timer._when - loop.time() for timer in loop._scheduled)
        assert 0 < left[0] <= 101
        assert 0 < left[1] <= 501
        loop.run_until_complete(asyncio.sleep(0))
        assert fired == []
    finally:
        loop.close()


def test_a_loop_in_a_thread_shares_the_clock():
    """asyncio.run in a worker thread waits in the same virtual time as the test's own thread."""
    ended = []

    async def work(clock):
        await asyncio.sleep(30)
        ended.append(clock.now)

    with virtual_time() as clock:
        thread = threading.Thread(target=lambda: asyncio.run(work(clock)))
        thread.start()
        time.sleep(60)
        thread.join()
        assert (ended, clock.now) == ([30], 60)


def test_a_thread_may_wake_the_loop():
    """call_soon_threadsafe from a sleeping thread arrives at its instant."""

    async def main(clock):
        loop, event = asyncio.get_running_loop(), asyncio.Event()

        def wake():
            time.sleep(7)
            loop.call_soon_threadsafe(event.set)

        thread = threading.Thread(target=wake)
        thread.start()
        await asyncio.wait_for(event.wait(), 60)
        thread.join()
        return clock.now

    assert run(main) == 7


def test_a_deadlock_in_a_caught_loop_stops_for_good():
    """Code that catches the error and waits again and again cannot keep the test alive."""

    async def main(_):
        while True:
            try:
                await asyncio.Event().wait()
            except AssertionError:
                continue

    with pytest.raises(VirtualDeadlock):
        run(main)


def test_a_loop_that_runs_already_is_attached():
    """`with virtual_time():` inside a coroutine puts the loop that runs it into virtual time, and back."""

    async def main():
        loop = asyncio.get_running_loop()
        selector = loop._selector
        with virtual_time() as clock:
            await asyncio.sleep(60)
            assert clock.now == 60
        assert loop._selector is selector
        await asyncio.sleep(0.001)

    asyncio.run(main())


def test_a_timer_set_between_two_runs_is_on_time():
    """A loop made in virtual time, its timers set before it runs, fires them at their instants."""
    with virtual_time() as clock:
        loop = asyncio.new_event_loop()
        fired = []
        loop.call_later(5, lambda: fired.append(clock.now))
        loop.run_until_complete(asyncio.sleep(10))
        loop.call_later(5, lambda: fired.append(clock.now))
        loop.run_until_complete(asyncio.sleep(10))
        loop.close()
    assert fired == [5, 15]


def test_a_foreign_loop_is_refused():
    """A loop that is not asyncio's selector loop is refused with its name, instead of waiting for ever."""

    class Foreign(asyncio.BaseEventLoop):
        pass

    with virtual_time():
        loop = Foreign()
        with pytest.raises(AssertionError, match=r"selector loop of asyncio, not .*Foreign: use the default loop"):
            loop.run_forever()
        loop.close()


def test_a_runner_of_a_foreign_loop_is_refused():
    """A loop that is written in C (uvloop) is refused by the runner that would run it, before it waits in real time."""

    class Compiled:
        def close(self):
            pass

        set_debug = run_until_complete = shutdown_asyncgens = shutdown_default_executor = lambda self, *_: None

    with asyncio.Runner(loop_factory=Compiled) as runner, virtual_time():
        with pytest.raises(AssertionError, match=r"selector loop of asyncio, not .*Compiled: use the default loop"):
            runner.run(asyncio.sleep(60))
        assert asyncio.run(asyncio.sleep(60, "slept")) == "slept"


@pytest.mark.filterwarnings("ignore:The executor did not finish")  # of asyncio since 3.12, at the end of the run
def test_the_first_deadlock_is_told_not_that_of_cleaning_up():
    """`asyncio.run` waits at its end for the thread that the task waited for, and finds nobody either: that is no news."""

    async def ask():
        await asyncio.to_thread(threading.Event().wait)

    with (
        pytest.raises(VirtualDeadlock, match=r"^deadlock in virtual time: Task-\d+: .*ask \(test_clock_loop.py"),
        virtual_time(),
    ):
        asyncio.run(ask())
