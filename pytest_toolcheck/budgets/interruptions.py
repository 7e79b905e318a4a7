"""How many calls something interrupted that only spins show: a hypervisor, or a neighbour where there is no /proc.

A spin is shorter than most calls, so for each spin that was interrupted several calls were, with undisturbed spins on
either side. What the spins show is a rate, and no interrupted spin in a few shows little: the rate that counts is the
largest that is likely with what was seen. From it follows the share of calls that may be slow for no fault of theirs.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort

from .sample import SPIN_TOLERANCE

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


class Interruptions:
    """Counts, spin by spin, what interrupted them, less what is known to have (a wait for a processor).

    Where a spin's own wait is not known, so many are taken to have waited as calls did.
    """

    def __init__(self) -> None:
        self._spins: list[int] = []
        self._walls: list[int] = []
        self._used_walls: list[int] = []
        self._waits = 0
        self._called_ns = 0
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
        if not spins[1] or is_same_go:
            return
        self._last = spins
        self._waits += has_waited
        if known_ns <= LEAST_SPIN_SHARE * spins[1] / 2:  # a spin that is known to have waited shows nothing else
            insort(self._spins, spins[1])
        for spin in more:
            insort(self._spins, spin)

    def share_of(self, duration_ns: int, *, taking_ns: int = 0) -> float:
        """Return the share of calls up to this length that may have been interrupted without a trace, below 1.

        `taking_ns` counts only what takes the processor away for so long at least, where waits are told of: where they are
        not, many a call has waited for longer than it should take, and few spins have.

        Where each call was once on average, nearly all were: what takes a processor away does so evenly.
        """
        if not self._usual:
            return 0.0
        if self._exposed_ns(duration_ns) >= LONG_NS and self._keeps_step:
            return NEARLY_ALL
        least_hit_ns = max(self._least_hit(duration_ns), self._usual + taking_ns * self._tells_waits)
        times = self._rate(least_hit_ns, excused=True) * self._exposed_ns(duration_ns)
        return 1 - math.exp(-times) if times < 1 else NEARLY_ALL

    def share_beyond(self, maximum_ns: int) -> float:
        """Return the share of calls that may have been lifted over a maximum without a trace, below 1.

        What does that to a usual call takes the processor away for longer than what shifts a quantile a little.
        """
        if not self._usual:
            return 0.0
        within = self._walls[: bisect_left(self._walls, maximum_ns)] or [maximum_ns]
        missing_ns = LIFTING_SHARE * (maximum_ns - within[len(within) * 3 // 4 - (len(within) == 1)])
        rate = self._rate(max(self._least_hit(maximum_ns), self._usual + missing_ns), excused=False)
        return -math.expm1(-rate * (sum(within) / len(within) + RECOVERY_NS))

    def _rate(self, least_hit_ns: float, *, excused: bool) -> float:
        """Return how many interruptions a nanosecond are likely at most that make a spin so long, and leave no trace."""
        spins, usual = len(self._spins), self._usual
        hits = spins - bisect_left(self._spins, least_hit_ns)
        told = self._waits_while_calling() * spins * usual / max(self._called_ns, 1) if excused else 0.0
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
        slow = len(self._spins) - bisect_left(self._spins, SPIN_TOLERANCE * undisturbed_ns)
        return slow + UNSEEN + math.sqrt(UNSEEN * slow) <= LOUD * len(self._spins)

    def slow_down(self, duration_ns: int) -> float:
        """Return how many times slower all that is too short to count as an interruption makes a call: evenly so."""
        if not self._usual:
            return 1.0
        short = self._spins[: bisect_left(self._spins, self._least_hit(duration_ns))]
        return max(sum(short) / len(short) / self._usual, 1.0) if short else 1.0

    def _waits_while_calling(self) -> float:
        """Return how many waits there were: some calls waited more than once, as random events do."""
        goes = max(len(self._spins), self._waits, 1)
        share = min(self._waits / goes, 1 - 0.5 / goes)
        return -math.log1p(-share) * goes

    def _exposed_ns(self, most_ns: int) -> float:
        """Return for how long a call is at risk on average, where none takes longer than this by itself."""
        within = bisect_left(self._walls, most_ns)
        own_ns = sum(self._walls[:within]) + (len(self._walls) - within) * most_ns
        return own_ns / len(self._walls) + RECOVERY_NS

    @property
    def _usual(self) -> int:
        """The undisturbed spin as these show it; 0 where there are none or the clock is too coarse for them."""
        return self._spins[len(self._spins) // 4] if self._spins else 0

    def _least_hit(self, duration_ns: int) -> float:
        return self._usual + max(LEAST_SPIN_SHARE * self._usual, LEAST_CALL_SHARE * duration_ns)

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
