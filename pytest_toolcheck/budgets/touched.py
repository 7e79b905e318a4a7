"""How much memory calls of this process touch: what touches little lives in its processor's own cache, which no neighbour sweeps.

The processor marks the pages that it touches, and Linux tells and clears these marks (`smaps`, Referenced;
`clear_refs`). Beside them count what was read and written, since the kernel's own pages are not told, and fresh pages.
"""

from __future__ import annotations

import contextlib
import importlib
import mmap
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from .cpu import CpuMeter, children_here_ns
from .latency import LatencyMeter
from .processes import PROC, has_proc
from .verdict import LEAST_TO_FAIL

MEASURING_BYTES = 256 * 1024
"""What of a stage is no call's though a call that does nothing touches it not: a thread that wakes up, a line of a log."""
USUAL_CACHE_BYTES = 512 * 1024
"""A processor's own cache, where the system does not tell: half of what is usual."""
_CACHE = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
_OWN = PROC / "self"
_TAKES = 3
"""The least of so many floors: a collection of garbage in one of them touches all objects."""
_UNMAPPED_PAGES = 64
"""Whoever gives back so many pages has the processor forget which marks it has set: it sets none again that it remembers."""
_WORKED_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class _Counts:
    moved_bytes: int
    """What was read, written, or made of fresh pages."""
    children_ns: int


class Touched:
    """Counts, window by window, what is touched beyond what measuring itself touches; the largest window counts.

    `idle` makes a call in the same way as those that are counted, and does nothing: between a test and a tool lie 1 MiB of
    pages (measured). `by` is what measures the calls of a window, which has pages of its own; None: nothing.
    """

    def __init__(
        self, idle: Callable[[], object] | None = None, *, by: type[LatencyMeter | CpuMeter] | None = None
    ) -> None:
        self._idle, self._by = idle or _nothing, by
        self._since: _Counts | None = None
        self._floor_bytes: int | None = None
        self._most: int | None = None

    def begin(self) -> None:
        """Begin to count; where this system does not tell, nothing is counted."""
        self._most = None
        if has_proc():
            with contextlib.suppress(OSError, ImportError):
                self._open()

    def end(self) -> int | None:
        """Return how many bytes were touched; None where that is not known, as it is not of child processes."""
        with contextlib.suppress(OSError, ImportError):
            self._close()
            return self._most
        return None

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Leave out what is done inside the block."""
        is_counting = self._since is not None
        with contextlib.suppress(OSError, ImportError):
            self._close()
        yield
        if is_counting:
            with contextlib.suppress(OSError, ImportError):
                self._open()

    def _open(self) -> None:
        _forget()
        self._since = _counts()

    def _close(self) -> None:
        since, self._since = self._since, None
        if since is None:
            return
        now, marked = _counts(), _marked_bytes()  # reading marks reads and makes pages as well
        if self._floor_bytes is None:
            measure = partial(_measure, self._idle, self._by() if self._by else None)
            self._floor_bytes = min(_marked_by(measure) for _ in range(_TAKES))
        touched = marked - self._floor_bytes + now.moved_bytes - since.moved_bytes
        is_told = now.children_ns - since.children_ns < _WORKED_NS
        self._most = max(self._most or 0, touched) if is_told else 2**62


def _measure(idle: Callable[[], object], meter: LatencyMeter | CpuMeter | None) -> None:
    """Do what is done in a stage, beside what the calls do."""
    for _ in range(LEAST_TO_FAIL):
        if isinstance(meter, LatencyMeter):
            meter.block(idle, most=1)
        elif meter is not None:
            meter.measure(idle)
        else:
            idle()


def _nothing() -> None:
    pass


def _marked_by(call: Callable[[], object]) -> int:
    _forget()
    call()
    return _marked_bytes()


def _forget() -> None:
    (_OWN / "clear_refs").write_text("1")
    with mmap.mmap(-1, _UNMAPPED_PAGES * mmap.PAGESIZE) as pages:
        for page in range(_UNMAPPED_PAGES):
            pages[page * mmap.PAGESIZE] = 1


def _marked_bytes() -> int:
    """Return how much of this process's memory is marked, without programs and libraries.

    Pages of those are other processes' as well, and were marked by up to 9 MiB while nobody here touched them (measured).
    """
    marked: dict[str, int] = {}
    programs, name = set(), ""
    for line in (_OWN / "smaps").read_text(errors="surrogateescape").splitlines():
        if line.startswith("Referenced:"):
            marked[name] = marked.get(name, 0) + int(line.split()[1]) * 1024
        elif "-" in line.partition(" ")[0]:
            fields = line.split(maxsplit=5)
            name = fields[5] if len(fields) > 5 else ""
            programs |= {name} if name.startswith("/") and "x" in fields[1] else set()
    return sum(size for name, size in marked.items() if name not in programs)


def _counts() -> _Counts:
    resource: Any = importlib.import_module("resource")
    fresh_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_minflt * mmap.PAGESIZE
    amounts = [int(line.split()[1]) for line in (_OWN / "io").read_text().splitlines()[:2]]
    return _Counts(sum(amounts) + fresh_bytes, children_here_ns())


def others_run() -> bool:
    """Whether anybody beside this thread runs at this moment, or wants to; False where that is not told."""
    return _running() > 1


def who_runs() -> tuple[str, ...]:
    """Return what is going on on this machine just now, as a line of a message; nothing where that is not told."""
    running = _running()
    return (f"machine: {running} threads run or want to, on {os.cpu_count() or 1} processors",) if running else ()


def _running() -> int:
    try:
        running, _, _ = (PROC / "loadavg").read_text().split()[3].partition("/")
    except OSError:
        return 0
    return int(running)


def touches_little(touched_bytes: int | None, *, beside_bytes: int = 0) -> bool:
    """Whether so much, but for what was done beside, fits into half of a processor's own cache; the other half is for the rest.

    Where that holds 1 MiB, walks through dicts of 0.5 MiB were slower by a twentieth at most, those of 1 MiB by five times.
    """
    return touched_bytes is not None and touched_bytes <= MEASURING_BYTES + beside_bytes + own_cache_bytes() // 2


@lru_cache(maxsize=1)
def own_cache_bytes() -> int:
    """Return the size of the cache that a processor shares with no other."""
    try:
        text = _CACHE.read_text().strip()
        return int(text.removesuffix("K")) * 1024
    except (OSError, ValueError):
        return USUAL_CACHE_BYTES
