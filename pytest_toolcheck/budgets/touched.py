"""How much memory calls of this process touch: what touches little lives in its processor's own cache, which no neighbour sweeps.

Pages that are marked count (`marks.py`), beside them what was read and written, since the kernel's own pages are not told,
and fresh pages. Of processes each has its own processor's cache, so the one that touches most counts.
"""

from __future__ import annotations

import contextlib
import importlib
import mmap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from .cpu import CpuMeter, children_here_ns, process_clock_ns
from .latency import LatencyMeter
from .marks import OWN, forget_marks, marked_bytes
from .processes import descendants_here, has_proc, process_tree
from .verdict import LEAST_TO_FAIL

MEASURING_BYTES = 256 * 1024
"""What of a stage is no call's though a call that does nothing touches it not: a thread that wakes up, a line of a log."""
USUAL_CACHE_BYTES = 512 * 1024
"""A processor's own cache, where the system does not tell: half of what is usual."""
_CACHE = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
_TAKES = 3
"""The least of so many floors: a collection of garbage in one of them touches all objects."""
_WORKED_NS = 1_000_000
UNKNOWN_BYTES = 2**62
SERVING_BYTES = 5 * 2**18
PINGS = 16
"""Enough that a server's own pages are touched, and few beside the calls of a stage: limits of requests count them as well."""
_WAY_IN_PINGS = 2.5
"""A call that does nothing cost 1.4 to 2.3 times a ping of MCP, 0.5 to 2.4 times `OPTIONS *` in eight HTTP frameworks (measured),
1.9 to 3.1 times a ping of WebSocket, which is little: others' pages that were pushed out never cost it all of `SLOWEST`."""


@dataclass(frozen=True, slots=True)
class _Counts:
    moved_bytes: int
    """What was read, written, or made of fresh pages."""
    ended_ns: int
    """What children have used that have ended."""
    living_ns: dict[int, int]


class Touched:
    """Counts, window by window, what is touched beyond what measuring itself touches; the largest window counts.

    `idle` makes a call in the same way as those that are counted, and does nothing: between a test and a tool lie 1 MiB of
    pages (measured). `by` is what measures the calls of a window, which has pages of its own; None: nothing.
    """

    way_ns = 0
    """What a call here spends on its way is nothing to speak of."""

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
        """Return how many bytes were touched; None where that is not known, as it is not of child processes that ended."""
        with contextlib.suppress(OSError, ImportError):
            self._close()
            return self._most
        return None

    def of(self, call: Callable[[], object]) -> int | None:
        """Return how many bytes a call touches, made as often as the idle one was, with nothing between."""
        self.begin()
        _measure(call, self._by() if self._by else None)
        return self.end()

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
        for pid in descendants_here():
            forget_marks(pid)
        forget_marks()
        self._since = _counts()

    def _close(self) -> None:
        since, self._since = self._since, None
        if since is None:
            return
        now, marked = _counts(), marked_bytes()  # reading marks reads and makes pages as well
        if self._floor_bytes is None:
            measure = partial(_measure, self._idle, self._by() if self._by else None)
            self._floor_bytes = min(_marked_by(measure) for _ in range(_TAKES))
        touched = marked - self._floor_bytes + now.moved_bytes - since.moved_bytes
        self._most = max(self._most or 0, touched, _of_children(since, now))


def _of_children(since: _Counts, now: _Counts) -> int:
    """Return what the child that touched most has touched; much, where one has worked that nobody looked at."""
    began = sum(used for pid, used in now.living_ns.items() if pid not in since.living_ns)
    if now.ended_ns - since.ended_ns + began >= _WORKED_NS:
        return UNKNOWN_BYTES
    worked = [pid for pid, used in since.living_ns.items() if now.living_ns.get(pid, used) > used]
    return max((marked_bytes(pid) for pid in worked), default=0)


