"""Reaching tools: one file a kind of target, behind the small protocol of `base.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import TargetError
from ..spec.added_kinds import ADDED_KINDS, add_kind
from .base import CallError, Outcome, OutcomeKind, Progress, Request, Session, Target, ToolDescription

if TYPE_CHECKING:
    from ..spec.model import Spec

__all__ = [
    "CallError",
    "Outcome",
    "OutcomeKind",
    "Progress",
    "Request",
    "Session",
    "Target",
    "ToolDescription",
    "add_kind",
    "make_target",
]


def make_target(spec: Spec) -> Target:
    """Return the target that `spec` names; nothing is imported, started or connected before it is used.

    Raises MissingExtra when the client library that this kind needs is not installed.
    """
    if (make := ADDED_KINDS.get(spec.target.kind)) is not None:
        added: Target = make(spec)
        return added
    match spec.target.kind:
        case "python":
            from .python import PythonTools

            return PythonTools(spec)
        case "mcp":
            from .mcp import McpServer

            return McpServer(spec)
        case "http":
            from .http import HttpService

            return HttpService(spec)
        case "websocket":
            from .websocket import WebSocketService

            return WebSocketService(spec)
        case "command":
            from .command import CommandTools

            return CommandTools(spec)
        case kind:
            raise TargetError(f"the target kind {kind!r} is known no more: the plugin that adds it is gone")
