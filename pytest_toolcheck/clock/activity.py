"""Is anything still at work? Threads of this process and its children, seen from the kernel.

Two looks are taken, one after the other. If in both every thread is parked, and none was given the processor in
between, then there was a moment at which all of them stood still; and as only they could wake each other, they
still do.
"""

from __future__ import annotations

import _thread
import os
import sys
import threading
import types
from collections.abc import Collection
from pathlib import Path

from .children import descendants, look_at_child
from .descriptors import awaited_descriptors, reads_a_file
from .sockets import awaited_answer
from .syscalls import Doing, classify, is_supported, read_task
from .work import Look, Work

_MOMENT_S = 0.005
Place = tuple[types.FrameType, int]
"""The frame in which a thread is, and the instruction."""


class Activity:
    """Looks after the threads and children of this process, from the moment virtual time begins.

    Where the system does not say what its threads do, a thread counts as busy while its Python code moves on, and
    children are not seen.
    """

    def __init__(self) -> None:
        # the frames themselves, not their ids: a frame's address is soon another frame's
        self._places = {ident: place for ident, place in _places().items() if ident != threading.get_ident()}
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
        if not self._supported:
            _let_others_run()
        second: Look = {}
        work = self._look(waiting, second)
        if work is None and first != second:
            return Work(("process", os.getpid()), "a thread that has just moved")
        return work

    def _look(self, waiting: Collection[int], look: Look) -> Work | None:
        """Note every thread in `look`. Who is there is asked anew each time: a thread may start another."""
        mine = threading.get_ident()
        others = [t for t in threading.enumerate() if t.ident != mine and t.ident not in waiting]
        places = _places() if others else {}
        for thread in others:
            work = self._look_at_thread(thread, places, look)
            if work is not None and work.key not in self.ignored:
                return work
        for child in descendants() if self._supported else ():
            work = look_at_child(child, look)
            if work is not None and work.key not in self.ignored:
                return work
        return None

    def _look_at_thread(self, thread: threading.Thread, places: dict[int, Place], look: Look) -> Work | None:
        if thread.native_id is None or thread.ident is None:
            return Work(("thread", id(thread)), f"thread {thread.name!r}, which is starting")
        place = places.get(thread.ident)
        if not self._supported:
            look[thread.native_id] = (str(place), "")
            return None
        seen = read_task("self", thread.native_id)
        if seen is None:
            return None
        look[thread.native_id] = seen
        if place == self._places.get(thread.ident, ()) and not seen[0].startswith("running"):
            return None  # older than the test, and waiting where it waited when the test began
        if self._is_at_work(seen[0]):
            return Work(("thread", thread.native_id), f"thread {thread.name!r}, which {_where(thread.ident)}")
        return None

    @staticmethod
    def _is_at_work(line: str) -> bool:
        doing = classify(line)
        if doing in (Doing.BUSY, Doing.PARKED):
            return doing is Doing.BUSY
        return reads_a_file("self", line) or bool(awaited_answer(awaited_descriptors(line)))


def _let_others_run() -> None:
    """Wait for a real moment, long enough for a thread that runs Python code to move on."""
    never = _thread.allocate_lock()
    never.acquire()
    never.acquire(True, _MOMENT_S)


def _places() -> dict[int, Place]:
    """Return for each thread the frame and the instruction at which it is."""
    return {ident: (frame, frame.f_lasti) for ident, frame in sys._current_frames().items()}


def _where(ident: int) -> str:
    frame = sys._current_frames().get(ident)
    if frame is None:
        return "has no Python frame"
    return f"is at {frame.f_code.co_qualname} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})"
