"""How long the threads that serve a call waited for a processor, and on other systems that they were put off at all.

Linux tells the wait of each thread in ns (`schedstat`, second field, kept by the scheduler). Elsewhere involuntary
context switches say that a call was put off, and not for how long: then all its time may have been waiting.

Nothing tells for how long child processes waited that have ended since: a command, or what a tool runs. Their switches
and their CPU time are known, so one that was put off again and again may have waited for all the rest of the call.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from .processes import has_proc, process_tree, thread_ids

_CAN_COUNT_SWITCHES = importlib.util.find_spec("resource") is not None
"""False on Windows."""
_ENDED_SWITCHES, _ENDED_CPU = -1, -2
"""What stands for ended child processes among the threads of a reading."""
_OF_ENDED = (
    "of child processes that ended only switches and CPU time are known: what they waited is judged by the spins"
)
USUAL_SWITCHES, USUAL_SWITCHES_EVERY_NS = 3, 20_000_000
"""A process that has the machine for itself is moved to another processor when it begins, and put off briefly now and then."""


class Waits:
    """What those that serve a call waited; `process_ids` are theirs, empty where that is this process."""

    def __init__(self, process_ids: Sequence[int] = ()) -> None:
        self._process_ids = tuple(process_ids)
        self._has_hidden = False
        self.served: tuple[int, ...] = ()
        """Those processes at the last reading, their descendants included."""
        self.beginnings = 0
        """How often, up to the last reading, a thread of those began to run, where the time is told."""
        self.is_known = has_proc()
        """Whether the time is told."""
        self.is_counted = not self.is_known and _CAN_COUNT_SWITCHES
        """Whether only involuntary context switches are."""

    def read(self, *, own_last: bool = False) -> dict[int, int]:
        """Return what each thread (or process, where switches are counted) has gathered so far.

        Who is known is asked first, as just after a call, or last, as just before one: to find the others takes a while, in
        which those may wait (on a busy machine for longer than many a call takes), and that is no part of the call.
        """
        ended = {} if self._process_ids else _ended_children()
        if self.is_known:
            told = [told for pid in self._processes(own_last) for told in _delays(pid)]
            self.beginnings = sum(beginnings for _, _, beginnings in told)
            return ended | {thread: delay for thread, delay, _ in told}
        if self.is_counted:
            return ended | {pid: switches for pid in self._processes(own_last) for switches in _switches(pid)}
        return ended

    def tells_all(self, before: dict[int, int], after: dict[int, int]) -> bool:
        """Whether all waits between two readings are told of: those of who sleeps now and then, and of no ended process."""
        has_ended = after.get(_ENDED_CPU) != before.get(_ENDED_CPU)
        self._has_hidden |= has_ended
        return self.is_known and not has_ended

    def read_own(self) -> int | None:
        """Return what this thread has gathered so far; None where that is not known."""
        if self.is_counted:
            return next(_switches(os.getpid()))
        thread = threading.get_native_id()
        return next((delay for _, delay, _ in _delays_of(os.getpid(), thread)), None) if self.is_known else None

    def waited_ns(self, before: dict[int, int], after: dict[int, int], spent_ns: int) -> int:
        """Return how long was waited between two readings; what began between them counts whole."""
        gained = {key: amount - before.get(key, 0) for key, amount in after.items()}
        ended_ns = _most_waited_ns(gained.pop(_ENDED_SWITCHES, 0), gained.pop(_ENDED_CPU, 0), spent_ns)
        return ended_ns + self._as_ns(sum(gained.values()), spent_ns)

    def own_ns(self, before: int | None, spent_ns: int) -> int | None:
        """Return how long this thread waited since a reading of its own; None where that is not known."""
        now = self.read_own()
        return None if now is None or before is None else self._as_ns(now - before, spent_ns)

    def _as_ns(self, gained: int, spent_ns: int) -> int:
        return (spent_ns if gained else 0) if self.is_counted else gained

    def _processes(self, own_last: bool) -> Iterator[int]:
        known = () if own_last else (os.getpid(), *self.served)
        yield from known
        self.served = process_tree(self._process_ids) if self._process_ids else ()
        yield from (pid for pid in self.served if pid not in known)
        if own_last:
            yield os.getpid()

    def note(self) -> str | None:
        """Return what is used instead of the time where that is not told."""
        if self.is_known:
            return _OF_ENDED if self._has_hidden else None
        gates = "involuntary context switches and the calibration spin" if self.is_counted else "the spin alone"
        return f"no /proc here: run-queue delay unknown, calls gated by {gates}"


def _ended_children() -> dict[int, int]:
    """Return the involuntary context switches and the CPU time (ns) of this process's ended children so far."""
    if not _CAN_COUNT_SWITCHES:
        return {}
    resource: Any = importlib.import_module("resource")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {_ENDED_SWITCHES: used.ru_nivcsw, _ENDED_CPU: round((used.ru_utime + used.ru_stime) * 1e9)}


def _most_waited_ns(switches: int, cpu_ns: int, spent_ns: int) -> int:
    usual = USUAL_SWITCHES + spent_ns / USUAL_SWITCHES_EVERY_NS
    return max(spent_ns - cpu_ns, 0) if switches > usual else 0


def _delays(pid: int) -> Iterator[tuple[int, int, int]]:
    for thread in thread_ids(pid):
        yield from _delays_of(pid, thread)


def _delays_of(pid: int, thread: int) -> Iterator[tuple[int, int, int]]:
    """Yield the thread, what it waited, ns, and how often it began to run."""
    with contextlib.suppress(OSError, ValueError):  # the thread ended meanwhile
        with open(f"/proc/{pid}/task/{thread}/schedstat", "rb", buffering=0) as file:
            _, delay, beginnings = file.read(64).split()[:3]
        yield thread, int(delay), int(beginnings)


def _switches(pid: int) -> Iterator[int]:
    """Yield the involuntary context switches of a process so far; nothing where they are not told."""
    if pid == os.getpid():
        resource: Any = importlib.import_module("resource")
        yield resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        return
    import psutil

    with contextlib.suppress(psutil.Error):
        yield psutil.Process(pid).num_ctx_switches().involuntary
