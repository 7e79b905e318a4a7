"""What a thread is doing, read from `/proc/<pid>/task/<tid>/syscall` (Linux; see proc(5)).

A thread that waits without a time limit, for a lock, for input or for a child, does nothing until somebody else acts.
Whoever waits for the processor, for the interpreter's lock (a futex *with* a time limit) or for a real timer is busy.
"""

from __future__ import annotations

import platform
from enum import Enum
from pathlib import Path


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
    SELECT = "select"
    CHILD = "wait for a child or a signal"


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
    **dict.fromkeys((0, 19, 43, 45, 47, 288), (Blocked.READ, 0, True)),
    **dict.fromkeys((34, 61, 130, 247), (Blocked.CHILD, 0, True)),
}
_AARCH64: dict[int, _Call] = {
    98: (Blocked.FUTEX, 3, True),
    73: (Blocked.POLL, 2, True),
    22: (Blocked.EPOLL, 3, False),
    441: (Blocked.EPOLL, 3, True),
    72: (Blocked.SELECT, 4, True),
    **dict.fromkeys((63, 65, 202, 207, 212, 242), (Blocked.READ, 0, True)),
    **dict.fromkeys((95, 133, 260), (Blocked.CHILD, 0, True)),
}
_CALLS = {"x86_64": _X86_64, "aarch64": _AARCH64}.get(platform.machine(), {})
_STOPPED = "stopped"
"""By SIGSTOP: it does nothing until somebody sends it SIGCONT, whatever call it was in."""
_BY_STATE = {"R": "running", "T": _STOPPED}
_UNBOUNDED = (Blocked.READ, Blocked.CHILD)
_MINUS_ONE = 0xFFFF_FFFF
_COMMAND, _WAIT_BITSET = 0x7F, 9
"""Semaphores and conditions wait with FUTEX_WAIT_BITSET; a plain FUTEX_WAIT is a mutex, held for a moment only."""


def is_supported() -> bool:
    """Tell whether this system says what its threads do."""
    try:
        return bool(_CALLS) and bool(Path("/proc/self/syscall").read_text())
    except OSError:
        return False


def blocked_in(line: str) -> tuple[Blocked, list[int]]:
    """Return in what a thread is blocked, and the arguments of that call."""
    number, *arguments = line.split() or ["running"]
    kind = _CALLS[int(number)][0] if number.isdigit() and int(number) in _CALLS else Blocked.NOT
    return kind, [int(argument, 16) for argument in arguments]


def classify(line: str) -> Doing:
    """Return what a thread does, from its line in `/proc/.../syscall`."""
    if line == _STOPPED:
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


def read_task(pid: int | str, tid: int | str) -> tuple[str, str] | None:
    """Return a thread's system call and how often it was given the processor, or None once it has ended.

    A thread that was just woken, and waits for its processor to hear of it, still shows its system call; its state
    in `stat` is R already. So both are read, the call first.
    """
    folder = f"/proc/{pid}/task/{tid}"
    try:
        with open(f"{folder}/syscall") as call, open(f"{folder}/stat") as stat, open(f"{folder}/schedstat") as turns:
            line, state = call.read(), stat.read().rpartition(")")[2].split()[0]
            return _BY_STATE.get(state, line), turns.read().rpartition(" ")[2].strip()
    except (OSError, IndexError):
        return None
