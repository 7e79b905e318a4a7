"""Who runs on this machine just now, and whether that may be on the same core as the calls that are judged."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from .processes import PROC

_SIBLINGS = Path("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")


def others_run() -> bool:
    """Whether anybody beside this thread runs at this moment, or wants to; False where that is not told."""
    return _running() > 1


def who_runs() -> tuple[str, ...]:
    """Return what is going on on this machine just now, as a line of a message; nothing where that is not told."""
    running = _running()
    return (f"machine: {running} threads run or want to, on {_processors()} processors",) if running else ()


def may_share_a_core() -> bool:
    """Whether what runs just now may take half of the core that this thread runs on; False where that is not told.

    Half of the other processors are left idle by chance often enough: one of them is the other half of the core.
    """
    others = _running() - 1
    return others > (_processors() - 1) / 2 and has_shared_cores()


@lru_cache(maxsize=1)
def has_shared_cores() -> bool:
    """Whether a processor here may be one of two of the same core: the system says so, or it is a guest, which is not told."""
    try:
        siblings = _SIBLINGS.read_text().strip()
        flags = (PROC / "cpuinfo").read_text()
    except OSError:
        return False
    return not siblings.isdigit() or " hypervisor" in flags


def _processors() -> int:
    return os.cpu_count() or 1


def _running() -> int:
    try:
        running, _, _ = (PROC / "loadavg").read_text().split()[3].partition("/")
    except OSError:
        return 0
    return int(running)
