"""Do equal calls add up? Evidence in the answers alone that each call had an effect.

A clock, a random number, a token differ from call to call and prove nothing. What proves an effect is a trend that no
chance makes: a number that moves by the same step with every call, an array or a text that grows with every call, a
value that goes to and fro.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .leaves import MISSING, Leaves, differing, is_ignored, is_volatile

FEWEST: Final = 5
"""So many answers at least: five equal steps are no chance, two may be."""
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Trend:
    """A leaf whose values show an effect of each call."""

    pointer: str
    how: str
    values: tuple[Any, ...]


def trend_in(answers: Sequence[Leaves], *, ignored: Collection[str] = (), telemetry: bool = True) -> Trend | None:
    """Return the most telling trend in the answers of equal calls, None where there is none."""
    if len(answers) < FEWEST:
        return None
    for pointer, values in differing(answers).items():
        if is_ignored(pointer, ignored) or is_volatile(pointer, values, telemetry=telemetry):
            continue
        if (how := _how(values)) is not None:
            return Trend(pointer.removesuffix("#"), how, tuple(values))
    return None


def _how(values: list[Any]) -> str | None:
    for look in (_steps, _numbers_in_texts, _growing_text, _to_and_fro):
        if (how := look(values)) is not None:
            return how
    return None


def _steps(values: list[Any]) -> str | None:
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return None
    if not all(map(math.isfinite, values)):
        return None
    steps = [later - earlier for earlier, later in itertools.pairwise(values)]
    is_even = all(math.isclose(step, steps[0], rel_tol=1e-6) for step in steps)
    return f"moves by {steps[0]:g} with each call" if is_even and abs(steps[0]) >= 1e-6 else None


def _numbers_in_texts(values: list[Any]) -> str | None:
    if not all(isinstance(value, str) for value in values):
        return None
    if len({_NUMBER.sub("0", value) for value in values}) != 1:
        return None
    for column in zip(*(_NUMBER.findall(value) for value in values), strict=True):
        if all(len(text) <= 15 for text in column) and (how := _steps([int(text) for text in column])) is not None:
            return how
    return None


def _growing_text(values: list[Any]) -> str | None:
    if not all(isinstance(value, str) for value in values):
        return None
    pairs = list(itertools.pairwise(values))
    grows = all(len(later) > len(earlier) and later.startswith(earlier) for earlier, later in pairs)
    return "grows with each call" if grows else None


def _to_and_fro(values: list[Any]) -> str | None:
    if len(values) < FEWEST + 2 or any(value == MISSING for value in values):
        return None
    evens, odds = values[::2], values[1::2]
    alternates = all(value == evens[0] for value in evens) and all(value == odds[0] for value in odds)
    return "goes to and fro with each call" if alternates and evens[0] != odds[0] else None
