"""Faults between an MCP client and its server over stdio: the server's command is wrapped in a proxy.

The proxy asks this process, over a connection on loopback, what is to happen to each message of a tool call; so the
schedule, the count and the log are here.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import sys
import threading
from typing import Any

from .errors import FaultError
from .kinds import Action
from .point import Ask


class StdioPoint:
    """An MCP server's command; `command` is what is to be started instead.

    A hit is each `tools/call` on its way to the server, and each answer to one; all other messages pass.
    """

    kind = "stdio"

    def __init__(self, command: tuple[str, ...], ask: Ask) -> None:
        self.name = " ".join(command)
        self._inner = command
        self._ask = ask
        self._token = secrets.token_hex(8)
        self._listener: socket.socket | None = None
        self._port = 0

    @property
    def command(self) -> tuple[str, ...]:
        """The command that starts the server behind the proxy."""
        proxy = (sys.executable, "-m", "pytest_toolcheck.faults.stdio_proxy", str(self._port), self._token)
        return (*proxy, *self._inner)

    def prepare(self, action: Action) -> None:
        """Raise FaultError for a way to disconnect that pipes have not."""
        if action.kind == "disconnect" and action["how"] == "rst":
            raise FaultError("disconnect(rst) is for TCP: a pipe has no reset; use disconnect(fin)")

    def on(self) -> None:
        """Begin to answer the proxy's questions."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True, name="toolcheck-stdio").start()

    def off(self) -> None:
        """Stop answering; a proxy that still runs lets everything pass."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True, name="toolcheck-stdio").start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream, contextlib.suppress(OSError, ValueError):
            if stream.readline().decode().strip() != self._token:
                return
            for line in stream:
                stream.write(self._answer(json.loads(line)).encode() + b"\n")
                stream.flush()

    def _answer(self, question: Any) -> str:
        tool = question.get("tool")
        seen = {"tool": tool} if tool else {}
        action = self._ask(question["direction"], seen)
        return "" if action is None else str(action).replace("\n", " ")
