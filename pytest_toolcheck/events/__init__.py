"""The event log: every run writes what happened as it happens, one JSON object a line (`events.md`).

Importing this room loads neither msgspec nor asyncio; the writer and the reader are loaded when first named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names_from

if TYPE_CHECKING:
    from .context import (
        bind,
        current,
        install,
        new_rid,
        new_span_id,
        new_trace_id,
        span,
        traced_environment,
        traceparent,
    )
    from .log import EventLog
    from .model import Event
    from .null import NullLog
    from .reader import ReadReport, read_events
    from .realtime import new_run_id
    from .rundir import open_run

_HOMES = {
    "Event": "model",
    "EventLog": "log",
    "NullLog": "null",
    "ReadReport": "reader",
    "bind": "context",
    "current": "context",
    "install": "context",
    "new_rid": "context",
    "new_run_id": "realtime",
    "new_span_id": "context",
    "new_trace_id": "context",
    "open_run": "rundir",
    "read_events": "reader",
    "span": "context",
    "traceparent": "context",
    "traced_environment": "context",
}

__all__ = [
    "Event",
    "EventLog",
    "NullLog",
    "ReadReport",
    "bind",
    "current",
    "install",
    "new_rid",
    "new_run_id",
    "new_span_id",
    "new_trace_id",
    "open_run",
    "read_events",
    "span",
    "traced_environment",
    "traceparent",
]

__getattr__ = names_from(__name__, _HOMES)
