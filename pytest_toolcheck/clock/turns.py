"""Whose turn it is in a TCP connection: has this side sent something since it last received (Linux; see tcp(7))?

The kernel stamps both with the tick of its timer, 4 ms or more. A request that follows an answer within one tick is
told from an answer that follows its request by how many segments had been sent when the answer was read.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from typing import Any

# struct tcp_info of <linux/tcp.h>: 8 bytes of state, then these among 32-bit fields
UNACKNOWLEDGED, _LAST_SENT, _LAST_RECEIVED, _DATA_IN, _DATA_OUT = 24, 44, 52, 152, 156
INFO_BYTES = 160
_FEWEST_BYTES = 56
_socket: Any = socket
"""Some of its names only Linux has."""
_SAME_MOMENT_MS = 50
"""Sent and received within one tick: after this long without more, the answer has been."""
_SAME_TURN_MS = 2000
"""The same, where it is known that this side has sent last: it may be no question, but an acknowledgement."""
_MOST_KNOWN = 10_000
_counted: dict[int, tuple[int, int]] = {}
"""By the inode of a socket, the segments that it had received and sent when this process last read from it."""


def read_info(connection: socket.socket) -> bytes:
    """Return what the kernel knows of a connection; empty where it does not tell."""
    with contextlib.suppress(OSError, AttributeError):
        info: bytes = connection.getsockopt(socket.IPPROTO_TCP, _socket.TCP_INFO, INFO_BYTES)
        return info if len(info) >= _FEWEST_BYTES else b""
    return b""


def acknowledge(connection: socket.socket) -> None:
    """Tell the peer at once what has arrived, which the kernel would put off for 40 ms: it may hold back more until then.

    (By Nagle's algorithm: a server that writes head and body of its answer one after the other waits in between.)
    """
    with contextlib.suppress(OSError, AttributeError):
        connection.setsockopt(socket.IPPROTO_TCP, _socket.TCP_QUICKACK, 1)


def note_receipt(connection: socket.socket) -> None:
    """Take down that something has just been read."""
    with contextlib.suppress(OSError):
        info = read_info(connection)
        if len(info) >= INFO_BYTES:
            if len(_counted) >= _MOST_KNOWN:
                _counted.clear()
            _counted[os.fstat(connection.fileno()).st_ino] = field(info, _DATA_IN), field(info, _DATA_OUT)


def has_sent_last(info: bytes, inode: int | None) -> bool:
    """Tell whether this side has sent something since it last received anything."""
    sent_ms, received_ms = field(info, _LAST_SENT), field(info, _LAST_RECEIVED)
    if sent_ms != received_ms:
        return sent_ms < received_ms
    if len(info) >= INFO_BYTES:
        received, sent = field(info, _DATA_IN), field(info, _DATA_OUT)
        if sent and not received:
            return True
        before = _counted.get(inode or 0)
        if before is not None and before[0] == received:
            return sent > before[1] and sent_ms < _SAME_TURN_MS
    return sent_ms < _SAME_MOMENT_MS


def field(info: bytes, offset: int) -> int:
    """Return one of the 32-bit fields."""
    value: int = struct.unpack_from("=I", info, offset)[0]
    return value
