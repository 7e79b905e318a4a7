"""What the calibration loops beside calls show of the machine: how long one takes undisturbed, and whether that is certain.

A reference may have been taken while somebody computed on the same core, which makes everything take 1.4 to 2 times as long,
neither waits nor varies much, and lasts for seconds. So the least that these loops take, a few of them, is the reference where
it is less. Where not one of them was undisturbed that corrects nothing. But loops on a core that others use differ from each other:
three in four from the one before by more than 2.2 % at the median (1 % at least, of 100 loops), on a core of one's own by 0.06 to
0.3 %, at a noisy time by 0.6 to 1 % (measured). So where they differ by more than `UNSTEADY` says, a reference is certain only once both
have been seen: loops that take as long as it, and some that take far longer.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort

FEWEST = 20
"""So many spins can correct a reference."""
LEAST_SHARE, LEAST_SPINS = 0.02, 5
"""The least spins: this share of all, at least so many. A few that are shorter by chance are no reference."""
ALIKE = 1.15
"""Spins up to so many times the least ones are of the same state of the machine; the middle one of those tells it."""
UNSTEADY = (0, 0.008), (200, 0.010), (1000, 0.012)
"""From so many spins on, a machine where more than three in four differ by this share from the one before; of few, as many fewer as
chance may make it. In stretches of nine traces of a shared core 200 spins showed 1.1 % at the least and 1,000 of them 1.8 %, on cores
of one's own at most 1.1 % (in 95 of 100 stretches of the noisiest trace 1.0 %) and 0.9 %."""
FEWEST_TO_TELL = 12
SLOWER = 1.4, 2.2
"""Spins so many times longer than the reference show what the machine is like while others compute on the same core."""
SLOWER_SHARE, SLOWER_SPINS = 0.1, 10
TOGETHER = 4.0
"""Fewer show it as well where so many times more than by chance follow one that is slow alike: a core is shared for a while."""
HIDDEN = 2.0
"""An uncertain reference may hide that everything takes so many times as long (1.65 at the median, measured)."""


class Spins:
    """Takes spins in their order, without those that are known to have waited for a processor."""

    def __init__(self) -> None:
        self.ordered: list[int] = []
        """The shortest first."""
        self._steps: list[int] = []
        self._pairs: list[int] = []
        """The shorter one of each two in a row that are `ALIKE`."""
        self._last_ns = self._usual_ns = 0

    def add(self, spin_ns: int) -> None:
        """Take the next one."""
        self._usual_ns = 0
        insort(self.ordered, spin_ns)
        if self._last_ns:
            insort(self._steps, abs(spin_ns - self._last_ns))
            shorter_ns, longer_ns = sorted((spin_ns, self._last_ns))
            if longer_ns <= shorter_ns * ALIKE:
                insort(self._pairs, shorter_ns)
        self._last_ns = spin_ns

    def undisturbed_ns(self, session_ns: int) -> int:
        """Return how long a spin takes undisturbed: the session's reference, or the least that these take."""
        if not session_ns or len(self.ordered) < FEWEST:
            return session_ns
        return min(session_ns, self.usual_ns)

    @property
    def usual_ns(self) -> int:
        """How long one takes in the fastest state of the machine that these show; 0 where there are none."""
        self._usual_ns = self._usual_ns or self._found_usual_ns()
        return self._usual_ns

    def _found_usual_ns(self) -> int:
        if not self.ordered:
            return 0
        count = len(self.ordered)
        if count < FEWEST:
            return self.ordered[count // 4]
        least_ns = self.ordered[max(round(LEAST_SHARE * count), LEAST_SPINS) - 1]
        return self.ordered[bisect_left(self.ordered, least_ns * ALIKE) // 2]

    def leave_doubt(self, reference_ns: int) -> bool:
        """Whether all of these may have been disturbed, and the reference as well."""
        count = len(self.ordered)
        if not count or not reference_ns:
            return False
        if count < FEWEST_TO_TELL:
            return True
        a_quarter = round((count + 2 * math.sqrt(count)) / 4)
        unsteady = max(share for fewest, share in UNSTEADY if count >= fewest)
        if self._steps[min(a_quarter, count - 2)] <= unsteady * self.ordered[count // 2]:
            return False
        first, end = (bisect_left(self.ordered, factor * reference_ns) for factor in SLOWER)
        slower = end - first
        pairs_begin, pairs_end = (bisect_left(self._pairs, factor * reference_ns) for factor in SLOWER)
        together = pairs_end - pairs_begin
        are_together = together >= max(TOGETHER * slower * slower / count, SLOWER_SPINS)
        return first < FEWEST or slower < SLOWER_SPINS or not (slower >= SLOWER_SHARE * count or are_together)
