"""Schema coverage as a run's events tell it: adding it up, showing it, and what is below the limit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..cases.coverage_tally import CoverageReport, CoverageTally

MOST_SHOWN = 10


def note_exercised(
    known: dict[str, CoverageTally], name: str, attrs: Mapping[str, Any], run_directory: Path | None
) -> None:
    """Take from one event the goals of a tool, or what a call met of them; repeats and re-runs change nothing."""
    if name not in known and "coverage" in attrs:
        outline = _whole(attrs["coverage"], run_directory)
        if outline is not None:
            known[name] = CoverageTally(outline["goals"], outline["parameters"])
    elif name in known:
        known[name].add(attrs.get("covers", ()), attrs.get("pairs", ()))


def _whole(entry: Any, run_directory: Path | None) -> Any:
    """Return the outline, from its own file where it was too long for a line; None where that is gone."""
    if "goals" in entry:
        return entry
    try:
        return json.loads(((run_directory or Path()) / entry["blob"]).read_bytes())
    except (KeyError, OSError, ValueError):
        return None


def coverage_part(report: CoverageReport) -> str:
    """Return what the line of a tool says of it."""
    return f"schema coverage {report.shown_percent} % ({report.covered} of {report.total})"


def missing_lines(reports: Mapping[str, CoverageReport], verbosity: int) -> Iterator[str]:
    """Yield what was not exercised: ten lines, all with -v."""
    found = [f"{name.rpartition('::')[2]} {text}" for name, report in reports.items() for text in report.missing]
    if not found:
        return
    shown = found if verbosity > 0 else found[:MOST_SHOWN]
    yield f"not exercised ({len(found)}):"
    yield from (f"  {line}" for line in shown)
    if len(found) > len(shown):
        yield f"  ... and {len(found) - len(shown)} more (-v shows all)"


def shortfalls(reports: Mapping[str, CoverageReport], limit: float | None) -> Iterator[str]:
    """Yield a line for each tool below the limit, naming what was not exercised."""
    if limit is None:
        return
    for name, report in reports.items():
        if report.percent < limit:
            missing = "; ".join(report.missing[:3])
            more = f"; ... and {len(report.missing) - 3} more" if len(report.missing) > 3 else ""
            yield (
                f"schema coverage {report.shown_percent} %, required {limit:g} % (coverage_fail_under): {name}: "
                f"not exercised: {missing}{more}"
            )
