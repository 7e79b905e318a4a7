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
from collections.abc import Callable, Collection

from .children import Family, look_at_child
from .descriptors import awaited_descriptors, reads_a_file
from .sockets import awaited_answer
from .syscalls import Doing, classify, is_supported, read_task
from .work import Look, Work

acquire = _thread.LockType.acquire
_MOMENT_S = 0.005
_SETTLED_AFTER_NS = 50_000_000
"""Whoever waits for the interpreter's lock is given a turn every 5 ms, in which it asks for it."""
TICKING_PATIENCE = 1 / 30
"""A thread that wakes by a real timer is waited for a second by who waits without a limit and has nobody else."""
Place = tuple[types.FrameType, int]
"""The frame in which a thread is (the frame itself: its address is soon another's), and the instruction."""
Settled = tuple[Place, tuple[str, ...]]
"""Where a thread waits, and for what."""


class Activity:
    """Looks after the threads and children of this process, from the moment virtual time begins.

    Where the system does not say what its threads do, a thread counts as busy while its Python code moves on, and
    children are not seen.
    """

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self._monotonic_ns = monotonic_ns
        self._older = {thread.ident for thread in threading.enumerate()}
        self._last_seen: dict[int, tuple[tuple[str, str], int]] = {}
        self._owner = threading.get_ident()
        self._supported = is_supported()
        self._family = Family()
        self.ignored: set[tuple[str, int]] = set()
        """Work that was waited for in vain and is waited for no more."""
        self._settled = self._find_settled() if self._supported else {}

    def _find_settled(self) -> dict[int, Settled]:
        """Return where threads older than the test wait by a real timer: they tick, and are no work of the test's."""
        once = _settled_threads()
        if not once:
            return {}
        _let_others_run()  # a thread that only waits for the interpreter gets on
        again = _settled_threads()
        return {ident: settled for ident, settled in once.items() if again.get(ident) == settled}

    def is_older(self, thread: int) -> bool:
        """Tell whether a thread is older than the test, and not the test's own."""
        return thread in self._older and thread != self._owner

    def find_ticking(self, waiting: Collection[int]) -> Work | None:
        """Return a thread that wakes by a real timer: it may yet wake whoever waits without a time limit."""
        for thread in threading.enumerate() if self._supported else ():
            if thread.native_id is None or thread.ident in waiting or thread is threading.current_thread():
                continue
            seen = read_task("self", thread.native_id)
            if seen is not None and classify(seen[0]) in (Doing.BUSY, Doing.POLLING):
                work = Work(("ticking", thread.native_id), f"thread {thread.name!r}", patience=TICKING_PATIENCE)
                if work.key not in self.ignored:
                    return work
        return None

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
        places = {} if self._supported or not others else _places()
        for thread in others:
            work = self._look_at_thread(thread, places, look)
            if work is not None and work.key not in self.ignored:
                return work
        for child in self._family.members() if self._supported else ():
            work = look_at_child(child, look)
            if work is not None and work.key not in self.ignored:
                return work
        return None

    def _look_at_thread(self, thread: threading.Thread, places: dict[int, Place], look: Look) -> Work | None:
        if thread.native_id is None or thread.ident is None:
            return Work(("thread", id(thread)), f"thread {thread.name!r}, which is starting")
        if not self._supported:
            look[thread.native_id] = (str(places.get(thread.ident)), "")
            return None
        seen = read_task("self", thread.native_id)
        if seen is None:
            return None
        look[thread.native_id] = seen
        if not self._is_at_work(seen[0]) or (self.is_older(thread.ident) and self._has_settled(thread.ident, seen)):
            return None
        return Work(("thread", thread.native_id), f"thread {thread.name!r}", thread=thread.ident)

    def _has_settled(self, ident: int, seen: tuple[str, str]) -> bool:
        """Tell whether a thread older than the test waits where it waited when the test began, or has waited for a
        real timer for a while, without a single turn."""
        now_ns = self._monotonic_ns()
        # Only here are frames asked for: each that is keeps its locals alive, and buffers among them, until collected.
        place = None if seen[0].startswith("running") else _places().get(ident)
        if place is None:
            return False
        if self._settled.get(ident) == (place, _call(seen[0])):
            return True
        before, since_ns = self._last_seen.get(ident, (None, now_ns))
        if before != seen:
            self._last_seen[ident] = (seen, now_ns)
            return False
        if now_ns - since_ns < _SETTLED_AFTER_NS:
            return False
        self._settled[ident] = (place, _call(seen[0]))
        return True

    @staticmethod
    def _is_at_work(line: str) -> bool:
        doing = classify(line)
        if doing in (Doing.BUSY, Doing.PARKED):
            return doing is Doing.BUSY
        return reads_a_file("self", line) or bool(awaited_answer(awaited_descriptors(line)))


def _settled_threads() -> dict[int, Settled]:
    mine, calls = threading.get_ident(), {}
    for thread in threading.enumerate():
        if thread.ident is not None and thread.ident != mine and thread.native_id is not None:
            seen = read_task("self", thread.native_id)
            if seen is not None and not seen[0].startswith("running") and classify(seen[0]) is not Doing.PARKED:
                calls[thread.ident] = _call(seen[0])
    places = _places() if calls else {}
    return {ident: (places[ident], call) for ident, call in calls.items() if ident in places}


def _call(line: str) -> tuple[str, ...]:
    """Return a system call and its first argument: the lock, or the descriptor, that a thread waits for."""
    return tuple(line.split()[:2])


def _let_others_run() -> None:
    """Wait for a real moment, long enough for a thread that runs Python code to move on."""
    never = _thread.allocate_lock()
    acquire(never)
    acquire(never, True, _MOMENT_S)


def _places() -> dict[int, Place]:
    """Return for each thread the frame and the instruction at which it is."""
    return {ident: (frame, frame.f_lasti) for ident, frame in sys._current_frames().items()}
