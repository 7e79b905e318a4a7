"""What a thread is doing, read from `/proc/<pid>/task/<tid>/syscall` (Linux; see proc(5)).

A thread that waits without a time limit, for a lock, for input or for a child, does nothing until somebody else acts.
Whoever waits for the processor, for the interpreter's lock (a futex *with* a time limit) or for a real timer is busy.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_time: Any = time
"""Some of its names Windows lacks."""


class Doing(Enum):
    """What a thread is found at."""

    PARKED = "waits for a lock"
    READING = "waits for input or for a child"
    POLLING = "waits for input, with a time limit"
    BUSY = "runs"


class Blocked(Enum):
    """The kind of system call in which a thread is blocked."""

    NOT = "not blocked, or in a call that ends by itself"
    FUTEX = "futex"
    READ = "read, recv, accept"
    POLL = "poll"
    EPOLL = "epoll"
    SELECT = "select, sigwait"
    WRITE = "write, send, sendfile"
    CHILD = "wait for a child, a signal or a file's lock"


# number of the system call -> (its kind, index of the argument that limits the time, whether that is a pointer)
_Call = tuple[Blocked, int, bool]
_X86_64: dict[int, _Call] = {
    202: (Blocked.FUTEX, 3, True),
    7: (Blocked.POLL, 2, False),
    271: (Blocked.POLL, 2, True),
    232: (Blocked.EPOLL, 3, False),
    281: (Blocked.EPOLL, 3, False),
    441: (Blocked.EPOLL, 3, True),
    23: (Blocked.SELECT, 4, True),
    270: (Blocked.SELECT, 4, True),
    128: (Blocked.SELECT, 2, True),
    **dict.fromkeys((0, 19, 43, 45, 47, 288), (Blocked.READ, 0, True)),
    **dict.fromkeys((1, 18, 20, 40, 44, 46, 307), (Blocked.WRITE, 0, True)),
    **dict.fromkeys((34, 61, 72, 73, 130, 247), (Blocked.CHILD, 0, True)),
}
_AARCH64: dict[int, _Call] = {
    98: (Blocked.FUTEX, 3, True),
    73: (Blocked.POLL, 2, True),
    22: (Blocked.EPOLL, 3, False),
    441: (Blocked.EPOLL, 3, True),
    72: (Blocked.SELECT, 4, True),
    137: (Blocked.SELECT, 2, True),
    **dict.fromkeys((63, 65, 202, 207, 212, 242), (Blocked.READ, 0, True)),
    **dict.fromkeys((64, 66, 68, 71, 206, 211, 269), (Blocked.WRITE, 0, True)),
    **dict.fromkeys((25, 32, 95, 133, 260), (Blocked.CHILD, 0, True)),
}
_CALLS = {"x86_64": _X86_64, "aarch64": _AARCH64}.get(platform.machine(), {})
STOPPED = "stopped"
"""By SIGSTOP: it does nothing until somebody sends it SIGCONT, whatever call it was in."""
_RUNNING = "running"
_BY_STATE = {"R": _RUNNING, "D": _RUNNING, "T": STOPPED}
"""Who waits for a disk, for memory or for a lock of the kernel (D) goes on by itself, whatever its call."""
_UNBOUNDED = (Blocked.READ, Blocked.WRITE, Blocked.CHILD)
_MINUS_ONE = 0xFFFF_FFFF
_ENOUGH_BYTES = 1024
_THREADS_CLOCK, _EXACT_S = 6, 1e-6
_COMMAND, _WAIT_BITSET = 0x7F, 9
"""Semaphores and conditions wait with FUTEX_WAIT_BITSET; a plain FUTEX_WAIT is a mutex, held for a moment only."""


@cache
def is_supported() -> bool:
    """Tell whether this system says what its threads do, and counts exactly how long they ran."""
    try:
        resolution_s = _time.clock_getres(_clock_of(threading.get_native_id()))
        return bool(_CALLS) and resolution_s <= _EXACT_S and bool(Path("/proc/self/syscall").read_text())
    except (OSError, AttributeError):
        return False


@lru_cache(maxsize=1024)
def blocked_in(line: str) -> tuple[Blocked, list[int]]:
    """Return in what a thread is blocked, and the arguments of that call."""
    number, *arguments = line.split() or ["running"]
    kind = _CALLS[int(number)][0] if number.isdigit() and int(number) in _CALLS else Blocked.NOT
    return kind, [int(argument, 16) for argument in arguments]


@lru_cache(maxsize=1024)
def classify(line: str) -> Doing:
    """Return what a thread does, from its line in `/proc/.../syscall`."""
    if line == STOPPED:
        return Doing.PARKED
    kind, arguments = blocked_in(line)
    if kind is Blocked.NOT:
        return Doing.BUSY
    if kind in _UNBOUNDED:
        return Doing.READING
    _kind, index, is_pointer = _CALLS[int(line.split()[0])]
    endless = arguments[index] == 0 if is_pointer else arguments[index] & _MINUS_ONE == _MINUS_ONE
    if kind is Blocked.FUTEX:
        return Doing.PARKED if endless and arguments[1] & _COMMAND == _WAIT_BITSET else Doing.BUSY
    return Doing.READING if endless else Doing.POLLING


def is_call(line: str) -> bool:
    """Tell whether a thread is in a system call: neither running nor stopped."""
    return line not in (_RUNNING, STOPPED)


def read_call(pid: int | str, tid: int | str, *, known: str | None = None) -> str | None:
    """Return a thread's system call (`known`, where it cannot be another), or None once the thread has ended.

    A thread that was just woken, and waits for its processor to hear of it, still shows its system call; its state
    in `stat` is R already. So both are read, the call first. One that is ending does not show its call any more.
    """
    folder, line = f"/proc/{pid}/task/{tid}", known
    with suppress(OSError):
        line = known or read_text(f"{folder}/syscall")
    try:
        state = read_text(f"{folder}/stat").rpartition(")")[2].split(None, 1)[0]
    except (OSError, IndexError):
        return None
    return _BY_STATE.get(state, line)


def read_task(pid: int | str, tid: int | str) -> tuple[str, str] | None:
    """Return the system call of any process' thread and how often it was given the processor; None once it has ended."""
    line = read_call(pid, tid)
    try:
        return None if line is None else (line, read_text(f"/proc/{pid}/task/{tid}/schedstat").rpartition(" ")[2])
    except OSError:
        return None


def run_ns(tid: int, gettime_ns: Callable[[int], int]) -> int | None:
    """Return for how long a thread of this process has run so far, to the nanosecond; None once it has ended."""
    try:
        return gettime_ns(_clock_of(tid))
    except OSError:
        return None


def _clock_of(tid: int) -> int:
    return (~tid << 3) | _THREADS_CLOCK  # as pthread_getcpuclockid makes it


def read_text(path: str, most_bytes: int = _ENOUGH_BYTES) -> str:
    """Read a small file of /proc at once: three times as fast as a file object, and there are many to read."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, most_bytes).decode("utf-8", "replace").strip()
    finally:
        os.close(descriptor)
