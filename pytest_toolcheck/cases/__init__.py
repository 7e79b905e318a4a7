"""From one JSON Schema to labelled inputs. Names are loaded when first asked for: `jsonschema` costs 100 ms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names_from
from .model import CATEGORIES, Case, Label

if TYPE_CHECKING:
    from .candidates import base_candidates, static_base
    from .contradictions import Contradiction, satisfiability
    from .labels import Validity, label_of
    from .plan import generate_cases
    from .proven import rebase

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
    "Contradiction": "contradictions",
    "Validity": "labels",
    "base_candidates": "candidates",
    "generate_cases": "plan",
    "label_of": "labels",
    "rebase": "proven",
    "satisfiability": "contradictions",
    "static_base": "candidates",
}

__getattr__ = names_from(__name__, _HOMES)
