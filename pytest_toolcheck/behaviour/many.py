"""State that grows: a tool is called with what it accepted until it has accepted so many calls in all."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..cases.model import Case
from ..checks.no_crash import shows_crash
from ..targets.base import Outcome

if TYPE_CHECKING:
    from ..scenario import ToolPlan
    from .promise import Trial

ACCEPTED: Final = 64
_PATIENCE_S: Final = 3.0
_QUICK_S: Final = 0.01
_OF_QUICK_S: Final = 10.0
"""So long a tool may take that now and then answers at once: then it is the machine that is busy."""
_REFUSALS: Final = 3
"""A tool that refuses by now what it accepted is full, or has used something up: that is no fault."""
_FEW: Final = ("enum", "const")


def many(trial: Trial) -> None:
    """Call the tool with what it accepts, in turn; what it does but refuse is judged as ever."""
    ask_on(trial, [value for value, _ in trial.inputs()])


def ask_on(trial: Trial, inputs: list[dict[str, Any]]) -> None:
    """Call the tool with these in turn until it has accepted so many calls in all."""
    context, refusals, began, quickest_s = trial.ctx, 0, time.monotonic(), _PATIENCE_S
    for value in itertools.cycle(inputs):
        before = context.accepted_in_all
        if before >= ACCEPTED or refusals >= _REFUSALS or time.monotonic() - began > _patience_s(quickest_s):
            return
        outcome = context.call(value, valid=True)
        quickest_s = min(quickest_s, outcome.duration_ns / 1e9)
        said = outcome.error.message if outcome.error is not None else ""
        if outcome.kind == "refused" and not shows_crash(said, outcome.noise):
            refusals += 1
        else:
            _judge(trial, value, outcome, before)


def _patience_s(quickest_s: float) -> float:
    return _OF_QUICK_S if quickest_s < _QUICK_S else _PATIENCE_S


def _judge(trial: Trial, value: dict[str, Any], outcome: Outcome, before: int) -> None:
    found = trial.ctx.judge(Case("again", value, "valid", "repeat", "", "called again"), outcome)
    if found:
        told = (("called before", f"{before} calls of it had been accepted, this input among them"),)
        raise trial.ctx.fail(tuple(replace(finding, details=(*finding.details, *told)) for finding in found))


def has_few_inputs(plan: ToolPlan) -> bool:
    """Whether the cases of a tool call it but a few times: all that it takes is chosen from a list."""
    schema = plan.tool.input
    properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    return not plan.tool.annotations.destructive and all(_is_choice(part) for part in properties.values())


def _is_choice(part: Any) -> bool:
    return isinstance(part, Mapping) and (part.get("type") == "boolean" or any(key in part for key in _FEW))
