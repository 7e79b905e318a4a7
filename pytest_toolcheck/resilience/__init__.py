"""Promises under failure: generated scenarios, control of breakers, observation of retries.

Nothing heavy is imported before one of these names is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names_from

if TYPE_CHECKING:
    from .adapters import BreakerAdapter as BreakerAdapter
    from .adapters import register_adapter as register_adapter
    from .breakers import BreakerControl as BreakerControl
    from .breakers import Breakers as Breakers
    from .breakers import UnknownBreaker as UnknownBreaker
    from .dependency import DependencyProbe as DependencyProbe
    from .dependency import cancel as cancel
    from .dependency import fail as fail
    from .dependency import hang as hang
    from .dependency import succeed as succeed
    from .retries import ObservedRetries as ObservedRetries
    from .retries import observe_retries as observe_retries
    from .scenarios import resilience_scenarios as resilience_scenarios

_HOMES = {
    "BreakerAdapter": "adapters",
    "BreakerControl": "breakers",
    "Breakers": "breakers",
    "DependencyProbe": "dependency",
    "ObservedRetries": "retries",
    "UnknownBreaker": "breakers",
    "cancel": "dependency",
    "fail": "dependency",
    "hang": "dependency",
    "observe_retries": "retries",
    "register_adapter": "adapters",
    "resilience_scenarios": "scenarios",
    "succeed": "dependency",
}
__all__ = sorted(_HOMES)

__getattr__ = names_from(__name__, _HOMES)
