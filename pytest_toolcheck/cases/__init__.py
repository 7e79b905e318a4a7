"""From one JSON Schema to labelled inputs. Names are loaded when first asked for: `jsonschema` costs 100 ms."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .model import CATEGORIES, Case, Label

if TYPE_CHECKING:
    from .candidates import base_candidates, static_base
    from .labels import Validity, label_of
    from .plan import generate_cases
    from .rebase import rebase
    from .satisfiability import Contradiction, satisfiability

__all__ = [
    "CATEGORIES",
    "Case",
    "Contradiction",
    "Label",
    "Validity",
    "base_candidates",
    "generate_cases",
    "label_of",
    "rebase",
    "satisfiability",
    "static_base",
]

_HOMES = {
    "Contradiction": "satisfiability",
    "Validity": "labels",
    "base_candidates": "candidates",
    "generate_cases": "plan",
    "label_of": "labels",
    "rebase": "rebase",
    "satisfiability": "satisfiability",
    "static_base": "candidates",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = found  # a module of the same name (`rebase`) must not hide the function
    return found
