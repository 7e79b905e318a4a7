"""One event as a value: what a reader returns. The names are those of `events.md`."""

from __future__ import annotations

from typing import Any

import msgspec

from .names import (
    ABORTED,
    CALL_OUTCOMES,
    CASE_OUTCOMES,
    CONTEXT_FIELDS,
    EVENT_NAMES,
    FIELDS,
    OUTCOMES,
    VERSION,
)

__all__ = [
    "ABORTED",
    "CALL_OUTCOMES",
    "CASE_OUTCOMES",
    "CONTEXT_FIELDS",
    "EVENT_NAMES",
    "FIELDS",
    "OUTCOMES",
    "VERSION",
    "ErrorInfo",
    "Event",
    "to_dict",
]


class ErrorInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error as the log keeps it; `stack` is text, `retryable` None where nobody knows."""

    type: str = ""
    message: str = ""
    stack: str | None = None
    retryable: bool | None = None


class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One line of the log. `ts` and `vts` are µs since the epoch (real and virtual), `dur_ms` milliseconds."""

    v: int
    ts: int
    seq: int
    ev: str
    run: str = ""
    w: str = ""
    vts: int | None = None
    trace_id: str | None = None
    span_id: str | None = None
    parent_id: str | None = None
    case: str | None = None
    attempt: int | None = None
    tool: str | None = None
    sid: str | None = None
    rid: str | None = None
    outcome: str | None = None
    raw_status: str | None = None
    dur_ms: float | None = None
    error: ErrorInfo | None = None
    attrs: dict[str, Any] = {}


def to_dict(event: Event) -> dict[str, Any]:
    """Return the event as the JSON object that stands in the file."""
    found: dict[str, Any] = msgspec.to_builtins(event)
    return found
