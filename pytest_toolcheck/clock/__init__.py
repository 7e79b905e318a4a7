"""Virtual time: one exact clock over event loops, `time.*`, `datetime`, `time.sleep` and threads.

Importing this package imports none of its parts; `virtual_time` and `VirtualClock` are loaded when first used.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ..lazy import names_from

if TYPE_CHECKING:
    from .errors import VirtualDeadlock as VirtualDeadlock
    from .errors import VirtualLivelock as VirtualLivelock
    from .errors import VirtualTimeError as VirtualTimeError
    from .session import virtual_time as virtual_time
    from .virtual import VirtualClock as VirtualClock

_HOMES = {
    "VirtualClock": "virtual",
    "VirtualDeadlock": "errors",
    "VirtualLivelock": "errors",
    "VirtualTimeError": "errors",
    "virtual_time": "session",
}

__all__ = [
    "VirtualClock",
    "VirtualDeadlock",
    "VirtualLivelock",
    "VirtualTimeError",
    "active_clock",
    "current_virtual_seconds",
    "real_monotonic_ns",
    "virtual_time",
]


def current_virtual_seconds() -> float | None:
    """Return the virtual wall clock in force, in seconds since the epoch; None in real time."""
    clock = active_clock()
    return None if clock is None else clock.wall_ns() / 1_000_000_000


def active_clock() -> VirtualClock | None:
    """Return the virtual clock in force, None in real time. Imports nothing."""
    session = sys.modules.get(f"{__name__}.session")
    return session.active[-1] if session is not None and session.active else None


def real_monotonic_ns() -> int:
    """Return the machine's own monotonic clock, in virtual time too."""
    clock = active_clock()
    ns: int = time.monotonic_ns() if clock is None else clock.real_monotonic_ns()
    return ns


__getattr__ = names_from(__name__, _HOMES)
