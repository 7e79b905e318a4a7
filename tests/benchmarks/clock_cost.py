"""What virtual time costs: `python tests/benchmarks/clock_cost.py`. Times are real, the best of several."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from pytest_toolcheck.clock import real_monotonic_ns, virtual_time


def best_us(work: Callable[[], object], *, repeats: int = 7) -> float:
    """Return the shortest real time of some work, in microseconds."""
    taken = []
    for _ in range(repeats):
        start = real_monotonic_ns()
        work()
        taken.append(real_monotonic_ns() - start)
    return min(taken) / 1000


def entered_and_left() -> None:
    with virtual_time():
        pass


def in_loop(coroutine: Callable[[], object]) -> float:
    """Return the real time of a coroutine in a virtual loop, without starting the loop, in microseconds."""
    loop = asyncio.new_event_loop()
    with virtual_time():
        taken = best_us(lambda: loop.run_until_complete(coroutine()))
    loop.close()
    return taken


async def jumps(count: int = 1000) -> None:
    for _ in range(count):
        await asyncio.sleep(1)


async def back_off() -> None:
    for wait_s in (1, 2, 4):
        await asyncio.sleep(wait_s)


async def heartbeats() -> None:
    for _ in range(10):
        await asyncio.sleep(1.2)


async def breaker_recovery() -> None:
    await asyncio.sleep(60)


async def jumps_beside_a_thread() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    await jumps(100)
    stop.set()
    thread.join()


def readings(count: int = 100_000) -> None:
    for _ in range(count):
        time.monotonic()


def main() -> None:
    entered_and_left()
    with virtual_time():
        virtual_reading = best_us(readings) / 100_000
    rows = {
        "enter and leave virtual time": f"{best_us(entered_and_left):.0f} us",
        "60 s of a breaker's recovery": f"{in_loop(breaker_recovery):.0f} us",
        "back-off of 1 + 2 + 4 s": f"{in_loop(back_off):.0f} us",
        "ten heartbeats over 12 s": f"{in_loop(heartbeats):.0f} us",
        "one jump": f"{in_loop(jumps) / 1000:.1f} us",
        "one jump beside a parked thread": f"{in_loop(jumps_beside_a_thread) / 100:.0f} us",
        "time.monotonic(), virtual": f"{virtual_reading * 1000:.0f} ns",
        "time.monotonic(), real": f"{best_us(readings) / 100:.0f} ns",
    }
    for name, value in rows.items():
        print(f"{name:<34}{value:>12}")


if __name__ == "__main__":
    main()
