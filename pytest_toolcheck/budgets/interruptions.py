"""How many calls something interrupted that only spins show: a hypervisor, or a neighbour where there is no /proc.

A spin is shorter than most calls, so for each spin that was interrupted several calls were, with undisturbed spins on
either side. What the spins show is a rate; from it follows the share of calls that are slow for no fault of theirs.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort

LEAST_SPIN_SHARE = 0.5
"""A spin this much longer than the usual one was interrupted; a machine that is slower makes all of them longer."""
LEAST_CALL_SHARE = 0.02
"""What adds less than this to a call decides nothing."""
NEARLY_ALL = 0.999


class Interruptions:
    """Counts, spin by spin, what interrupted them, less what is known to have (a wait for a processor).

    Where a spin's own wait is not known, so many are taken to have waited as calls did.
    """

    def __init__(self) -> None:
        self._spins: list[int] = []
        self._waits = 0
        self._called_ns = 0
        self._last: tuple[int, ...] = ()

    def add(self, wall_ns: int, *, has_waited: bool, spins: tuple[int, int], known_ns: int = 0) -> None:
        """Take a call with the spins before and after it; calls between the same two were made in one go.

        `known_ns` is how long the spin after it waited for a processor, `has_waited` says it of the call.
        """
        self._called_ns += wall_ns
        if not spins[1] or (spins == self._last):
            return
        self._last = spins
        self._waits += has_waited
        if known_ns <= LEAST_SPIN_SHARE * spins[1] / 2:  # a spin that is known to have waited shows nothing else
            insort(self._spins, spins[1])

    def share_of(self, duration_ns: int) -> float:
        """Return the share of calls of this length that were interrupted without a trace, below 1.

        Where each call was once on average, nearly all were: what takes a processor away does so evenly.
        """
        spins = len(self._spins)
        if not spins:
            return 0.0
        usual = self._spins[spins // 4]
        least = usual + max(LEAST_SPIN_SHARE * usual, LEAST_CALL_SHARE * duration_ns)
        spun_ns = spins * usual
        hits = spins - bisect_left(self._spins, least) - self._waits * spun_ns / max(self._called_ns, 1)
        times = (hits + 1) / spun_ns * duration_ns if hits > 0 else 0.0
        return 1 - math.exp(-times) if times < 1 else NEARLY_ALL
