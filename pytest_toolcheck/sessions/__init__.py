"""Many sessions of one target: the fixture that opens them, and the promises of a tool that keeps sessions of its own.

Importing this package imports none of its parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import names_from

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

__getattr__ = names_from(__name__, _HOMES)
