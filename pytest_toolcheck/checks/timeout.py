"""`timeout`: every call is answered within the tool's time limit."""

from __future__ import annotations

from ..units import format_duration
from .base import Evidence, Finding, place_of


def timeout(evidence: Evidence) -> Finding | None:
    """Fail when no answer came in time; the hanging call was stopped, the next one gets a fresh session."""
    if evidence.outcome.kind != "timed_out":
        return None
    limit = format_duration(int(evidence.tool.timeout_s * 1e9))
    return Finding(
        "timeout",
        f"{evidence.tool.name} did not answer within {limit}",
        "timeout",
        f"an answer within timeout: {limit} ({place_of(evidence.tool, 'timeout')})",
    )
