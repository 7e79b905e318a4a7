"""Defaults that answers tell: where one repeats a parameter under its name, what was left out is what the schema says.

No promise is needed for that, so creators are asked as well: the order without a currency that comes back in USD.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..chains.roles import role_of_tool, words_of
from ..chains.values import with_new_texts
from ..checks.base import Finding, place_of, shorten
from ..checks.expected import same_json
from ..checks.violation import is_valid
from ..parts import part_of, parts_of
from ..scenario import ToolPlan
from .described_defaults import named_by
from .leaves import MISSING, Leaves, leaves_of_outcome

if TYPE_CHECKING:
    from ..execute import RunningScenario

_MOST_TRIED: Final = 4
_TURNS: Final = 2

Way = Callable[[Any, Mapping[str, Any]], Mapping[str, Any]]


def may_be_told(plan: ToolPlan) -> Iterator[tuple[str, Any]]:
    """Yield the optional parameters with a plain default that an answer may repeat: the schema's, or the description's alone."""
    yield from _of_schema(plan)
    yield from only_described(plan)


def only_described(plan: ToolPlan) -> Iterator[tuple[str, Any]]:
    """Yield those of which the description alone names the default: `int | None`, and 10 is filled in by the code."""
    schema = plan.tool.input
    changes = (role_of_tool(plan.description) or ("",))[0] == "update"
    required = schema.get("required", ()) if isinstance(schema, dict) else ()
    for name, part in parts_of(schema).items() if not changes else ():
        default = named_by(part) if part.get("default") is None and name not in required else None
        if default is not None and is_valid(part, default):
            yield name, default


def _of_schema(plan: ToolPlan) -> Iterator[tuple[str, Any]]:
    schema = plan.tool.input
    properties = schema.get("properties") if isinstance(schema, dict) else None
    is_of_the_code = plan.spec.target.kind == "python" and schema is plan.description.input_schema
    changes = (role_of_tool(plan.description) or ("",))[0] == "update"  # what is left out may stay as it is
    if not isinstance(schema, dict) or not isinstance(properties, dict) or is_of_the_code or changes:
        return
    for name, part in properties.items():
        default = part.get("default") if isinstance(part, dict) else None
        if isinstance(default, (str, bool, int, float)) and name not in schema.get("required", ()):
            yield name, default


def told(
    running: RunningScenario, asked: Callable[[ToolPlan], Iterator[tuple[str, Any]]] = may_be_told
) -> Iterator[Finding]:
    """Yield the defaults in whose place answers show another value, twice, though they show the default when it is given."""
    plan, base = running.plan, running.base() or {}
    schema = plan.tool.input if plan.tool.input is not None else True
    for name, default in islice(asked(plan), _MOST_TRIED) if running.base() is not None else ():
        without = {key: value for key, value in base.items() if key != name}
        ways = (_as_it_is, _anew) if is_valid(schema, without) else ()  # a name may be taken once
        shown = next(
            (value for way in ways if (value := _shown(running, name, without, default, way)) is not MISSING), MISSING
        )
        if shown is not MISSING:
            yield Finding(
                "defaults",
                f"{plan.tool.name}: {name} left out is answered {shorten(shown, 80)}, and its default is {shorten(default, 80)}",
                f"defaults {name}",
                f"what the schema calls the default ({place_of(plan.tool, f'input/properties/{name}/default', 'input')})",
            )


def _as_it_is(_schema: Any, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return arguments


def _anew(schema: Any, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(with_new_texts(schema, arguments), arguments)


def _shown(running: RunningScenario, name: str, without: Mapping[str, Any], default: Any, way: Way) -> Any:
    """Return what stands for the parameter that was left out; MISSING where that is the default, or nobody can say."""
    schema = running.plan.tool.input
    part = part_of(schema, name)
    left_out: list[Any] = []
    for _ in range(_TURNS):
        value = _repeated(leaves_of_outcome(running.call(way(schema, without), valid=True)), name)
        if value is None and part.get("default") is None:
            return MISSING  # as its schema says
        if value is MISSING or same_json(value, default) or not (type(value) is type(default) or is_valid(part, value)):
            return MISSING
        given = {**way(schema, without), name: default}
        if not same_json(_repeated(leaves_of_outcome(running.call(given, valid=True)), name), default):
            return MISSING
        left_out.append(value)
    return left_out[0] if same_json(left_out[0], left_out[-1]) else MISSING


def _repeated(answer: Leaves, name: str) -> Any:
    """Return the only value in an answer that stands under a parameter's name."""
    found = [value for pointer, value in answer.items() if words_of(pointer.rpartition("/")[2]) == words_of(name)]
    return found[0] if len(found) == 1 else MISSING
