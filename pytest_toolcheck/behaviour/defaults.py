"""`defaults`: what the schema says of a parameter that is left out is what the tool does.

Of a Python function the signature tells. Of any tool that promises equal answers to equal calls the answers do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from ..chains.roles import role_of_tool
from ..checks.base import Finding, as_json, place_of, shorten
from ..checks.expected import same_json
from ..checks.violation import is_valid
from ..errors import Position
from ..scenario import ToolContext, ToolPlan
from .described_defaults import contradicted
from .kept_defaults import kept, may_be_kept
from .leaves import MISSING, Leaves, differing, leaves_of_outcome
from .nought import may_be_nought, taken_for_default
from .switches import is_promised_by_method
from .told_defaults import may_be_told, only_described, told

if TYPE_CHECKING:
    from ..execute import RunningScenario

_MOST_TRIED: Final = 8
_FURTHER: Final = 4
"""So many inputs beside the base: what a parameter does may not show in each."""
_DEEPEST: Final = 2
_AMPLE: Final = 250
_MANY: Final = 30
_CLOSED: Final = frozenset({"enum", "const", "pattern", "format", "uniqueItems"})
"""A text or array with one of these is not what it was when it is longer."""

Path = tuple[str, ...]
"""The names of the parameter and of the objects around it, the outermost first."""
_DATED: Final = ("date-time", "date", "time", "duration")
"""One moment has many spellings."""


@dataclass(frozen=True, slots=True)
class DefaultsScenario:
    """Compare the defaults of the schema with those of the function's signature, and of the answers."""

    position: Position | None
    id: str = "defaults"
    category: str = "defaults"
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure."""
        running = cast("RunningScenario", ctx)
        answered = _answered if _repeats(ctx.plan) else told
        findings = (*_findings(ctx.plan), *contradicted(ctx.plan)) or tuple(kept(running)) or tuple(answered(running))
        if _repeats(ctx.plan):
            findings = findings or tuple(told(running, only_described))
        findings = findings or tuple(_of_nought(running))
        for finding in findings:
            running.report(finding)
        if findings := findings or running.judged_unanswered():
            raise running.fail(findings)


def is_tried(plan: ToolPlan) -> bool:
    """Whether defaults of a tool are compared at all."""
    wanted = plan.tool.checks.get("defaults")
    if wanted is False:
        return False
    asked = _with_default(plan) if _repeats(plan) else may_be_told(plan)
    return (
        any(compared(plan))
        or any(contradicted(plan))
        or any(may_be_kept(plan))
        or any(asked)
        or any(only_described(plan))
        or any(may_be_nought(plan))
    )


def _repeats(plan: ToolPlan) -> bool:
    """Whether equal calls are promised equal answers, or owe them: what only lists, and a GET."""
    keeps = plan.tool.annotations
    if _promises(plan):
        return True
    is_silent = keeps.read_only is None and not keeps.destructive
    only_lists = is_silent and (role_of_tool(plan.description) or ("",))[0] == "list"
    return only_lists or is_promised_by_method(plan, "read_only")


def _promises(plan: ToolPlan) -> bool:
    keeps = plan.tool.annotations
    return bool(plan.tool.checks.get("defaults") or keeps.deterministic or keeps.idempotent or keeps.read_only)


def _with_default(plan: ToolPlan) -> Iterator[tuple[Path, Any]]:
    """Yield the optional parameters whose default the schema says, with it; those inside of objects as well."""
    yield from _defaults_in(plan.tool.input, ())


def _defaults_in(schema: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    required = schema.get("required", ()) if isinstance(schema, dict) else ()
    for name, part in _properties(schema).items():
        if not isinstance(part, dict):
            continue
        if part.get("default") is not None and name not in required:
            yield (*path, name), part["default"]
        elif len(path) < _DEEPEST:
            yield from _defaults_in(part, (*path, name))


def _left_out(arguments: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the arguments without what stands at the path; the objects around it are there."""
    name, *below = path
    if not below:
        return {key: value for key, value in arguments.items() if key != name}
    inner = arguments.get(name)
    return {**arguments, name: _left_out(inner if isinstance(inner, Mapping) else {}, tuple(below))}


