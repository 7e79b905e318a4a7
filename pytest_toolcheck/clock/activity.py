"""Is anything still at work? Threads of this process and its children, seen from the kernel.

Two looks are taken, one after the other. If in both every thread is parked, and none was given the processor in
between, then there was a moment at which all of them stood still; and as only they could wake each other, they
still do.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from .sockets import awaited_answer
from .syscalls import Doing, classify, is_supported, read_task


@dataclass(frozen=True, slots=True)
class Work:
    """Something at work outside virtual time; `key` tells it from others."""

    key: tuple[str, int]
    text: str


Look = dict[int, tuple[str, str]]
"""Kernel thread id to (system call, times it was given the processor)."""


class Activity:
    """Looks after the threads and children of this process, from the moment virtual time begins."""

    def __init__(self) -> None:
        self._places = _places()
        self._supported = is_supported()
        self.ignored: set[tuple[str, int]] = set()
        """Work that was waited for in vain and is waited for no more."""

    def find_work(self, waiting: Collection[int]) -> Work | None:
        """Return something that is at work, or None when all but the caller stands still.

        `waiting` are the threads that wait for virtual time; they do not count.
        """
        first: Look = {}
        work = self._look(waiting, first)
        if work is not None or not first:
            return work
        second: Look = {}
        work = self._look(waiting, second)
        if work is None and first != second:
            return Work(("process", os.getpid()), "a thread that has just moved")
        return work

    def _look(self, waiting: Collection[int], look: Look) -> Work | None:
        """Note every thread in `look`. Who is there is asked anew each time: a thread may start another."""
        mine = threading.get_ident()
        places = _places()
        for thread in threading.enumerate():
            if thread.ident != mine and thread.ident not in waiting:
                work = self._look_at_thread(thread, places, look)
                if work is not None and work.key not in self.ignored:
                    return work
        for child in descendants() if self._supported else ():
            work = _look_at_child(child, look)
            if work is not None and work.key not in self.ignored:
                return work
        return None

    def _look_at_thread(self, thread: threading.Thread, places: dict[int, tuple[int, int]], look: Look) -> Work | None:
        if thread.native_id is None or thread.ident is None:
            return Work(("thread", id(thread)), f"thread {thread.name!r}, which is starting")
        seen = read_task("self", thread.native_id)
        if seen is None:
            return None
        look[thread.native_id] = seen
        place = places.get(thread.ident)
        if place == self._places.get(thread.ident, ()) and not seen[0].startswith("running"):
            return None  # older than the test, and waiting where it waited when the test began
        doing = classify(seen[0])
        if doing is Doing.BUSY or (doing is not Doing.PARKED and awaited_answer(_descriptors(seen[0]))):
            return Work(("thread", thread.native_id), f"thread {thread.name!r}, which {_where(thread.ident)}")
        return None


def descendants() -> list[int]:
    """Return the process ids of this process's living children, and of theirs."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return []
    parents = {int(entry): _parent(entry) for entry in os.listdir("/proc") if entry.isdigit()}
    found, generation = [], [os.getpid()]
    while generation:
        generation = [pid for pid, parent in parents.items() if parent in generation]
        found += generation
    return found


def _parent(pid: str) -> int:
    """Return the parent of a living process, 0 for a dead one (field 3 is its state, field 4 its parent)."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (OSError, ValueError):
        return 0
    return 0 if state in "ZX" else int(parent)


def _look_at_child(pid: int, look: Look) -> Work | None:
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return None
    for task in tasks:
        seen = read_task(pid, task)
        if seen is None:
            continue
        look[int(task)] = seen
        if classify(seen[0]) in (Doing.BUSY, Doing.POLLING):
            return Work(("process", pid), f"child process {pid} ({_command(pid)})")
    return None


def _descriptors(line: str) -> list[int]:
    """Return the descriptor that a blocking read waits for (its first argument)."""
    _number, *arguments = line.split()
    return [int(arguments[0], 16)] if arguments and int(arguments[0], 16) < 1 << 20 else []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()[:60]
    except OSError:
        return "ended"


def _places() -> dict[int, tuple[int, int]]:
    """Return for each thread the frame and the instruction at which it is."""
    return {ident: (id(frame), frame.f_lasti) for ident, frame in sys._current_frames().items()}


def _where(ident: int) -> str:
    frame = sys._current_frames().get(ident)
    if frame is None:
        return "has no Python frame"
    return f"is at {frame.f_code.co_qualname} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})"
