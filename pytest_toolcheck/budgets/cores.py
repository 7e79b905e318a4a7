"""Whether others slow what this processor computes: two threads on one core compute about half as fast each, and neither waits.

CPU time counts that as the call's own. On a guest whose two processors are one core, what computes took 1.2 to 2.1 times its
CPU time while anything else ran, and the calibration loop beside it 1.1 to 1.9 times (measured). So when a stage has failed, the loops
beside its calls are compared with the undisturbed one. That is known only from a moment in which nobody else ran: where there
was none in all the session, everything may have been slower from the first call on.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from .clocks import thread_cpu_ns
from .latency import REFERENCE_MOMENTS, faster_reference, quartile_of_spins, session_reference_ns, spin
from .runners import may_share_a_core
from .sample import SPIN_TOLERANCE
from .tries import MAY_BE_ALL

SHARED = 2.0
"""What computes on one core beside another thread takes so many times as long at most, but for odd cases."""
CALLS_DIFFER = 1.2
"""A call may be slower by so much more than the loop beside it (1.07 to 1.2 at the median, measured)."""
FEWEST_SPINS = 3
FEWEST_TO_COMPARE = 10
MOVED = 0.05
"""Where the loops beside a stage's calls differ by so much of their median (the middle four fifths), the core's speed moved."""
STEADY = 0.25
"""Calls that a core slows differ like the loops, evened out over their length: 0.85 to 4 times as much; those whose CPU time is
what a clock says 0.01 to 0.07 times (measured, on one core with others)."""
APART_S = 0.01
_sleep = time.sleep


class Cores:
    """Knows how long the calibration loop takes undisturbed, and whether that is certain."""

    def __init__(self) -> None:
        self._has_been_alone = False
        self._has_begun = False

    def begin(self) -> None:
        """Look for a quiet moment, once for the session."""
        if not self._has_begun:
            self._has_begun = True
            for _ in range(REFERENCE_MOMENTS):
                if self.look():
                    break
                _sleep(APART_S)

    def look(self) -> bool:
        """Spin for a moment; return whether by now there was one in which no other may have run on the same core."""
        session_reference_ns()
        is_alone = not may_share_a_core()
        found_ns = quartile_of_spins()
        if is_alone and not may_share_a_core():
            self._has_been_alone = True
        faster_reference(found_ns)
        return self._has_been_alone

    def slow_down(self, spun_ns: float) -> float:
        """Return how many times longer calls may have taken beside loops that took so long, for what others did."""
        self.look()
        factor = spun_ns / max(session_reference_ns(), 1)
        found = factor * CALLS_DIFFER if factor > SPIN_TOLERANCE else 1.0
        return found if self._has_been_alone else max(found, SHARED)


cores = Cores()


class SpinsBeside:
    """The calibration loops beside the calls of a stage, in CPU time, so that no wait is in them."""

    def __init__(self) -> None:
        self._spins: list[int] = []
        self._costs: list[int] = []

    def spin(self, cost_ns: int = 0) -> None:
        """Spin once after a call that took so much CPU time."""
        start = thread_cpu_ns()
        spin()
        self._spins.append(thread_cpu_ns() - start)
        self._costs.append(cost_ns)

    def take_ns(self) -> float:
        """Return the usual one, ns, and begin anew; where there were hardly any, what one takes just now counts as well."""
        while len(self._spins) < FEWEST_SPINS:
            self.spin()
        usual = statistics.median(self._spins)
        self._spins, self._costs = [], []
        return usual

    def calls_are_steady(self) -> bool:
        """Whether the calls so far cost the same while the core's speed moved: then it makes nothing of what they cost."""
        if len(self._spins) < FEWEST_TO_COMPARE or not min(*self._spins, *self._costs):
            return False
        moved, evened = _spread(self._spins), (statistics.median(self._spins) / statistics.median(self._costs)) ** 0.5
        return moved > MOVED and _spread(self._costs) < STEADY * moved * min(evened, 1.0)


def _spread(values: Sequence[int]) -> float:
    """Return how far apart the middle four fifths lie, as a share of the median."""
    tenths = statistics.quantiles(values, n=10)
    return (tenths[-1] - tenths[0]) / statistics.median(values)


def core_is_slow(excuse: float) -> str:
    """Say that others on the same core explain what was measured."""
    return f"others compute on the same core: what is computed may take {excuse:.2f} times as long{MAY_BE_ALL}"
