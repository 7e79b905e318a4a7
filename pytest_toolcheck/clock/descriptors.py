"""Which descriptors a blocked thread of this process waits for, from its system call's arguments (Linux)."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from stat import S_ISREG
from typing import Any

from .syscalls import Blocked, blocked_in

_POLLFD = struct.Struct("=ihh")  # struct pollfd of <poll.h>
_MOST_DESCRIPTORS = 1024
_os: Any = os
"""Some of its names Windows lacks."""


def awaited_descriptors(line: str) -> list[int]:
    """Return the descriptors behind a line of `/proc/.../syscall`; empty where they cannot be told."""
    kind, arguments = blocked_in(line)
    try:
        if kind in (Blocked.READ, Blocked.WRITE):
            return [arguments[0]]
        if kind is Blocked.POLL:
            return _polled(address=arguments[0], count=arguments[1])
        if kind is Blocked.EPOLL:
            return _watched(epoll=arguments[0])
    except OSError:
        pass
    return []


def reads_a_file(pid: int | str, line: str) -> bool:
    """Tell whether a thread is blocked by a disk: a file's bytes come and go by themselves, unlike a pipe's or a socket's."""
    kind, arguments = blocked_in(line)
    if kind not in (Blocked.READ, Blocked.WRITE):
        return False
    try:
        return S_ISREG(os.stat(f"/proc/{pid}/fd/{arguments[0]}").st_mode)
    except OSError:
        return False


def _polled(*, address: int, count: int) -> list[int]:
    """Read the array of `struct pollfd`: through the kernel, as the thread may have left the call and its stack."""
    memory = os.open("/proc/self/mem", os.O_RDONLY)
    try:
        raw = _os.pread(memory, _POLLFD.size * min(count, _MOST_DESCRIPTORS), address)
    finally:
        os.close(memory)
    return [entry[0] for entry in _POLLFD.iter_unpack(raw[: len(raw) // _POLLFD.size * _POLLFD.size])]


def _watched(*, epoll: int) -> list[int]:
    entries = Path(f"/proc/self/fdinfo/{epoll}").read_text()
    return [int(found) for found in re.findall(r"^tfd:\s*(\d+)", entries, re.MULTILINE)]
