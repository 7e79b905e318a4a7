"""Threads of this process that `threading` does not list: those that end, and those that it has not made.

A thread leaves the list of `threading` before it is over. What it still does, such as ending the objects of a
`threading.local`, may take a while, and whoever joins it waits until then.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Collection, Iterator

from .frames import current_frames
from .syscalls import Doing, classify, is_supported, read_call
from .work import Work

_TASKS = "/proc/self/task"
_DOT_AND_DOTDOT = 2
_PATIENCE = 0.05
"""One that `threading` never listed, such as a library's own that ticks, is not waited for much longer than an end takes."""
ENDING = Work(("ending", 0), "a thread that is ending", patience=_PATIENCE)


class Unlisted:
    """Knows which threads are not listed from the moment on at which virtual time begins."""

    def __init__(self) -> None:
        self._is_seen = is_supported()
        self._older = (set(os.listdir(_TASKS)) - _listed(threading.enumerate())) if self._is_seen else set()
        self._usual = _running_unlisted()
        self._once_listed: set[int | None] = set()

    def at_work(self, listed: Collection[threading.Thread], waiting: Collection[int] = ()) -> Iterator[Work]:
        """Return those that are at work and not in `listed`; `waiting` are the kernel's ids of those that wait for virtual time."""
        if not self._is_seen:
            if _running_unlisted() > self._usual:
                yield ENDING
            return
        self._once_listed.update([thread.native_id for thread in listed])
        if os.stat(_TASKS).st_nlink - _DOT_AND_DOTDOT == len(listed):
            return
        for task in set(os.listdir(_TASKS)) - self._older - _listed(listed) - {str(tid) for tid in waiting}:
            line = read_call("self", task)
            if line is not None and classify(line) is Doing.BUSY:
                patience = 1.0 if int(task) in self._once_listed or _others_run_python(listed) else _PATIENCE
                yield Work(("ending", int(task)), ENDING.text, patience=patience)


def _listed(threads: Collection[threading.Thread]) -> set[str]:
    return {str(thread.native_id) for thread in threads}


def _others_run_python(threads: Collection[threading.Thread]) -> bool:
    return bool(current_frames().keys() - {thread.ident for thread in threads})


def _running_unlisted() -> int:
    """Return how many threads run Python code that `threading` does not list, but for a constant."""
    return _thread._count() - len(threading.enumerate())
