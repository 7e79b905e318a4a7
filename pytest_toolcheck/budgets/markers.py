"""Budget markers, from their arguments to `Budgets`: pure, so that a wrong one is an error when tests are collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from ..errors import ToolcheckError, UnitError
from ..spec.model import Budgets, GrowthBudget
from ..units import format_duration, parse_duration_ns, parse_share, parse_size_bytes
from .evidence import calls_to_fail, calls_to_pass
from .growth import CLASSES
from .leak import CALLS_TO_FAIL, LEAK_PASSES
from .results import QUANTILES
from .verdict import CONFIRM_AFTER_S, FALSE_ALARM

LEAK_ROUNDS = LEAK_PASSES * CALLS_TO_FAIL
REGRESSION_ROUNDS = 75
"""Three batches of 25 calls."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "latency_budget": ("p50", "p95", "p99", "max", "rounds", "regression"),
    "memory_budget": ("peak", "leak", "rounds"),
    "cpu_budget": ("time", "utilization", "rounds", "regression"),
    "growth_budget": ("over", "latency", "memory"),
}

Mark = tuple[str, tuple[Any, ...], Mapping[str, Any]]
"""Name, positional and keyword arguments of a marker."""


class BudgetError(ToolcheckError):
    """A budget that cannot be meant; the message says what was found and what is possible."""


@dataclass(frozen=True, slots=True)
class MarkedBudgets:
    """What a test's budget markers say together; `rounds` is how often its body may be run, None: once."""

    budgets: Budgets
    rounds: int | None = None


def parse_marks(marks: Iterable[Mark]) -> MarkedBudgets:
    """Return the budgets of a test's markers, closest marker first: it wins. Raises BudgetError.

    Markers of other names are skipped, so `item.iter_markers()` can be handed in as `(m.name, m.args, m.kwargs)`.
    """
    values: dict[tuple[str, str], Any] = {}
    for name, args, kwargs in marks:
        if name in _KEYS:
            _check_keys(name, args, kwargs)
            for key, value in kwargs.items():
                values.setdefault((name, key), _parse(name, key, value))
    budgets = _budgets(values)
    if values and budgets == Budgets():
        names = ", ".join(dict.fromkeys(name for name, _ in values))
        raise BudgetError(f"{names}: found rounds= and no limit")
    if problems := impossible(budgets):
        raise BudgetError("; ".join(problems))
    rounds = [value for (_, key), value in values.items() if key == "rounds"]
    return MarkedBudgets(budgets, max(rounds, default=None))


def impossible(budgets: Budgets) -> list[str]:
    """Return what no tool could keep or what says nothing, one sentence each (also for the budgets of a spec)."""
    problems = [f"latency {name} must be more than 0" for name, limit in budgets.latency.items() if limit <= 0]
    ordered = [(name, budgets.latency[name]) for name in QUANTILES if name in budgets.latency]
    for (name, limit), (higher, above) in pairwise(ordered):
        if above < limit:
            problems.append(
                f"latency {name} of {format_duration(limit)} lies above {higher} of {format_duration(above)}: "
                f"a call within {higher} is within {name} as well, so {name} says nothing"
            )
    problems += [f"memory {name} must not be negative" for name, limit in budgets.memory.items() if limit < 0]
    if budgets.memory.get("peak") == 0:
        problems.append("memory peak must be more than 0: no call takes no memory at all")
    if budgets.cpu_time_ns is not None and budgets.cpu_time_ns <= 0:
        problems.append("cpu time must be more than 0")
    if budgets.cpu_utilization is not None and budgets.cpu_utilization <= 0:
        problems.append("cpu utilization must be more than 0%")
    return problems


def body_problems(marked: MarkedBudgets) -> list[str]:
    """Return what keeps budgets from being judged on a test's own body, one sentence each, with the rounds needed.

    For a test that does not use the fixture `tool`. Its body is run once, since fixtures are not reset, unless the
    marker says `rounds=`.
    """
    budgets, rounds = marked.budgets, marked.rounds
    found = f"found rounds={rounds}" if rounds else "found no rounds="
    problems = [
        f"latency {name} of a test's own body needs rounds={rounds_needed(QUANTILES[name])} at least ({found}): fewer "
        "runs cannot show it; limit max=, or call the tool through the fixture `tool`"
        for name in budgets.latency
        if name != "max" and (rounds or 1) < rounds_needed(QUANTILES[name])
    ]
    if "leak" in budgets.memory and (rounds or 1) < LEAK_ROUNDS:
        problems.append(f"memory leak of a test's own body needs rounds={LEAK_ROUNDS} ({found})")
    if budgets.growth is not None:
        problems.append("growth_budget needs the calls of the fixture `tool`: a test's own body has no size to change")
    if budgets.regression is not None and (rounds or 1) < REGRESSION_ROUNDS:
        problems.append(f"regression of a test's own body needs rounds={REGRESSION_ROUNDS} ({found})")
    takes_time = budgets.latency or budgets.cpu_time_ns is not None or budgets.cpu_utilization is not None
    if budgets.memory and takes_time and rounds is None:
        problems.append("memory and time are never measured in one run: give rounds=2 or more, or split the test")
    return problems


def rounds_needed(quantile: float) -> int:
    """Return how many runs can show that a quantile is kept, and that it is not, confirmed."""
    stages = len(CONFIRM_AFTER_S) + 1
    return max(calls_to_pass(quantile), stages * calls_to_fail(quantile, FALSE_ALARM))


def _check_keys(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    known = _KEYS[name]
    if args:
        raise BudgetError(f"{name}: found {args[0]!r} without a name, expected keywords such as {known[0]}={args[0]!r}")
    if not kwargs:
        raise BudgetError(f"{name}: found no limit, expected some of {', '.join(known)}")
    for key in kwargs:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise BudgetError(f"{name}: unknown key {key!r}.{hint} Known: {', '.join(known)}")
    if name == "growth_budget" and not ("over" in kwargs and len(kwargs) > 1):
        raise BudgetError("growth_budget: expected over='PARAM' and latency= or memory=, such as latency='n log n'")


def _parse(name: str, key: str, value: Any) -> Any:
    try:
        return _parser(name, key)(value)
    except (UnitError, BudgetError) as error:
        raise BudgetError(f"{name}({key}={value!r}): {error}") from None


def _parser(name: str, key: str) -> Callable[[Any], Any]:
    if key == "rounds":
        return _rounds
    if key in ("regression", "utilization"):
        return parse_share
    if name == "growth_budget":
        return _parameter if key == "over" else _growth_class
    return parse_size_bytes if name == "memory_budget" else parse_duration_ns


def _rounds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BudgetError("expected a whole number of at least 1")
    return value


def _parameter(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BudgetError("expected the name of a parameter")
    return value


def _growth_class(value: Any) -> str:
    if not isinstance(value, str) or value not in CLASSES:
        raise BudgetError(f"expected one of {', '.join(map(repr, CLASSES))}")
    return value


def _budgets(values: Mapping[tuple[str, str], Any]) -> Budgets:
    growth = {key: value for (name, key), value in values.items() if name == "growth_budget"}
    regressions = [value for (_, key), value in values.items() if key == "regression"]
    return Budgets(
        latency={name: values["latency_budget", name] for name in QUANTILES if ("latency_budget", name) in values},
        memory={name: values["memory_budget", name] for name in ("peak", "leak") if ("memory_budget", name) in values},
        cpu_time_ns=values.get(("cpu_budget", "time")),
        cpu_utilization=values.get(("cpu_budget", "utilization")),
        growth=GrowthBudget(**growth) if growth else None,
        regression=min(regressions, default=None),
    )
