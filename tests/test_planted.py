"""Planted bugs: a fast part of the benchmark; `python -m tests.benchmarks.generators` runs all of it."""

from __future__ import annotations

from pathlib import Path

from .benchmarks.generators.bench import found_in
from .benchmarks.generators.catalogue import PAIRS
from .benchmarks.generators.table import misjudged

FAST = ("share", "weekday", "amount", "initial", "spread", "window", "shelf")


def test_planted_bugs_are_found_and_their_twins_not_accused(tmp_path: Path) -> None:
    """Each buggy tool has a finding; each correct twin has none, and really was called."""
    pairs = [pair for pair in PAIRS if pair.name in FAST]
    assert len(pairs) == len(FAST)
    assert misjudged(pairs, found_in(pairs, tmp_path)) == []
