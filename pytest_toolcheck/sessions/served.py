"""A server that manages sessions: each connection is one."""

from __future__ import annotations

import time
from typing import Any, Final

from ..scenario import ScenarioFailure, ScenarioSkipped, ToolContext
from .managers import Refused

LONGEST_REAL_WAIT_S: Final = 10.0
"""So long a scenario waits, at most, for an idle time in real time."""
_LATE_S: Final = 0.25


def make_room(ctx: ToolContext) -> None:
    """Close the connection that the file's other tests share: a server that limits sessions counts it as well."""
    server = getattr(ctx, "server", None)
    if server is not None:
        server.let_go()


class ServerManager:
    """A server that is reached over a URL; a connection is a session; in real time."""

    is_exact = False

    def __init__(self, ctx: ToolContext, arguments: dict[str, Any]) -> None:
        self._ctx, self._arguments = ctx, arguments

    def open(self) -> Any:
        """Open a connection. Raises Refused."""
        try:
            return self._ctx.open_session()
        except ScenarioFailure as failure:
            raise Refused(str(failure)) from None

    def call(self, handle: Any) -> None:
        """Call the tool over it. Raises Refused."""
        outcome = self._ctx.call(self._arguments, valid=True, session=handle)
        if outcome.kind != "accepted":
            raise Refused(f"{outcome.error.type}: {outcome.error.message}" if outcome.error else outcome.kind)

    def call_slowly(self, _handle: Any, _length_s: float, _openings: int) -> None:
        """Nobody can slow a dependency in another process from here."""
        raise ScenarioSkipped("a call of a server cannot be made long from outside")

    def close(self, handle: Any) -> None:
        """Close the connection."""
        handle.close()

    def wait(self, seconds: float) -> None:
        """Wait in real time. Raises ScenarioSkipped where that is too long."""
        if seconds > LONGEST_REAL_WAIT_S:
            raise ScenarioSkipped(
                f"{seconds:g} s would pass in real time: start the server with an idle time of a few seconds"
            )
        time.sleep(seconds)

    def outlast(self, idle_s: float) -> None:
        """Wait for the idle time, and for a server that is woken late on a busy machine."""
        self.wait(idle_s)
        time.sleep(_LATE_S)

    def __enter__(self) -> ServerManager:
        make_room(self._ctx)
        return self

    def __exit__(self, *exc_info: object) -> None:
        """The scenario's context closes what it opened."""
