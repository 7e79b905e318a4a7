"""The scenarios of a tool: one a generated case, and those that each room adds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from .cases import generate_cases, static_base
from .cases.identity import readable
from .cases.model import CATEGORIES, Case
from .checks import Finding
from .checks.base import as_json
from .checks.described import description_findings
from .errors import Position
from .learned_values import learned_value_findings
from .proof import holds_nothing, succeeded
from .scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from .spec.model import CommandTarget, ToolSpec
from .targets.base import UNSENT
from .units import format_duration
from .unproven import UNPROVEN

if TYPE_CHECKING:
    from .execute import RunningScenario
    from .proof import Proof

MOST_VALID_TRIES = 200
CASES_BEFORE_PROMISES = 50
"""What so many cases, the most telling, have not shown is shown sooner by a broken promise than by the next of them."""
_SOON = frozenset(["defaults", "repeat[idempotent]", "repeat[deterministic]"])
"""The promises that so many cases tell enough for; the others use what all of them have shown."""
_NOTHING_READ = re.compile(
    r"Expecting value: line 1 column 1 \(char 0\)|EOFError|unexpected end of (?:json|input|file)|EOF when reading|"
    r"(?:empty|no) (?:input|stdin)|parse error.*EOF|EOF while parsing",
    re.IGNORECASE,
)
"""What programs of several languages say that read JSON where there is nothing."""


@dataclass(frozen=True, slots=True)
class CaseScenario:
    """Call the tool with one generated input and judge the answer."""

    case: Case
    position: Position | None
    fixtures: Sequence[str] = ()

    @property
    def id(self) -> str:
        return self.case.id

    @property
    def category(self) -> str:
        return self.case.category

    def run(self, ctx: ToolContext) -> None:
        running = cast("RunningScenario", ctx)
        case = running.rebased(self.case)
        with running.apart(case):
            outcome = running.call(case.input, valid=case.label == "valid", observe=True)
            if outcome.kind == "refused" and running.learned_anew():
                case = running.rebased(self.case)
                outcome = running.call(case.input, valid=case.label == "valid", observe=True)
            outcome, findings = running.judged(case, outcome)
            findings = findings or running.judged_again(case)
        if findings and (told := running.told_often(case, findings)) is not None:
            raise ScenarioSkipped(told)
        if findings:
            raise running.fail(findings)
        if running.proof.base is None and (case.label == "invalid" or UNPROVEN in running.attrs):
            what = "a refusal proves nothing" if outcome.kind == "refused" else "told once, by valid_call"
            raise ScenarioSkipped(f"{what}: no valid call of {running.plan.tool.name} succeeded")


@dataclass(frozen=True, slots=True)
class ValidCallScenario:
    """Find a valid input that the tool accepts; without one nothing else about it is proven."""

    cases: tuple[Case, ...]
    position: Position | None
    id: str = "valid_call"
    category: str = "example"
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        running = cast("RunningScenario", ctx)
        if running.base() is not None or self._accepts_another(running):
            if running.proof.base is None:
                return
            if running.proof.is_empty and not self._accepts_another(running):
                raise self._fail(running, "no call but an empty one succeeded")
            crashes = tuple(finding for finding in running.unproven if finding.check == "no_crash")
            for finding in crashes:
                running.report(finding)
            if findings := crashes or learned_value_findings(running, self.cases):
                raise running.fail(findings)
            return
        raise self._fail(running, "no valid call succeeded")

    def _fail(self, running: RunningScenario, what: str) -> Exception:
        nothing = Finding(
            "valid_call",
            f"{what}: {running.plan.tool.name}: {running.proof.explanation}",
            what,
            "at least one valid input that the tool accepts",
            details=_advice(running.plan, running.proof),
        )
        others = running.unproven if running.proof.base is None else ()
        for finding in (nothing, *others):
            running.report(finding)
        return running.fail((nothing, *(finding for finding in others if finding.severity == "failure")))

    def _accepts_another(self, running: RunningScenario) -> bool:
        for case in self.cases[:MOST_VALID_TRIES]:
            if case.label != "valid" or holds_nothing(case.input):
                continue
            try:
                outcome = running.call(case.input, valid=True)
            except ScenarioSkipped:
                return False
            running.proof.tried.append((case.input, outcome))
            if succeeded(running.plan.tool, outcome, case.input):
                running.proof.base = case.input
                running.proof.accepted.append(case.input)
                return True
        return False


@dataclass(frozen=True, slots=True)
class DescribedScenario:
    """Warn of a tool or parameter without description, and of a schema that contradicts itself."""

    position: Position | None
    id: str = "described"
    category: str = "described"
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        for finding in description_findings(ctx.plan):
            ctx.warn(finding.message)


def _advice(plan: ToolPlan, proof: Proof) -> tuple[tuple[str, str], ...]:
    to_add = ("add to the spec", _what_to_add(plan, proof))
    if not (unresolved := plan.description.unresolved):
        return (to_add,)
    told = "\n".join(f"the type hint of {hint}" for hint in unresolved)
    return (("hints", f"{told}\nImport what it names at run time too, or write the tool's `input`."), to_add)


def _what_to_add(plan: ToolPlan, proof: Proof) -> str:
    target = plan.spec.target
    if isinstance(target, CommandTarget) and not target.stdin and _read_nothing(proof):
        return (
            "target:\n  command:\n    stdin: json   # it seems to read its input from stdin, where nothing was written;"
            " without this the input is in the arguments"
        )
    if proof.tried and all(outcome.kind == "timed_out" for _, outcome in proof.tried):
        longer = format_duration(int(plan.tool.timeout_s * 6e9))
        return f"tools:\n  {plan.tool.name}:\n    timeout: {longer}   # if it may take so long"
    required = plan.tool.input.get("required", []) if isinstance(plan.tool.input, dict) else []
    inputs = ", ".join(f"{name}: …" for name in required)
    return f"tools:\n  {plan.tool.name}:\n    examples:\n      - input: {{{inputs}}}   # values that the tool accepts"


def _read_nothing(proof: Proof) -> bool:
    """Whether a command says of every input that there is none."""
    errors = [outcome.error for _, outcome in proof.tried if outcome.error is not None]
    said = [error.message for error in errors if error.type not in UNSENT]
    return bool(said) and all(_NOTHING_READ.search(each) for each in said)


def cases_of(plan: ToolPlan, *, seed: int) -> list[Case]:
    """Generate the cases of a tool as its spec asks for them."""
    tool = plan.tool
    wanted = tool.variations.categories or CATEGORIES
    categories = [name for name in CATEGORIES if name in wanted and name not in tool.variations.exclude]
    generated = generate_cases(
        tool.input if tool.input is not None else {"type": "object"},
        examples=[dict(example.input) for example in tool.examples],
        values={name: {"valid": list(v.valid), "invalid": list(v.invalid)} for name, v in tool.values.items()},
        categories=categories,
        limit=tool.variations.limit,
        seed=tool.variations.seed if tool.variations.seed is not None else seed,
        strength=tool.variations.strength,
        lone_surrogates=plan.spec.target.kind == "python",  # the others speak UTF-8
        about=plan.description.description,
    )
    return [_named(case, tool) for case in generated if isinstance(case.input, dict)]  # arguments always are an object


def _named(case: Case, tool: ToolSpec) -> Case:
    """Give an example the name that the spec gives it, where no other bears it: `example[unknown sku]`."""
    if case.category != "example" or case.pointer:
        return case
    names = [readable(example.name or "") for example in tool.examples]
    for name, example in zip(names, tool.examples, strict=True):
        is_own = names.count(name) == 1 and not name.isdecimal() and name not in ("", "base")
        if is_own and as_json(example.input) == as_json(case.input):
            return replace(case, id=f"example[{name}]")
    return case


def assumed_base(tool: ToolSpec) -> dict[str, object] | None:
    """Return the base that `generate_cases` builds its negatives on."""
    base: dict[str, object] | None = static_base(
        tool.input if tool.input is not None else {"type": "object"},
        examples=[dict(example.input) for example in tool.examples],
        values={name: {"valid": list(v.valid), "invalid": list(v.invalid)} for name, v in tool.values.items()},
    )
    return base


def scenarios_of(plan: ToolPlan, cases: Sequence[Case], more: Iterable[Scenario] = ()) -> Iterator[Scenario]:
    """Yield all scenarios of a tool, the cheapest and most telling first."""
    tool = plan.tool
    yield ValidCallScenario(tuple(cases), tool.position)
    if tool.checks.get("described", True):
        yield DescribedScenario(tool.position)
    added = [*more]
    soon = [scenario for scenario in added if comes_soon(scenario.id, plan)]
    ordinary = [CaseScenario(case, _position(tool, case)) for case in cases]
    yield from (*ordinary[:CASES_BEFORE_PROMISES], *soon, *ordinary[CASES_BEFORE_PROMISES:])
    yield from (scenario for scenario in added if not comes_soon(scenario.id, plan))


def comes_soon(scenario_id: str, plan: ToolPlan) -> bool:
    """Whether a scenario comes before the less telling cases.

    Of a server that only reads, the cases are watched from outside (`behaviour.span`), so its promise waits for all of them.
    """
    from .behaviour.promise import runs_here

    return scenario_id in _SOON or (scenario_id == "repeat[read_only]" and runs_here(plan.spec.target))


def _position(tool: ToolSpec, case: Case) -> Position | None:
    """Return the line of the example, of the parameter, or of the tool."""
    if case.category == "example":
        for example in tool.examples:
            if example.input == case.input and example.position is not None:
                return example.position
    name = case.pointer.split("/")[1] if case.pointer else ""
    return tool.key_positions.get(f"/input/properties/{name}", tool.position)
