"""How coarse the clock is that timed the calls: a clock of 1 or 15.6 ms a step reads 0 or a whole step for a call.

A reading is off by up to one step either way. Where that is more than a budget can spare, nothing can be shown.
"""

from __future__ import annotations

import math

FINE_NS = 100_000
"""Readings that share no divisor as large as this come from a clock that is fine enough for any call."""
_TICK = 15_590_000, 15_630_000
"""The step of Windows' old clock: a spin reads 0 there for so long that the calls alone have to tell."""
SPARED = 0.05
"""A step of this share of a budget decides nothing: what has to be told apart lies a tenth below and above it."""


class ClockGrain:
    """Finds the step of a clock from what it read."""

    def __init__(self) -> None:
        self._divisor = 0
        self._walls: set[int] = set()
        self._is_fine = False
        self._spins_of_none = self._spins_of_some = 0

    def add(self, wall_ns: int, spins: tuple[int, int]) -> None:
        """Take what was read for a call and for the spins beside it."""
        if self._is_fine:
            return
        self._walls.add(wall_ns)
        self._spins_of_none += not spins[1]
        self._spins_of_some += bool(spins[1])
        self._divisor = math.gcd(self._divisor, wall_ns, *spins)
        self._is_fine = 0 < self._divisor < FINE_NS

    @property
    def step_ns(self) -> int:
        """The step of the clock, ns; 0 where it is fine, or where nothing shows that it is not.

        Readings that are all the same share a divisor by themselves.
        """
        if self._is_fine:
            return 0
        has_read_nothing = 0 in self._walls or (self._spins_of_none and self._spins_of_some)
        has_stepped = len(self._walls) > 1 and _TICK[0] <= self._divisor <= _TICK[1]
        return self._divisor if has_read_nothing or has_stepped else 0

    def is_too_coarse_for(self, budget_ns: int) -> bool:
        """Whether a step is more than a budget can spare."""
        return self.step_ns > SPARED * budget_ns
