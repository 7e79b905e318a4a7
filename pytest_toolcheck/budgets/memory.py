"""The memory meter for calls in this process: memray in a pass of its own.

It sees every allocation of Python and of C code, however short-lived and whether touched or not; RSS sees neither.
Objects of up to 512 bytes live in arenas of 1 MiB that Python keeps; memray counts the arenas unless told to trace
each object, which is exact and far slower. So a first pass counts arenas, and only a peak near the budget is traced.
Where there is no memray, tracemalloc counts Python's objects.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import memory_watch
from .clocks import MeterError, refuse_virtual_time
from .relocations import libraries_here, needless_relocations_hidden

ARENA_BYTES = 2 * 2**20
"""How far arenas may put a peak off: one begun and one half used."""
_MARKER_BYTES = 131_101
"""An odd size, allocated by the calling thread: its record tells which thread that is."""
_FRAMES_BYTES = 16 * 1024
"""Python takes room for frames in pieces of this size (`DATA_STACK_CHUNK_SIZE`), whenever a call finds the last one full."""
_BESIDE_ROOM_BYTES, _BESIDE_ROOM = 1024, 3
"""What the same line may have allocated beside that, and in how many pieces."""
_os: Any = os
"""Some of its names Windows lacks, as it lacks memray."""
_PAGE_BYTES, _KEPT_PADDING = 4096, 16
"""Few zeros are left, which may be the end of a record."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where memory was allocated that was in use at the peak."""

    place: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """The peak of one call above what was in use before it, bytes; the largest sites first; what the call returned."""

    peak_bytes: int
    sites: tuple[Site, ...] = ()
    result: Any = None
    is_exact: bool = True
    children_bytes: int = 0
    """What of it is that of child processes, which may have needed it at another time."""
    unseen_ns: int = 0
    """For how long nobody looked at processes that may have ended meanwhile."""


def measure_peak(
    call: Callable[[], Any], *, is_exact: bool = False, own_thread: bool = True, enough: int = -1
) -> MemoryReading:
    """Make one call under memray and return its peak. Raises MeterError when another tracker is active.

    `is_exact` traces every small object; `own_thread` counts only what the calling thread allocates. A peak of all
    threads up to `enough` is returned as it is, without its sites: reading them takes as long as tracking.
    """
    refuse_virtual_time()
    if not has_memray():
        return _peak_of_python(call)
    with _scratch_file() as path:
        result = _track(call, path, is_exact=is_exact)
        if (peak := _peak_of_all_threads(path)) <= enough:
            return MemoryReading(peak, (), result, is_exact)
        records = _records(path, own_thread=own_thread)
    sizes: dict[str, int] = {}
    for place, size in records:
        sizes[place] = sizes.get(place, 0) + size
    sites = sorted(
        (Site(place, size) for place, size in sizes.items()), key=lambda site: (-site.size_bytes, site.place)
    )
    return MemoryReading(sum(sizes.values()), tuple(sites), result, is_exact)


def has_memray() -> bool:
    """Whether memray can be had here: not on Windows."""
    try:
        import memray  # noqa: F401
    except ImportError:
        return False
    return True


def how_measured() -> str:
    """Return what is counted here, for the report."""
    if has_memray():
        return "memray: every allocation of this process, Python and C code, above what was in use before the call"
    return "tracemalloc: Python's objects, of all threads; what C code allocates is not seen (memray is not installed here)"


def _peak_of_python(call: Callable[[], Any]) -> MemoryReading:
    """Make one call under tracemalloc, whose count starts at nothing."""
    with python_objects_traced("a memory budget"):
        result = call()
        peak = tracemalloc.get_traced_memory()[1]
    return MemoryReading(peak, (), result)


@contextlib.contextmanager
def python_objects_traced(purpose: str) -> Iterator[None]:
    """Trace Python's objects in the block. Raises MeterError where somebody else does so already."""
    if tracemalloc.is_tracing():
        raise MeterError(
            f"tracemalloc is in use (PYTHONTRACEMALLOC or the tool's own): {purpose} needs it; switch it off"
        )
    tracemalloc.start(1)
    try:
        yield
    finally:
        tracemalloc.stop()


