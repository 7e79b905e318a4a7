"""What a budget's measurement says, in one line that stands alone and in details to judge it by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..units import format_duration, format_share, format_size
from .evidence import calls_to_pass, quantile_interval
from .verdict import (
    CLEAN_CALLS_FOR_MAX,
    CONFIRM_AFTER_S,
    LEAST_TO_FAIL,
    ConfirmedVerdict,
    Verdict,
)

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
"""The names of latency budgets and the quantiles that they limit."""


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """One judged budget.

    `metric` is what was measured ("latency p95"), `value` its number in `unit` ("ns", "bytes", "share",
    "exponent"), None where nothing could be measured. `message` stands alone; `details` are (title, text) pairs.
    """

    metric: str
    verdict: Verdict
    measured: str
    budget: str
    message: str
    used: int = 0
    total: int = 0
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    details: tuple[tuple[str, str], ...] = ()
    low: float | None = None
    """The bounds of `value`, where the sample shows them."""
    high: float | None = None
    reference_ns: int | None = None
    """The reference workload beside it, for baselines."""
    slow_down: float = 1.0
    """How much longer than on a quiet machine it may have taken, for what neighbours do to memory, for baselines."""

    def event_attrs(self) -> dict[str, Any]:
        """Return the attributes of its `budget.verdict` event."""
        return {
            "metric": self.metric,
            "verdict": self.verdict,
            "measured": self.value,
            "budget": self.limit,
            "unit": self.unit,
            "samples": self.used,
            "calls": self.total,
            "low": self.low,
            "high": self.high,
            "message": self.message,
            **({} if self.reference_ns is None else {"reference_ns": self.reference_ns}),
        }


class BudgetExceeded(AssertionError):
    """A budget is not kept. The first line is the first failure; all results are in `results`."""

    __module__ = "builtins"  # the short summary shows little more than 80 columns: they are for the measured value

    def __init__(self, results: Sequence[BudgetResult]) -> None:
        self.results = tuple(results)
        broken = [result for result in results if result.verdict == "fail"] or list(results)
        super().__init__("\n".join([*(result.message for result in broken), *describe_details(broken)]))


def describe_details(results: Iterable[BudgetResult]) -> list[str]:
    """Return the details of results as indented lines, each text once."""
    lines = [f"  {title}: {line}" for result in results for title, text in result.details for line in text.splitlines()]
    return list(dict.fromkeys(lines))


def short(amount: float, unit: str) -> str:
    """Spell a measured amount with three significant digits: "61.2 ms", "10.2 MiB", "12%"."""
    if unit == "ns":
        return format_duration(round(amount), digits=3)
    if unit == "bytes":
        return format_size(round(amount), digits=3)
    return format_share(round(amount, 3)) if unit == "share" else f"{amount:.2f}"


def sequential_result(
    metric: str, rule: ConfirmedVerdict, *, unit: str, scale: float = 1.0, details: Sequence[tuple[str, str]] = ()
) -> BudgetResult:
    """Return the result of a sequential rule; amounts that it saw are `scale` times those of `unit`."""
    verdict = rule.verdict or "inconclusive"
    ordered = sorted(rule.values)
    limit = rule.budget_ns / scale
    value = quantile_of(ordered, rule.quantile) / scale if ordered else None
    least = "at least " if any(stage.is_by_least_cost for stage in rule.stages) else ""
    measured = least + with_interval(ordered, rule.quantile, unit, scale)
    budget = short(limit, unit)
    message = f"{metric} {measured}, budget {budget}, {rule.usable} of {rule.total} calls used"
    if verdict == "inconclusive":
        message += f": inconclusive, {rule.reason_inconclusive()}"
        message += _calls_needed(rule)
    said = (*details, ("verdict", rule.explain()))
    low, high = quantile_interval(ordered, rule.quantile) if rule.quantile < 1 else (None, None)
    return BudgetResult(
        metric,
        verdict,
        measured,
        budget,
        message,
        rule.usable,
        rule.total,
        value,
        limit,
        unit,
        said,
        None if low is None else low / scale,
        None if high is None else high / scale,
    )


def fewest_calls(quantile: float) -> int:
    """Return the fewest calls that can show that a quantile keeps its budget, and that it does not, confirmed."""
    to_fail = (len(CONFIRM_AFTER_S) + 1) * LEAST_TO_FAIL
    return max(CLEAN_CALLS_FOR_MAX if quantile >= 1 else calls_to_pass(quantile), to_fail)


def _calls_needed(rule: ConfirmedVerdict) -> str:
    fewest = fewest_calls(rule.quantile)
    return f", {fewest} are needed at least" if rule.total < fewest else ""


def quantile_of(ordered: Sequence[int], quantile: float) -> int:
    """Return the quantile of sorted values: the smallest that at least this share of them does not exceed."""
    below = int(quantile * len(ordered))
    index = below - 1 if below == quantile * len(ordered) else below
    return ordered[max(min(index, len(ordered) - 1), 0)]


def with_interval(ordered: Sequence[int], quantile: float, unit: str, scale: float = 1.0) -> str:
    """Spell a quantile of sorted values with the bounds that they show: "61.2 ms (58.9 to 66 ms at 99 %)"."""
    if not ordered:
        return "not measured"
    text = short(quantile_of(ordered, quantile) / scale, unit)
    if quantile >= 1:
        return text
    low, high = quantile_interval(ordered, quantile)
    if low is not None and high is not None:
        return f"{text} ({_number(low / scale, high / scale, unit)} to {short(high / scale, unit)} at 99 %)"
    if low is not None:
        return f"{text} (at least {short(low / scale, unit)} at 99 %)"
    return f"{text} (at most {short(high / scale, unit)} at 99 %)" if high is not None else text


def _number(low: float, high: float, unit: str) -> str:
    """Spell the lower bound without its unit where that is the upper one's too."""
    one, other = short(low, unit).rsplit(" ", 1), short(high, unit).rsplit(" ", 1)
    return one[0] if len(one) == 2 and one[1:] == other[1:] else short(low, unit)
