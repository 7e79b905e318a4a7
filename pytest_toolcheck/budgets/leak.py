"""The leak meter: how much more memory is in use after every further call.

In this process two passes, since each is blind to something: `tracemalloc` counts Python's objects exactly, and
glibc's `mallinfo2` all blocks of C code (and Python's beyond 512 bytes). Of a server it is the slope of its own share
of memory (PSS). A slope over rounds of calls after a warm-up, by Theil and Sen, so that a table that grows now and then
does not matter. What looks like a leak has to go on in a second stretch: a cache that fills up and stops is none.
"""

from __future__ import annotations

import ctypes
import gc
import tracemalloc
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .clocks import MeterError, refuse_virtual_time
from .memory_children import resident_bytes
from .slope import Slope, theil_sen
from .verdict import Verdict

WARM_UP, SERVER_WARM_UP = 10, 100
"""A server's first growth fills what its heap has left over, and is not seen."""
CALLS_A_ROUND = 5
ROUNDS = 19
"""The warm-up and a stretch of 19 rounds of 5 calls find a leak within 200 calls; a second stretch confirms it."""


@dataclass(frozen=True, slots=True)
class LeakReading:
    """Growth a call in bytes, with its interval, over the last stretch; `source` says what was counted."""

    growth: Slope
    calls: int
    source: str
    verdict: Verdict


class _MallInfo(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keep",
        )
    )


def native_bytes() -> int | None:
    """Return the bytes in use in malloc, mapped blocks included; None where the C library does not tell."""
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return None
    mallinfo2.restype = _MallInfo
    info = mallinfo2()
    return int(info.uordblks) + int(info.hblkhd)


def measure_leak(
    call: Callable[[], Any], budget_bytes: int, *, process_ids: Sequence[int] = (), own_process: bool = True
) -> list[LeakReading]:
    """Make up to 200 calls a pass (290 of a server), 95 more where those leave it open.

    Return a reading for each thing counted, a failed one last. Raises MeterError where nothing can be
    counted: tracemalloc already in use, a server without /proc.
    """
    refuse_virtual_time()
    if process_ids:
        for _ in range(SERVER_WARM_UP - WARM_UP):
            call()
        return [_pass(call, budget_bytes, lambda: resident_bytes(process_ids), "PSS of the server's process tree")]
    if not own_process:
        raise MeterError("a leak cannot be seen in a process that lives for one call only")
    with _tracing():
        readings = [_pass(call, budget_bytes, _traced_bytes, "Python objects (tracemalloc)")]
    if readings[0].verdict != "fail" and native_bytes() is not None:
        readings.append(_pass(call, budget_bytes, lambda: native_bytes() or 0, "blocks in malloc (mallinfo2)"))
    return readings


@contextmanager
def _tracing() -> Iterator[None]:
    if tracemalloc.is_tracing():
        raise MeterError(
            "tracemalloc is in use (PYTHONTRACEMALLOC or the tool's own): a leak budget needs it; switch it off"
        )
    tracemalloc.start(1)
    try:
        yield
    finally:
        tracemalloc.stop()


def _traced_bytes() -> int:
    return tracemalloc.get_traced_memory()[0]


def _pass(call: Callable[[], Any], budget_bytes: int, in_use: Callable[[], int], source: str) -> LeakReading:
    for _ in range(WARM_UP):
        call()
    with _frozen_garbage():
        return _stretches(call, budget_bytes, in_use, source)


@contextmanager
def _frozen_garbage() -> Iterator[None]:
    """Set aside all objects there are, so that collecting between rounds looks only at what the calls leave."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _stretches(call: Callable[[], Any], budget_bytes: int, in_use: Callable[[], int], source: str) -> LeakReading:
    """Look again where it grew, and once more where that stretch began with growth and ended without."""
    growth, stretches = _stretch(call, in_use), 1
    if growth.high > budget_bytes:
        growth, stretches = _stretch(call, in_use), 2
        if _judge(growth, budget_bytes) == "inconclusive":
            growth, stretches = _stretch(call, in_use), 3
    calls = WARM_UP + stretches * ROUNDS * CALLS_A_ROUND
    return LeakReading(growth, calls, source, _judge(growth, budget_bytes))


def _judge(growth: Slope, budget_bytes: int) -> Verdict:
    if growth.low > budget_bytes:
        return "fail"
    return "pass" if growth.value <= budget_bytes else "inconclusive"


def _stretch(call: Callable[[], Any], in_use: Callable[[], int]) -> Slope:
    levels = array("d", bytes(8 * ROUNDS))  # allocates nothing while it is filled
    gc.collect()
    for index in range(ROUNDS):
        for _ in range(CALLS_A_ROUND):
            call()
        gc.collect()
        levels[index] = in_use()
    return theil_sen([index * CALLS_A_ROUND for index in range(ROUNDS)], levels)
