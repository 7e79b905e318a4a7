"""Every value of a small range of integers, as one item: a program may be wrong for a single one, and no bound tells which.

What is judged is what needs no neighbour to compare with: crashes, results that break their schema, texts that show too
much. A refusal is judged only as a hole: both its neighbours are accepted, and it is refused a second time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from ..cases.model import Case
from ..checks import OUTCOME_CHECKS, Evidence, Finding
from ..checks.absent import speaks_of_absence
from ..checks.violation import is_valid
from ..errors import Position
from ..parts import parts_of, referred
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from .switches import is_chosen

if TYPE_CHECKING:
    from ..execute import RunningScenario
    from ..targets.base import Outcome

MOST_VALUES: Final = 128
_FEWEST: Final = 12
"""Of smaller ranges the ordinary cases have every value, or nearly."""
_MOST_PLACES, _MOST_AGAIN = 4, 64
_DEEPEST: Final = 8
_PATIENCE_S: Final = 4.0

_NOT_NOW: Final = re.compile(
    r"\b(?:already|taken|busy|occupied|in use|reserved|booked|blocked|closed|locked|sold|unavailable|not available|full)\b",
    re.IGNORECASE,
)

Path = tuple[str, ...]
Input = dict[str, Any]


def every_value_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the one item of a tool that takes an integer of a small range."""
    tool = plan.tool
    if is_chosen(tool, "number") and not tool.annotations.destructive and _ranges(tool.input):
        yield EveryValueScenario(tool.position)


@dataclass(frozen=True, slots=True)
class EveryValueScenario:
    """Call the tool with each value of each small range, all else as in the proven base; then beside other switches and choices."""

    position: Position | None
    id: str = "every_value"
    category: str = "number"
    fixtures: tuple[str, ...] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        running = cast("RunningScenario", ctx)
        base = running.base()
        if base is None:
            raise ScenarioSkipped(f"no valid call of {running.plan.tool.name} succeeded")
        until = time.monotonic() + _PATIENCE_S
        for stand in (base, *_turned(running, base)):
            for path, values in islice(_walks(running.plan.tool.input, stand), _MOST_PLACES):
                is_few = stand is base or len(values) <= _MOST_AGAIN
                if is_few and (findings := _Walk(running, stand, path, until).findings(values)):
                    raise running.fail(findings)


def _turned(running: RunningScenario, base: Input) -> Iterator[Input]:
    """Yield the base with every switch turned and the last choice of each, where the tool accepts that: 12 is none in the afternoon."""
    schema = running.plan.tool.input
    turned: Input = {}
    for name, part in parts_of(schema).items():
        members = part.get("enum")
        if part.get("type") == "boolean":
            turned[name] = not base.get(name, part.get("default", False))
        elif isinstance(members, list) and members:
            turned[name] = members[-1]
    other = {**base, **turned}
    if (
        other != base
        and is_valid(schema if schema is not None else True, other)
        and running.call(other, valid=True).kind == "accepted"
    ):
        yield other


