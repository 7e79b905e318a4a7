"""The header line and the summary section in the terminal, made from the run's events."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from ..checks.base import printable
from .coverage import coverage_part, missing_lines
from .totals import Group, ToolTotals, Totals, totals_of

if TYPE_CHECKING:
    from ..cases.coverage_tally import CoverageReport
    from ..runtime import Runtime

MOST_GROUPS = 10


def header(runtime: Runtime, items: Sequence[pytest.Item]) -> str | None:
    """Return the line after collection: how many tools and cases there are, and where the log goes."""
    ours = [item for item in items if getattr(item, "tool_name", None)]
    if not ours and not runtime.settings.log_asked_for:
        return None
    tools = {(item.path, getattr(item, "tool_name", "")) for item in ours}
    files = {item.path for item in ours}
    counts = f"{_plural(len(files), 'spec')}, {_plural(len(tools), 'tool')}, {_plural(len(ours), 'case')}"
    return f"toolcheck: {counts}; log: {_place(runtime)}"


def write_summary(reporter: pytest.TerminalReporter, runtime: Runtime) -> None:
    """Write the summary section; nothing where there were no specs and nothing to say."""
    if runtime.is_worker or not runtime.has_log:
        return
    totals = totals_of(runtime)
    verdict = totals.verdict(runtime.settings.coverage_fail_under)
    verbosity = reporter.config.get_verbosity()
    if not totals.tools and not verdict:
        return
    if verbosity < 0 and not verdict and not any(tool.failures or tool.undecided for tool in totals.tools.values()):
        return
    reporter.section("toolcheck", sep="=", bold=True)
    for line in _lines(totals, verbosity):
        reporter.line(line)
    for reason in verdict:
        reporter.line(f"FAILED {reason}", red=True, bold=True)
    if verbosity >= 0:
        reporter.line(f"log: {_place(runtime)}")


def _lines(totals: Totals, verbosity: int) -> Iterator[str]:
    reports = totals.coverages()
    if verbosity >= 0:
        for name, tool in totals.tools.items():
            yield _tool_line(name, tool, reports.get(name))
    yield from _groups("findings", ((name, tool.failures) for name, tool in totals.tools.items()), verbosity)
    told = ((name, tool.warnings if verbosity >= 0 else tool.undecided) for name, tool in totals.tools.items())
    yield from _groups("warnings", told, verbosity)
    if verbosity >= 0:
        yield from missing_lines(reports, verbosity)


def _tool_line(name: str, tool: ToolTotals, coverage: CoverageReport | None) -> str:
    parts = [
        _plural(tool.cases, "case"),
        f"valid accepted {tool.valid_accepted} of {tool.valid_calls}",
        f"invalid refused {tool.invalid_refused} of {tool.invalid_calls}",
        f"{_plural(tool.calls, 'call')} ({len(tool.unique)} unique)",
    ]
    if coverage is not None and coverage.total:
        parts.append(coverage_part(coverage))
    if tool.coerced:
        parts.append(f"{tool.coerced} coerced")
    if tool.unsent:
        parts.append(f"{tool.unsent} not sent")
    for status in ("failed", "error", "xfailed", "xpassed", "skipped"):
        if tool.outcomes[status]:
            parts.append(f"{tool.outcomes[status]} {status}")
    return f"{name}: {', '.join(parts)}"


def _groups(title: str, groups: Iterable[tuple[str, dict[str, Group]]], verbosity: int) -> Iterator[str]:
    found = [(name, group) for name, by_cause in groups for group in by_cause.values()]
    if not found:
        return
    shown = found if verbosity > 0 else found[:MOST_GROUPS]
    yield f"{title}, by cause ({len(found)}):"
    lines = [_group_line(name, group) for name, group in found]
    for line, (_, group) in zip(lines, shown, strict=False):
        where = f"; in {group.first_case.rpartition('::')[2]}" if lines.count(line) > 1 and group.first_case else ""
        yield f"  {line}{_more(group)}{where}"
    if len(found) > len(shown):
        yield f"  ... and {len(found) - len(shown)} more (-v shows all)"


def _group_line(name: str, group: Group) -> str:
    kind = f"{group.check}: " if group.check else ""
    tool = name.rpartition("::")[2]
    is_named = group.message.startswith(tool) or f": {tool}: " in group.message
    text = group.message if is_named else f"{tool}: {group.message}"
    return printable(f"{kind}{text}")


def _more(group: Group) -> str:
    return f" (and {group.count - 1} more with the same cause)" if group.count > 1 else ""


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _place(runtime: Runtime) -> str:
    if runtime.settings.merged_log is not None:
        return os.path.relpath(runtime.settings.merged_log)
    if runtime.settings.log is None:
        return "off"
    if not runtime.keeps_log:
        return f"off, because {os.path.relpath(runtime.settings.log)} cannot be written"
    return os.path.relpath(runtime.run_directory)
