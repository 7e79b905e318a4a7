"""Whether memory explains that cost grows faster than is allowed.

What lives in its processor's own cache costs as much a step at any size, beside any neighbour. Beyond that a step of the
same algorithm costs more: sorting 400,000 floats on a quiet machine showed n^1.25 where n log n shows n^1.09, a walk along
200,000 linked nodes n^1.4 (measured). So a fail counts at once where the calls touch little; where larger sizes touch
more, it has to come again on sizes that do not, or to be more than slow memory ever was seen to add. Of servers that touch
more it counts unless neighbours sweep memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile

from .caches import SLOWEST
from .contention import slow_down_of
from .growth import FEWEST_SIZES, FLOOR, GrowthReading, doubling_sizes, judge_growth
from .touched import Touched, TouchedServed, touches_little
from .tries import memory_is_slow

LOOKS = 2
"""The least of so many counts: a collection of garbage in one of them touches all objects."""

ReadSizes = Callable[[Sequence[int]], GrowthReading]
"""Measures these sizes; a fail is confirmed."""


def doubted_here(
    failed: GrowthReading,
    call: Callable[[int], object],
    *,
    low: int,
    limit: str,
    read: ReadSizes,
    idle: Callable[[], object] | None = None,
) -> GrowthReading:
    """Return what is left of a fail of calls in this process: itself, that of smaller sizes, or an inconclusive reading."""
    sizes = [size for size, _ in failed.costs]
    touched = Touched(idle)
    near = [*takewhile(lambda size: _is_near(touched, call, size), sizes)]
    if len(near) == len(sizes):
        return failed
    far = sizes[len(near)]
    smaller = doubling_sizes(low, near[-1]) if near else ()
    if len(smaller) < FEWEST_SIZES:
        return _unless_excused(failed, limit, SLOWEST, from_size=far, reason=_of_far(far, "smaller ones are too few"))
    again = read(smaller)
    if again.verdict == "fail":
        return again
    return replace(failed, verdict="inconclusive", reason=_of_far(far, f"up to {near[-1]} nothing shows"))


def doubted_elsewhere(
    failed: GrowthReading,
    call: Callable[[int], object],
    *,
    limit: str,
    process_ids: Sequence[int],
    ping: Callable[[], object] | None = None,
) -> GrowthReading:
    """Return a fail of calls that other processes serve, or an inconclusive reading where neighbours may explain it.

    Where calls touch little beyond their way to the tool it stands: what slows the way slows that of each size.
    """
    touched = TouchedServed(process_ids, ping)
    if process_ids and all(_is_near(touched, call, size) for size, _ in failed.costs):
        return failed
    slow_down = slow_down_of(None)
    return _unless_excused(failed, limit, slow_down, from_size=0, reason=memory_is_slow(slow_down))


def _is_near(touched: Touched | TouchedServed, call: Callable[[int], object], size: int) -> bool:
    return any(touches_little(_touched_by(touched, call, size)) for _ in range(LOOKS))


def _touched_by(touched: Touched | TouchedServed, call: Callable[[int], object], size: int) -> int | None:
    touched.begin()
    call(size)
    return touched.end()


def _of_far(far: int, smaller: str) -> str:
    return (
        f"calls of size {far} and more touch more memory than a processor's own cache holds, which makes each step "
        f"slower, and that may be all that is wrong: {smaller}"
    )


def _unless_excused(
    failed: GrowthReading, limit: str, slow_down: float, *, from_size: int, reason: str
) -> GrowthReading:
    """Return the fail where it stands though all sizes from any one on may have cost so many times too much."""
    if slow_down <= 1:
        return failed
    starts = [size for size, _ in failed.costs if size >= from_size]
    lessened = (
        [(size, round(cost / (slow_down if size >= start else 1))) for size, cost in failed.costs] for start in starts
    )
    if all(_is_over(judge_growth(costs, limit)) for costs in lessened):
        return failed
    return replace(failed, verdict="inconclusive", reason=reason)


def _is_over(lessened: GrowthReading) -> bool:
    """Whether it grows too fast all the same: how sure that is, the fail has shown already."""
    return lessened.exponent.value > lessened.allowed + FLOOR
