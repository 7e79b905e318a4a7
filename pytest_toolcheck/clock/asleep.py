"""For how long a child's thread sleeps, read from its memory (Linux): whom nobody would wait for to the end is not waited for at all."""

from __future__ import annotations

import os
import platform
import struct
import time
from collections.abc import Callable
from typing import Any

from .syscalls import read_text

_NANOSECONDS = 1_000_000_000
# number of the system call -> index of the argument that points at the time; what stands before it are clock and flags
_CALLS = {"x86_64": {35: 0, 230: 2}, "aarch64": {101: 0, 115: 2}}.get(platform.machine(), {})
_FOR_EVER_NS = 1 << 63
_os: Any = os
_time: Any = time
"""Some of their names only Linux has."""
_UNTIL = 1
"""TIMER_ABSTIME: not for so long, but until then."""


def is_sleep(line: str) -> bool:
    """Tell whether a thread with this line in `/proc/.../syscall` sleeps for a length of time."""
    number = line.partition(" ")[0]
    return number.isdigit() and int(number) in _CALLS


def sleeps_ns(pid: int, line: str, gettime_ns: Callable[[int], int]) -> int:
    """Return for how long a thread with this line in `/proc/.../syscall` still sleeps, at least; 0 for one that does not."""
    if not is_sleep(line):
        return 0
    number, *arguments = line.split()
    index = _CALLS[int(number)]
    seconds, ns = _read_timespec(pid, int(arguments[index], 16))
    length_ns = seconds * _NANOSECONDS + ns
    is_until = index and int(arguments[1], 16) & _UNTIL
    return max(0, length_ns - (gettime_ns(int(arguments[0], 16)) if is_until else _age_ns(pid, gettime_ns)))


def _age_ns(pid: int, gettime_ns: Callable[[int], int]) -> int:
    """Return how old a process is: it sleeps for no longer yet (field 22 is when it began, in ticks since the boot)."""
    try:
        ticks = int(read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return _FOR_EVER_NS
    return int(gettime_ns(_time.CLOCK_BOOTTIME) - ticks * _NANOSECONDS // _os.sysconf("SC_CLK_TCK"))


def _read_timespec(pid: int, address: int) -> tuple[int, int]:
    try:
        memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    except OSError:
        return 0, 0
    try:
        seconds, ns = struct.unpack("=qq", _os.pread(memory, 16, address))
    except (OSError, OverflowError, struct.error):
        return 0, 0
    finally:
        os.close(memory)
    return seconds, ns
