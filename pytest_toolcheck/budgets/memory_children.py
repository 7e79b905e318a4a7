"""The memory meter for calls that other processes serve: the kernel's own high-water mark.

Writing 5 to /proc/PID/clear_refs sets VmHWM back to what is in use; reading VmHWM after the call gives the peak for
0.04 ms, to the page or, since Linux 6.2, to some 32 pages a processor (proc_pid_clear_refs(5), since Linux 4.0).
With `MALLOC_SETTINGS` (targets/processes.py) every block of 128 KiB and more is mapped afresh and given back, so that a spike in
re-used pages shows as well; they have to be in the server's environment when it starts.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Sequence
from typing import Any

from .clocks import MeterError, refuse_virtual_time
from .memory import MemoryReading
from .memory_watch import Watch
from .processes import PROC, descendants_here, has_proc, process_tree

_PAGES_UNTOLD, _MOST_PROCESSORS = 32, 8


def grain_bytes(processors: int) -> int:
    """Return how far the mark may be off: since Linux 6.2 each processor counts up to 32 pages before it tells the others.

    A call does not come by more than a few processors, however many there are.
    """
    return _PAGES_UNTOLD * mmap.PAGESIZE * max(min(processors, _MOST_PROCESSORS), 2)


CHILD_GRAIN_BYTES = grain_bytes(os.cpu_count() or 1)


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


def mapped_of(pid: int) -> int:
    """Return what a process has of files in its memory, such as its own program, bytes; 0 where the process is gone."""
    return _status_bytes(pid, "RssFile") or 0


def has_marks() -> bool:
    """Whether this system keeps high-water marks that can be set back (Linux with CONFIG_PROC_PAGE_MONITOR)."""
    return has_proc() and (PROC / "self" / "clear_refs").exists()


class ChildMemoryMeter:
    """Measures the peak of calls that `process_ids` and their descendants serve.

    With no `process_ids` every call is taken to start a process of its own (a command), which counts whole; of a call
    `in_process` those of its children as well that live already, such as a pool's workers. Where the
    system keeps no marks, what is resident is read again and again, which sees no spike between two readings.
    """

    def __init__(self, process_ids: Sequence[int] = (), *, in_process: bool = False) -> None:
        refuse_virtual_time()
        self._process_ids, self._in_process = tuple(process_ids), in_process
        self._has_marks = has_marks()

    def measure(self, call: Callable[[], Any]) -> MemoryReading:
        """Make one call; return the sum of the peaks of all processes of the tree above what each used before."""
        with self.watch() as watch:
            result = watch.call(call)
        unseen_ns = 0 if self._process_ids else watch.longest_gap_ns
        return MemoryReading(watch.most_bytes, (), result, unseen_ns=unseen_ns)

    def watch(self) -> Watch:
        """Return what looks at the processes while a call is made in its block."""
        roots = self._process_ids or (os.getpid(),)
        start, read = (reset_peak, peak_of) if self._has_marks else (_rss_by_psutil, _rss_by_psutil)
        mapped = mapped_of if self._has_marks else None
        living = descendants_here() if self._in_process else process_tree(self._process_ids)
        before = {pid: used for pid in living if (used := start(pid)) is not None}
        ignored = ({*process_tree(roots), os.getpid()}) - before.keys()
        return Watch(roots, before, ignored, read, mapped)

    def notes(self) -> tuple[str, ...]:
        """Return how it was measured."""
        whose = "the server's process tree" if self._process_ids else "the processes that the call starts"
        if not self._has_marks:
            lacks = "this system keeps no high-water mark that can be set back"
            return (f"RSS of {whose} by psutil, read every 1 ms: a shorter spike is not seen ({lacks})",)
        if not self._process_ids:
            return (f"high-water mark of {whose}, read every 0.3 ms while they live",)
        return (f"high-water mark of {whose}, set back before each call, without files that the call maps; added up",)


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
    return 0 if has_proc() else _rss_by_psutil(pid) or 0


def _rss_by_psutil(pid: int) -> int | None:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None
