"""The work of the reference system's performance tests, done through this plugin's fixtures on the example project.

Waits are virtual; what is measured is real time. Run by `__main__.py`; `pytest tests/benchmarks/reference/figures.py` works too.
"""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pytest_toolcheck.clock import real_monotonic_ns

from .theirs import THEIRS

SPEC = "../../../example_project/shop_resilience.tool.yaml"
pytestmark = pytest.mark.tool_spec(SPEC)
SKU = {"sku": "ABC-1234"}


def real_s() -> float:
    """Real time, also where the clocks of `time` are virtual."""
    return real_monotonic_ns() / 1e9


@pytest.fixture
def figure(event_log) -> Callable[[str, float], None]:
    """Write a figure into the event log, and fail where it does not beat theirs."""

    def note(work: str, measured: float) -> None:
        event_log.emit("case.progress", attrs={"figure": work, "measured": measured})
        assert measured < THEIRS[work][0]

    return note


@pytest.fixture
def closed_breaker(tools, breakers):
    """Control of the supplier's breaker, which is closed again at the end."""
    from shop import pricing

    control = breakers.control(pricing._asked)
    yield control
    control.reset()


@pytest.fixture
def measured(figure) -> Callable[..., object]:
    """Measure the body of a `with`, shared out over `times`."""

    @contextmanager
    def measure(work: str, *, times: int = 1) -> Iterator[None]:
        began = real_s()
        yield
        figure(work, (real_s() - began) / times)

    return measure


def test_sessions_opened_at_once(tool_sessions, measured):
    """Fifty threads open a session each."""
    with ThreadPoolExecutor(50) as pool, measured("50 concurrent session creations"):
        sessions = list(pool.map(lambda _: tool_sessions.open(), range(50)))
    assert len({session.id for session in sessions}) == 50


def test_operations_at_once(tool_sessions, measured):
    """Twenty sessions make a call each, at once."""
    tool_sessions.open(20)
    with measured("20 concurrent operations"):
        outcomes = tool_sessions.map("add_to_basket", {"sku": "ABC-1234"})
    assert [outcome.value for outcome in outcomes] == [{"ABC-1234": 1}] * 20


@pytest.mark.virtual_time
def test_clean_ups(tool_sessions, virtual_clock, measured):
    """A hundred sessions have been idle for an hour and are cleaned up."""
    tool_sessions.open(100)
    virtual_clock.advance("3600s")
    with measured("100 clean-ups"):
        expired = tool_sessions.expire()
    assert len(expired) == 100


@pytest.mark.virtual_time
def test_creation_and_activity(tool_sessions, measured):
    """One session after the other is opened, then used."""
    with measured("session creation", times=100):
        sessions = [tool_sessions.open() for _ in range(100)]
    with measured("activity update", times=100):
        for session in sessions:
            session.touch()


@pytest.mark.asyncio
@pytest.mark.virtual_time
async def test_degradations_at_once(closed_breaker, faults, virtual_clock, measured):
    """Fifty calls fail four times each, wait 1, 2 and 4 s in between, and are answered by the fallback."""
    from shop.pricing import live_price

    fault = faults.inject("shop.supplier:ask_price", "error(ConnectionError)")
    began_s = virtual_clock.now
    with measured("50 concurrent degradations"):
        answers = await asyncio.gather(*(live_price(**SKU) for _ in range(50)))
    assert {answer["source"] for answer in answers} == {"last order"}
    assert (fault.fired, virtual_clock.now - began_s) == (200, 7)


@pytest.mark.asyncio
@pytest.mark.virtual_time
async def test_heartbeats_at_once(tools, faults, measured):
    """Ten calls of 12 s report their progress."""
    from shop.stocktaking import take_stock

    reports: list[tuple[int, int]] = []
    faults.inject("shop.supplier:count_shelf", "delay(6.1s)")
    with measured("10 concurrent heartbeats over 12 s"):
        await asyncio.gather(*(take_stock(2, lambda *report: reports.append(report)) for _ in range(10)))
    assert len(reports) == 20


@pytest.mark.asyncio
async def test_overheads(tools, figure):
    """What retries, breaker and time limit add to a call that succeeds; what the heartbeat adds to one."""
    from shop.pricing import live_price
    from shop.stocktaking import take_stock
    from shop.supplier import ask_price

    async def each_s(call: Callable[[], object]) -> float:
        began = real_s()
        for _ in range(50):
            await call()  # type: ignore[misc]
        return (real_s() - began) / 50

    bare, guarded = await each_s(lambda: ask_price("ABC-1234")), await each_s(lambda: live_price(**SKU))
    figure("degradation overhead", guarded - bare)
    silent, beating = await each_s(lambda: take_stock(2)), await each_s(lambda: take_stock(2, print))
    figure("heartbeat overhead", max(beating - silent, 1e-6))


@pytest.mark.asyncio
@pytest.mark.virtual_time
async def test_growth(closed_breaker, faults, figure):
    """What a hundred degradations leave behind in memory."""
    from shop.pricing import live_price

    faults.inject("shop.supplier:ask_price", "error(ConnectionError)")

    async def hundred() -> None:
        for _ in range(100):
            await live_price(**SKU)
            closed_breaker.reset()

    await hundred()
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        await hundred()
        gc.collect()
        figure("growth over 100 runs", max(tracemalloc.get_traced_memory()[0] - before, 0) / 1e6)
    finally:
        tracemalloc.stop()


@pytest.mark.asyncio
async def test_cpu_while_heartbeats_run(tools, figure, monkeypatch):
    """Ten calls report every 20 ms, in real time: the share of a core that they take."""
    from shop import stocktaking

    async def waiting(shelf: int) -> int:
        await asyncio.sleep(0.1)
        return shelf

    monkeypatch.setattr("shop.supplier.count_shelf", waiting)
    monkeypatch.setattr(stocktaking, "BEAT_S", 0.02)
    began, used = real_s(), time.process_time()
    await asyncio.gather(*(stocktaking.take_stock(2, lambda *_: None) for _ in range(10)))
    figure("CPU while heartbeats run", 100 * (time.process_time() - used) / (real_s() - began))
