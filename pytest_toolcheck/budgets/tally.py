"""The calls of one stage, counted by what an undisturbed calibration loop is held to take: if that changes, they are counted anew."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter

from . import tries
from .interruptions import Interruptions
from .sample import SPIN_TOLERANCE, USUAL_DRIFT, Sample, disturbance, drift, has_waited, least_cost_ns, slow_down
from .steady import SteadyCalls


class Tally:
    """Counts calls that are over a budget: of those that nothing is known to have disturbed, and of all by their least cost.

    `reference_ns` is the undisturbed loop, 0 where it is not known; without `gates` every call is used as it is.
    """

    def __init__(
        self, quantile: float, budget_ns: int, reference_ns: int, interruptions: Interruptions, *, gates: bool
    ) -> None:
        self.reference_ns = reference_ns
        self.over = 0
        self.values: list[int] = []
        self.dropped: Counter[str] = Counter()
        self.all: list[int] = []
        self.over_of_all = 0
        self.least: list[int] = []
        self.sure_of_all = self.plain_of_all = 0
        self.steady, self.steady_unwaited = SteadyCalls(budget_ns), SteadyCalls(budget_ns)
        """All calls, and those that did not wait for a processor: what waits beside a call is counted as its own at times."""
        self._quantile, self._budget_ns, self._gates = quantile, budget_ns, gates
        self._interruptions = interruptions
        self._sure_walls: list[int] = []
        self._quiet = tries.QUIET_CALLS
        """Calls since the last slow spin."""
        self._is_cold = False
        """Whether something else ran just before."""

    def disturbance(self, sample: Sample) -> str | None:
        """Return why a call is not used. Nor is the one after it, and of a tail those after a slow spin: noise comes in bursts."""
        if not self._gates:
            return None
        self._quiet = 0 if slow_down(sample, self._reference(sample)) > SPIN_TOLERANCE else self._quiet + 1
        is_cold = self._is_cold and sample.wall_ns < tries.COLD_UP_TO_NS
        reason = disturbance(sample, self._reference(sample))
        self._is_cold = reason is not None or sample.wall_ns >= self._interruptions.puts_off_from_ns
        if reason or is_cold:
            return reason or "runs on with cold caches"
        return "machine slowed down just before" if self._quantile > 0.5 and self._quiet <= tries.QUIET_CALLS else None

    def add(self, sample: Sample, reason: str | None) -> None:
        """Count a call that is not used for this reason, or is."""
        self.all.append(sample.wall_ns)
        is_over = sample.wall_ns > self._budget_ns
        self.over_of_all += is_over
        if reason is None:
            self.values.append(sample.wall_ns)
            self.over += is_over
            if is_over and self._is_sure(sample):
                insort(self._sure_walls, sample.wall_ns)
        else:
            self.dropped[reason] += 1
        if self._gates:
            reference_ns = self._reference(sample)
            least, margin = least_cost_ns(sample, reference_ns)
            self.least.append(least)
            self.sure_of_all += least > self._budget_ns * margin
            self.plain_of_all += least > self._budget_ns * margin * tries.PLAINLY
            self.steady.add(sample, reference_ns)
            if not has_waited(sample):
                self.steady_unwaited.add(sample, reference_ns)

    def _is_sure(self, sample: Sample) -> bool:
        """Whether a usable call over the budget counts for a fail: nothing that the spins show explains it."""
        if not self._gates:
            return True
        reference_ns = self._reference(sample)
        excuse = max(drift(sample, reference_ns), self._interruptions.slow_down(self._budget_ns) / USUAL_DRIFT)
        is_narrow = reference_ns and self._quantile <= 0.5 and not self._interruptions.has_wide_calls
        return sample.wall_ns > self._budget_ns * excuse * (tries.SPARED if is_narrow else 1.0)

    def _reference(self, sample: Sample) -> int:
        return self.reference_ns if sample.spin_reference_ns else 0

    def sure_beyond(self, factor: float = 1.0) -> int:
        """Return how many usable calls count for a fail, of those over so many times the budget, as all that is known by now says."""
        first = bisect_left(self._sure_walls, self._budget_ns * factor) if factor > 1 else 0
        return max(bisect_left(self._sure_walls, self._interruptions.puts_off_from_ns) - first, 0)
