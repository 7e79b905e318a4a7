"""Bring together what a spec promises of tools and what a target says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from ..errors import Problem, SpecError
from .model import Annotations, Spec, ToolSpec
from .placeholders import fixture_names
from .worded import worded
from .wording import did_you_mean, listed, quoted, shorten

if TYPE_CHECKING:
    from ..scenario import ToolPlan
    from ..targets.base import ToolDescription

_COMBINERS = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if", "patternProperties", "dependentSchemas"})
DESTRUCTIVE_REASON = "declares itself destructive: name it under tools:, or say allow: [destructive]"


@dataclass(frozen=True, slots=True)
class Discovered:
    """The tools to test, in the order of the spec (or of the target), and those left alone: name and reason."""

    plans: tuple[ToolPlan, ...]
    skipped: tuple[tuple[str, str], ...] = ()


def merge_discovered(spec: Spec, descriptions: Sequence[ToolDescription]) -> Discovered:
    """Fill in each tool's `input`, `output` and `annotations` from its description where the spec leaves them out.

    Raises SpecError for tools of the spec that the target does not offer, unless the spec itself says how they are
    called or what they take; then the target decides.
    """
    offered = {description.name: description for description in descriptions if description.missing is None}
    if spec.discovers_tools:
        return _all_offered(spec, offered)
    missing = {description.name: description.missing for description in descriptions if description.missing is not None}
    located = {description.name for description in descriptions if description.source is not None}
    unknown = [tool for tool in spec.tools.values() if tool.name not in located and not _is_known(tool, offered)]
    problems = [_not_offered(spec, tool, list(offered)) for tool in unknown]
    problems += [
        _nothing_behind(spec, spec.tools[name], reason)
        for name, reason in missing.items()
        if spec.tools[name] not in unknown
    ]
    if problems:
        raise SpecError(sorted(problems, key=lambda problem: problem.position))
    plans = tuple(_plan(spec, tool, offered) for tool in spec.tools.values())
    if problems := [problem for plan in plans for problem in _values_of_nothing(plan.tool, spec.tools[plan.tool.name])]:
        raise SpecError(problems)
    return Discovered(plans)


def _values_of_nothing(tool: ToolSpec, written: ToolSpec) -> Iterator[Problem]:
    """Yield `values` for parameters that the discovered schema lacks; of a written schema the loader has said so."""
    schema = tool.input
    if written.input is not None or not isinstance(schema, dict) or _COMBINERS & schema.keys():
        return
    known = list(schema.get("properties", {}))
    for name in tool.values:
        place = tool.key_positions.get(f"/values/{name}")
        if place is not None and known and name not in known and not name.startswith("/"):
            hint = did_you_mean(name, known)
            message = f"the tool {quoted(tool.name)} has no parameter {quoted(name)}.{hint} Parameters: {listed(known)}"
            yield Problem(place, f"'values': {message}")
    from .schemas import refused_values

    for name, index, said in refused_values(
        schema, {name: {"valid": known.valid} for name, known in tool.values.items()}
    ):
        position = tool.key_positions[f"/values/{name}"]
        yield Problem(position, f"'values.{name}.valid[{index}]': the tool's input schema refuses it: {said}")


def effective_tool(tool: ToolSpec, description: ToolDescription) -> ToolSpec:
    """Return the tool with what the spec leaves out taken from the description; annotations key by key."""
    return replace(
        tool,
        input=worded(description.input_schema, description.description) if tool.input is None else tool.input,
        output=description.output_schema if tool.output is None else tool.output,
        annotations=_annotations(tool.annotations, description),
    )


def _all_offered(spec: Spec, offered: dict[str, ToolDescription]) -> Discovered:
    reasons = {name: _left_alone(spec, description) for name, description in offered.items()}
    tools = [replace(spec.defaults, name=name) for name, reason in reasons.items() if reason is None]
    plans = tuple(_plan(spec, tool, offered) for tool in tools)
    return Discovered(plans, tuple((name, reason) for name, reason in reasons.items() if reason is not None))


def _left_alone(spec: Spec, description: ToolDescription) -> str | None:
    """Say why a tool that nobody named is not called: it destroys, by its own explicit word, or takes no plain call."""
    declares = (description.annotations or {}).get("destructive") is True
    return DESTRUCTIVE_REASON if declares and "destructive" not in spec.allow else description.uncallable


def _is_known(tool: ToolSpec, offered: dict[str, ToolDescription]) -> bool:
    return tool.name in offered or tool.call is not None or tool.input is not None


def _nothing_behind(spec: Spec, tool: ToolSpec, reason: str) -> Problem:
    position = tool.key_positions.get("/call") or tool.position or spec.target_position
    return Problem(position, f"tool {quoted(tool.name)} cannot be called: {reason}")


def _not_offered(spec: Spec, tool: ToolSpec, offered: list[str]) -> Problem:
    position = tool.position or spec.target_position
    if fixture_names(spec.target):
        why = "a target that needs fixtures cannot be asked for its tools when tests are collected"
        return Problem(position, f"tool {quoted(tool.name)} has no 'input': {why}, so write the tool's 'input' here")
    hint = did_you_mean(tool.name, offered)
    names = listed(shorten(name) for name in sorted(offered)) or "none at all"
    return Problem(position, f"the target has no tool {quoted(tool.name)}.{hint} Tools of the target: {names}")


def _plan(spec: Spec, tool: ToolSpec, offered: dict[str, ToolDescription]) -> ToolPlan:
    from ..scenario import ToolPlan  # the spec room imports no target when it is imported
    from ..targets.base import ToolDescription

    description = offered.get(tool.name) or ToolDescription(tool.name, None, tool.input, tool.output)
    return ToolPlan(spec, effective_tool(tool, description), description, tuple(offered.values()))


def _annotations(written: Annotations, description: ToolDescription) -> Annotations:
    names = {field.name for field in fields(Annotations)}
    hints = {name: value for name, value in (description.annotations or {}).items() if name in names}
    own = {name: value for name in names if (value := getattr(written, name)) is not None}
    return Annotations(**{**hints, **own})
