"""`defaults`: what the spec says of a parameter that is left out is what the Python function does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from ..checks.base import Finding, as_json, place_of, shorten
from ..checks.expected import same_json
from ..errors import Position
from ..scenario import ToolContext, ToolPlan

if TYPE_CHECKING:
    from ..execute import RunningScenario

_DATED: Final = ("date-time", "date", "time", "duration")
"""One moment has many spellings."""


@dataclass(frozen=True, slots=True)
class DefaultsScenario:
    """Compare the defaults of the spec's `input` with those of the function's signature."""

    position: Position | None
    id: str = "defaults"
    category: str = "defaults"
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure."""
        running = cast("RunningScenario", ctx)
        findings = tuple(_findings(ctx.plan))
        for finding in findings:
            running.report(finding)
        if findings:
            raise running.fail(findings)


def compared(plan: ToolPlan) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield the parameters that have a default on both sides: name, schema in the spec, default in code.

    None in code is left out: mostly it means "not given", and the body puts the real default in its place.
    """
    written, found = plan.tool.input, plan.description.input_schema
    if plan.spec.target.kind != "python" or written is found:
        return
    in_code = _properties(found)
    for name, part in _properties(written).items():
        code = in_code.get(name)
        if isinstance(part, dict) and "default" in part and isinstance(code, dict) and code.get("default") is not None:
            yield name, part, code["default"]


def _findings(plan: ToolPlan) -> Iterator[Finding]:
    tool = plan.tool
    for name, part, in_code in compared(plan):
        if _agree(part, in_code):
            continue
        place = place_of(tool, f"input/properties/{name}/default", f"input/properties/{name}", "input")
        yield Finding(
            "defaults",
            f"{tool.name}: the default of {name} is {shorten(part['default'], 80)} in the schema, "
            f"{shorten(in_code, 80)} in the code",
            f"defaults {name}",
            f"the same default in the schema ({place}) and in the code ({plan.description.source or 'the signature'})",
        )


def _agree(part: dict[str, Any], in_code: Any) -> bool:
    said = part["default"]
    if same_json(said, in_code):
        return True
    if isinstance(said, dict) and isinstance(in_code, dict):  # what it leaves out may have defaults of its own
        return all(same_json(said[key], in_code[key]) for key in said.keys() & in_code.keys())
    if isinstance(said, list) and isinstance(in_code, list) and part.get("uniqueItems"):  # a set has no order
        return sorted(map(as_json, said)) == sorted(map(as_json, in_code))
    is_dated = part.get("format") in _DATED and isinstance(said, str) and isinstance(in_code, str)
    return is_dated or _is_spelled(said, in_code)


def _is_spelled(said: Any, in_code: Any) -> bool:
    """Whether the code's text is the number in the schema: a `Decimal` is written as text."""
    if not isinstance(in_code, str) or isinstance(said, bool) or not isinstance(said, int | float):
        return False
    try:
        return float(in_code) == said
    except ValueError:
        return False


def _properties(schema: Any) -> dict[str, Any]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}
