"""Is anything still at work? Threads of this process and its children, seen from the kernel.

First it is noted how long each thread has run, to the nanosecond; then each is looked at; then it is noted again. If
all were parked and none has run meanwhile, there was a moment at which all of them stood still; and as only they could
wake each other, they still do. The clocks of a child's threads cannot be read: these are looked at twice.
"""

from __future__ import annotations

import _thread
import os
import threading
import types
from collections.abc import Callable, Collection, Iterable
from typing import Any

from .children import Family
from .descriptors import awaited_descriptors, reads_a_file, writes_to_others
from .frames import current_frames
from .sockets import awaited_answer, is_connection
from .syscalls import STOPPED, Doing, classify, is_call, is_supported, read_call, run_ns
from .unlisted import Unlisted
from .work import Work

acquire = _thread.LockType.acquire
_MOMENT_S = 0.005
_SETTLED_AFTER_NS = 50_000_000
"""Whoever waits for the interpreter's lock is given a turn every 5 ms, in which it asks for it."""
_NO_TICK_S = 5.0
"""A `threading.Timer` that is as long, such as pytest-timeout's, rings once, and not while it would be waited for."""
TICKING_PATIENCE = 1 / 30
"""A thread that wakes by a real timer is waited for a second by who waits without a limit and has nobody else."""
Place = tuple[types.FrameType, int]
"""The frame in which a thread is (the frame itself: its address is soon another's), and the instruction."""
Settled = tuple[Place, tuple[str, ...]]
"""Where a thread waits, and for what."""
Seen = tuple[int | None, str, bool]
"""For how long a thread had run, its system call, and whether that can be no work, whatever connections owe."""


