"""A generated test for each kind of budget that a spec gives a tool."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ..checks.base import Finding
from ..errors import Position
from ..scenario import ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import Budgets
from ..targets.base import Outcome, Request, Session
from .baseline import Comparison
from .clocks import MeterError
from .measure import Subject, apply_budgets, kinds_of
from .results import BudgetResult
from .sizes import input_of_size, size_range

_CHECK_OF_OUTCOME = {"crashed": "no_crash", "lost": "no_crash", "timed_out": "timeout", "refused": "accepts_valid"}


def budget_scenarios(plan: ToolPlan) -> list[BudgetScenario]:
    """Return a scenario for each kind of budget of the tool: `budget[latency]`, `budget[cpu]`, and so on."""
    budgets = plan.tool.budgets
    if budgets is None:
        return []
    place = plan.tool.key_positions.get("/budgets", plan.tool.position)
    return [BudgetScenario(kind, budgets, place) for kind in kinds_of(budgets)]


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

        Of the context it uses, where they are there: `budget_lock` (held while measuring), `inconclusive_fails`,
        `on_budget` (told every result, to save a baseline), and `compare_baseline(results, regression)`, which returns
        `baseline.Comparison`s.
        """
        base = ctx.base()
        if base is None:
            raise ScenarioSkipped(
                f"a budget says nothing of failing calls: no valid call of {ctx.plan.tool.name} succeeded"
            )
        lock: AbstractContextManager[Any] | None = getattr(ctx, "budget_lock", None)
        try:
            subject = _subject(ctx, base, self.kind, self.budgets)
        except MeterError as error:
            raise ScenarioSkipped(str(error)) from None
        results = apply_budgets(subject, self.budgets, kinds=(self.kind,), lock=lock)
        _tell(ctx, results)
        self._judge(ctx, results)

    def _judge(self, ctx: ToolContext, results: Sequence[BudgetResult]) -> None:
        bad = ("fail", "inconclusive") if getattr(ctx, "inconclusive_fails", False) else ("fail",)
        for result in results:
            if result.verdict == "inconclusive" and "inconclusive" not in bad:
                ctx.warn(f"{ctx.plan.tool.name}: {result.message}")
        broken = [finding_of(result, self.position) for result in results if result.verdict in bad]
        broken += self._regressions(ctx, results, bad)
        if broken:
            raise ScenarioFailure(*broken)

    def _regressions(self, ctx: ToolContext, results: Sequence[BudgetResult], bad: Sequence[str]) -> list[Finding]:
        compare_baseline = getattr(ctx, "compare_baseline", None)
        if compare_baseline is None or self.budgets.regression is None:
            return []
        found: list[Comparison] = compare_baseline(results, self.budgets.regression)
        for one in found:
            if one.verdict == "inconclusive" and (one.is_advice or "inconclusive" not in bad):
                ctx.warn(f"{ctx.plan.tool.name}: {one.message}")
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
    on_budget = getattr(ctx, "on_budget", None)
    for result in results:
        ctx.emit("budget.verdict", attrs=result.event_attrs())
        if on_budget is not None:
            on_budget(result)


def _subject(ctx: ToolContext, base: Mapping[str, Any], kind: str, budgets: Budgets) -> Subject:
    session, target = ctx.session, ctx.plan.spec.target
    process_ids = session.process_ids()
    is_here = target.kind == "python" or (target.kind == "mcp" and target.server is not None)
    if kind != "latency" and not (process_ids or is_here or target.kind == "command"):
        raise MeterError(
            f"budget[{kind}]: the {target.kind} server was not started here, so its processes are not known"
        )
    caller = _Caller(ctx, session, kind)
    subject = Subject(
        lambda: caller(base), process_ids, own_process=is_here, own_thread=False, duration_of=_duration_of
    )
    return subject if budgets.growth is None or kind != "growth" else _sized(ctx, base, subject, caller, budgets)


def _sized(ctx: ToolContext, base: Mapping[str, Any], subject: Subject, caller: _Caller, budgets: Budgets) -> Subject:
    assert budgets.growth is not None
    schema, over = ctx.plan.tool.input, budgets.growth.over
    sizes = size_range(schema, over)
    inputs: dict[int, dict[str, Any]] = {}

    def call_of_size(size: int) -> Outcome:
        return caller(inputs.setdefault(size, input_of_size(schema, base, over, size)), f" with {over} of size {size}")

    return Subject(
        subject.call,
        subject.process_ids,
        own_process=subject.own_process,
        own_thread=False,
        call_of_size=call_of_size,
        sizes=sizes,
    )


def _duration_of(outcome: Outcome) -> int:
    return outcome.duration_ns


class _Caller:
    """Calls the tool, unlogged, since writing a log costs time too; a call that fails ends the scenario."""

    def __init__(self, ctx: ToolContext, session: Session, kind: str) -> None:
        self._tool, self._session, self._kind = ctx.plan.tool, session, kind
        self._calls = 0

    def __call__(self, arguments: Mapping[str, Any], size: str = "") -> Outcome:
        self._calls += 1
        rid = f"budget-{self._kind}-{self._calls}"
        request = Request(self._tool, copy.deepcopy(dict(arguments)), rid, self._tool.timeout_s, valid=True)
        outcome = self._session.call(request)
        if outcome.kind != "accepted":
            raise ScenarioFailure(self._finding(outcome, size))
        return outcome

    def _finding(self, outcome: Outcome, size: str) -> Finding:
        error = f": {outcome.error.type}: {outcome.error.message}" if outcome.error else ""
        what = outcome.kind.replace("_", " ")
        message = f"{self._tool.name} {what} in call {self._calls} of its {self._kind} budget{size}{error}"
        cause = f"{outcome.kind}: {outcome.error.type if outcome.error else ''}"
        return Finding(_CHECK_OF_OUTCOME[outcome.kind], message, cause, "the same call succeeded before")
