"""The eight requirements of virtual time, each alone and all together, without pytest's help."""

from __future__ import annotations

import asyncio
import datetime
import sys
import threading
import time
from time import monotonic as aliased_monotonic
from time import sleep as aliased_sleep

import pytest

from pytest_toolcheck.clock import VirtualDeadlock, current_virtual_seconds, virtual_time

MINUTE = 60


def default_argument(clock=time.monotonic):
    return clock()


def real_monotonic_ns():
    """A clock of the machine that virtual time leaves alone."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


def every_clock():
    return (
        time.monotonic(),
        time.monotonic_ns() / 1e9,
        time.perf_counter(),
        time.perf_counter_ns() / 1e9,
        time.clock_gettime(time.CLOCK_MONOTONIC),
        time.time(),
        time.time_ns() / 1e9,
        time.clock_gettime(time.CLOCK_REALTIME),
        datetime.datetime.now().timestamp(),
        datetime.datetime.now(datetime.UTC).timestamp(),
        float(time.mktime(time.localtime())),
        aliased_monotonic(),
        default_argument(),
    )


def moved(before, after):
    return [round(b - a, 6) for a, b in zip(before, after, strict=True)]


def test_loop_time_passes_without_real_time():
    """asyncio.sleep takes none of the real time that it waits for, and loop.time() shows all of it."""

    async def sleep():
        loop = asyncio.get_running_loop()
        start = loop.time()
        await asyncio.sleep(MINUTE)
        return loop.time() - start

    with virtual_time() as clock:
        assert asyncio.run(sleep()) == MINUTE
        assert clock.now == MINUTE
        assert clock.sleeps == [MINUTE]


def test_every_clock_of_time_and_datetime_moves_alike():
    """time.monotonic, perf_counter, time, their _ns, clock_gettime and datetime show the same passage of time."""
    with virtual_time() as clock:
        before = every_clock()
        clock.advance("60s")
        assert moved(before, every_clock()) == [MINUTE] * len(before)


def test_a_name_imported_from_time_follows():
    """`from time import monotonic` at the top of a module is the virtual clock too."""
    with virtual_time() as clock:
        start = aliased_monotonic()
        clock.advance(2.5)
        assert aliased_monotonic() - start == 2.5


def test_a_default_argument_follows():
    """A clock bound as a default argument, long before the test, is the virtual clock too."""
    with virtual_time() as clock:
        start = default_argument()
        clock.advance("1m30s")
        assert default_argument() - start == 90


def test_time_sleep_returns_at_once():
    """time.sleep, under any name, advances the clock by exactly its argument."""
    with virtual_time() as clock:
        start, real = time.monotonic(), real_monotonic_ns()
        time.sleep(3600)
        aliased_sleep(0.5)
        assert time.monotonic() - start == 3600.5
        assert clock.sleeps == [3600, 0.5]
    assert real_monotonic_ns() - real < 60e9


def test_sleeping_threads_share_the_clock():
    """Sleeps in worker threads overlap as they would in real time, and end in the order of their instants."""
    order = []

    def nap(seconds):
        time.sleep(seconds)
        order.append(seconds)

    async def main():
        await asyncio.gather(*(asyncio.to_thread(nap, seconds) for seconds in (15, 5, 10)))

    with virtual_time():
        start = time.monotonic()
        asyncio.run(main())
        assert time.monotonic() - start == 15
    assert order == [5, 10, 15]


def test_a_real_process_is_waited_for():
    """Virtual time stands still while a child works: a virtual timeout shorter than its real work does not strike."""

    async def main():
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "print('hi')", stdout=asyncio.subprocess.PIPE
        )
        line = await asyncio.wait_for(child.stdout.readline(), 0.001)
        return line, await child.wait()

    with virtual_time() as clock:
        assert asyncio.run(main()) == (b"hi\n", 0)
        assert clock.now == 0


def test_waiting_for_nothing_fails_at_once_and_names_the_task():
    """A deadlock is an immediate failure that names the pending task, its function, file and line."""

    async def waits_for_nothing():
        await asyncio.Event().wait()

    async def main():
        await asyncio.gather(asyncio.create_task(waits_for_nothing(), name="forlorn"))

    with pytest.raises(VirtualDeadlock) as failure, virtual_time():
        asyncio.run(main())
    assert "forlorn: " in str(failure.value)
    assert "waits_for_nothing (test_clock_requirements.py:" in str(failure.value)


def test_a_swallowed_deadlock_fails_all_the_same():
    """Code that catches every exception cannot turn a deadlock into a pass."""

    async def main():
        try:
            await asyncio.Event().wait()
        except Exception:
            return "swallowed"

    with pytest.raises(VirtualDeadlock), virtual_time():
        assert asyncio.run(main()) == "swallowed"


def test_real_time_is_back_afterwards():
    """Every function is the original again: the real clocks neither stand still nor show virtual time."""
    before = time.monotonic()
    with virtual_time() as clock:
        clock.advance("1000h")
        assert clock.now == 3_600_000
        assert current_virtual_seconds() == time.time()
    assert before <= time.monotonic() < before + 3600
    assert current_virtual_seconds() is None
    assert "pytest_toolcheck" not in repr(asyncio.BaseEventLoop.run_forever)
    assert asyncio.BaseEventLoop.run_forever.__module__ == "asyncio.base_events"


def test_all_of_it_at_once():
    """Threads, tasks, a child and timeouts together keep one exact time."""

    async def ticks(every, times):
        seen = []
        for _ in range(times):
            await asyncio.sleep(every)
            seen.append(time.monotonic())
        return seen

    async def main():
        start = time.monotonic()
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
        fast, slow, _, _ = await asyncio.gather(
            ticks(1, 12), ticks(4, 3), asyncio.to_thread(time.sleep, 7), child.wait()
        )
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.Event().wait()
        return [at - start for at in (*fast, *slow)], time.monotonic() - start

    with virtual_time():
        at, total = asyncio.run(main())
    assert at == [*range(1, 13), 4, 8, 12]
    assert total == 15
    assert threading.active_count() >= 1
