"""Numbers of which the schema names no bounds and a refusal does: what it names is tried, for ends are where programs break."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from .cases.words import as_types, numbers_in
from .checks import Finding
from .checks.base import shorten
from .checks.error_text import is_report
from .checks.violation import is_valid
from .scenario import ScenarioSkipped

if TYPE_CHECKING:
    from .execute import RunningScenario
    from .targets.base import Outcome

_MOST_PARAMETERS: Final = 4
_MOST_NUMBERS: Final = 6
_FAR: Final = 10**9
_WHOLE: Final = r"(-?\d{1,15})"
_BETWEEN: Final = re.compile(
    rf"\bbetween {_WHOLE} and {_WHOLE}\b(?!\.\d)|(?<![\w.-]){_WHOLE} to {_WHOLE}\b(?!\.\d)", re.IGNORECASE
)
_EXCLUDES: Final = re.compile(
    r"exclu|less|below|under|before|smaller|more|above|greater|over|strict|open|<|>", re.IGNORECASE
)
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "const")


def closed_numbers(context: RunningScenario) -> dict[str, list[Any]]:
    """Return by parameter the numbers that refusals of far too large and far too small ones name, but for those refused too."""
    found: dict[str, list[Any]] = {}
    base = context.proof.base or {}
    with suppress(ScenarioSkipped):
        for name in islice(_free_numbers(context), _MOST_PARAMETERS):
            named = [number for far in (_FAR, -_FAR) for number in _named(context, {**base, name: far}, far)]
            ends = [
                end for end in islice(dict.fromkeys(named), _MOST_NUMBERS) if _is_judged(context, {**base, name: end})
            ]
            if ends:
                found[name] = ends
    return found


def refused_end(context: RunningScenario) -> Finding | None:
    """Return that a whole number is refused by a text that says that it is allowed, where its neighbour inside is accepted."""
    base = context.proof.base or {}
    with suppress(ScenarioSkipped):
        for name in islice(_free_numbers(context, ("integer",)), _MOST_PARAMETERS):
            outcome = _asked(context, {**base, name: _FAR})
            said = outcome.error.message if outcome is not None and outcome.kind == "refused" and outcome.error else ""
            for end, inside in _ends_in(said):
                repeated = (said, said.replace(str(_FAR), str(end)))
                if (
                    _refusal(context, {**base, name: end}) in repeated
                    and _refusal(context, {**base, name: inside}) is None
                ):
                    return _contradiction(context, name, end, said)
    return None


def _ends_in(said: str) -> Iterator[tuple[int, int]]:
    """Yield the ends of a range that a refusal names, each with the number beside it within the range."""
    found = _BETWEEN.search(said)
    if found is None or _EXCLUDES.search(said):
        return
    low, high = int(found[1] or found[3]), int(found[2] or found[4])
    if low < high:
        yield from ((low, low + 1), (high, high - 1))


def _refusal(context: RunningScenario, given: dict[str, Any]) -> str | None:
    """Return what a call is refused with, None where it is accepted."""
    outcome = _asked(context, given)
    if outcome is None or outcome.kind not in ("refused", "accepted"):
        return ""
    return outcome.error.message if outcome.error is not None else None


def _contradiction(context: RunningScenario, name: str, end: int, said: str) -> Finding:
    tool = context.plan.tool
    return Finding(
        "accepts_valid",
        f"{tool.name} refuses {name} {end}, which the refusal itself says is allowed: {shorten(said, 120)}",
        f"refused end of {name}",
        "what a refusal names as allowed is accepted",
    )


def _free_numbers(context: RunningScenario, types: tuple[str, ...] = ("integer", "number")) -> Iterator[str]:
    schema = context.plan.tool.input
    properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    for name, part in properties.items():
        is_number = isinstance(part, Mapping) and part.get("type") in types
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
