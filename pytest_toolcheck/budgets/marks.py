"""Which pages of a process's memory are marked as touched: the processor sets the marks, Linux tells and clears them (proc(5))."""

from __future__ import annotations

import mmap
from pathlib import Path

from .processes import PROC

OWN = PROC / "self"
_UNMAPPED_PAGES = 64
"""Whoever gives back pages that lie so far apart has the processor forget which marks it has set: it sets none again that it
remembers. (Linux forgets all where a range is longer than 33 pages; how many of it there are does not matter.)"""


def forget_marks(pid: int | None = None) -> None:
    """Clear the marks of a process, or of this one. Raises OSError where that is not allowed, or it has ended.

    The marks of what was written (4) would be cleared on all processors at once, and make its next writes slower.
    """
    (_folder(pid) / "clear_refs").write_text("1")
    if pid is not None:  # a process that gives up its processor after each call has that forget
        return
    with mmap.mmap(-1, _UNMAPPED_PAGES * mmap.PAGESIZE) as pages:
        for page in (0, _UNMAPPED_PAGES - 1):
            pages[page * mmap.PAGESIZE] = 1


def marked_bytes(pid: int | None = None) -> int:
    """Return how much of a process's memory is marked, or of this one's, without programs and libraries. Raises OSError.

    Pages of those are other processes' as well, and were marked by up to 9 MiB while nobody here touched them (measured).
    """
    marked: dict[str, int] = {}
    programs, name = set(), ""
    for line in (_folder(pid) / "smaps").read_text(errors="surrogateescape").splitlines():
        if line.startswith("Referenced:"):
            marked[name] = marked.get(name, 0) + int(line.split()[1]) * 1024
        elif "-" in line.partition(" ")[0]:
            fields = line.split(maxsplit=5)
            name = fields[5] if len(fields) > 5 else ""
            programs |= {name} if name.startswith("/") and "x" in fields[1] else set()
    return sum(size for name, size in marked.items() if name not in programs)


def _folder(pid: int | None) -> Path:
    return OWN if pid is None else PROC / str(pid)