class Activity:
    """Looks after the threads and children of this process, from the moment virtual time begins.

    Where the system does not say what its threads do, a thread counts as busy while its Python code moves on, and
    children are not seen.
    """

    def __init__(self, monotonic_ns: Callable[[], int], gettime_ns: Callable[[int], int]) -> None:
        self._monotonic_ns = monotonic_ns
        self._gettime_ns = gettime_ns
        self._older = {thread.ident: thread for thread in threading.enumerate()}
        self._last_seen: dict[int, tuple[tuple[str, int | None], int]] = {}
        self._calls: dict[int, Seen] = {}
        """By thread, how it was seen last: while it has run for no longer, it is still in the same system call."""
        self._frames: dict[int, Place] | None = None
        self._suspect: int | None = None
        """The thread that was found at work last: most likely it still is."""
        self._owner = threading.get_ident()
        self._unlisted = Unlisted()
        self._supported = is_supported()
        self._family = Family(gettime_ns)
        self.ignored: set[tuple[str, int]] = set()
        """Work that was waited for in vain and is waited for no more."""
        self.asleep: Work | None = None
        """A child that sleeps for longer than it is waited for."""
        self._settled = self._find_settled() if self._supported else {}

    def _find_settled(self) -> dict[int, Settled]:
        """Return where threads older than the test wait by a real timer: they tick, and are no work of the test's."""
        once = _settled_threads()
        if not once:
            return {}
        let_others_run()  # a thread that only waits for the interpreter gets on
        again = _settled_threads()
        return {ident: settled for ident, settled in once.items() if again.get(ident) == settled}

    def is_older(self, thread: int) -> bool:
        """Tell whether a thread is older than the test, and not the test's own."""
        known = self._older.get(thread)
        # a new thread is soon given the number of one that has ended
        return known is not None and thread != self._owner and known in threading.enumerate()

    def find_ticking(self, waiting: Collection[int]) -> Work | None:
        """Return a thread that wakes by a real timer: it may yet wake whoever waits without a time limit."""
        for thread in self._others(waiting) if self._supported else ():
            if isinstance(thread, threading.Timer) and thread.interval >= _NO_TICK_S:
                continue
            line = None if thread.native_id is None else read_call("self", thread.native_id)
            if line is not None and classify(line) in (Doing.BUSY, Doing.POLLING):
                work = Work(("ticking", thread.native_id or 0), f"thread {thread.name!r}", patience=TICKING_PATIENCE)
                if work.key not in self.ignored:
                    return work
        return None

    def find_work(
        self, waiting: Collection[int], tasks: Collection[int] = (), *, within_ns: int | None = None
    ) -> Work | None:
        """Return something that is at work, or None when all but the caller stands still.

        Children are looked at before and after the threads, as either may wake the other. `waiting` are the threads
        that wait for virtual time, and `tasks` the kernel's ids of the same; they do not count, nor do children that
        sleep for longer than `within_ns`.
        """
        self._frames = None  # each that is kept keeps its locals alive, and buffers among them, until collected
        listed, children = threading.enumerate(), self._family.watch(is_seen=self._supported, within_ns=within_ns)
        self.asleep = None
        others = self._but(waiting, listed)
        if (still := self._look_at_suspect(others)) is not None:
            return still
        if (ending := self._first(self._unlisted.at_work(listed, tasks))) is not None:
            return ending
        before = self._state_of(others)
        work = self._first(children.look())
        if work is None and (others or children.are_any):
            work = self._look_at_threads(others, before) or self._first(children.look())
        self.asleep = children.asleep
        self._frames = None
        if work is None and not self._supported and others:
            let_others_run()
        if work is None and (children.have_moved or before != self._state_of(self._others(waiting))):
            return Work(("process", os.getpid()), "a thread that has just moved")
        if work is None and others:
            # who was started after the list was made, and before it was noted how long its threads had run, is seen here
            work = self._first(self._unlisted.at_work(listed, tasks))
        return work

    def _first(self, found: Iterable[Work]) -> Work | None:
        return next((work for work in found if work.key not in self.ignored), None)

    def _others(self, waiting: Collection[int]) -> list[threading.Thread]:
        """Return who may be at work. It is asked anew each time: a thread may start another."""
        return self._but(waiting, threading.enumerate())

    @staticmethod
    def _but(waiting: Collection[int], listed: list[threading.Thread]) -> list[threading.Thread]:
        mine = threading.get_ident()
        return [t for t in listed if t.ident != mine and t.ident not in waiting]

    def _state_of(self, threads: list[threading.Thread]) -> dict[int, object]:
        """Return what differs as soon as one of the threads has run: how long it ran, or at least where its code is."""
        places = {} if self._supported else _places()
        # one that is being started has no number yet
        return {t.native_id or -id(t): self._ran(t.native_id) or places.get(t.ident or 0) for t in threads}

    def _ran(self, tid: int | None) -> int | None:
        return None if tid is None or not self._supported else run_ns(tid, self._gettime_ns)

    def _look_at_suspect(self, others: list[threading.Thread]) -> Work | None:
        thread = next((t for t in others if t.ident == self._suspect), None) if self._suspect else None
        if thread is not None and thread.native_id is not None and self._supported:
            work = self._look_at_thread(thread, run_ns(thread.native_id, self._gettime_ns), self._calls)
            if work is not None and work.key not in self.ignored:
                return work
        self._suspect = None
        return None

    def _look_at_threads(self, threads: list[threading.Thread], ran: dict[int, Any]) -> Work | None:
        """Return one that is at work; those that have run since they were looked at are the likeliest."""
        calls: dict[int, Seen] = {}
        for thread in sorted(threads, key=lambda t: self._is_unmoved(t.native_id or 0, ran)):
            work = self._look_at_thread(thread, ran.get(thread.native_id or 0), calls)
            if work is not None and work.key not in self.ignored:
                self._calls |= calls
                self._suspect = work.thread
                return work
        self._calls = calls  # threads that have ended are forgotten
        return None

    def _is_unmoved(self, tid: int, ran: dict[int, Any]) -> bool:
        known = self._calls.get(tid)
        return known is not None and known[0] == ran.get(tid)

    def _look_at_thread(self, thread: threading.Thread, ran_ns: int | None, calls: dict[int, Seen]) -> Work | None:
        tid = thread.native_id
        if tid is None or thread.ident is None:
            return Work(("thread", id(thread)), f"thread {thread.name!r}, which is starting")
        if not self._supported:
            return None
        before_ns, known, is_idle = self._calls.get(tid, (None, "", False))
        is_unmoved = ran_ns is not None and ran_ns == before_ns
        line = read_call("self", tid, known=known if is_unmoved else None)
        if line is None:
            return None
        if is_call(line):
            is_idle = (is_unmoved and is_idle) or not _may_be_at_work(line)
            calls[tid] = (ran_ns, line, is_idle)
            if is_idle:
                return None
        if not self._is_at_work(line) or (
            self.is_older(thread.ident) and self._has_settled(thread.ident, line, ran_ns)
        ):
            return None
        return Work(("thread", tid), f"thread {thread.name!r}", thread=thread.ident)

    def _has_settled(self, ident: int, line: str, ran_ns: int | None) -> bool:
        """Tell whether a thread older than the test waits where it waited when the test began, or has waited for a
        real timer for a while, without a single turn."""
        now_ns = self._monotonic_ns()
        if self._frames is None:
            self._frames = _places()
        place = self._frames.get(ident) if is_call(line) else None
        if place is None:
            return False
        if self._settled.get(ident) == (place, _call(line)):
            return True
        before, since_ns = self._last_seen.get(ident, (None, now_ns))
        if before != (line, ran_ns):
            self._last_seen[ident] = ((line, ran_ns), now_ns)
            return False
        if now_ns - since_ns < _SETTLED_AFTER_NS:
            return False
        self._settled[ident] = (place, _call(line))
        return True

    @staticmethod
    def _is_at_work(line: str) -> bool:
        """A thread of this process is stopped only with all of it, or for the moment of a debugger's look."""
        doing = Doing.BUSY if line == STOPPED else classify(line)
        if doing in (Doing.BUSY, Doing.PARKED):
            return doing is Doing.BUSY
        return reads_a_file("self", line) or writes_to_others(line) or bool(awaited_answer(awaited_descriptors(line)))


def _settled_threads() -> dict[int, Settled]:
    mine, calls = threading.get_ident(), {}
    for thread in threading.enumerate():
        if thread.ident is not None and thread.ident != mine and thread.native_id is not None:
            line = read_call("self", thread.native_id)
            if line is not None and is_call(line) and _may_be_at_work(line):
                calls[thread.ident] = _call(line)
    places = _places() if calls else {}
    return {ident: (places[ident], call) for ident, call in calls.items() if ident in places}


def _may_be_at_work(line: str) -> bool:
    """Tell whether a blocked thread could ever be taken for work, without leaving its system call."""
    doing = classify(line)
    return doing in (Doing.BUSY, Doing.POLLING) or (
        doing is Doing.READING
        and (
            reads_a_file("self", line)
            or writes_to_others(line)
            or any(is_connection(each) for each in awaited_descriptors(line))
        )
    )


def _call(line: str) -> tuple[str, ...]:
    """Return a system call and its first argument: the lock, or the descriptor, that a thread waits for."""
    return tuple(line.split()[:2])


def let_others_run() -> None:
    """Wait for a real moment, long enough for a thread that runs Python code to move on."""
    never = _thread.allocate_lock()
    acquire(never)
    acquire(never, True, _MOMENT_S)


def _places() -> dict[int, Place]:
    """Return for each thread the frame and the instruction at which it is."""
    return {ident: (frame, frame.f_lasti) for ident, frame in current_frames().items()}
