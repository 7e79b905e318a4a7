"""A robust slope and its interval (Theil 1950, Sen 1968): a third of the points may be wild and it holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Slope:
    """The median of all pairwise slopes, and the interval that holds the true one with 95 %."""

    value: float
    low: float
    high: float


def theil_sen(xs: Sequence[float], ys: Sequence[float]) -> Slope:
    """Return the slope of `ys` over strictly increasing `xs` (at least two points).

    The interval is Sen's: ranks around the middle of the pairwise slopes, by the variance of Kendall's score.
    """
    if len(xs) < 2 or len(xs) != len(ys):
        raise ValueError(f"{len(xs)} and {len(ys)} points: expected as many of each, at least two")
    slopes = sorted(
        (ys[j] - ys[i]) / (xs[j] - xs[i]) for i in range(len(xs)) for j in range(i + 1, len(xs)) if xs[j] != xs[i]
    )
    points = len(xs)
    spread = Z_95 * math.sqrt(points * (points - 1) * (2 * points + 5) / 18)
    lower = max(math.floor((len(slopes) - spread) / 2), 0)
    upper = min(math.ceil((len(slopes) + spread) / 2), len(slopes) - 1)
    return Slope(median(slopes), slopes[lower], slopes[upper])
