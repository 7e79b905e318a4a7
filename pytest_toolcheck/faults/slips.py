"""What is wrong with the schedules of a spec's `faults`, known before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from ..spec.model import OWN_FAULT_PLACES, FaultPlan, Spec, ToolSpec
from .errors import FaultError
from .grammar import parse_schedule
from .kinds import refuse_at


def slips_in(spec: Spec) -> list[Problem]:
    """Return a problem for each schedule that cannot be read, or makes no sense at its place; each place once."""
    tools = (spec.defaults, *spec.tools.values())
    found = {problem.position: problem for tool in tools for problem in _of_tool(spec, tool)}
    return sorted(found.values(), key=lambda problem: problem.position)


def _of_tool(spec: Spec, tool: ToolSpec) -> Iterator[Problem]:
    for number, fault in enumerate(tool.faults):
        message = _slip(tool, fault)
        place = tool.key_positions.get(f"/faults/{number}/inject") or fault.position or tool.position
        if message is not None:
            yield Problem(place or spec.target_position, f"faults[{number}].inject: {message}")


def _slip(tool: ToolSpec, fault: FaultPlan) -> str | None:
    try:
        schedule = parse_schedule(fault.inject)
    except FaultError as error:
        return str(error)
    point = _point_of(tool, fault.on)
    refusals = (refuse_at(action, point) for action in schedule.actions()) if point else ()
    return next((f"fault {fault.inject!r}: {refusal}" for refusal in refusals if refusal), None)


def _point_of(tool: ToolSpec, on: str) -> str | None:
    """Return the kind of place; None where it is not known before the run."""
    dependency = tool.depends_on.get(on)
    if dependency is None:
        return on if on in OWN_FAULT_PLACES else None
    return "call" if dependency.python else "tcp" if dependency.tcp else "disk" if dependency.files else None
