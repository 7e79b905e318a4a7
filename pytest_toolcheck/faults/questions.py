"""Answers what other processes ask this one, over a connection on loopback: what is to happen there?"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import threading
from collections.abc import Callable
from typing import Any


class Questions:
    """Lines of JSON in, lines of text out, for who knows the token; `answer` is called in threads of its own."""

    def __init__(self, answer: Callable[[Any], str]) -> None:
        self.token = secrets.token_hex(8)
        self.port = 0
        self._answer = answer
        self._listener: socket.socket | None = None

    def on(self) -> None:
        """Begin to answer. Idempotent."""
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True, name="toolcheck-questions").start()

    def off(self) -> None:
        """Stop answering. Idempotent."""
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
            threading.Thread(target=self._serve, args=(connection,), daemon=True, name="toolcheck-questions").start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream, contextlib.suppress(OSError, ValueError):
            if stream.readline().decode().strip() != self.token:
                return
            for line in stream:
                stream.write(self._answer(json.loads(line)).encode() + b"\n")
                stream.flush()
