"""All pairs."""

from __future__ import annotations

from . import (
    pairs_answers,
    pairs_behaviour,
    pairs_bounds,
    pairs_edges,
    pairs_forbidden,
    pairs_interactions,
    pairs_state,
    pairs_structure,
)

PAIRS = (
    *pairs_edges.PAIRS,
    *pairs_bounds.PAIRS,
    *pairs_forbidden.PAIRS,
    *pairs_structure.PAIRS,
    *pairs_interactions.PAIRS,
    *pairs_answers.PAIRS,
    *pairs_behaviour.PAIRS,
    *pairs_state.PAIRS,
)
