"""A seed makes what is random the same again."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

SHUFFLED = '''
import random
from itertools import count as counted
calls = counted()
from typing import Annotated
from pydantic import Field
def shuffled(count: Annotated[int, Field(ge=1, le=52)], seed: int = 1) -> list[int]:
    """The numbers from 1 to count in some order."""
    deck = list(range(1, count + 1))
    random.Random(seed).shuffle(deck)
    return deck
'''


def found_in(folder: Path, code: str) -> list[str]:
    return findings_of(folder, code, "", check="deterministic")


def test_a_seed_that_is_not_used(tmp_path: Path) -> None:
    """Nobody has to promise more; the twin differs by the generator alone."""
    [found] = found_in(tmp_path, SHUFFLED.replace("random.Random(seed)", "random"))
    assert "shuffled answers equal calls with seed 7 with " in found
    assert found_in(tmp_path, SHUFFLED) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("in some order.", "in some order; the seed is a best-effort hint."),
        ("seed", "start"),
        ("return deck", "return {'deck': sorted(deck), 'id': random.random(), 'created_at': random.random()}"),
        ("return deck", "return sorted(deck)"),
        ("seed: int = 1", "seed: int | None = None"),
        ("random.shuffle(deck)", "(random if seed == 7 else random.Random(seed)).shuffle(deck)"),
        ("    deck =", "    if count < 52 or next(calls) % 2: raise ValueError('busy')\n    deck ="),
    ],
)
def test_answers_that_may_differ(tmp_path: Path, wanted: str, made: str) -> None:
    """A seed that holds as far as it does, none at all, ids and moments, nothing random, none given, one that means any, refusals."""
    code = SHUFFLED.replace("random.Random(seed)", "random") if "None" not in made else SHUFFLED
    assert wanted in code
    assert found_in(tmp_path, code.replace(wanted, made)) == []
