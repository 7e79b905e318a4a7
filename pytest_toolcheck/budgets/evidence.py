"""How much a count of calls over the budget proves: anytime-valid evidence, in pure Python.

Let every usable call be over the budget with probability p. A quantile q meets its budget when p <= p0 = 1 - q. The
evidence that p is above (below) p0 is a likelihood ratio: all p above (below) p0 mixed evenly, against p0 itself.
Under the other hypothesis it is a non-negative supermartingale that starts at 1, so by Ville's inequality it ever
reaches 1/alpha with probability alpha at most, however often one looks. That is what makes it safe to stop at any time.
(Ville 1939; Robbins 1970, "Statistical methods related to the law of the iterated logarithm".)

The incomplete beta function that the mixture needs is a binomial tail: I_x(s+1, n-s+1) = P(Binomial(n+1, x) > s).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache


def _log_binomial(n: int, k: int, p: float) -> float:
    choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return choose + k * math.log(p) + (n - k) * math.log1p(-p)


def _far_tail(n: int, start: int, p: float, *, step: int) -> float:
    """Return P(Binomial(n, p) >= start) for step 1, P(<= start) for step -1; `start` lies beyond the mean that way."""
    if not 0 <= start <= n:
        return 0.0
    term, total, k = 1.0, 1.0, start
    odds = p / (1 - p)
    while 0 <= k + step <= n and term > total * 1e-17:
        term *= (n - k) / (k + 1) * odds if step > 0 else k / (n - k + 1) / odds
        k += step
        total += term
    return math.exp(_log_binomial(n, start, p) + math.log(total))


def chance_of(over: int, calls: int, share: float) -> float:
    """Return how likely so many of `calls` or more go over where each does with the chance `share` (0 to below 1)."""
    if over <= share * calls:
        return 1.0
    return _far_tail(calls, over, share, step=1) if share > 0 else 0.0


def _log_beta(over: int, calls: int) -> float:
    return math.lgamma(over + 1) + math.lgamma(calls - over + 1) - math.lgamma(calls + 2)


def _log_null(over: int, calls: int, share: float) -> float:
    return over * math.log(share) + (calls - over) * math.log1p(-share)


@lru_cache(maxsize=65536)
def log_evidence_above(over: int, calls: int, share: float) -> float:
    """Return the log evidence that more than `share` of calls go over, given `over` of `calls` (0 <= share < 1)."""
    if share <= 0:
        return math.inf if over else 0.0
    if over <= share * calls:
        return 0.0
    mixture = _log_beta(over, calls) + math.log1p(-_far_tail(calls + 1, over + 1, share, step=1)) - math.log1p(-share)
    return mixture - _log_null(over, calls, share)


@lru_cache(maxsize=65536)
def log_evidence_below(over: int, calls: int, share: float) -> float:
    """Return the log evidence that fewer than `share` of calls go over, given `over` of `calls` (0 < share < 1)."""
    if share <= 0 or over >= share * calls:
        return 0.0
    mixture = _log_beta(over, calls) + math.log1p(-_far_tail(calls + 1, over, share, step=-1)) - math.log(share)
    return mixture - _log_null(over, calls, share)


@lru_cache(maxsize=256)
def calls_to_pass(quantile: float, missed: float = 1e-2) -> int:
    """Return the fewest calls, none of them over, that can show that `quantile` (0 to below 1) is within a budget."""
    share, wanted = 1 - quantile, math.log(1 / missed)
    low, high = 0, 1
    while log_evidence_below(0, high, share) < wanted:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if log_evidence_below(0, middle, share) >= wanted else (middle, high)
    return high


@lru_cache(maxsize=256)
def calls_to_fail(quantile: float, false_alarm: float = 1e-4) -> int:
    """Return the fewest calls, all of them over, that can show that `quantile` is not within a budget."""
    share, wanted, calls = 1 - quantile, math.log(1 / false_alarm), 1
    while log_evidence_above(calls, calls, share) < wanted:
        calls += 1
    return calls


def quantile_interval(
    ordered: Sequence[int], quantile: float, *, outside: float = 0.01
) -> tuple[int | None, int | None]:
    """Return bounds that hold `quantile` of the sorted values, at any stopping time, with probability 1 - `outside`.

    A bound is None where so few values show none. The lower bound is the largest value that the evidence proves to be
    exceeded by more than 1 - quantile of calls; the upper one likewise.
    """
    calls, share, wanted = len(ordered), 1 - quantile, math.log(2 / outside)
    if quantile >= 1:
        return (ordered[-1] if calls else None), None
    expected = share * calls
    least_over = _first(lambda s: log_evidence_above(s, calls, share) >= wanted, math.floor(expected), calls)
    most_over = _first(
        lambda s: log_evidence_below(calls - s, calls, share) >= wanted, math.floor(calls - expected), calls
    )
    lower = None if least_over is None else ordered[calls - least_over]
    upper = None if most_over is None else ordered[most_over - 1]
    return lower, upper


def _first(holds: Callable[[int], bool], start: int, stop: int) -> int | None:
    """Return the smallest number in start..stop for which the monotone `holds` is true."""
    if start > stop or not holds(stop):
        return None
    low, high = start - 1, stop
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
