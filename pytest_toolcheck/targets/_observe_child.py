"""What a server that we started holds, seen from outside: child processes, threads, file descriptors of all its family."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator


def family_counts(roots: Iterable[int]) -> dict[str, int]:
    """Count what the processes and their descendants hold; empty where nothing runs, or the system has no `/proc`."""
    family = list(dict.fromkeys(pid for root in roots for pid in _descent(root)))
    if not family:
        return {}
    return {
        "child processes": len(family),
        "threads": sum(_entries(pid, "task") for pid in family),
        "file descriptors": sum(_entries(pid, "fd") for pid in family),
    }


def grown(before: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    """Return of what there is more than before."""
    return {kind: more for kind, count in now.items() if before and (more := count - before.get(kind, 0)) > 0}


def _descent(pid: int) -> Iterator[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    yield pid
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                children = file.read().split()
        except OSError:
            continue
        for child in children:
            yield from _descent(int(child))


def _entries(pid: int, name: str) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/{name}"))
    except OSError:
        return 0