class TouchedServed:
    """Counts what the processes that serve calls touch, beyond what they touch for a call that does nothing.

    `ping` makes such a call where the protocol has one, and returns False where it cannot be compared with one; without it
    all counts that they touch. Page for page a server of Python touches 1 to 5 MiB for a ping, and `SERVING_BYTES` more to
    find a tool and to check its input (measured).
    """

    def __init__(self, process_ids: Sequence[int], ping: Callable[[], object] | None = None) -> None:
        self._process_ids, self._ping = tuple(process_ids), ping
        self._served: tuple[int, ...] = ()
        self._floors: dict[int, int] | None = None
        self._most: int | None = None
        self.way_ns = 0
        """What servers compute for a call on its way to the tool and back, ns: by what a ping costs."""

    def begin(self) -> None:
        """Begin to count; where this system does not tell, nothing is counted."""
        self._most, self._served = None, ()
        if has_proc():
            with contextlib.suppress(OSError):
                self._open()

    def end(self) -> int | None:
        """Return how many bytes the one that touched most has touched; None where that is not known."""
        with contextlib.suppress(OSError):
            self._close()
            return self._most
        return None

    def of(self, call: Callable[[], object]) -> int | None:
        """Return how many bytes the one that touches most touches for a call."""
        self.begin()
        call()
        return self.end()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Do something meanwhile, which touches nothing of theirs."""
        yield

    def _open(self) -> None:
        self._served = process_tree(self._process_ids)
        for pid in self._served:
            forget_marks(pid)

    def _close(self) -> None:
        if not (served := self._served):
            return
        self._served = ()
        if process_tree(self._process_ids) != served:
            self._most = UNKNOWN_BYTES
            return
        marked = {pid: marked_bytes(pid) for pid in served}
        if self._floors is None:
            self._floors = self._pinged(served)
        room = SERVING_BYTES if self._ping is not None else 0
        self._most = max(marked[pid] - self._floors.get(pid, 0) - room for pid in served)

    def _pinged(self, served: Sequence[int]) -> dict[int, int]:
        if self._ping is None:
            return {}
        for pid in served:
            forget_marks(pid)
        before = _used_ns(served)
        for _ in range(PINGS):
            if self._ping() is False:
                self._ping = None
                return {}
        self.way_ns = round(_WAY_IN_PINGS * (_used_ns(served) - before) / PINGS)
        return {pid: marked_bytes(pid) for pid in served}


def touched_of(
    process_ids: Sequence[int],
    idle: Callable[[], object] | None = None,
    *,
    by: type[LatencyMeter | CpuMeter] | None = None,
) -> Touched | TouchedServed:
    """Return what counts what calls touch, which `process_ids` serve, or this process."""
    return TouchedServed(process_ids, idle) if process_ids else Touched(idle, by=by)


def _used_ns(process_ids: Sequence[int]) -> int:
    return sum(process_clock_ns(pid) or 0 for pid in process_ids)


def _measure(call: Callable[[], object], meter: LatencyMeter | CpuMeter | None) -> None:
    """Make a call as often as a stage at least does."""
    for _ in range(LEAST_TO_FAIL):
        if isinstance(meter, LatencyMeter):
            meter.block(call, most=1)
        elif meter is not None:
            meter.measure(call)
        else:
            call()


def _nothing() -> None:
    pass


def _marked_by(call: Callable[[], object]) -> int:
    forget_marks()
    _counts()
    call()
    _counts()  # whose own pages are marked as well
    return marked_bytes()


def _counts() -> _Counts:
    resource: Any = importlib.import_module("resource")
    fresh_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_minflt * mmap.PAGESIZE
    amounts = [int(line.split()[1]) for line in (OWN / "io").read_text().splitlines()[:2]]
    living = {pid: used for pid in descendants_here() if (used := process_clock_ns(pid)) is not None}
    return _Counts(sum(amounts) + fresh_bytes, children_here_ns() - sum(living.values()), living)


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
