"""What `tool_sessions` refuses, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ToolcheckError
from ..targets.base import Outcome, Request


class SessionError(ToolcheckError):
    """What `tool_sessions` refuses."""


class SessionLimitError(SessionError):
    """No room for a further session; the message names the limit."""


class SessionClosedError(SessionError):
    """The session was closed, or expired, before the call."""


class SessionBusyError(SessionError):
    """Too many calls at once in one session; the message names the limit."""


@dataclass(frozen=True, slots=True)
class SessionMetrics:
    """Counts since the beginning; `active`, `idle` and `calls_running` are of this moment."""

    opened: int = 0
    closed: int = 0
    expired: int = 0
    refused: int = 0
    calls: int = 0
    failed_calls: int = 0
    peak: int = 0
    active: int = 0
    idle: int = 0
    calls_running: int = 0


@dataclass(slots=True)
class Counts:
    """The counters behind `SessionMetrics`."""

    opened: int = 0
    closed: int = 0
    expired: int = 0
    refused: int = 0
    calls: int = 0
    failed_calls: int = 0
    peak: int = 0
    pending: int = 0
    """Slots that are taken by sessions which are being opened."""


@dataclass(slots=True)
class CallUnderWay:
    """A call for as long as it holds its place; no outcome where the target itself broke."""

    request: Request
    outcome: Outcome | None = None
