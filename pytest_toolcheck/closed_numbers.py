"""Numbers of which the schema names no bounds and a refusal does: what it names is tried, for ends are where programs break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from .cases.words import as_types, numbers_in
from .checks.error_text import is_report
from .checks.violation import is_valid
from .scenario import ScenarioSkipped

if TYPE_CHECKING:
    from .execute import RunningScenario
    from .targets.base import Outcome

_MOST_PARAMETERS: Final = 4
_MOST_NUMBERS: Final = 6
_FAR: Final = 10**9
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "const")


def closed_numbers(context: RunningScenario) -> dict[str, list[Any]]:
    """Return by parameter the numbers that refusals of far too large and far too small ones name, but for those refused too."""
    found: dict[str, list[Any]] = {}
    base = context.proof.base or {}
    try:
        for name in islice(_free_numbers(context), _MOST_PARAMETERS):
            named = [number for far in (_FAR, -_FAR) for number in _named(context, {**base, name: far}, far)]
            ends = [
                end for end in islice(dict.fromkeys(named), _MOST_NUMBERS) if _is_judged(context, {**base, name: end})
            ]
            if ends:
                found[name] = ends
    except ScenarioSkipped:
        pass
    return found


def _free_numbers(context: RunningScenario) -> Iterator[str]:
    schema = context.plan.tool.input
    properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    for name, part in properties.items():
        is_number = isinstance(part, Mapping) and part.get("type") in ("integer", "number")
        if is_number and not any(keyword in part for keyword in _BOUNDS):
            yield name


def _named(context: RunningScenario, given: dict[str, Any], sent: int) -> list[Any]:
    """Return the numbers in what a call is refused with; none where it is not."""
    outcome = _asked(context, given)
    if outcome is None or outcome.kind != "refused" or outcome.error is None:
        return []
    return [
        number
        for number in as_types(numbers_in(outcome.error.message))
        if not isinstance(number, str) and number != sent
    ]


def _is_judged(context: RunningScenario, given: dict[str, Any]) -> bool:
    outcome = _asked(context, given)
    return outcome is not None and outcome.kind != "refused" and not is_report(outcome)


def _asked(context: RunningScenario, given: dict[str, Any]) -> Outcome | None:
    schema = context.plan.tool.input
    return context.again(given) if is_valid(schema if schema is not None else True, given) else None
