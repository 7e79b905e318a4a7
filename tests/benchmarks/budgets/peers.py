"""The rules that people write by hand, and ours, on the same recorded or live calls."""

from __future__ import annotations

from collections.abc import Callable

from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, Sample

Next = Callable[[], Sample]
"""Makes (or replays) the next call."""
Pause = Callable[[float], None]
Rule = Callable[[Next, Pause, int], bool]
"""Returns whether the rule fails the tool, given its budget in ns."""


def ours(call: Next, pause: Pause, budget_ns: int) -> bool:
    """The confirmed sequential verdict of this package."""
    rule = ConfirmedVerdict(0.5, budget_ns)
    while rule.feed(call()) is None:
        if rule.pause_s:
            pause(rule.pause_s)
    return rule.verdict == "fail"


def single_call(call: Next, _: Pause, budget_ns: int) -> bool:
    """`assert duration < X` of one call; what a limit on a test's duration does."""
    return call().wall_ns > budget_ns


def mean_of_20(call: Next, _: Pause, budget_ns: int) -> bool:
    """`assert mean(durations) < X`; what pytest-benchmark users compare, too."""
    return sum(call().wall_ns for _ in range(20)) / 20 > budget_ns


def p95_of_20(call: Next, _: Pause, budget_ns: int) -> bool:
    """`assert sorted(durations)[18] < X`."""
    return sorted(call().wall_ns for _ in range(20))[18] > budget_ns


def least_of_20(call: Next, _: Pause, budget_ns: int) -> bool:
    """`assert min(durations) < X`: robust to noise, blind to what only some calls suffer."""
    return min(call().wall_ns for _ in range(20)) > budget_ns


RULES: dict[str, Rule] = {
    "ours (p50)": ours,
    "single call": single_call,
    "mean of 20": mean_of_20,
    "p95 of 20": p95_of_20,
    "min of 20": least_of_20,
}
