"""What a run came to, counted from its events: the source of the terminal summary and of the run's verdict."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..cases.coverage_tally import CoverageReport, CoverageTally
from ..targets.base import UNSENT
from .coverage import note_exercised, shortfalls

if TYPE_CHECKING:
    from ..events import Event


class RunPlace(Protocol):
    """Where a run's events are."""

    @property
    def run_directory(self) -> Path: ...


@dataclass(slots=True)
class Group:
    """Findings with one cause."""

    check: str
    message: str
    count: int = 0
    first_case: str = ""


@dataclass(slots=True)
class ToolTotals:
    """The counts of one tool of one spec file."""

    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    unique: set[str] = field(default_factory=set)
    valid_accepted: int = 0
    valid_calls: int = 0
    invalid_refused: int = 0
    invalid_calls: int = 0
    coerced: int = 0
    unsent: int = 0
    """Calls that could not be made: what the transport cannot carry, and of what no argument can be made."""
    failures: dict[str, Group] = field(default_factory=dict)
    warnings: dict[str, Group] = field(default_factory=dict)

    @property
    def undecided(self) -> dict[str, Group]:
        """The warnings that say that a budget was neither kept nor broken: such a run is not simply green."""
        return {cause: group for cause, group in self.warnings.items() if group.check == "budget"}


@dataclass(slots=True)
class Totals:
    """All tools of a run, by `file::tool`."""

    tools: dict[str, ToolTotals] = field(default_factory=dict)
    exercised: dict[str, CoverageTally] = field(default_factory=dict)
    """The schema coverage of every tool that was planned."""
    _labels: dict[str, str] = field(default_factory=dict)

    def verdict(self, coverage_fail_under: float | None = None) -> list[str]:
        """Return why the run must not count as passed although no test failed; empty where it may."""
        hopeless = [
            f"no valid call succeeded: {name}"
            for name, tool in self.tools.items()
            if tool.outcomes["passed"] and tool.calls and not tool.valid_accepted and not tool.failures
        ]
        return hopeless + list(shortfalls(self.coverages(), coverage_fail_under))

    def coverages(self) -> dict[str, CoverageReport]:
        """Return the schema coverage of the tools that were called."""
        called = (name for name, tool in self.tools.items() if tool.calls and name in self.exercised)
        return {name: self.exercised[name].report() for name in called}


def totals_of(place: RunPlace) -> Totals:
    """Count a run's events; what was counted is kept while nothing is written (`keep`)."""
    from ..events import read_events

    known = _kept.get(place.run_directory)
    if known is not None and known[0] == _sizes(place.run_directory):
        return known[1]
    return count(read_events(place.run_directory), place.run_directory)


def keep(place: RunPlace, totals: Totals) -> None:
    """Keep what was counted, from whose view nothing that has been written since counts."""
    _kept.clear()
    _kept[place.run_directory] = _sizes(place.run_directory), totals


_kept: dict[Path, tuple[dict[str, int], Totals]] = {}


def _sizes(run_directory: Path) -> dict[str, int]:
    return {entry.name: entry.stat().st_size for entry in os.scandir(run_directory)}


def count(events: Iterable[Event], run_directory: Path | None = None) -> Totals:
    """Count events, in the order in which they were written."""
    totals = Totals()
    for event in events:
        handler = _HANDLERS.get(event.ev)
        name = _tool_key(event)
        if name is not None and event.ev in ("case.planned", "call.end"):
            note_exercised(totals.exercised, name, event.attrs, run_directory)
        if handler is not None and name is not None:
            handler(totals, totals.tools.setdefault(name, ToolTotals()), event)
    return totals


def _tool_key(event: Event) -> str | None:
    case, tool = event.case, event.tool
    if not tool or not case:
        return None
    return f"{case.partition('::')[0]}::{tool}"


def _call_start(totals: Totals, tool: ToolTotals, event: Event) -> None:
    attrs = event.attrs
    tool.calls += 1
    tool.unique.add(repr(attrs.get("input")))
    totals._labels[event.rid or ""] = attrs.get("label", "")


def _call_end(totals: Totals, tool: ToolTotals, event: Event) -> None:
    label = totals._labels.pop(event.rid or "", "")
    if event.error is not None and event.error.type in UNSENT:
        tool.unsent += 1
    elif label == "valid":
        tool.valid_calls += 1
        tool.valid_accepted += event.outcome == "accepted"
    elif label == "invalid":
        tool.invalid_calls += 1
        tool.invalid_refused += event.outcome == "refused"


def _case_end(_totals: Totals, tool: ToolTotals, event: Event) -> None:
    attrs = event.attrs
    tool.cases += 1
    tool.outcomes[event.raw_status or event.outcome or "other"] += 1
    tool.coerced += attrs.get("coerced", 0)


def _check_failed(_totals: Totals, tool: ToolTotals, event: Event) -> None:
    _group(tool.failures, event)


def _warning(_totals: Totals, tool: ToolTotals, event: Event) -> None:
    _group(tool.warnings, event)


def _group(groups: dict[str, Group], event: Event) -> None:
    attrs = event.attrs
    message = str(attrs.get("message", ""))
    cause = str(attrs.get("cause") or message)
    group = groups.setdefault(cause, Group(str(attrs.get("check", "")), message, first_case=event.case or ""))
    group.count += 1


_HANDLERS = {
    "call.start": _call_start,
    "call.end": _call_end,
    "case.end": _case_end,
    "check.failed": _check_failed,
    "warning": _warning,
}
