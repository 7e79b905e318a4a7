"""How many calls are worth trying before there is no verdict, and what is said then."""

from __future__ import annotations

from .evidence import calls_to_pass

MISSED = 1e-2
VARIED = 1.04
"""The middle half of calls that live in memory is spread by more than this while others use it (1.06 to 2.5 measured), that of
calls that compute by less (1.00 to 1.05, rarely more)."""
MOST_DOUBTED = 3
"""So many stages that others explain are made again."""
BY_LEAST_COST = ", by the least that each can have cost: without its wait and the slow-down beside it"
PLAINLY = 2.0
"""Only what takes as long as the budget explains a call that is over it by so much."""
INTERRUPTED = 1e-1
"""With this chance (of three times) calls that were interrupted without a trace look like those of a slow tool."""
FEWEST_USABLE = 0.1
"""A machine that leaves fewer calls than this share undisturbed breaks no median by those few: their moments were odd ones."""
LIFTED = 1e-2
"""Calls over a maximum fail it when they come thrice so unlikely."""
SPARED = 1.02
"""A call breaks a median that is over it by more than what the same code differs by for where its objects lie: a tool that
makes numbers by up to 9 % (measured), and nothing beside it shows that. Calls that vary by more themselves are many."""
COLD_UP_TO_NS = 10_000_000
"""Shorter calls are longer for cold caches by more than 2 %: one of 0.1 ms took 1.5 times as long (measured), its spins not."""
QUIET_CALLS = 10
"""A hypervisor takes the processor away in bursts, which few spins show: after a slow one so many calls serve no tail."""
MAY_BE_ALL = ", and that may be all that is wrong"
CLEAN_CALLS_FOR_MAX = 59
"""After so many calls within the maximum, one that goes over once in 20 calls would have been seen with 95 %."""


def default_max_usable(quantile: float) -> int:
    """Return how many usable calls are worth trying: a tool a tenth over its budget shows in them, though it varies by a third."""
    if quantile >= 1:
        return 10 * CLEAN_CALLS_FOR_MAX
    return max(1000, 12 * calls_to_pass(quantile, MISSED))


def default_max_calls(quantile: float) -> int:
    """Return how many calls are worth trying where noise leaves few of them usable."""
    return 10 * CLEAN_CALLS_FOR_MAX if quantile >= 1 else 10 * max(200, 8 * calls_to_pass(quantile, MISSED))


def reason_inconclusive(usable: int, total: int, max_usable: int) -> str:
    """Return why no verdict was reached: too near the budget, too noisy, or too few calls."""
    if usable >= max_usable:
        return f"too near the budget: {usable} usable calls do not tell which side it is on"
    if usable < total / 2:
        return f"too noisy: {usable} of {total} calls usable"
    return f"too few calls: {usable} of {total} usable"


def memory_is_slow(excuse: float) -> str:
    """Say that slow memory explains what was measured."""
    return f"memory is slow: what lives there may take {excuse:.2f} times as long{MAY_BE_ALL}"
