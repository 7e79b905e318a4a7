"""How many calls something interrupted that only spins show: a hypervisor, or a neighbour where there is no /proc.

A spin is shorter than most calls, so for each spin that was interrupted several calls were, with undisturbed spins on
either side. What the spins show is a rate, and no interrupted spin in a few shows little: the rate that counts is the
largest that is likely with what was seen. From it follows the share of calls that may be slow for no fault of theirs.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .sample import SPIN_TOLERANCE
from .spins import Spins

LEAST_SPIN_SHARE = 0.5
"""A spin this much longer than the usual one was interrupted; a machine that is slower makes all of them longer."""
LEAST_CALL_SHARE = 0.02
"""What adds less than this to a call decides nothing."""
NEARLY_ALL = 0.999
RECOVERY_NS = 250_000
"""What was interrupted is slower for so long after it: its caches hold another's data."""
LIFTING_SHARE = 0.5
"""What lifts a call over a maximum is at least this part of what usual calls are under it."""
LONG_NS = 2_000_000
"""A call as long as a time slice may be put off every time, and the spins never, by keeping step with the slices."""
WIDE = 0.15
"""Calls whose middle half is spread by more than this may be such calls."""
SHORTEST_SLICE_NS = 700_000
"""No scheduler runs another for less."""
LOUD = 0.01
"""A machine more of whose spins may be slow is not quiet."""
ONE_GO_NS = 600_000
"""Calls between the same two spins, made in one go, take so long together before another one would begin."""
UNSEEN = 3.0
"""So many more interruptions are likely than spins showed, where no call tells how long it waited for a processor."""
UNSEEN_BESIDE_WAITS = 1.0
"""The same where they do: what is left is a hypervisor's."""


@dataclass(slots=True)
class _Go:
    """Calls between the same two spins, and the spins after them that are not known to have waited."""

    called_ns: int
    has_waited: bool
    last_ns: int
    spins: tuple[int, ...]


class _Among(NamedTuple):
    """Spins, the shortest first, how many calls beside them waited, and how long those took together."""

    spins: Sequence[int]
    waits: int
    called_ns: int


def _events(waits: int, spins: int) -> float:
    """Return how many waits there were: some calls waited more than once, as random events do."""
    goes = max(spins, waits, 1)
    share = min(waits / goes, 1 - 0.5 / goes)
    return -math.log1p(-share) * goes


