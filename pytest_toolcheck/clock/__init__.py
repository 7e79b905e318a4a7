"""Virtual time: one exact clock over event loops, `time.*`, `datetime`, `time.sleep` and threads.

Importing this package imports none of its parts; `virtual_time` and `VirtualClock` are loaded when first used.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

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
    "current_virtual_seconds",
    "virtual_time",
]


def current_virtual_seconds() -> float | None:
    """Return seconds on the virtual clock in force, counted from 0 at the start of the test; None in real time."""
    session = sys.modules.get(f"{__name__}.session")
    return session.active[-1].now if session is not None and session.active else None


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