class _Walk:
    def __init__(self, running: RunningScenario, base: Input, path: Path, until: float) -> None:
        self._running, self._base, self._path, self._until = running, base, path, until

    def findings(self, values: list[int]) -> tuple[Finding, ...]:
        """Return what is wrong with the first value that something is wrong with."""
        kinds: dict[int, str] = {}
        for value in values:
            if time.monotonic() > self._until:
                break
            outcome = self._called(value)
            kinds[value] = outcome.kind
            is_judged = outcome.kind != "refused" or self._is_crash(value, outcome)
            if is_judged and (found := self._running.judge(self._case(value), outcome)):
                return self._told(found, values)
            if outcome.kind in ("timed_out", "lost"):
                break
        return self._told(self._hole(kinds), values)

    def _hole(self, kinds: Mapping[int, str]) -> tuple[Finding, ...]:
        """Judge the one value that is refused, between two that are accepted; not what is not there, or not now."""
        order = list(kinds)
        holes = [
            value
            for before, value, after in zip(order, order[1:], order[2:], strict=False)
            if (kinds[before], kinds[value], kinds[after]) == ("accepted", "refused", "accepted")
        ]
        if len(holes) != 1 or list(kinds.values()).count("refused") != 1:
            return ()
        outcome = self._called(holes[0])
        said = outcome.error.message if outcome.error is not None else ""
        if _NOT_NOW.search(said) or speaks_of_absence(said, self._input(holes[0])):
            return ()
        return self._running.judged(self._case(holes[0]), outcome)[1]

    def _called(self, value: int) -> Outcome:
        return self._running.call(self._input(value), valid=True, observe=True)

    def _is_crash(self, value: int, outcome: Outcome) -> bool:
        evidence = Evidence(tool=self._running.plan.tool, case=self._case(value), outcome=outcome)
        return OUTCOME_CHECKS["no_crash"](evidence) is not None

    def _case(self, value: int) -> Case:
        pointer = "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in self._path)
        return Case("every_value", self._input(value), "valid", "number", pointer, str(value))

    def _input(self, value: int) -> Input:
        return _with(self._base, self._path, value)

    def _told(self, findings: tuple[Finding, ...], values: list[int]) -> tuple[Finding, ...]:
        tried = (("tried", f"each value of {'/'.join(self._path)} from {values[0]} to {values[-1]}"),)
        return tuple(replace(finding, details=(*finding.details, *tried)) for finding in findings)


def _walks(schema: Any, base: Input) -> Iterator[tuple[Path, list[int]]]:
    """Yield the places of small ranges, with the values that the whole schema takes there."""
    for path, (low, high) in _ranges(schema).items():
        if path[:-1] and not _has(base, path[:-1]):
            continue
        values = [value for value in range(low, high + 1) if is_valid(schema, _with(base, path, value))]
        if len(values) > _FEWEST:
            yield path, values


def _ranges(schema: Any) -> dict[Path, tuple[int, int]]:
    """Return the bounds of integers with few values by their places: parameters, members of objects."""
    return dict(_found(schema, schema, (), ())) if isinstance(schema, Mapping) else {}


def _found(part: Any, root: Any, path: Path, followed: tuple[str, ...]) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Look through references, each once on the way, and through branches."""
    if not isinstance(part, Mapping) or len(path) + len(followed) > _DEEPEST:
        return
    reference = part.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and reference not in followed:
        yield from _found(referred(root, reference), root, path, (*followed, reference))
    for branch in (branch for word in ("anyOf", "oneOf", "allOf") for branch in _list(part.get(word))):
        yield from _found(branch, root, path, followed)
    if path and (bounds := _bounds(part)) is not None:
        yield path, bounds
    properties = part.get("properties")
    for name, inner in properties.items() if isinstance(properties, Mapping) else ():
        yield from _found(inner, root, (*path, name), followed)


def _bounds(part: Mapping[str, Any]) -> tuple[int, int] | None:
    if part.get("type") != "integer" or "enum" in part or "const" in part:
        return None
    lows = [_whole(part.get("minimum"), 0), _whole(part.get("exclusiveMinimum"), 1)]
    highs = [_whole(part.get("maximum"), 0), _whole(part.get("exclusiveMaximum"), -1)]
    low = max((each for each in lows if each is not None), default=None)
    high = min((each for each in highs if each is not None), default=None)
    if low is None or high is None or not _FEWEST <= high - low < MOST_VALUES:
        return None
    return low, high


def _whole(bound: Any, by: int) -> int | None:
    is_whole = isinstance(bound, (int, float)) and not isinstance(bound, bool) and float(bound).is_integer()
    return int(bound) + by if is_whole else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _has(value: Any, path: Path) -> bool:
    for step in path:
        if not isinstance(value, Mapping) or step not in value:
            return False
        value = value[step]
    return isinstance(value, Mapping)


def _with(value: Mapping[str, Any], path: Path, new: int) -> Input:
    first, *rest = path
    return {**value, first: _with(value[first], tuple(rest), new) if rest else new}
