"""Calls that take the same while the machine's speed moves: what they wait for is no matter of the machine's, so it excuses nothing.

A tool that sleeps, or waits for another machine, takes as long beside slow calibration loops as beside fast ones, and where few
loops are fast there would be no verdict on it. Its time, without what it waited for a processor and what its computing was slowed,
counts where the loops moved, the calls hardly did, and nearly all are over the budget by far more than they differ. What computes
somewhere else on the same machine, such as a database, moves with the loops and is left alone.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from .sample import LEAST_COST_MARGIN, Sample, slow_down
from .tries import SPARED

FEWEST = 17
MOVED = 0.1
"""The middle four fifths of the loops lie so far apart, as a share of their median: then the machine's speed moves."""
STEADY = 0.1
"""Calls that differ by less than this share of that compute for less than a tenth of their time, wherever."""
CLEAR = 2.0
"""What calls are over the budget by is so many times what they differ by: random interruptions that long make them differ as much."""
WAKING_NS, WAKINGS_NS = 200_000, 50_000
"""A call that waits may take so much longer on a busy machine until it wakes up, once, and each time that a thread of it does."""


class SteadyCalls:
    """Takes the calls of a stage, and says how many count for a fail in spite of a noisy machine."""

    def __init__(self, budget_ns: int) -> None:
        self._budget_ns = budget_ns
        self._spins: list[int] = []
        self.least: list[int] = []
        """The least that each can have taken, in their order."""
        self._ordered: list[int] = []
        self.over = 0
        """How many are over the budget for sure, if they are steady."""
        self._all_told = True

    def add(self, sample: Sample, reference_ns: int) -> None:
        """Take a call; one of which the machine does not tell all leaves nothing to be said of any."""
        self._all_told &= bool(reference_ns) and sample.tells_waits and sample.computed_ns is not None
        if not self._all_told:
            return
        own_ns = sample.wall_ns - (sample.run_delay_ns or 0)
        computed_ns = min(sample.computed_ns or 0, own_ns)
        least_ns = max(round(own_ns - computed_ns * (1 - 1 / (slow_down(sample, reference_ns) * LEAST_COST_MARGIN))), 0)
        insort(self._spins, max(sample.spin_after_ns - (sample.spin_delay_ns or 0), 1))
        insort(self._ordered, least_ns)
        self.least.append(least_ns)
        self.over += least_ns > self._budget_ns * SPARED + WAKING_NS + WAKINGS_NS * sample.wakings

    @property
    def are_steady(self) -> bool:
        """Whether the machine's speed moved and these calls did not."""
        if not self._all_told or len(self._ordered) < FEWEST:
            return False
        least_ns, differ_ns = _middle(self._ordered)
        _, moved_ns = _middle(self._spins)
        moved, usual_ns = moved_ns / self._spins[len(self._spins) // 2], self._ordered[len(self._ordered) // 2]
        is_clear = least_ns - self._budget_ns >= CLEAR * differ_ns
        return moved > MOVED and differ_ns < STEADY * moved * usual_ns and is_clear


def _middle(ordered: Sequence[int]) -> tuple[int, int]:
    """Return where the middle four fifths begin, and how far they reach."""
    first, last = ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]
    return first, last - first
