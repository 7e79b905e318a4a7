"""The growth meter: how the cost of a call rises with the size of one parameter.

Sizes double, come in shuffled order, several times each; the smallest cost of each size counts, since noise only adds.
The slope of log cost over log size is the exponent. What a class such as "n log n" may show on just these sizes is the
slope of that function itself over them; a fail needs the measured slope's lower bound above that, by 0.05 at least.
The reading never names the class that the tool has: a slope cannot tell n log n from n^1.1.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .slope import Slope, theil_sen
from .verdict import Verdict

FLOOR = 0.05
SHARP = 0.25
"""An interval no wider than this decides; a wider one around the budget is inconclusive."""
FEWEST_SIZES = 4
REPEATS = 7

CLASSES: Mapping[str, Callable[[float], float]] = {
    "1": lambda _n: 1.0,
    "log n": lambda n: math.log(n + 1),
    "n": lambda n: n,
    "n log n": lambda n: n * math.log(n + 1),
    "n^2": lambda n: n**2,
    "n^3": lambda n: n**3,
}
"""What a growth budget may say, slowest first."""


class SizeRefused(Exception):
    """A size that the tool refuses and need not take: its schema names no largest one."""


@dataclass(frozen=True, slots=True)
class GrowthReading:
    """The exponent with its interval, what the budgeted class shows on these sizes, and the least cost of each."""

    exponent: Slope
    allowed: float
    costs: tuple[tuple[int, int], ...]
    verdict: Verdict
    reason: str = "the interval holds the budget"
    """Why it is inconclusive, where it is."""


def doubling_sizes(low: int, high: int, *, most: int = 8) -> tuple[int, ...]:
    """Return up to `most` sizes from `low` to `high` (at least 1), each twice the one before, the largest last."""
    sizes = [max(high, 1)]
    while len(sizes) < most and sizes[-1] // 2 >= max(low, 1):
        sizes.append(sizes[-1] // 2)
    return tuple(reversed(sizes))


def halved_steps(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return increasing sizes with one more between each two: more points show a slope more sharply."""
    between = {round(math.sqrt(small * large)) for small, large in pairwise(sizes)}
    return tuple(sorted({*sizes, *between}))


def least_costs(
    cost: Callable[[int], int], sizes: Sequence[int], *, repeats: int = REPEATS, seed: int = 0
) -> tuple[tuple[int, int], ...]:
    """Return each size with the smallest of `repeats` costs (ns or bytes), measured in shuffled order."""
    order = [size for size in sizes for _ in range(repeats)]
    random.Random(seed).shuffle(order)
    least: dict[int, int] = {}
    for size in order:
        least[size] = min(cost(size), least.get(size, 2**63))
    return tuple(sorted(least.items()))


def without_flat_start(
    costs: Sequence[tuple[int, int]], *, floor: int = 0, keep: int = FEWEST_SIZES + 1
) -> tuple[tuple[int, int], ...]:
    """Drop small sizes whose cost is mostly that of calling at all (below four times the least); keep so many sizes.

    Those at the floor, below which nothing was told apart, are dropped down to four sizes.
    """
    least = min(cost for _, cost in costs)
    flat = 0
    while len(costs) - flat > keep and costs[flat][1] < 4 * least:
        flat += 1
    while len(costs) - flat > FEWEST_SIZES and costs[flat][1] <= floor:
        flat += 1
    return tuple(costs[flat:])


def judge_growth(costs: Sequence[tuple[int, int]], limit: str) -> GrowthReading:
    """Judge costs by size (increasing) against a class of `CLASSES`."""
    logs = [math.log(size) for size, _ in costs]
    exponent = theil_sen(logs, [math.log(max(cost, 1)) for _, cost in costs])
    allowed = theil_sen(logs, [math.log(CLASSES[limit](size)) for size, _ in costs]).value
    return GrowthReading(exponent, allowed, tuple(costs), _verdict(exponent, allowed))


def _verdict(exponent: Slope, allowed: float) -> Verdict:
    if exponent.low > allowed + FLOOR:
        return "fail"
    is_sharp = exponent.high - exponent.low <= SHARP
    return "pass" if is_sharp or exponent.value <= allowed + FLOOR else "inconclusive"
