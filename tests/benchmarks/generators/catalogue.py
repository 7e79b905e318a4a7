"""All pairs."""

from __future__ import annotations

from . import pairs_edges

PAIRS = (*pairs_edges.PAIRS,)
