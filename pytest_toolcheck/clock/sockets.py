"""Which sockets owe an answer: outside work that virtual time has to stand still for (Linux; see tcp(7))."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

_ESTABLISHED = 1
_SYN_SENT = 2
# struct tcp_info of <linux/tcp.h>: 8 bytes of state, then 32-bit fields; these are the offsets of three of them
_UNACKNOWLEDGED, _LAST_SENT, _LAST_RECEIVED, _TCP_INFO_BYTES = 24, 44, 52, 56
_SAME_MOMENT_MS = 50
"""Sent and received within one tick of the kernel's stamps: after this long without more, the answer has been."""


@dataclass(frozen=True, slots=True)
class OwnSockets:
    """The addresses of this process's sockets, to tell its own ends of a connection from another's."""

    names: set[object] = field(default_factory=set)
    listening: set[int] = field(default_factory=set)
    """Ports on which this process accepts connections."""


def awaited_answer(descriptors: Collection[int]) -> str:
    """Say which of these descriptors is a connection whose peer has not answered yet; empty: none is."""
    if not any(_is_socket(descriptor) for descriptor in descriptors):
        return ""
    own = _survey()
    for descriptor in descriptors:
        with _opened(descriptor) as connection:
            if connection is not None and (owed := _owed(connection, own)):
                return owed
    return ""


def _survey() -> OwnSockets:
    own = OwnSockets()
    for entry in os.listdir("/proc/self/fd"):
        with _opened(int(entry)) as connection, contextlib.suppress(OSError):
            if connection is not None and _is_tcp(connection):
                name = connection.getsockname()
                own.names.add(name)
                if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    own.listening.add(name[1])
    return own


def _is_socket(descriptor: int) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")
    except OSError:
        return False


def _is_tcp(connection: socket.socket) -> bool:
    return connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM


@contextlib.contextmanager
def _opened(descriptor: int) -> Iterator[socket.socket | None]:
    """Lend a socket object over a copy of the descriptor; None when it is no socket, or closed meanwhile."""
    connection = None
    with contextlib.suppress(OSError):
        if _is_socket(descriptor):
            connection = socket.socket(fileno=os.dup(descriptor))
    try:
        yield connection
    finally:
        if connection is not None:
            connection.close()


def _owed(connection: socket.socket, own: OwnSockets) -> str:
    if not _is_tcp(connection):
        return ""
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        if info[0] == _SYN_SENT:
            return "a connection being made"
        if info[0] != _ESTABLISHED:
            return ""
        peer, port = connection.getpeername(), connection.getsockname()[1]
    except OSError:
        return ""
    if peer in own.names:
        return f"bytes on their way to {_text(peer)}" if _field(info, _UNACKNOWLEDGED) else ""
    if port in own.listening:  # accepted here: the peer asks, this side answers
        return ""
    sent_ms, received_ms = _field(info, _LAST_SENT), _field(info, _LAST_RECEIVED)
    if received_ms < sent_ms or (received_ms == sent_ms >= _SAME_MOMENT_MS):
        return ""
    return f"an answer from {_text(peer)}"


def _field(info: bytes, offset: int) -> int:
    value: int = struct.unpack_from("=I", info, offset)[0]
    return value


def _text(name: object) -> str:
    return ":".join(map(str, name[:2])) if isinstance(name, tuple) else str(name)