def _track(call: Callable[[], Any], path: Path, *, is_exact: bool) -> Any:
    import memray

    _refuse_profiler()
    libraries = libraries_here()  # before: what looking at them takes is none of the call's
    destination = memray.FileDestination(path, overwrite=True, compress_on_exit=False)
    try:
        tracker = memray.Tracker(destination=destination, trace_python_allocators=is_exact)
        with needless_relocations_hidden(libraries):
            tracker.__enter__()
    except RuntimeError as error:
        raise MeterError(
            "another memray tracker is active, and only one can be: run memory budgets without pytest-memray's "
            "--memray and its markers (or without the tool's own Tracker)"
        ) from error
    except OSError as error:
        raise MeterError(f"memray cannot write its trace to {path}: {error}") from error
    marker = bytearray(_MARKER_BYTES)
    try:
        return call()
    finally:
        del marker
        with needless_relocations_hidden(libraries):
            tracker.__exit__(None, None, None)
        _cut_padding(path)


def _refuse_profiler() -> None:
    """Refuse to measure beside a profiler of C code: memray cannot give it back its place, and raises TypeError."""
    if (profiler := sys.getprofile()) is not None and not callable(profiler):
        raise MeterError(
            f"a profiler ({type(profiler).__name__}) is active, and memray takes its place: run memory budgets without it"
        )


def _cut_padding(path: Path) -> None:
    """Cut the zeros that memray fills its file's last pages with: it reads them back one by one, for 3 ms a page."""
    file = os.open(path, os.O_RDWR)
    try:
        size = end = os.fstat(file).st_size
        used = 0
        while end and not used:
            read = min(end, _PAGE_BYTES)
            end -= read
            used = len(_os.pread(file, read, end).rstrip(b"\0"))
        if size - end - used > _KEPT_PADDING:
            os.ftruncate(file, end + used + _KEPT_PADDING)
    finally:
        os.close(file)


def _peak_of_all_threads(path: Path) -> int:
    import memray

    with memray.FileReader(path) as reader:
        peak = int(reader.metadata.peak_memory) - _MARKER_BYTES - 1
    return max(peak, 0)


def _records(path: Path, *, own_thread: bool) -> list[tuple[str, int]]:
    import memray

    with memray.FileReader(path) as reader:
        records = list(reader.get_high_watermark_allocation_records(merge_threads=False))
        marker = next((record for record in records if record.size >= _MARKER_BYTES and _is_ours(record)), None)
        kept = [
            (_place(record), record.size)
            for record in records
            if not _is_ours(record) and (record.tid == marker.tid if own_thread and marker else not _is_watch(record))
        ]
    return kept


def _is_ours(record: Any) -> bool:
    """Whether it is the tracker's, or room for Python's own frames that a call of ours happened to need."""
    stack = record.stack_trace(1)
    if not stack:
        return False
    beside_bytes, beside = int(record.size) - _FRAMES_BYTES, int(record.n_allocations) - 1
    is_room = 0 <= beside_bytes < _BESIDE_ROOM_BYTES and beside <= _BESIDE_ROOM and (beside_bytes > 0) == (beside > 0)
    return bool(stack[0][1] == __file__) or (is_room and os.path.dirname(stack[0][1]) == os.path.dirname(__file__))


def _is_watch(record: Any) -> bool:
    """Whether it belongs to the thread that looks at child processes meanwhile."""
    looks = (memory_watch.Watch.run.__name__, memory_watch.__file__)
    return any((function, file) == looks for function, file, _ in record.stack_trace())


def _place(record: Any) -> str:
    """Return the innermost frame of the user's code, as "file:line in function"."""
    stack = record.stack_trace(12)
    if not stack:
        return "C code"
    own = [frame for frame in stack if not frame[1].startswith(os.path.dirname(os.__file__))]
    function, file, line = (own or stack)[0]
    return f"{os.path.basename(file)}:{line} in {function}"


@contextlib.contextmanager
def _scratch_file() -> Iterator[Path]:
    try:
        descriptor, name = tempfile.mkstemp(prefix="toolcheck-", suffix=".memray")
    except OSError as error:
        raise MeterError(f"memray needs a file for its trace: {error}") from error
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        os.unlink(name)
