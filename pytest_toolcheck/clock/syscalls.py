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
    READING = "waits for input"
    POLLING = "waits for input, with a time limit"
    BUSY = "runs"


_NO_LIMIT_POINTER = 0
_FUTEX, _POLL_MS, _POLL_POINTER, _READ, _CHILD = "futex", "poll-ms", "poll-pointer", "read", "child"

# number of the system call -> (what it is, index of its argument that limits the time)
_X86_64 = {
    202: (_FUTEX, 3),
    7: (_POLL_MS, 2),
    232: (_POLL_MS, 3),
    281: (_POLL_MS, 3),
    271: (_POLL_POINTER, 2),
    23: (_POLL_POINTER, 4),
    270: (_POLL_POINTER, 4),
    441: (_POLL_POINTER, 3),
    **dict.fromkeys((0, 19, 43, 45, 47, 288), (_READ, 0)),
    **dict.fromkeys((34, 61, 130, 247), (_CHILD, 0)),
}
_AARCH64 = {
    98: (_FUTEX, 3),
    22: (_POLL_MS, 3),
    73: (_POLL_POINTER, 2),
    72: (_POLL_POINTER, 4),
    441: (_POLL_POINTER, 3),
    **dict.fromkeys((63, 65, 202, 207, 212, 242), (_READ, 0)),
    **dict.fromkeys((95, 133, 260), (_CHILD, 0)),
}
_CALLS = {"x86_64": _X86_64, "aarch64": _AARCH64}.get(platform.machine(), {})


def is_supported() -> bool:
    """Tell whether this system says what its threads do."""
    try:
        return bool(_CALLS) and bool(Path("/proc/self/syscall").read_text())
    except OSError:
        return False


def classify(line: str) -> Doing:
    """Return what a thread does, from its line in `/proc/.../syscall`."""
    number, *arguments = line.split() or ["running"]
    kind, index = _CALLS.get(int(number), ("", 0)) if number.lstrip("-").isdigit() else ("", 0)
    if kind in (_READ, _CHILD):
        return Doing.READING
    if not kind:
        return Doing.BUSY
    limit = int(arguments[index], 16)
    endless = limit & 0xFFFF_FFFF == 0xFFFF_FFFF if kind == _POLL_MS else limit == _NO_LIMIT_POINTER
    if kind == _FUTEX:
        return Doing.PARKED if endless else Doing.BUSY
    return Doing.READING if endless else Doing.POLLING


def read_task(pid: int | str, tid: int | str) -> tuple[str, str] | None:
    """Return a thread's system call and how often it was given the processor, or None once it has ended."""
    folder = f"/proc/{pid}/task/{tid}"
    try:
        with open(f"{folder}/syscall") as call, open(f"{folder}/schedstat") as turns:
            return call.read(), turns.read().rpartition(" ")[2].strip()
    except OSError:
        return None
