"""What an MCP server in this process logs of a tool that failed: the SDK's answer says no more than that it did."""

from __future__ import annotations

import logging
from collections import deque

_LOGGER = "mcp.server"
_KEPT = 50
_FORMAT = logging.Formatter("%(message)s")


class ServerLog(logging.Handler):
    """Keeps the latest errors with their tracebacks, from `open` to `close`."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._told: deque[tuple[int, str]] = deque(maxlen=_KEPT)
        self._count = 0

    def open(self) -> None:
        """Begin to listen."""
        logging.getLogger(_LOGGER).addHandler(self)

    def close(self) -> None:
        """Stop. Idempotent."""
        logging.getLogger(_LOGGER).removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an error; called by `logging`."""
        self._count += 1
        self._told.append((self._count, _FORMAT.format(record)))

    def mark(self) -> int:
        """Return a number for now, to be handed to `since`."""
        return self._count

    def since(self, mark: int, tool: str) -> str:
        """Return what was logged of the tool after the mark."""
        return "\n".join(text for number, text in tuple(self._told) if number > mark and repr(tool) in text)