class Interruptions:
    """Counts, spin by spin, what interrupted them, less what is known to have (a wait for a processor).

    Where a spin's own wait is not known, so many are taken to have waited as calls did.
    """

    def __init__(self) -> None:
        self.spins = Spins()
        self._goes: list[_Go] = []
        self._looked_at = 0
        self._surrounded = _Among((), 0, 0)
        self._waits = self._called_ns = 0
        self._walls: list[int] = []
        self._used_walls: list[int] = []
        self._last: tuple[int, ...] = ()
        self._go_ns = 0
        self._has_told = self._has_hidden = False
        self._reference_ns = 0

    def add(
        self,
        wall_ns: int,
        *,
        has_waited: bool,
        spins: tuple[int, int],
        known_ns: int = 0,
        more: tuple[int, ...] = (),
        tells_waits: bool = False,
        hides_waits: bool = False,
        reference_ns: int = 0,
        is_used: bool = True,
    ) -> None:
        """Take a call with the spins before and after it; calls between the same two were made in one go.

        `known_ns` is how long the spin after it waited for a processor, `has_waited` says it of the call,
        `tells_waits` that such waits are told at all, `hides_waits` that some are not. `more` are further spins, none of
        which waited. `reference_ns` is the undisturbed spin as it is known from elsewhere. `is_used` says that nothing is
        known to have disturbed the call.
        """
        self._called_ns += wall_ns
        self._has_told |= tells_waits
        self._has_hidden |= hides_waits
        self._reference_ns = reference_ns or self._reference_ns
        insort(self._walls, wall_ns)
        if is_used:
            insort(self._used_walls, wall_ns)
        is_same_go = spins == self._last and self._go_ns < ONE_GO_NS
        self._go_ns = wall_ns + (self._go_ns if is_same_go else 0)
        if is_same_go and self._goes:
            self._goes[-1].called_ns += wall_ns
        if not spins[1] or is_same_go:
            return
        self._last = spins
        # a spin that is known to have waited shows nothing else
        found = (*more, spins[1]) if known_ns <= LEAST_SPIN_SHARE * spins[1] / 2 else more
        self._waits += has_waited
        self._goes.append(_Go(wall_ns, has_waited, spins[1], found))
        for spin in found:
            self.spins.add(spin)

    def share_of(self, duration_ns: int, *, taking_ns: int = 0, of_all: bool = False) -> float:
        """Return the share of calls up to this length that may have been interrupted without a trace, below 1.

        `taking_ns` counts only what takes the processor away for so long at least, where waits are told of: where they are
        not, many a call has waited for longer than it should take, and few spins have. `of_all` is for all calls, not only
        for those between quiet spins.

        Where each call was once on average, nearly all were: what takes a processor away does so evenly.
        """
        if not self._usual:
            return 0.0
        if self._exposed_ns(duration_ns) >= LONG_NS and self._keeps_step:
            return NEARLY_ALL
        least_hit_ns = max(self._least_hit(duration_ns), self._usual + taking_ns * self._tells_waits)
        among = self._around(of_all=of_all)
        times = min(self._rate(least_hit_ns, one, excused=True) for one in among) * self._exposed_ns(duration_ns)
        return 1 - math.exp(-times) if times < 1 else NEARLY_ALL

    def share_beyond(self, maximum_ns: int) -> float:
        """Return the share of calls that may have been lifted over a maximum without a trace, below 1.

        What does that to a usual call takes the processor away for longer than what shifts a quantile a little.
        """
        if not self._usual:
            return 0.0
        within = self._walls[: bisect_left(self._walls, maximum_ns)] or [maximum_ns]
        missing_ns = LIFTING_SHARE * (maximum_ns - within[len(within) * 3 // 4 - (len(within) == 1)])
        least_hit_ns = max(self._least_hit(maximum_ns), self._usual + missing_ns)
        rate = min(self._rate(least_hit_ns, one, excused=False) for one in self._around())
        return -math.expm1(-rate * (sum(within) / len(within) + RECOVERY_NS))

    def _rate(self, least_hit_ns: float, among: _Among, *, excused: bool) -> float:
        """Return how many interruptions a nanosecond are likely at most that make a spin so long, and leave no trace."""
        spins, usual = len(among.spins), self._usual
        hits = spins - bisect_left(among.spins, least_hit_ns)
        told = _events(among.waits, spins) * spins * usual / max(among.called_ns, 1) if excused else 0.0
        unknown = max(hits - told, 0)
        unseen = UNSEEN_BESIDE_WAITS if self._tells_waits else UNSEEN
        return (unknown + unseen + math.sqrt(unseen * hits)) / (spins * usual)

    @property
    def puts_off_from_ns(self) -> float:
        """From this length on a call may have been put off, where no wait is told: it is a time slice longer than the others.

        A server may be put off on a processor where nothing is spun, and a call that has slept when it wakes up. So it
        is excused until spins prove that the machine is quiet.
        """
        if self._tells_waits or not self._usual or not self._used_walls or self._is_quiet:
            return math.inf
        return self._quarter_of_walls(1) + SHORTEST_SLICE_NS

    @property
    def _is_quiet(self) -> bool:
        """Whether even the largest share of slow spins that is likely with what was seen is small."""
        undisturbed_ns = min(self._usual, self._reference_ns or self._usual)
        spins = self.spins.ordered
        slow = len(spins) - bisect_left(spins, SPIN_TOLERANCE * undisturbed_ns)
        return slow + UNSEEN + math.sqrt(UNSEEN * slow) <= LOUD * len(spins)

    def slow_down(self, duration_ns: int) -> float:
        """Return how many times slower all that is too short to count as an interruption makes a call between quiet spins: evenly so."""
        if not self._usual:
            return 1.0
        least_hit_ns = self._least_hit(duration_ns)
        found = [among.spins[: bisect_left(among.spins, least_hit_ns)] for among in self._around()]
        return max(min(sum(short) / len(short) / self._usual if short else 1.0 for short in found), 1.0)

    def _exposed_ns(self, most_ns: int) -> float:
        """Return for how long a call is at risk on average, where none takes longer than this by itself."""
        within = bisect_left(self._walls, most_ns)
        own_ns = sum(self._walls[:within]) + (len(self._walls) - within) * most_ns
        return own_ns / len(self._walls) + RECOVERY_NS

    @property
    def _usual(self) -> int:
        """The undisturbed spin as these show it; 0 where there are none or the clock is too coarse for them."""
        return self.spins.usual_ns

    def _around(self, *, of_all: bool = False) -> tuple[_Among, ...]:
        """Return what tells of calls between quiet spins: all spins, and those that are between quiet spins as well, if any.

        A machine that is slow for a while shows in spin after spin, and calls beside those are not used. What hides in a call
        is shorter, and where it hits a spin the next ones are quiet on both sides. Every twentieth part more is looked at anew.
        """
        everywhere = _Among(self.spins.ordered, self._waits, self._called_ns)
        if len(self._goes) > self._looked_at * 1.05:
            self._looked_at = len(self._goes)
            most_ns = SPIN_TOLERANCE * self._usual
            quiet = [True, *(go.last_ns <= most_ns for go in self._goes), True]
            surrounded: list[int] = []
            within = [go for go, *sides in zip(self._goes, quiet, quiet[1:], strict=False) if all(sides)]
            for go, before, after in zip(self._goes, quiet, quiet[2:], strict=False):
                surrounded += go.spins if before and after else ()
            waits, called_ns = sum(go.has_waited for go in within), sum(go.called_ns for go in within)
            self._surrounded = _Among(sorted(surrounded), waits, called_ns)
        if of_all or not self._surrounded.spins:
            return (everywhere,)
        return everywhere, self._surrounded

    def _least_hit(self, duration_ns: int) -> float:
        return self._usual + max(LEAST_SPIN_SHARE * self._usual, LEAST_CALL_SHARE * duration_ns)

    def judge_again(self, used_walls: Sequence[int]) -> None:
        """Take other calls as those that nothing is known to have disturbed: the reference has changed."""
        self._used_walls = sorted(used_walls)

    @property
    def _tells_waits(self) -> bool:
        return self._has_told and not self._has_hidden

    @property
    def has_wide_calls(self) -> bool:
        """Whether the middle half of the calls is spread by more than noise spreads calls that cost the same."""
        return self._quarter_of_walls(3) > self._quarter_of_walls(1) * (1 + WIDE)

    @property
    def _keeps_step(self) -> bool:
        return not self._tells_waits and self.has_wide_calls

    def _quarter_of_walls(self, quarter: int) -> int:
        return self._used_walls[len(self._used_walls) * quarter // 4] if self._used_walls else 0
