"""Faults: what to break (`kinds`), where (`call`, `http`, `stream`, `process`, `disk`), when (`schedule`).

Importing this package imports none of its parts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import FaultError as FaultError
    from .errors import FaultNeverFired as FaultNeverFired
    from .errors import RateLimited as RateLimited
    from .faults import Fault as Fault
    from .faults import Faults as Faults

_HOMES = {
    "Fault": "faults",
    "FaultError": "errors",
    "FaultNeverFired": "errors",
    "Faults": "faults",
    "RateLimited": "errors",
}

__all__ = ["Fault", "FaultError", "FaultNeverFired", "Faults", "RateLimited"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
