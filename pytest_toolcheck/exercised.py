"""Schema coverage of a run: written into the log as numbers, call by call, so that every worker's share adds up.

`case.planned` of a tool's first case bears the names of its goals (`attrs.coverage`), `call.end` the numbers of those
that the call is the first of its process to meet (`attrs.covers`, `attrs.pairs`), `run.end` what it came to. A call
that is not known to have reached the tool meets nothing.
"""

from __future__ import annotations

from typing import Any

from .cases.coverage import SchemaCoverage
from .server import TargetServer
from .spec.model import ToolSpec
from .targets.base import NOT_CARRIED, Outcome

_LONGEST_NAME = 200


def coverage_of(tool: ToolSpec) -> SchemaCoverage | None:
    """Return the coverage of a tool's input schema; None where there is none, or it is no schema."""
    if tool.input is None:
        return None
    try:
        return SchemaCoverage(tool.input, objects_only=True)
    except Exception:  # a malformed schema raises whatever it likes; `described` says what is wrong with it
        return None


def outline_of(tool: ToolSpec) -> dict[str, Any]:
    """Return the attributes that name the goals of a tool; the same in every process."""
    coverage = coverage_of(tool)
    if coverage is None:
        return {}
    outline = coverage.outline()
    return {"coverage": {**outline, "goals": [_shortened(text) for text in outline["goals"]]}}


def note_call(server: TargetServer, tool: ToolSpec, arguments: Any, outcome: Outcome, *, valid: bool) -> dict[str, Any]:
    """Return the attributes that say what this call was the first to exercise; nothing where it is nothing new."""
    if not _has_arrived(outcome):
        return {}
    if tool.name not in server.coverages:
        server.coverages[tool.name] = coverage_of(tool)
    coverage = server.coverages[tool.name]
    if coverage is None:
        return {}
    try:
        met = coverage.record(arguments, "valid" if valid else "invalid")
    except Exception:  # a format checker or a pattern that fails on this value: the call is made all the same
        return {}
    return {name: numbers for name, numbers in (("covers", met.goals), ("pairs", met.parts)) if numbers}


def _has_arrived(outcome: Outcome) -> bool:
    """Whether the arguments surely reached the tool: not over a lost connection, nor where nothing could be sent."""
    unsent = outcome.error is not None and outcome.error.type in (NOT_CARRIED, "TargetError")
    return outcome.kind != "lost" and not unsent


def _shortened(text: str) -> str:
    """Keep both ends: the place at the front, the label at the back."""
    return text if len(text) <= _LONGEST_NAME else f"{text[:150]}…{text[-40:]}"
