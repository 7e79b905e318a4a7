"""The children of this process, and theirs: which of them are at work (Linux)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from .asleep import is_sleep, sleeps_ns
from .descriptors import reads_a_file
from .syscalls import Doing, classify, is_supported, read_task, read_text
from .work import Look, Work

AT_WORK, ASLEEP, TICKING = KINDS = "process", "sleeping process", "ticking process"
"""Who only sleeps, or wakes itself by a timer, may yet be at work later: in vain it was waited for what it did then."""
POLLING_PATIENCE = 0.2
"""A child that wakes itself by a timer may be at work or only tick: it is waited for a fifth of the usual time."""
_TASKS = "/proc/self/task"
_MOST_THREADS = 10
"""With more, asking each for its children costs as much as a look at all processes."""
_MANY_BYTES = 1 << 16
_os: Any = os
"""Some of its names Windows lacks, where nothing is seen of children."""
_gettime_ns: Callable[[int], int] = getattr(time, "clock_gettime_ns", lambda _: 0)


class Family:
    """Finds this process's living children, and theirs. Who was a stranger once is not looked at again."""

    def __init__(self, gettime_ns: Callable[[int], int] = _gettime_ns) -> None:
        self._gettime_ns = gettime_ns
        self._strangers: set[str] = set()

    def members(self) -> list[int]:
        """Return the process ids of the descendants that live."""
        try:
            _os.waitid(_os.P_ALL, 0, _os.WEXITED | _os.WNOHANG | _os.WNOWAIT)
        except ChildProcessError:
            return []
        found = _found_by_threads() if _are_listed() and len(os.listdir(_TASKS)) <= _MOST_THREADS else self._search()
        return [int(entry) for entry in found]

    def _search(self) -> list[str]:
        """Find them among all processes of the machine."""
        entries = {entry for entry in os.listdir("/proc") if entry.isdigit()}
        self._strangers &= entries
        parents = {entry: _parent(entry) for entry in entries - self._strangers}
        found: list[str] = []
        generation = {str(os.getpid())}
        while generation:
            generation = {entry for entry, parent in parents.items() if parent in generation}
            found += generation
        self._strangers |= parents.keys() - set(found) - {str(os.getpid())}
        return found

    def watch(self, *, is_seen: bool, within_ns: int | None = None) -> Watch:
        """Return what looks at the children twice; nothing is seen of them where the system does not show it.

        One that sleeps for longer than `within_ns` is not at work.
        """
        return Watch(self.members if is_seen else list, self._gettime_ns, within_ns)


class Watch:
    """Two looks at the children of this process. Who is there is asked anew each time: a child may start another."""

    def __init__(
        self, members: Callable[[], list[int]], gettime_ns: Callable[[int], int], within_ns: int | None
    ) -> None:
        self._members = members
        self._gettime_ns = gettime_ns
        self._within_ns = within_ns
        self.asleep: Work | None = None
        """A child that sleeps for too long."""
        self._looks: list[Look] = []

    @property
    def are_any(self) -> bool:
        """Whether the last look has found one."""
        return bool(self._looks[-1])

    @property
    def have_moved(self) -> bool:
        """Whether one of them was given the processor between the looks."""
        return self._looks[0] != self._looks[-1]

    def look(self) -> Iterator[Work]:
        """Return each child that is at work."""
        look: Look = {}
        self._looks.append(look)
        for pid in self._members():
            work = _look_at_child(pid, look, self._gettime_ns)
            if work is not None and self._within_ns is not None and work.lasts_ns > self._within_ns:
                self.asleep = work
            elif work is not None:
                yield work


@cache
def _are_listed() -> bool:
    """Tell whether the system lists the children of each thread."""
    return is_supported() and os.path.exists(f"{_TASKS}/{threading.get_native_id()}/children")


def _found_by_threads() -> list[str]:
    """Find the living descendants from parent to child: far cheaper than a look at every process of the machine.

    The kernel may leave one out while another ends: the thread that waited for that one has run, which the second look shows.
    """
    found: list[str] = []
    generation = [str(os.getpid())]
    while generation:
        generation = [child for pid in generation for child in _children_of(pid) if _parent(child) != "0"]
        found += generation
    return found


def _children_of(pid: str) -> Iterator[str]:
    folder = f"/proc/{pid}/task"
    with suppress(OSError):  # it has just ended
        for task in os.listdir(folder):
            with suppress(OSError):
                yield from read_text(f"{folder}/{task}/children", _MANY_BYTES).split()


def _parent(pid: str) -> str:
    """Return the parent of a living process, "0" for a dead one (field 3 is its state, field 4 its parent)."""
    try:
        state, parent = read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()[:2]
        # its first thread is over while others still end: who waits for it is told after the last of them
        is_over = state in "ZX" and len(os.listdir(f"/proc/{pid}/task")) <= 1
    except (OSError, ValueError):
        return "0"
    return "0" if is_over else parent


def _look_at_child(pid: int, look: Look, gettime_ns: Callable[[int], int]) -> Work | None:
    """Note the child's threads in `look`; return it as work unless all of them wait for somebody else."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return None
    doing, sleeps, only_sleeps = set(), [], True
    for task in tasks:
        if (seen := read_task(pid, task)) is not None:
            look[int(task)] = seen
            doing.add(does := Doing.BUSY if reads_a_file(pid, seen[0]) else classify(seen[0]))
            if does is Doing.BUSY:
                sleeps.append(sleeps_ns(pid, seen[0], gettime_ns))
                only_sleeps = only_sleeps and is_sleep(seen[0])
    text = f"child process {pid} ({_command(pid)})" if doing & {Doing.BUSY, Doing.POLLING} else ""
    if Doing.BUSY in doing:
        return Work((ASLEEP if only_sleeps else AT_WORK, pid), text, lasts_ns=min(sleeps))
    return Work((TICKING, pid), text, patience=POLLING_PATIENCE) if Doing.POLLING in doing else None


def _command(pid: int) -> str:
    try:
        return read_text(f"/proc/{pid}/cmdline").replace("\0", " ").strip()[:60]
    except OSError:
        return "ended"
