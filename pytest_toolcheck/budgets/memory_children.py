"""The memory meter for calls that other processes serve: the kernel's own high-water mark.

Writing 5 to /proc/PID/clear_refs sets VmHWM back to what is in use; reading VmHWM after the call gives the peak for
0.04 ms, to the page or, since Linux 6.2, to some 32 pages a processor (proc_pid_clear_refs(5), since Linux 4.0).
With the malloc settings below every block of 128 KiB and more is mapped afresh and given back, so that a spike in
re-used pages shows as well; they have to be in the server's environment when it starts.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

from .clocks import MeterError, refuse_virtual_time
from .memory import MemoryReading
from .processes import PROC, has_proc, process_tree

MALLOC_SETTINGS = {
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "MALLOC_ARENA_MAX": "1",
}
"""Environment of a server whose memory is to be measured (glibc; ignored elsewhere)."""
CHILD_GRAIN_BYTES = 256 * 1024
"""How far the mark may be off: since Linux 6.2 each processor counts up to 32 pages before it tells the others."""
_WATCH_S = 0.001


def _status_bytes(pid: int, field: str) -> int | None:
    try:
        text = (PROC / str(pid) / "status").read_text()
    except OSError:
        return None
    line = next((line for line in text.splitlines() if line.startswith(field + ":")), None)
    return int(line.split()[1]) * 1024 if line else None


def reset_peak(pid: int) -> int | None:
    """Set a process's high-water mark back; return it, bytes, or None where the process is gone."""
    try:
        (PROC / str(pid) / "clear_refs").write_text("5")
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError as error:
        raise MeterError(
            f"the peak of process {pid} cannot be set back ({error.strerror}): it runs as another user"
        ) from None
    return peak_of(pid)


def peak_of(pid: int) -> int | None:
    """Return a process's high-water mark, bytes, or None where the process is gone."""
    return _status_bytes(pid, "VmHWM")


class ChildMemoryMeter:
    """Measures the peak of calls that `process_ids` and their descendants serve.

    With no `process_ids` every call is taken to start a process of its own (a command), which counts whole.
    """

    def __init__(self, process_ids: Sequence[int]) -> None:
        refuse_virtual_time()
        if not has_proc():
            raise MeterError("the peak of another process is read from /proc, which this system lacks")
        self._process_ids = tuple(process_ids)

    def measure(self, call: Callable[[], Any]) -> MemoryReading:
        """Make one call; return the sum of the peaks of all processes of the tree above what each used before."""
        roots = self._process_ids or (os.getpid(),)
        known = set(process_tree(roots)) | {os.getpid()}
        before = {pid: used for pid in process_tree(self._process_ids) if (used := reset_peak(pid)) is not None}
        with _Watch(roots, known) as watch:
            result = call()
        peaks = {pid: peak for pid in before if (peak := peak_of(pid)) is not None}
        grown = sum(max(peak - before[pid], 0) for pid, peak in peaks.items())
        return MemoryReading(grown + watch.total(), (), result)

    def notes(self) -> tuple[str, ...]:
        """Return how it was measured."""
        if not self._process_ids:
            return ("high-water mark of the processes that the call starts, read every 1 ms while they live",)
        return ("high-water mark of the server's process tree, set back before each call; processes are added up",)


class _Watch:
    """Remembers the high-water mark of processes that begin during a call, which may end before it does."""

    def __init__(self, roots: Sequence[int], known: set[int]) -> None:
        self._roots, self._known = roots, known
        self._peaks: dict[int, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="toolcheck-memory-watch", daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def total(self) -> int:
        return sum(self._peaks.values())

    def _run(self) -> None:
        while True:
            for pid in process_tree(self._roots):
                if pid not in self._known and (peak := peak_of(pid)) is not None:
                    self._peaks[pid] = peak  # the latest: what it had before `exec` was its parent's
            if self._over.wait(_WATCH_S):
                return


def resident_bytes(process_ids: Sequence[int]) -> int:
    """Return the memory that process trees have for themselves (their share of what they share), bytes.

    Pages of files are left out: their share changes whenever a stranger with the same libraries starts or ends. Where
    the kernel tells less, it is the whole share (PSS) or all that is resident.
    """
    return sum(_resident(pid) for pid in process_tree(process_ids))


def _resident(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return _status_bytes(pid, "VmRSS") or _resident_by_psutil(pid)
    sizes = {name: int(size.split()[0]) * 1024 for name, _, size in (line.partition(":") for line in lines[1:])}
    return sizes["Pss_Anon"] + sizes.get("Pss_Shmem", 0) if "Pss_Anon" in sizes else sizes.get("Pss", 0)


def _resident_by_psutil(pid: int) -> int:
    if has_proc():
        return 0
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
