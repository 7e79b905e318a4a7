"""The children of this process, and theirs: which of them are at work (Linux)."""

from __future__ import annotations

import os
from pathlib import Path

from .descriptors import reads_a_file
from .syscalls import Doing, classify, read_task
from .work import Look, Work

POLLING_PATIENCE = 0.2
"""A child that wakes itself by a timer may be at work or only tick: it is waited for a fifth of the usual time."""


class Family:
    """Finds this process's living children, and theirs. Who was a stranger once is not looked at again."""

    def __init__(self) -> None:
        self._strangers: set[str] = set()

    def members(self) -> list[int]:
        """Return the process ids of the descendants that live."""
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return []
        entries = {entry for entry in os.listdir("/proc") if entry.isdigit()}
        self._strangers &= entries
        parents = {entry: _parent(entry) for entry in entries - self._strangers}
        found: list[str] = []
        generation = {str(os.getpid())}
        while generation:
            generation = {entry for entry, parent in parents.items() if parent in generation}
            found += generation
        self._strangers |= parents.keys() - set(found) - {str(os.getpid())}
        return [int(entry) for entry in found]


def _parent(pid: str) -> str:
    """Return the parent of a living process, "0" for a dead one (field 3 is its state, field 4 its parent)."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (OSError, ValueError):
        return "0"
    return "0" if state in "ZX" else parent


def look_at_child(pid: int, look: Look) -> Work | None:
    """Note the child's threads in `look`; return it as work unless all of them wait for somebody else."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return None
    doing = set()
    for task in tasks:
        if (seen := read_task(pid, task)) is not None:
            look[int(task)] = seen
            doing.add(Doing.BUSY if reads_a_file(pid, seen[0]) else classify(seen[0]))
    if Doing.BUSY in doing:
        return Work(("process", pid), f"child process {pid} ({_command(pid)})")
    if Doing.POLLING in doing:
        return Work(("process", pid), f"child process {pid} ({_command(pid)})", patience=POLLING_PATIENCE)
    return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()[:60]
    except OSError:
        return "ended"
