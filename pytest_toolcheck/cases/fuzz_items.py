"""The items that fuzz a tool: one for valid inputs, one for invalid ones. Hypothesis is imported when one runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from ..checks.base import Finding
from ..errors import Position
from ..scenario import Scenario, ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import JSONSchema, ToolSpec
from .model import Case, Label

if TYPE_CHECKING:
    from .fuzz import FuzzResult


def is_fuzzed(tool: ToolSpec) -> bool:
    """Whether a tool is fuzzed: unless its `variations` leave `fuzz` out, exclude it or say `fuzz: 0`."""
    variations = tool.variations
    wanted = variations.categories is None or "fuzz" in variations.categories
    return wanted and "fuzz" not in variations.exclude and variations.fuzz > 0


@dataclass(frozen=True, slots=True)
class FuzzScenario:
    """Fuzz one tool with inputs of one label; the failure carries the smallest input and an entry for the spec."""

    label: Label
    max_examples: int
    position: Position | None = None
    category: str = "fuzz"
    fixtures: Sequence[str] = ()

    @property
    def id(self) -> str:
        return f"fuzz[{self.label}]"

    def run(self, ctx: ToolContext) -> None:
        tool = ctx.plan.tool
        if ctx.base() is None:  # before Hypothesis is imported, which takes longer than all other cases of such a tool
            raise ScenarioSkipped(f"not fuzzed: no valid call of {tool.name} succeeded")
        from .fuzz import fuzz_tool

        schema = {"type": "object"} if tool.input is None else tool.input
        result = fuzz_tool(
            lambda value, label: self._judged(ctx, value, label),
            schema,
            label=self.label,
            max_examples=self.max_examples,
            seed=tool.variations.seed,
            base=ctx.base(),
            values={name.removeprefix("/"): known.valid for name, known in tool.values.items()},
            database_key=_database_key(ctx.plan, self.label, schema),
        )
        if not result.served:
            ctx.warn(f"{tool.name}: fuzz[{self.label}] made no call: no {self.label} input of the schema was found")
        elif result.findings:
            raise self._failure(ctx, result)

    def _judged(self, ctx: ToolContext, value: Any, label: Label) -> Sequence[Finding]:
        outcome = ctx.call(value, valid=label == "valid")
        case = Case(self.id, value, label, "fuzz", "", "fuzz")
        judged = getattr(ctx, "judged", None)  # what the tool has used up proves nothing: that is asked elsewhere
        findings: Sequence[Finding] = judged(case, outcome)[1] if callable(judged) else ctx.judge(case, outcome)
        return findings

    def _failure(self, ctx: ToolContext, result: FuzzResult) -> ScenarioFailure:
        try:
            again = tuple(self._judged(ctx, result.input, result.label))
            note = "" if again else " (not again when the smallest input was repeated)"
        except ScenarioSkipped:  # a hang is not waited for once more
            again, note = (), ""
        findings = again or result.findings
        details = (("smallest input", _shown(result.input)), ("examples entry", result.entry))
        first = replace(findings[0], message=findings[0].message + note, details=(*findings[0].details, *details))
        shown = (first, *findings[1:])
        fail = getattr(ctx, "fail", None)
        return cast(ScenarioFailure, fail(shown)) if callable(fail) else ScenarioFailure(*shown)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _database_key(plan: ToolPlan, label: Label, schema: JSONSchema) -> bytes:
    text = json.dumps([plan.spec.path.name, plan.tool.name, label, schema], sort_keys=True, default=str)
    return b"toolcheck " + hashlib.sha256(text.encode()).digest()


_SAYS_NOTHING = frozenset(
    {"type", "properties", "required", "title", "description", "$schema", "$id", "$comment", "$defs"}
)


def _accepts_every_object(schema: JSONSchema | None) -> bool:
    """Whether it is plain to see that no arguments are invalid: those of a tool without parameters, for one."""
    if not isinstance(schema, dict):
        return schema is not False
    return not (set(schema) - _SAYS_NOTHING or schema.get("properties") or schema.get("required"))


def fuzz_scenarios(plan: ToolPlan) -> list[Scenario]:
    """Return the fuzz items of a tool: valid and invalid; none where the spec leaves them out or says `fuzz: 0`."""
    if not is_fuzzed(plan.tool):
        return []
    calls = plan.tool.variations.fuzz
    position = plan.tool.position
    half = (calls + 1) // 2
    scenarios = [FuzzScenario("valid", half, position)]
    if calls > half and not _accepts_every_object(plan.tool.input):
        scenarios.append(FuzzScenario("invalid", calls - half, position))
    return cast("list[Scenario]", scenarios)
