"""The words of the event log, version 1: names of events, of fields, of outcomes (`events.md`)."""

from __future__ import annotations

VERSION = 1

EVENT_NAMES = (
    "segment.start",
    "run.start",
    "run.end",
    "case.planned",
    "case.start",
    "case.progress",
    "case.end",
    "call.start",
    "call.progress",
    "call.end",
    "call.error",
    "check.failed",
    "fault.injected",
    "retry.scheduled",
    "fallback.used",
    "breaker.changed",
    "session.opened",
    "session.active",
    "session.expired",
    "session.closed",
    "heartbeat",
    "validation.start",
    "validation.end",
    "budget.verdict",
    "warning",
    "log.dropped",
    "log.encode_error",
)
"""The events that the program writes; a plugin or a test may write others."""

ABORTED = "case.aborted"
"""Added by a reader for a `case.start` without its `case.end`; never in a file."""

TRACE_FIELDS = ("trace_id", "span_id", "parent_id")
CONTEXT_FIELDS = ("run", "w", *TRACE_FIELDS, "case", "attempt", "tool", "sid", "rid")
"""What `bind` takes, and every event below it bears."""

WRITER_FIELDS = ("v", "ts", "vts", "seq", "ev")
"""What only the writer sets."""

FIELDS = (*WRITER_FIELDS, *CONTEXT_FIELDS, "outcome", "raw_status", "dur_ms", "error", "attrs")
"""All fields that stand at the top of a line."""

CASE_OUTCOMES = ("passed", "failed", "skipped", "pending", "other")
CALL_OUTCOMES = ("accepted", "refused", "crashed", "timed_out", "lost")
OUTCOMES = frozenset((*CASE_OUTCOMES, *CALL_OUTCOMES))
