"""Walks: tools that work on one thing are called in every order of a few steps. What crashes, or breaks its output schema, fails.

A refusal is no fault: a closed order takes no more lines. Ids are taken from what the tools answered on the way.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from ..cases import base_candidates
from ..cases.model import Case
from ..checks import OUTCOME_CHECKS, Evidence, Finding
from ..checks.base import shorten
from ..checks.violation import is_valid
from ..errors import Position
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import ToolSpec
from ..targets.base import Outcome, ToolDescription
from .lifecycle import fail_if_seen_twice
from .roles import schema_of
from .values import keyed_values, plain
from .walk_groups import group_of, is_id, required

_PATIENCE_S, _MOST_CALLS, _SHOWN = 4.0, 260, 8
_VARIED = 3
_CHECKS = ("no_crash", "output_schema")


def walk_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the walk that this tool is the first of."""
    if group := group_of(plan):
        yield WalkScenario(tuple(tool.name for tool in group), plan.tool.position)


@dataclass(frozen=True, slots=True)
class WalkScenario:
    """Call the tools in every order; a finding must come twice, in a second walk."""

    tools: tuple[str, ...]
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"walk[{'-'.join(self.tools)}]"

    def run(self, ctx: ToolContext) -> None:
        fail_if_seen_twice(ctx, self.id, lambda: Walk(ctx, self.tools).finding())


class Walk:
    """One walk: which ids are known, what has been called."""

    def __init__(self, ctx: ToolContext, tools: tuple[str, ...]) -> None:
        self._ctx = ctx
        named = {tool.name: tool for tool in ctx.plan.siblings}
        self._tools = [named[name] for name in tools]
        self._known: dict[str, Any] = {}
        self._inputs = {tool.name: self._inputs_of(tool) for tool in self._tools}
        self._turns = dict.fromkeys(tools, 0)
        self._steps: list[str] = []

    def finding(self) -> Finding | None:
        """Walk until something is wrong; None where nothing is. Raises ScenarioSkipped where nothing is accepted."""
        began, accepted = time.monotonic(), 0
        for at in islice(orders(len(self._tools)), _MOST_CALLS):
            if time.monotonic() - began > _PATIENCE_S:
                break
            tool = self._tools[at]
            arguments = self._arguments(tool)
            if arguments is None:
                continue
            outcome = self._called(tool, arguments)
            accepted += outcome.kind == "accepted"
            if (wrong := self._judged(tool, arguments, outcome)) is not None:
                return wrong
        if not accepted:
            raise ScenarioSkipped("none of these tools accepted a call")
        return None

    def _inputs_of(self, tool: ToolDescription) -> list[dict[str, Any]]:
        written = self._ctx.plan.spec.tools.get(tool.name)
        schema = schema_of(self._ctx.plan.spec, tool)
        examples = [dict(example.input) for example in written.examples if example.is_good] if written else []
        if tool.name == self._ctx.plan.tool.name and (base := self._ctx.base()) is not None:
            examples.append(base)
        made = base_candidates(schema if schema is not None else {"type": "object"})
        return [value for value in (*examples, *islice(made, _VARIED)) if isinstance(value, dict)] or [{}]

    def _arguments(self, tool: ToolDescription) -> dict[str, Any] | None:
        """Return the next input, with the newest ids; None where an id is wanted that nothing has answered yet."""
        keys = [name for name in required(self._ctx.plan, tool) if is_id(name)]
        own = self._inputs[tool.name]
        value = own[self._turns[tool.name] % len(own)]
        self._turns[tool.name] += 1
        if any(key not in self._known for key in keys) and not self._is_given(tool, value):
            return None
        filled = {**value, **{key: self._known[key] for key in keys if key in self._known}}
        schema = schema_of(self._ctx.plan.spec, tool)
        return filled if schema is None or is_valid(schema, filled) else None

    def _is_given(self, tool: ToolDescription, value: Mapping[str, Any]) -> bool:
        """Whether the spec's own example says the ids."""
        written = self._ctx.plan.spec.tools.get(tool.name)
        return written is not None and any(dict(example.input) == value for example in written.examples)

    def _called(self, tool: ToolDescription, arguments: dict[str, Any]) -> Outcome:
        is_own = tool.name == self._ctx.plan.tool.name
        outcome = self._ctx.call(arguments) if is_own else self._ctx.call_tool(tool.name, arguments)
        said = outcome.value if outcome.kind == "accepted" else outcome.error.message if outcome.error else ""
        self._steps.append(f"{tool.name} {shorten(arguments, 160)} -> {outcome.kind} {shorten(said, 160)}")
        if outcome.kind == "accepted":
            self._learn(plain(outcome.value))
        return outcome

    def _learn(self, result: Any) -> None:
        for tool in self._tools:
            for key in filter(is_id, required(self._ctx.plan, tool)):
                found = next(keyed_values(result, key), None)
                self._known |= {} if found is None else {key: found}

    def _judged(self, tool: ToolDescription, arguments: dict[str, Any], outcome: Outcome) -> Finding | None:
        spec = self._spec_of(tool)
        if outcome.kind in ("timed_out", "lost"):
            return None
        case = Case("walk", arguments, "valid", "chain", "", "on a walk")
        for name in _CHECKS:
            check = OUTCOME_CHECKS[name] if spec.checks.get(name) is not False else None
            found = check(Evidence(tool=spec, case=case, outcome=outcome)) if check is not None else None
            if found is not None and found.severity == "failure":
                before = "\n".join(self._steps[-_SHOWN:])
                return replace(found, details=(*found.details, ("calls", before)))
        return None

    def _spec_of(self, tool: ToolDescription) -> ToolSpec:
        plan = self._ctx.plan
        spec = plan.spec.tools.get(tool.name) or replace(plan.spec.defaults, name=tool.name)
        return replace(spec, input=schema_of(plan.spec, tool), output=spec.output or tool.output_schema)


def orders(count: int) -> Iterator[int]:
    """Yield the places of `count` tools so that each order of four steps comes, of three where there are many tools."""
    length = 4 if count <= 4 else 3
    yield from _de_bruijn(count, length)
    yield from (0,) * (length - 1)  # the row is a ring


def _de_bruijn(count: int, length: int) -> Iterator[int]:
    """Yield a shortest row that holds every sequence of that length (Fredricksen, Kessler, Maiorana 1978)."""
    word = [0] * (length * count)

    def rows(at: int, period: int) -> Iterator[int]:
        if at > length:
            if length % period == 0:
                yield from word[1 : period + 1]
            return
        word[at] = word[at - period]
        yield from rows(at + 1, period)
        for place in range(word[at - period] + 1, count):
            word[at] = place
            yield from rows(at + 1, at)

    return rows(1, 1)
