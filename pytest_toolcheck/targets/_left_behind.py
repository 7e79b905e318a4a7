"""What a command started and left running, in its group or not: known by a mark in its environment (Linux)."""

from __future__ import annotations

import os
import time

from .guard import KILL

MARK = "TOOLCHECK_CALL"
_GRACE_S = 0.05
"""What ends together with the command may take a moment longer."""


def running_processes() -> frozenset[str]:
    """Return all processes that there are now; none where there is no `/proc`."""
    try:
        return frozenset(name for name in os.listdir("/proc") if name.isdigit())
    except OSError:
        return frozenset()


def end_left_behind(mark: str, known: frozenset[str]) -> int:
    """Kill the processes that bear the mark and are not `known`; return how many there were after a moment of grace."""
    if not _marked(mark, known):
        return 0
    time.sleep(_GRACE_S)
    left = _marked(mark, known)
    for pid in left:
        try:
            os.kill(pid, KILL)
        except OSError:
            continue
    return len(left)


def _marked(mark: str, known: frozenset[str]) -> list[int]:
    wanted = f"{MARK}={mark}".encode()
    return [int(pid) for pid in running_processes() - known if wanted in _environment(pid)]


def _environment(pid: str) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []
