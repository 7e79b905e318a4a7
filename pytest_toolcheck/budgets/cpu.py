"""The CPU meter: processor time of a call, in this process, in its children, and in a server's whole tree.

Here: the process clock (all threads, C code included), what ended children used (`getrusage`, us) and the clocks of
living ones, such as a pool's workers. A server: the
process clock of each process of its tree, `clock_gettime((~pid << 3) | 2)` (Linux: MAKE_PROCESS_CPUCLOCK with
CPUCLOCK_SCHED), exact to the ns, ended threads included. What its ended children used only a cgroup knows exactly;
without one it is read from /proc/PID/stat in ticks of 10 ms, and the notes say so.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .clocks import process_cpu_ns, refuse_virtual_time, wall_ns
from .processes import PROC, descendants_here, has_proc, process_tree
from .waits import Waits

_HAS_RESOURCE = importlib.util.find_spec("resource") is not None
"""False on Windows."""

_IN_TICKS = (
    "CPU time of the server's process tree; ended children in ticks of 10 ms, evened out over the calls "
    "(no cgroup may be made here)"
)


@dataclass(frozen=True, slots=True)
class CpuReading:
    """Processor time and wall time of one call, ns, and what it returned."""

    cpu_ns: int
    wall_ns: int
    result: Any = None
    waited_ns: int = 0
    """How long the threads that served it waited for a processor, all together, where that was counted."""

    @property
    def utilization(self) -> float:
        """Share of one core over the call: 1.0 is one whole core."""
        return self.cpu_ns / self.wall_ns if self.wall_ns else 0.0

    @property
    def most_utilization(self) -> float:
        """What it may be on an idle machine: waiting for a processor makes the share smaller, never larger."""
        return self.cpu_ns / max(self.wall_ns - self.waited_ns, 1)


def process_clock_ns(pid: int) -> int | None:
    """Return the processor time of a living process and its ended threads, ns; None where it is gone or unknown."""
    if not has_process_clocks():
        return _process_clock_by_psutil(pid)
    try:
        return _clock_ns((~pid << 3) | 2)
    except OSError:
        return None


def has_process_clocks() -> bool:
    """Whether this system lets other processes' clocks be read."""
    if not has_proc():
        return False
    try:
        _clock_ns((~os.getpid() << 3) | 2)
    except OSError:
        return False
    return True


def _clock_ns(number: int) -> int:
    if not hasattr(time, "clock_gettime_ns"):
        raise OSError("this system has no clocks by number")
    return int(time.clock_gettime_ns(number))


def _ticks_a_second() -> int:
    return int(os.sysconf("SC_CLK_TCK")) if hasattr(os, "sysconf") else 100


def _process_clock_by_psutil(pid: int) -> int | None:
    import psutil

    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return round((times.user + times.system) * 1e9)


def _ended_children_here_ns() -> int:
    if not _HAS_RESOURCE:
        return 0
    resource: Any = importlib.import_module("resource")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    used_s: float = usage.ru_utime + usage.ru_stime
    return round(used_s * 1e9)


def children_here_ns() -> int:
    """Return what all children of this process have used so far, ended or living: more of it tells that they worked."""
    living = _clocks_of(descendants_here()) if has_process_clocks() else {}
    return _ended_children_here_ns() + sum(living.values())


def _ended_children_of_ns(pid: int) -> int:
    """Return what the ended and reaped children of `pid` used, ns, in ticks (proc(5), stat: cutime, cstime)."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[13]) + int(fields[14])) * 1_000_000_000 // _ticks_a_second()


class CpuMeter:
    """Measures processor time of calls; `process_ids` are those that serve them, empty for this process.

    `evens_ticks` is for calls of one kind: what is told in ticks of 10 ms is 0 or 10 ms for a call, but its sum over
    calls is exact to one tick, so each call gets the mean so far. `counts_waits` fills in `waited_ns` where it is told.
    """

    def __init__(
        self,
        process_ids: Sequence[int] = (),
        *,
        use_cgroup: bool = True,
        evens_ticks: bool = False,
        counts_waits: bool = False,
    ) -> None:
        refuse_virtual_time()
        self._evens_ticks = evens_ticks
        waits = Waits(process_ids)
        self._waits = waits if counts_waits and waits.is_known else None
        self._calls = self._in_ticks_ns = 0
        self._process_ids = tuple(process_ids)
        self._group = CpuGroup.around(self._process_ids) if use_cgroup and self._process_ids else None

    @property
    def tells_waits(self) -> bool:
        """Whether `waited_ns` of a reading is filled in."""
        return self._waits is not None

    def measure(self, call: Callable[[], Any]) -> CpuReading:
        """Make one call and return what it used."""
        read = self._reader()
        waited = self._waits.read() if self._waits else {}
        own = process_cpu_ns if not self._process_ids else _nothing
        before, start, own_before = read(), wall_ns(), own()
        result = call()
        own_ns, took = own() - own_before, wall_ns() - start  # before the others are read, which takes time of its own
        used = own_ns + self._evened(_used(before, read()))
        return CpuReading(used, took, result, self._waited_since(waited, took))

    def _waited_since(self, before: dict[int, int], took_ns: int) -> int:
        return self._waits.waited_ns(before, self._waits.read(), took_ns) if self._waits else 0

    def _evened(self, used: Mapping[object, int]) -> int:
        in_ticks = sum(spent for key, spent in used.items() if self._is_in_ticks(key))
        if not self._evens_ticks:
            return sum(used.values())
        self._calls += 1
        self._in_ticks_ns += in_ticks
        return sum(used.values()) - in_ticks + self._in_ticks_ns // self._calls

    def _is_in_ticks(self, key: object) -> bool:
        if isinstance(key, tuple):
            return True
        return bool(self._process_ids) and self._group is None and not has_process_clocks()

    def _reader(self) -> Callable[[], dict[object, int]]:
        if self._group is not None:
            return self._group.read
        return self._of_tree if self._process_ids else self._of_children

    def _of_tree(self) -> dict[object, int]:
        return _clocks_of(process_tree(self._process_ids))

    def _of_children(self) -> dict[object, int]:
        children = _clocks_of(descendants_here()) if has_process_clocks() else {}
        if not self._evens_ticks:  # one call alone may get a tick that is another's
            children = {key: clock for key, clock in children.items() if not isinstance(key, tuple)}
        return {**children, "ended": _ended_children_here_ns()}

    def notes(self) -> tuple[str, ...]:
        """Return how it was measured."""
        if not self._process_ids:
            children = "its children" if has_process_clocks() else "of the children that ended during the call"
            return (f"CPU time of this process (all its threads) and {children}",)
        if self._group is not None:
            return ("CPU time of the server's cgroup: its whole process tree, ended processes included",)
        if has_process_clocks():
            return (_IN_TICKS,)
        ended = "evened out over the calls" if has_proc() else "ended children are not seen"
        return (f"CPU time of the server's process tree by psutil, in ticks of 10 ms; {ended}",)

    def close(self) -> None:
        """Put the server's processes back where they were."""
        if self._group is not None:
            self._group.close()
            self._group = None


def _nothing() -> int:
    return 0


def _clocks_of(process_ids: Sequence[int]) -> dict[object, int]:
    clocks: dict[object, int] = {}
    for pid in process_ids:
        if (clock := process_clock_ns(pid)) is not None:
            clocks[pid] = clock
            clocks["ended", pid] = _ended_children_of_ns(pid)
    return clocks


def _used(before: Mapping[object, int], after: Mapping[object, int]) -> dict[object, int]:
    """Return what each clock gained; a process that began in between counts whole.

    One that ended in between is told of with all that it used in its life, which is taken off as far as it is older.
    """
    gained = {key: max(clock - before.get(key, 0), 0) for key, clock in after.items()}
    older_ns = sum(clock for key, clock in before.items() if key not in after)
    for key in gained:
        if older_ns and (key == "ended" or isinstance(key, tuple)):
            taken = min(gained[key], older_ns)
            gained[key] -= taken
            older_ns -= taken
    return gained


class CpuGroup:
    """A cgroup v2 of our own around a server's processes: `cpu.stat` counts them and all their children, ended too."""

    def __init__(self, path: Path, parent: Path) -> None:
        self._path = path
        self._parent = parent

    @classmethod
    def around(cls, process_ids: Sequence[int]) -> CpuGroup | None:
        """Return a group that holds the process trees, or None where none may be made."""
        parent = _own_group()
        if parent is None:
            return None
        group = cls(parent / f"toolcheck-{os.getpid()}-{time.monotonic_ns()}", parent)
        try:
            group._path.mkdir()
            for pid in process_tree(process_ids):
                (group._path / "cgroup.procs").write_text(str(pid))
            group.read()
        except (OSError, KeyError):
            group.close()
            return None
        return group

    def read(self) -> dict[object, int]:
        """Return the processor time of the group so far."""
        lines = (self._path / "cpu.stat").read_text().splitlines()
        stat = dict(line.split() for line in lines)
        return {"group": int(stat["usage_usec"]) * 1000}

    def close(self) -> None:
        """Move the living processes back to the parent and remove the group. Never raises."""
        with contextlib.suppress(OSError):
            for pid in (self._path / "cgroup.procs").read_text().split():
                with contextlib.suppress(OSError):
                    (self._parent / "cgroup.procs").write_text(pid)
        with contextlib.suppress(OSError):
            self._path.rmdir()


def _own_group() -> Path | None:
    """Return the directory of this process's cgroup v2, or None where there is none."""
    try:
        mounts = (PROC / "self" / "mounts").read_text().splitlines()
        groups = (PROC / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return None
    roots = [line.split()[1] for line in mounts if line.split()[2] == "cgroup2"]
    own = [line.removeprefix("0::") for line in groups if line.startswith("0::")]
    return Path(roots[0]) / own[0].lstrip("/") if roots and own else None
