"""Which sockets owe an answer: outside work that virtual time has to stand still for (Linux; see tcp(7))."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from stat import S_ISFIFO, S_ISSOCK
from typing import Any

from .turns import UNACKNOWLEDGED, acknowledge, field, has_sent_last, read_info

_ESTABLISHED = 1
_SYN_SENT = 2
_UCRED_BYTES = 12
_socket: Any = socket
"""Some of its names only Linux has."""
_MOST_KNOWN = 10_000
_is_tcp_of: dict[int, bool] = {}
"""By the inode of a socket, which no other socket is ever given: whether it speaks TCP."""
_names: dict[int, tuple[object, bool]] = {}
"""By the same, once it cannot change any more: its address, and whether connections are accepted there."""


@dataclass(frozen=True, slots=True)
class OwnSockets:
    """The addresses of this process's sockets, to tell its own ends of a connection from another's."""

    names: set[object] = dataclasses.field(default_factory=set)
    listening: set[int] = dataclasses.field(default_factory=set)
    """Ports on which this process accepts connections."""


def awaited_answer(descriptors: Collection[int]) -> str:
    """Say which of these descriptors is a connection whose peer has not answered yet; empty: none is."""
    own: OwnSockets | None = None
    for descriptor in descriptors:
        with _opened(descriptor) as connection:
            if connection is None:
                continue
            acknowledge(connection)
            info, inode = read_info(connection), _inode_of_tcp(descriptor)
            if _may_be_owed(info, inode):
                own = own or _survey()
                if owed := _owed(connection, info, own, inode):
                    return owed
    return ""


def is_connection(descriptor: int) -> bool:
    """Tell whether this descriptor is a TCP socket that has or may get a peer; one that accepts others never will."""
    found = _name_of(descriptor)
    return found is not None and not found[1]


def is_within_reach(descriptor: int) -> bool:
    """Tell whether it is seen what whoever may write to it does: a pipe, a listening socket, a connection within this process."""
    try:
        mode = os.fstat(descriptor).st_mode
        if not S_ISSOCK(mode):
            return S_ISFIFO(mode)
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            if speaks_tcp(connection):
                listens = bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
                return listens or connection.getpeername() in _survey().names
            return bool(connection.family == _socket.AF_UNIX and _pid_of_peer(connection) == os.getpid())
    except (OSError, AttributeError):
        return False


def _pid_of_peer(connection: socket.socket) -> int:
    pid: int = struct.unpack_from("=i", connection.getsockopt(socket.SOL_SOCKET, _socket.SO_PEERCRED, _UCRED_BYTES))[0]
    return pid


def _survey() -> OwnSockets:
    own = OwnSockets()
    for entry in os.listdir("/proc/self/fd"):
        found = _name_of(int(entry))
        if found is not None:
            own.names.add(found[0])
            if found[1]:
                own.listening.add(found[0][1])
    return own


def _name_of(descriptor: int) -> tuple[Any, bool] | None:
    inode = _inode_of_tcp(descriptor)
    if inode is None or inode in _names:
        return None if inode is None else _names[inode]
    with _opened(descriptor) as connection, contextlib.suppress(OSError):
        if connection is not None:
            found = connection.getsockname(), bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
            if found[1] or read_info(connection)[:1] == bytes([_ESTABLISHED]):
                _remember(_names, inode, found)
            return found
    return None


def _inode_of_tcp(descriptor: int) -> int | None:
    """Return a TCP socket's inode; None for anything else, and for what is closed meanwhile."""
    with contextlib.suppress(OSError):
        seen = os.fstat(descriptor)
        if S_ISSOCK(seen.st_mode):
            known = _is_tcp_of.get(seen.st_ino)
            if known is None:
                with socket.socket(fileno=os.dup(descriptor)) as connection:
                    known = speaks_tcp(connection)
                _remember(_is_tcp_of, seen.st_ino, known)
            return seen.st_ino if known else None
    return None


def _remember(known: dict[int, Any], inode: int, what: object) -> None:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[inode] = what


def speaks_tcp(connection: socket.socket) -> bool:
    """Tell whether a socket is of TCP, listening or connected."""
    return connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM


@contextlib.contextmanager
def _opened(descriptor: int) -> Iterator[socket.socket | None]:
    """Lend a socket object over a copy of the descriptor; None when it is no TCP socket, or closed meanwhile."""
    connection = None
    with contextlib.suppress(OSError):
        if _inode_of_tcp(descriptor) is not None:
            connection = socket.socket(fileno=os.dup(descriptor))
    try:
        yield connection
    finally:
        if connection is not None:
            connection.close()


def _may_be_owed(info: bytes, inode: int | None) -> bool:
    """Tell whether it matters who the peer is: bytes are under way, or this side has sent last."""
    if not info or info[0] not in (_ESTABLISHED, _SYN_SENT):
        return False
    return info[0] == _SYN_SENT or bool(field(info, UNACKNOWLEDGED)) or has_sent_last(info, inode)


def _owed(connection: socket.socket, info: bytes, own: OwnSockets, inode: int | None) -> str:
    if info[0] == _SYN_SENT:
        return "a connection being made"
    try:
        peer, port = connection.getpeername(), connection.getsockname()[1]
    except OSError:
        return ""
    if peer in own.names:
        if not field(info, UNACKNOWLEDGED):
            return ""
        _hurry(connection.getsockname(), peer)
        return f"bytes on their way to {_text(peer)}"
    if port in own.listening or not has_sent_last(info, inode):  # accepted here: the peer asks, this side answers
        return ""
    return f"an answer from {_text(peer)}"


def _hurry(name: object, peer: object) -> None:
    """Let the end in this process acknowledge what it has received, which it would put off for 40 ms."""
    for entry in os.listdir("/proc/self/fd"):
        found = _name_of(int(entry))
        if found is not None and found[0] == peer and not found[1]:
            with _opened(int(entry)) as other, contextlib.suppress(OSError):
                if other is not None and other.getpeername() == name:
                    acknowledge(other)
                    return


def _text(name: object) -> str:
    return ":".join(map(str, name[:2])) if isinstance(name, tuple) else str(name)
