"""Faults between an MCP client and its server over stdio: the server's command is wrapped in a proxy.

The proxy asks this process, over a connection on loopback, what is to happen to each message of a tool call; so the
schedule, the count and the log are here.
"""

from __future__ import annotations

import sys
from typing import Any

from .errors import FaultError
from .kinds import Action
from .point import Ask
from .questions import Questions


class StdioPoint:
    """An MCP server's command; `command` is what is to be started instead.

    A hit is each `tools/call` on its way to the server, and each answer to one; all other messages pass.
    """

    kind = "stdio"

    def __init__(self, command: tuple[str, ...], ask: Ask) -> None:
        self.name = " ".join(command)
        self._inner = command
        self._ask = ask
        self._questions = Questions(self._answer)

    @property
    def command(self) -> tuple[str, ...]:
        """The command that starts the server behind the proxy."""
        proxy = (
            sys.executable,
            "-m",
            "pytest_toolcheck.faults.stdio_proxy",
            str(self._questions.port),
            self._questions.token,
        )
        return (*proxy, *self._inner)

    def prepare(self, action: Action) -> None:
        """Raise FaultError for a way to disconnect that pipes have not."""
        if action.kind == "disconnect" and action["how"] == "rst":
            raise FaultError("disconnect(rst) is for TCP: a pipe has no reset; use disconnect(fin)")

    def on(self) -> None:
        """Begin to answer the proxy's questions."""
        self._questions.on()

    def off(self) -> None:
        """Stop answering; a proxy that still runs lets everything pass."""
        self._questions.off()

    def _answer(self, question: Any) -> str:
        tool = question.get("tool")
        seen = {"tool": tool} if tool else {}
        action = self._ask(question["direction"], seen)
        return "" if action is None else str(action).replace("\n", " ")
