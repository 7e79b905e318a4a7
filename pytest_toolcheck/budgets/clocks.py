"""The real clocks, and the refusal to measure while a test travels in time.

Virtual time swaps the C function behind `time.perf_counter`, so a function captured early is no way out. Our own
virtual time is asked; another library's shows when the operating system's clock, asked through libc, says otherwise.
"""

from __future__ import annotations

import ctypes
import sys
import time
from functools import lru_cache
from typing import Any

from ..clock import active_clock
from ..errors import ToolcheckError

wall_ns = time.perf_counter_ns
thread_cpu_ns = time.thread_time_ns
process_cpu_ns = time.process_time_ns

UNDER_VIRTUAL_TIME = (
    "a budget cannot be measured under virtual time, where calls take no real time: "
    "take `virtual_time` off the test, or write `clock: real` beside the tool's budgets"
)
_CLOCK_MONOTONIC = 1
_APART_NS = 1_000_000_000


class MeterError(ToolcheckError):
    """A measurement that cannot be made here; the message says why and how to go on."""


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


@lru_cache(maxsize=1)
def _system_clock() -> Any:
    """Return libc's function, looked for once: opening a library makes classes, and a tracker of memray walk all tables again."""
    return ctypes.CDLL(None).clock_gettime


def _system_ns() -> int:
    now = _TimeSpec()
    _system_clock()(_CLOCK_MONOTONIC, ctypes.byref(now))
    return int(now.seconds) * 1_000_000_000 + int(now.nanoseconds)


def is_time_virtual() -> bool:
    """Whether `time.perf_counter` is not the machine's own clock just now (another library's: on Linux only)."""
    return active_clock() is not None or (sys.platform == "linux" and abs(wall_ns() - _system_ns()) > _APART_NS)


def refuse_virtual_time() -> None:
    """Raise MeterError under virtual time: what a clock that stands still measures is no cost."""
    if is_time_virtual():
        raise MeterError(UNDER_VIRTUAL_TIME)
