"""A server that closes its connection behind an internal error: the next call is not told to have ended in it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_toolcheck.spec.model import HttpTarget
from pytest_toolcheck.targets import make_target

from .targets_kit import call, spec_of
from .test_targets_http import tool

HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
FAILED, DONE = HEAD % b"500 Internal Server Error", HEAD % b"200 OK"


class Server:
    """Answers each connection's requests with what its turn says; after the last of them it closes when it is asked once more."""

    def __init__(self, *turns: list[bytes]) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, args=(turns,), daemon=True).start()

    def _serve(self, turns: tuple[list[bytes], ...]) -> None:
        for answers in turns:
            connection, _ = self._socket.accept()
            with connection:
                for answer in answers:
                    connection.recv(65536)
                    connection.sendall(answer)
                connection.recv(65536)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def kinds_of() -> Iterator[Any]:
    servers = []

    def called(*turns: list[bytes], calls: int) -> list[str]:
        server = Server(*turns)
        servers.append(server)
        session: Any = make_target(spec_of(HttpTarget(server.url))).open()
        try:
            return [call(session, tool("odd", "GET /odd"), n=number).kind for number in range(calls)]
        finally:
            session.close()

    yield called
    for server in servers:
        server.close()


def test_a_call_behind_an_internal_error_is_sent_again(kinds_of: Any) -> None:
    """On a connection of its own: the one before was closed for what another call had done."""
    assert kinds_of([FAILED], [DONE], calls=2) == ["crashed", "accepted"]


def test_once_and_nowhere_else(kinds_of: Any) -> None:
    """A connection that is closed twice is lost, and so is one that is closed behind an answer."""
    assert kinds_of([FAILED], [], calls=2) == ["crashed", "lost"]
    assert kinds_of([DONE], [DONE], calls=2) == ["accepted", "lost"]
