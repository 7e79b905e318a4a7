"""A generated test for each kind of budget that a spec gives a tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ..checks.base import Finding
from ..errors import Position, Problem, SpecError
from ..exemptions import matching
from ..scenario import ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import Budgets
from ..targets.base import Outcome
from .clocks import MeterError
from .keeper import BaselineKeeper
from .leak import NO_LEAK_OF_COMMANDS
from .measure import Subject, apply_budgets, kinds_of
from .results import BudgetResult
from .sizes import size_range
from .subjects import Caller, ToolCall, sized, subject_of

_GROWTH_OVER = "/budgets/growth/over"
_CHECK_OF_OUTCOME = {"crashed": "no_crash", "lost": "no_crash", "timed_out": "timeout", "refused": "accepts_valid"}


def budget_scenarios(plan: ToolPlan) -> list[BudgetScenario]:
    """Return a scenario for each kind of budget of the tool: `budget[latency]`, `budget[cpu]`, and so on.

    Raises SpecError where the tool's own `growth` is over nothing that can grow, and for a `leak` of a command.
    """
    budgets = plan.tool.budgets
    if budgets is None:
        return []
    _check_growth(plan, budgets)
    _check_leak(plan, budgets)
    place = plan.tool.key_positions.get("/budgets", plan.tool.position)
    return [BudgetScenario(kind, budgets, place) for kind in kinds_of(budgets)]


def _check_growth(plan: ToolPlan, budgets: Budgets) -> None:
    place = plan.tool.key_positions.get(_GROWTH_OVER)
    if budgets.growth is None or place is None or place == plan.spec.defaults.key_positions.get(_GROWTH_OVER):
        return  # a default for all tools skips those that it says nothing about
    try:
        size_range(plan.tool.input, budgets.growth.over)
    except MeterError as error:
        message = f"'budgets.growth.over' of tool {plan.tool.name!r}: {error}"
        raise SpecError([Problem(place, message)]) from None


def _check_leak(plan: ToolPlan, budgets: Budgets) -> None:
    if "leak" in budgets.memory and plan.spec.target.kind == "command":
        place = plan.tool.key_positions.get("/budgets/memory/leak", plan.spec.target_position)
        message = f"'budgets.memory.leak' of tool {plan.tool.name!r}: {NO_LEAK_OF_COMMANDS}"
        raise SpecError([Problem(place, message)])


@dataclass(frozen=True, slots=True)
class BudgetScenario:
    """Measure one kind of budget, on calls with the tool's proven input."""

    kind: str
    budgets: Budgets
    position: Position | None = None
    fixtures: Sequence[str] = ()
    category: str = "budget"

    @property
    def id(self) -> str:
        return f"budget[{self.kind}]"

    def run(self, ctx: ToolContext) -> None:
        """Measure until there is a verdict. Raises ScenarioFailure, ScenarioSkipped.

        Of the context it uses, where they are there: `budget_lock` (held while measuring), `inconclusive_fails`, and
        `baseline_keeper` (a `BaselineKeeper`).
        """
        keeper = getattr(ctx, "baseline_keeper", None)
        if self.kind == "regression" and (keeper is None or not keeper.is_asked_for):
            raise ScenarioSkipped(
                "nothing to compare with: give --toolcheck-baseline=NAME (or --toolcheck-save-baseline)"
            )
        base = ctx.base()
        if base is None:
            raise ScenarioSkipped(
                f"a budget says nothing of failing calls: no valid call of {ctx.plan.tool.name} succeeded"
            )
        lock: AbstractContextManager[Any] | None = getattr(ctx, "budget_lock", None)
        try:
            subject = self._subject(ctx, base)
        except MeterError as error:
            raise ScenarioSkipped(str(error)) from None
        if subject.remote and self.kind != "latency":
            raise ScenarioSkipped(f"budget[{self.kind}]: {subject.remote}")
        results = apply_budgets(subject, self.budgets, kinds=(self.kind,), lock=lock)
        _tell(ctx, results)
        self._judge(ctx, results)

    def _subject(self, ctx: ToolContext, base: Mapping[str, Any]) -> Subject:
        session, call = ctx.session, ToolCall(ctx.plan, base)
        caller = Caller(session, f"of its {self.kind} budget", _failure)
        subject = subject_of([call], session, caller)
        growth = self.budgets.growth if self.kind == "growth" else None
        return subject if growth is None else sized(subject, call, growth.over, caller)

    def _judge(self, ctx: ToolContext, results: Sequence[BudgetResult]) -> None:
        bad = ("fail", "inconclusive") if getattr(ctx, "inconclusive_fails", False) else ("fail",)
        open_ones = [result.message for result in results if result.verdict == "inconclusive"]
        for result in results:
            if result.verdict == "inconclusive" and "inconclusive" not in bad:
                ctx.warn(f"{ctx.plan.tool.name}: {result.message}", check="budget")
        broken = [finding_of(result, self.position) for result in results if result.verdict in bad]
        broken += self._regressions(ctx, results, bad)
        if broken:
            raise ScenarioFailure(*broken)
        if open_ones and matching(ctx.plan.tool.xfails, self.id):  # a strict xfail: nobody knows that it passes
            raise ScenarioSkipped(open_ones[0])

    def _regressions(self, ctx: ToolContext, results: Sequence[BudgetResult], bad: Sequence[str]) -> list[Finding]:
        keeper: BaselineKeeper | None = getattr(ctx, "baseline_keeper", None)
        if keeper is None or self.budgets.regression is None or self.kind != "regression":
            return []
        found = keeper.compare(results, self.budgets.regression)
        for one in found:
            if one.verdict == "inconclusive" and (one.is_advice or "inconclusive" not in bad):
                ctx.warn(f"{ctx.plan.tool.name}: {one.message}", check="budget")
        return [
            Finding("budget", one.message, f"regression: {one.metric}", "no regression against the baseline")
            for one in found
            if one.verdict in bad and not one.is_advice
        ]


def finding_of(result: BudgetResult, position: Position | None = None) -> Finding:
    """Return the finding of a budget that is not kept."""
    promised = f"{result.metric} {result.budget}" + (f" ({position})" if position else "")
    return Finding("budget", result.message, f"budget: {result.metric}", promised, details=result.details)


def _tell(ctx: ToolContext, results: Sequence[BudgetResult]) -> None:
    for result in results:
        ctx.emit("budget.verdict", attrs=result.event_attrs())


def _failure(name: str, outcome: Outcome, which: str) -> ScenarioFailure:
    error = f": {outcome.error.type}: {outcome.error.message}" if outcome.error else ""
    message = f"{name} {outcome.kind.replace('_', ' ')} {which}{error}"
    cause = f"{outcome.kind}: {outcome.error.type if outcome.error else ''}"
    check = _CHECK_OF_OUTCOME[outcome.kind]
    return ScenarioFailure(Finding(check, message, cause, "the same call succeeded before"))
