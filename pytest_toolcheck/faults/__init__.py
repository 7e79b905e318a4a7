"""Faults: what to break (`kinds`), where (`call`, `http`, `stream`, `process`, `disk`), when (`schedule`).

Importing this package imports none of its parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names_from

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

__getattr__ = names_from(__name__, _HOMES)
