"""Many sessions of one target: the fixture that opens them, and the promises of a tool that keeps sessions of its own.

Importing this package imports none of its parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import SessionBusyError as SessionBusyError
    from .model import SessionClosedError as SessionClosedError
    from .model import SessionError as SessionError
    from .model import SessionLimitError as SessionLimitError
    from .tool_sessions import ToolSessions as ToolSessions

_HOMES = {
    "SessionBusyError": "model",
    "SessionClosedError": "model",
    "SessionError": "model",
    "SessionLimitError": "model",
    "ToolSessions": "tool_sessions",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
