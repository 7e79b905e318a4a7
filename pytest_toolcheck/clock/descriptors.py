"""Which descriptors a blocked thread of this process waits for, from its system call's arguments (Linux)."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from stat import S_ISFIFO, S_ISREG
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


def writes_to_others(line: str) -> bool:
    """Tell whether a thread is blocked by a full pipe that another process empties.

    A worker of xdist sends its reports so. Where this process has the other end as well, who reads may wait for virtual time.
    """
    kind, arguments = blocked_in(line)
    if kind is not Blocked.WRITE:
        return False
    try:
        pipe = os.fstat(arguments[0])
        return S_ISFIFO(pipe.st_mode) and not any(_reads(int(each), pipe) for each in os.listdir("/proc/self/fd"))
    except OSError:
        return False


def _reads(descriptor: int, pipe: os.stat_result) -> bool:
    try:
        if not os.path.samestat(os.fstat(descriptor), pipe):
            return False
        flags = re.search(r"^flags:\s*(\d+)", Path(f"/proc/self/fdinfo/{descriptor}").read_text(), re.MULTILINE)
    except OSError:
        return False
    return flags is not None and int(flags[1], 8) & _os.O_ACCMODE != os.O_WRONLY


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
