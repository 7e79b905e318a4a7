"""How long the threads that serve a call waited for a processor, and on other systems that they were put off at all.

Linux tells the wait of each thread in ns (`schedstat`, second field, kept by the scheduler). Elsewhere involuntary
context switches say that a call was put off, and not for how long: then all its time may have been waiting.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import threading
from collections.abc import Iterator, Sequence

from .processes import has_proc, process_tree, thread_ids

_CAN_COUNT_SWITCHES = importlib.util.find_spec("resource") is not None
"""False on Windows."""


class Waits:
    """What those that serve a call waited; `process_ids` are theirs, empty where that is this process."""

    def __init__(self, process_ids: Sequence[int] = ()) -> None:
        self._process_ids = tuple(process_ids)
        self.is_known = has_proc()
        """Whether the time is told."""
        self.is_counted = not self.is_known and _CAN_COUNT_SWITCHES
        """Whether only involuntary context switches are."""

    def read(self) -> dict[int, int]:
        """Return what each thread (or process, where switches are counted) has gathered so far."""
        if self.is_known:
            return {thread: delay for pid in self._processes() for thread, delay in _delays(pid)}
        return {pid: switches for pid in self._processes() for switches in _switches(pid)} if self.is_counted else {}

    def read_own(self) -> int | None:
        """Return what this thread has gathered so far; None where that is not known."""
        if self.is_counted:
            return next(_switches(os.getpid()))
        thread = threading.get_native_id()
        return next((delay for _, delay in _delays_of(os.getpid(), thread)), None) if self.is_known else None

    def waited_ns(self, before: dict[int, int], after: dict[int, int], spent_ns: int) -> int:
        """Return how long was waited between two readings; what began between them counts whole."""
        gained = sum(amount - before.get(key, 0) for key, amount in after.items())
        return self._as_ns(gained, spent_ns)

    def own_ns(self, before: int | None, spent_ns: int) -> int | None:
        """Return how long this thread waited since a reading of its own; None where that is not known."""
        now = self.read_own()
        return None if now is None or before is None else self._as_ns(now - before, spent_ns)

    def _as_ns(self, gained: int, spent_ns: int) -> int:
        return (spent_ns if gained else 0) if self.is_counted else gained

    def _processes(self) -> tuple[int, ...]:
        return (os.getpid(), *process_tree(self._process_ids)) if self._process_ids else (os.getpid(),)

    def note(self) -> str | None:
        """Return what is used instead of the time where that is not told."""
        if self.is_known:
            return None
        gates = "involuntary context switches and the calibration spin" if self.is_counted else "the spin alone"
        return f"no /proc here: run-queue delay unknown, calls gated by {gates}"


def _delays(pid: int) -> Iterator[tuple[int, int]]:
    for thread in thread_ids(pid):
        yield from _delays_of(pid, thread)


def _delays_of(pid: int, thread: int) -> Iterator[tuple[int, int]]:
    with contextlib.suppress(OSError, IndexError):  # the thread ended meanwhile
        with open(f"/proc/{pid}/task/{thread}/schedstat", "rb", buffering=0) as file:
            stat = file.read(64)
        yield thread, int(stat.split()[1])


def _switches(pid: int) -> Iterator[int]:
    """Yield the involuntary context switches of a process so far; nothing where they are not told."""
    if pid == os.getpid():
        import resource

        yield resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        return
    import psutil

    with contextlib.suppress(psutil.Error):
        yield psutil.Process(pid).num_ctx_switches().involuntary
