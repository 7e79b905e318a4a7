"""Tools in hand-written tests: the marker `tool_spec` and what the fixtures `tool` and `tools` hand out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .cases.model import Case
from .checks.violation import is_valid
from .errors import ToolcheckError
from .execute import RunningScenario
from .runtime import Runtime
from .scenario import ToolPlan
from .scenarios import assumed_base, cases_of
from .server import describe_once
from .spec.discover import merge_discovered
from .spec.load import load_spec
from .targets.base import Outcome
from .tool_state import ToolState

if TYPE_CHECKING:
    from .budgets.measure import Subject


class ToolCallFailed(AssertionError):
    """A called tool did not answer; `outcome` says what it did instead, `which` which of many calls it was."""

    __module__ = "builtins"  # the short summary shows little more than 80 columns: they are for what happened

    def __init__(self, name: str, outcome: Outcome, which: str = "") -> None:
        self.outcome = outcome
        said = f": {outcome.error.type}: {outcome.error.message}" if outcome.error else ""
        super().__init__(f"{name} {outcome.in_words}{which and ' ' + which}{said}")


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A call that a test made: its input, its label, and the kind of outcome that it had."""

    arguments: Mapping[str, Any]
    valid: bool
    kind: str


class BoundTool:
    """One tool of a spec, callable: `tool(sku="A", count=2)` returns its value, `tool.call({...})` the outcome."""

    def __init__(self, plan: ToolPlan, runtime: Runtime) -> None:
        self.plan = plan
        self.name = plan.tool.name
        self._running = RunningScenario(ToolState(plan, runtime), attrs={})
        self.made_calls: list[AnsweredCall] = []
        """The calls made so far and how each ended, to be made again by a budget."""

    def __repr__(self) -> str:
        return f"<tool {self.name!r} of {self.plan.spec.path.name}, {len(self.made_calls)} calls>"

    def __call__(self, **arguments: Any) -> Any:
        """Call the tool and return its value. Raises ToolCallFailed where it does not answer."""
        __tracebackhide__ = True
        outcome = self.call(arguments)
        if outcome.kind != "accepted":
            raise ToolCallFailed(self.name, outcome)
        return outcome.value

    def call(self, arguments: Mapping[str, Any]) -> Outcome:
        """Call the tool and return what it did, refusals and crashes included."""
        given, schema = copy.deepcopy(dict(arguments)), self.plan.tool.input
        outcome = self._running.call(arguments)
        valid = schema is None or is_valid(schema, given)
        self.made_calls.append(AnsweredCall(given, valid, outcome.kind))
        return outcome

    @property
    def session(self) -> Any:
        """The session that the calls go through."""
        return self._running.session

    def as_subject(self, arguments: Mapping[str, Any], *, over: str | None = None) -> Subject:
        """Return a call as something to measure, in the processes that serve it; `over` is the parameter that grows.

        Raises MeterError where that has no size.
        """
        from .budgets.subjects import Caller, ToolCall, sized, subject_of

        call, caller = ToolCall(self.plan, arguments), Caller(self.session, "for its budget", ToolCallFailed)
        subject = subject_of([call], self.session, caller)
        return subject if over is None else sized(subject, call, over, caller)


def plans_of(node: pytest.Item | pytest.Function, marker: pytest.Mark, runtime: Runtime) -> dict[str, ToolPlan]:
    """Return the tools that a `tool_spec` marker names. Raises UsageError with the test's id."""
    path, only = _arguments(node.nodeid, node.path.parent, *marker.args, **marker.kwargs)
    try:
        spec = load_spec(path)
        found = merge_discovered(spec, describe_once(spec, runtime)).plans
    except ToolcheckError as error:
        raise pytest.UsageError(f"{node.nodeid}: {error}") from None
    plans = {plan.tool.name: plan for plan in found if only in (None, plan.tool.name)}
    if not plans:
        raise pytest.UsageError(f"{node.nodeid}: {path.name} has no tool {only!r}")
    return plans


def _arguments(
    nodeid: str, folder: Path, path: str = "", tool: str | None = None, **other: Any
) -> tuple[Path, str | None]:
    if not path or other:
        raise pytest.UsageError(f"{nodeid}: tool_spec takes a path and, by name, a tool: tool_spec('orders.tool.yaml')")
    return folder / path, tool


def parametrize(metafunc: pytest.Metafunc, marker: pytest.Mark, runtime: Runtime) -> None:
    """Run a test once for each tool of its spec, and for each generated case where it takes the fixture `case`."""
    plans = plans_of(metafunc.definition, marker, runtime)
    if "case" in metafunc.fixturenames:
        pairs = [(plan, case) for plan in plans.values() for case in cases_of(plan, seed=runtime.settings.seed)]
        ids = [f"{plan.tool.name}-{case.id}" for plan, case in pairs]
        if "_toolcheck_plan" in metafunc.fixturenames:
            metafunc.parametrize(("_toolcheck_plan", "case"), pairs, ids=ids)
        else:  # a case needs no tool to be looked at, or to be called in a session
            metafunc.parametrize("case", [case for _, case in pairs], ids=ids)
    elif "tool" in metafunc.fixturenames:
        metafunc.parametrize("_toolcheck_plan", list(plans.values()), ids=list(plans))


def base_of(plan: ToolPlan) -> dict[str, object] | None:
    """Return an input that the tool should accept, as its schema and examples suggest."""
    return assumed_base(plan.tool)


__all__ = ["BoundTool", "Case", "ToolCallFailed", "base_of", "parametrize", "plans_of"]
