"""A call that is refused has done nothing: half of an order is not booked before its other half is refused. One item a tool.

The evidence: tools that only read, and need nothing, answer otherwise after a call that is accepted, and so do they after each of
several equal calls that are refused. A finding comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from ..behaviour.leaves import Leaves, differing, is_volatile, leaves_of
from ..behaviour.switches import keeps_record
from ..checks import Finding
from ..checks.base import as_json, shorten
from ..checks.error_text import is_report
from ..checks.violation import is_valid
from ..errors import Position
from ..parts import part_of
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import Outcome, ToolDescription
from .lifecycle import fail_if_seen_twice, proven_base
from .roles import may_be_called, required_of, role_of_tool, schema_of
from .values import plain, unused_name

_MEANS_IT: Final = re.compile(
    r"\bpartial\w*|best[- ]effort|as (?:many|much) as|up to|skip\w*|ignor\w*|attempt\w*|tries|retr\w+|audit\w*\b",
    re.IGNORECASE,
)
"""What says that a part is done, or that attempts are counted."""
_OF_REFUSALS: Final = re.compile(
    r"attempt|fail|refus|reject|error|denied|invalid|tries|log|audit|last|seen", re.IGNORECASE
)
_MOST_WINDOWS: Final = 3
_MOST_REFUSED: Final = 10
_TIMES: Final = 3


def refusal_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the one item of a tool that changes what others show."""
    role = (role_of_tool(plan.description) or ("",))[0]
    if (
        role in ("read", "list")
        or plan.tool.annotations.read_only
        or _MEANS_IT.search(plan.description.description or "")
    ):
        return
    windows = tuple(islice(_windows(plan), _MOST_WINDOWS))
    if windows:
        yield RefusalScenario(windows, plan.tool.position)


def _windows(plan: ToolPlan) -> Iterator[str]:
    """Yield the tools that only read and need nothing."""
    for tool in plan.siblings:
        promised = (tool.annotations or {}).get("read_only") or _says_so(plan, tool)
        reads = promised or (role_of_tool(tool) or ("",))[0] in ("read", "list")
        is_other = tool.name != plan.tool.name and not keeps_record(tool.name)
        if is_other and reads and not required_of(schema_of(plan.spec, tool)) and may_be_called(plan.spec, tool):
            yield tool.name


def _says_so(plan: ToolPlan, tool: ToolDescription) -> bool:
    """Whether the spec says of a sibling that it only reads."""
    written = plan.spec.tools.get(tool.name)
    return written is not None and written.annotations.read_only is True


@dataclass(frozen=True, slots=True)
class RefusalScenario:
    """Look at what others show before and after calls that are refused."""

    windows: tuple[str, ...]
    position: Position | None
    id: str = "refused"
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        base = proven_base(ctx)
        fail_if_seen_twice(ctx, self.id, lambda: self._look(ctx, base))

    def _look(self, ctx: ToolContext, base: Mapping[str, Any]) -> Finding | None:
        before = self._seen(ctx)
        if ctx.call(base).kind != "accepted" or not _changed(before, self._seen(ctx)):
            raise ScenarioSkipped(f"no other tool shows what {ctx.plan.tool.name} does")
        for value in islice(_nearly(ctx.plan.tool.input, base), _MOST_REFUSED):
            moved = self._moved_by(ctx, value)
            if moved is not None:
                place, old, new = moved
                tool = place.partition(" ")[0]
                message = (
                    f"{ctx.plan.tool.name} refuses {shorten(as_json(value), 100)}, and changes what {tool} answers"
                )
                calls = "\n".join(
                    (f"{ctx.plan.tool.name} {shorten(as_json(value), 200)} -> refused", f"{place} {old} -> {new}")
                )
                return Finding(
                    "chain", message, "refused: changed", "what is refused is not done", details=(("calls", calls),)
                )
        return None

    def _moved_by(self, ctx: ToolContext, value: Mapping[str, Any]) -> tuple[str, Any, Any] | None:
        """Return what each of several equal refused calls changes; None where one is accepted, or changes nothing."""
        lasting: dict[str, list[Any]] = {}
        seen = self._seen(ctx)
        for turn in range(_TIMES):
            if _is_done(ctx.call(value)):
                return None
            before, seen = seen, self._seen(ctx)
            changed = _changed(before, seen)
            lasting = changed if turn == 0 else {place: changed[place] for place in lasting if place in changed}
            if not lasting:
                return None
        place, (old, new) = next(iter(lasting.items()))
        return place, old, new

    def _seen(self, ctx: ToolContext) -> Leaves:
        seen: Leaves = {}
        for name in self.windows:
            outcome = ctx.call_tool(name, {})
            if outcome.kind == "accepted":
                seen |= {f"{name} {pointer}": value for pointer, value in leaves_of(plain(outcome.value)).items()}
        return seen


def _is_done(outcome: Outcome) -> bool:
    return outcome.kind != "refused" or is_report(outcome)


def _changed(before: Leaves, after: Leaves) -> dict[str, list[Any]]:
    moved = differing([before, after])
    return {
        place: values
        for place, values in moved.items()
        if not is_volatile(place.partition(" ")[2], values, telemetry=True)
        and not _OF_REFUSALS.search(place.partition(" ")[2])
    }


def _nearly(schema: Any, base: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield inputs that may be refused in part: a good row and one that names nothing, or asks for too much; then such values."""
    for name, value in base.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            items = part_of(schema, name).get("items")
            for other in _spoilt(items if isinstance(items, Mapping) else {}, value[0]):
                yield from _valid(schema, {**base, name: [dict(value[0]), other]})
        elif isinstance(value, list) and value and isinstance(value[0], str):
            yield from _valid(schema, {**base, name: [value[0], unused_name()]})
    yield from (other for each in _spoilt(schema, base) for other in _valid(schema, each))


def _spoilt(schema: Any, known: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in known.items():
        part = part_of(schema, name)
        if isinstance(value, str) and "enum" not in part:
            yield {**known, name: unused_name()}
        elif (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and isinstance(part.get("maximum"), int | float)
        ):
            yield {**known, name: part["maximum"]}


def _valid(schema: Any, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if is_valid(schema if schema is not None else True, given):
        yield given