def _given(arguments: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    name, *below = path
    return {**arguments, name: _given(arguments[name], tuple(below), value) if below else value}


def _answered(running: RunningScenario) -> Iterator[Finding]:
    """Yield the defaults that, given, are answered otherwise than left out: both answers repeat, and differ in a value."""
    plan, base = running.plan, running.base()
    if base is None or not (defaults := list(_with_default(plan))[:_MOST_TRIED]):
        return
    stands = [base, *(ample(plan.tool.input, base) if _promises(plan) else ())]
    stands += _telling(plan, base) if _promises(plan) else []
    for path, default in defaults:
        finding = next((found for stand in stands for found in _answered_at(running, stand, path, default)), None)
        if finding is not None:
            yield finding


def _of_nought(running: RunningScenario) -> Iterator[Finding]:
    plan, base = running.plan, running.base()
    if base is not None and any(may_be_nought(plan)):
        yield from taken_for_default(running, [base, *ample(plan.tool.input, base), *_telling(plan, base)])


def ample(schema: Any, base: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the base with its free texts and arrays made long: no default of a width or limit shows in short ones."""
    parts = _properties(schema)
    longer = {name: _lengthened(parts.get(name), value) for name, value in base.items()}
    is_other = any(longer[name] is not value for name, value in base.items())
    return [longer] if is_other and is_valid(schema, longer) else []


def _lengthened(part: Any, value: Any) -> Any:
    if not isinstance(part, dict) or not value or _CLOSED & part.keys():
        return value
    if isinstance(value, str):
        return (f"{value} " * _AMPLE)[: min(part.get("maxLength", _AMPLE), _AMPLE)]
    return (value * _AMPLE)[: min(part.get("maxItems", _MANY), _MANY)] if isinstance(value, list) else value


def _telling(plan: ToolPlan, base: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return further inputs beside the base, of which nothing may follow: a range of no step, a text of no words."""
    from ..scenarios import cases_of

    wanted = replace(plan.tool.variations, categories=("combination",), exclude=())
    cases = cases_of(replace(plan, tool=replace(plan.tool, variations=wanted)), seed=0)
    corners = [case for case in cases if case.label == "valid" and case.category == "combination"]
    corners.sort(key=lambda case: "at the" not in case.detail)
    # only what the base has, too: beside other options a default may be another; and its texts, which may be the only ones
    kept = {name for name, value in base.items() if not isinstance(value, str)}
    return [{**base, **{n: v for n, v in case.input.items() if n in kept}} for case in corners[:_FURTHER]]


def _answered_at(running: RunningScenario, base: Mapping[str, Any], path: Path, default: Any) -> Iterator[Finding]:
    plan = running.plan
    without = _left_out(base, path)
    given, name = _given(without, path, default), ".".join(path)
    schema = plan.tool.input if plan.tool.input is not None else True
    if is_valid(schema, without) and is_valid(schema, given):
        first = [leaves_of_outcome(running.call(value, valid=True)) for value in (without, given)]
        if not differing(first):
            return
        answers = [*first, *(leaves_of_outcome(running.call(value, valid=True)) for value in (without, given) * 2)]
        left_out, said = answers[::2], answers[1::2]
        if any(answer["(outcome)"] != "accepted" for answer in answers) or differing(left_out) or differing(said):
            return
        differ = differing([left_out[0], said[0]])
        moved = {p: v for p, v in differ.items() if MISSING not in v and _tells(p, v[1], default, said[0])}
        if moved:
            pointer, (one, other) = next(iter(moved.items()))
            place = "input/properties/" + "/properties/".join(path)
            yield Finding(
                "defaults",
                f"{plan.tool.name}: {name} left out is answered {shorten(one, 80)}, its default "
                f"{shorten(default, 80)} given {shorten(other, 80)}{_where(pointer)}",
                f"defaults {name}",
                f"what the schema calls the default ({place_of(plan.tool, f'{place}/default', 'input')})",
            )


def _tells(pointer: str, given: Any, default: Any, answer: Leaves) -> bool:
    """Whether a difference is more than an echo of the parameter: a value, or as many items as the default says."""
    if not pointer.endswith("#"):
        return True
    first = pointer.removesuffix("#") + "/0"
    return same_json(given, default) and any(
        name == first or name.startswith((f"{first}/", f"{first}#")) for name in answer
    )


def _where(pointer: str) -> str:
    """Say where answers differ; an array of as many items as the default says was limited by it."""
    what = "the number of items at " if pointer.endswith("#") else "at "
    return f" ({what}{pointer.removesuffix('#') or 'the top'})" if pointer else ""


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
