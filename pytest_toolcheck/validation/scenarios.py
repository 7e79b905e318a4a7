"""From the spec key `validators` to findings, and to one item a validator that shows whether it works at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ..cases.model import Case
from ..checks.base import Finding, place_of
from ..errors import Position, Problem, SpecError, TargetError
from ..scenario import Scenario, ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import PythonTarget, ToolSpec
from ..spec.wording import quoted
from ..targets._modules import load_module, resolve
from ..targets.base import Outcome
from ..units import parse_duration_s
from .panel import DEFAULT_LIMIT_S, Emit, Opinion, Validator

if TYPE_CHECKING:
    from ..execute import RunningScenario


def validators_of(plan: ToolPlan, emit: Emit) -> dict[str, Validator]:
    """Return the validators of a tool by reference. Raises TargetError for one that cannot be loaded."""
    limit_s = _limit_s(plan.tool)
    return {
        reference: Validator(reference, _function(plan, reference), limit_s=limit_s, emit=emit)
        for reference in plan.tool.validators
    }


def _function(plan: ToolPlan, reference: str) -> Callable[..., Any]:
    module_name, _, attribute = reference.rpartition(":")
    folders = plan.spec.target.path if isinstance(plan.spec.target, PythonTarget) else ()
    module = load_module(module_name, path=folders, spec_path=plan.spec.path)
    function = resolve(module, attribute, spec_path=plan.spec.path)
    if not callable(function):
        raise TargetError(f"{reference} is no function but {type(function).__name__}")
    return function


def _problems(plan: ToolPlan) -> Iterator[Problem]:
    """Yield validators that cannot be loaded, each with its place."""
    places = plan.tool.key_positions
    for number, reference in enumerate(plan.tool.validators):
        try:
            _function(plan, reference)
        except TargetError as error:
            place = places.get(f"/validators/{number}") or places.get("/validators") or plan.spec.target_position
            yield Problem(place, f"the validator {quoted(reference)} cannot be loaded: {_first_line(error)}")


def _first_line(error: TargetError) -> str:
    """Leave out the advice for targets."""
    return str(error).partition("\n")[0]


def _limit_s(tool: ToolSpec) -> float:
    options = tool.checks.get("validators")
    limit = options.get("timeout") if isinstance(options, Mapping) else None
    return parse_duration_s(limit) if limit is not None else DEFAULT_LIMIT_S


def second_opinions(running: RunningScenario, case: Case, outcome: Outcome) -> Iterator[Finding]:
    """Yield a finding for each validator that disagrees; a warning where one crashed or took too long."""
    if outcome.kind not in ("accepted", "refused") or running.plan.tool.checks.get("validators") is False:
        return
    for validator in running.validators.values():
        opinion = validator.ask(case, outcome)
        yield from _findings(running.plan.tool, validator.name, opinion)


def _findings(tool: ToolSpec, name: str, opinion: Opinion) -> Iterator[Finding]:
    if opinion.kind == "disagreed":
        for message in opinion.messages:
            promised = f"a result that {name} accepts ({place_of(tool, 'validators')})"
            yield Finding("validators", f"{name} on {tool.name}: {message}", f"validators {name} {message}", promised)
    elif opinion.kind != "agreed":
        what = "crashed" if opinion.kind == "crashed" else "took too long"
        message = f"the validator {name} {what}: {opinion.messages[0]}"
        yield Finding("validators", message, f"validator {name} {opinion.kind}", severity="warning")


def validator_scenarios(plan: ToolPlan) -> list[Scenario]:
    """Return one scenario a validator. Raises SpecError for validators that are not there."""
    if problems := list(_problems(plan)):
        raise SpecError(problems)
    place = plan.tool.key_positions.get("/validators", plan.tool.position)
    return [ValidatorScenario(f"validator[{reference}]", reference, place) for reference in plan.tool.validators]


@dataclass(frozen=True, slots=True)
class ValidatorScenario:
    """The validator itself: it is there, and it comes to an opinion on an answer of the tool."""

    id: str
    reference: str
    position: Position | None
    category: str = "validators"
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        running = cast("RunningScenario", ctx)
        validator = running.validators[self.reference]
        base = running.base()
        if base is None:
            raise ScenarioSkipped("no valid call is known to ask about")
        case = Case("validator", base, "valid", "example", "", "")
        opinion = validator.ask(case, running.call(base, valid=True))
        if opinion.kind in ("crashed", "timed_out"):
            what = "crashed" if opinion.kind == "crashed" else "took too long"
            raise self._broken(f"{what}: {opinion.messages[0]}")

    def _broken(self, message: str) -> ScenarioFailure:
        place = f"validators ({self.position})" if self.position else "validators"
        return ScenarioFailure(
            Finding("validators", f"the validator {self.reference} {message}", f"validator {self.reference}", place)
        )
