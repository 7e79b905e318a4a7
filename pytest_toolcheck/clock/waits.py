"""Waits of a thread that virtual time limits: for a lock, another thread, a socket, anything that can be tried again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from .errors import VirtualDeadlock
from .frames import current_frames
from .virtual import VirtualClock, Waiter, no_input, no_work

_LONGEST_S = threading.TIMEOUT_MAX
_OURS = Path(__file__).parents[1]
_LIBRARIES = {
    "threading.py",
    "queue.py",
    "concurrent",
    "multiprocessing",
    "asyncio",
    "anyio",
    "selectors.py",
    "socket.py",
    "subprocess.py",
    "contextlib.py",
}
_IDLE = "_worker ("
"""The function of a pool's thread (`concurrent.futures`) in which it waits for a job."""


class Waits:
    """Lets a thread try something until it succeeds or its virtual time is over."""

    def __init__(self, clock: VirtualClock, fail: Callable[[BaseException], None]) -> None:
        self.clock = clock
        self._fail = fail
        self._real: set[int] = set()
        self.endless: dict[int, Any] = {}
        """By thread, the lock that it waits for without a limit, beside the test's own."""

    @property
    def is_owner(self) -> bool:
        """Whether this is the thread that runs the test."""
        mover = self.clock.mover
        return mover is not None and threading.get_ident() == mover.owner

    def is_beside(self, thread: int) -> bool:
        """Tell whether a thread belongs to the test, and is not the one that runs it."""
        mover = self.clock.mover
        return self.clock.is_active and mover is not None and thread != mover.owner and not mover.is_older(thread)

    def applies(self, timeout: float | None) -> bool:
        """Tell whether a wait is ours to keep: one with a time limit, or one without, in the test's own thread."""
        if not self.clock.is_active or threading.get_ident() in self._real:
            return False
        return self.is_owner if timeout is None else 0 < timeout <= _LONGEST_S

    @contextmanager
    def really(self) -> Iterator[None]:
        """Let this thread's waits be real for a moment, as those of an attempt are."""
        thread = threading.get_ident()
        self._real.add(thread)
        try:
            yield
        finally:
            self._real.discard(thread)

    def keep(
        self,
        timeout: float | None,
        attempt: Callable[[float], Any],
        *,
        has_input: Callable[[], bool] = no_input,
        expects: Callable[[], str] = no_work,
        takes: bool = False,
    ) -> Any:
        """Return what `attempt(real seconds)` returns as soon as that is something, or at the end of the time limit.

        `takes` says that what a successful attempt has taken leaves no trace by which `has_input` could tell.
        Raises VirtualDeadlock for a wait without a time limit that nothing is left to end.
        """
        mover = self.clock.mover
        if mover is None:
            return attempt(0)
        deadline_ns = None if timeout is None else self.clock.now_ns + max(1, round(timeout * 1_000_000_000))
        try:
            waiter = Waiter(deadline_ns, has_input=has_input, expects=expects, takes=takes)
            return mover.wait_or(waiter, attempt) or attempt(0)
        except VirtualDeadlock as found:
            error = VirtualDeadlock(found.reason, list(_waiting_places()))
            self._fail(error)
            raise error from None


def _waiting_places() -> Iterator[str]:
    """Say where this thread waits, then where the others are."""
    mine = threading.get_ident()
    if place := users_place(sys._getframe()):
        yield place
    yield from waiting_threads(lambda thread: thread != mine)


def waiting_threads(is_meant: Callable[[int], bool]) -> Iterator[str]:
    """Say of each thread that is meant where it is, but of one that waits for a job in a pool."""
    frames = current_frames()
    for thread in threading.enumerate():
        if thread.ident is not None and is_meant(thread.ident) and thread.ident in frames:
            frame = frames[thread.ident]
            if place := users_place(frame) or _librarys_place(frame):
                yield f"thread {thread.name!r}: {place}"


def users_place(frame: FrameType | None) -> str:
    """Return the innermost place outside libraries of waiting, as `function (file:line)`; empty: there is none."""
    return _first_place(frame, lambda path: not _LIBRARIES & set(path.parts))


def _librarys_place(frame: FrameType | None) -> str:
    place = _first_place(frame, lambda _path: True)
    return "" if place.startswith(_IDLE) else place


def _first_place(frame: FrameType | None, is_meant: Callable[[Path], bool]) -> str:
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if _OURS not in path.parents and is_meant(path):
            return f"{frame.f_code.co_qualname} ({path.name}:{frame.f_lineno})"
        frame = frame.f_back
    return ""


def end_silently() -> NoReturn:
    """End this thread, and let nobody report an error: the test has told what it waited for. Leans on a private name."""
    thread: Any = threading.current_thread()
    thread._invoke_excepthook = lambda *_: None
    raise SystemExit("the test has failed: nobody is left who could wake this thread")
