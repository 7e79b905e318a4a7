"""Process trees, from /proc where there is one, else through psutil."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

PROC = Path("/proc")
_os: Any = os
"""Some of its names Windows lacks."""
_OF_ANY_KIND = 0x40000000
"""__WALL (wait(2)), Linux: those as well that do not tell their parent by SIGCHLD when they end; others refuse the question."""


def has_proc() -> bool:
    """Whether this system tells about processes in /proc (Linux)."""
    return _tells_of_processes(PROC)


@lru_cache(maxsize=8)
def _tells_of_processes(folder: Path) -> bool:
    return (folder / "self" / "schedstat").exists()


def process_tree(roots: Iterable[int], *, without: Collection[int] = ()) -> tuple[int, ...]:
    """Return `roots` and all their living descendants, parents first, each once; none of `without`, nor what is below those."""
    found: dict[int, None] = {}
    waiting = list(roots)
    while waiting:
        pid = waiting.pop(0)
        if pid not in found and is_running(pid):
            found[pid] = None
            waiting.extend(child for child in _children(pid) if child not in without)
    return tuple(found)


def descendants_here() -> tuple[int, ...]:
    """Return this process's living descendants, without the servers that a run has started: those have their own session."""
    own = _session_of(0)
    if own is None:  # Windows
        return ()
    return tuple(pid for pid in process_tree([os.getpid()])[1:] if _session_of(pid) == own)


def _session_of(pid: int) -> int | None:
    """Return a process's session, None where that is not told; 0 is one begun outside of this container."""
    if not hasattr(os, "getsid"):
        return None
    try:
        return int(os.getsid(pid))
    except OSError:
        return None


def is_running(pid: int) -> bool:
    """Whether a process of this id exists (a zombie does)."""
    if os.name == "nt":  # signal 0 is Ctrl-C there
        import psutil

        return psutil.pid_exists(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def image_of(pid: int) -> bytes | None:
    """Return what tells the program in a process from any other, also of the same file; None where that is not told.

    A process that was forked and has not called `exec` has that of its parent.
    """
    try:
        return (PROC / str(pid) / "auxv").read_bytes() or None
    except OSError:
        return None


def thread_ids(pid: int) -> list[int]:
    """Return the ids of the threads of a process; none where it is gone or there is no /proc."""
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    if pid == os.getpid() and not _may_have_children_here():
        return []
    try:
        return [child for thread in thread_ids(pid) for child in _children_of_thread(pid, thread)] or _by_psutil(pid)
    except OSError:
        return _by_psutil(pid)


def _may_have_children_here() -> bool:
    """Whether this process has a child of any kind, ended or not; True where one question does not tell."""
    if not hasattr(os, "waitid"):
        return True
    try:
        _os.waitid(_os.P_ALL, 0, _os.WEXITED | _os.WNOHANG | _os.WNOWAIT | _OF_ANY_KIND)
    except ChildProcessError:
        return False
    except OSError:
        return True
    return True


def _children_of_thread(pid: int, thread: int) -> list[int]:
    with open(f"/proc/{pid}/task/{thread}/children") as file:
        return [int(child) for child in file.read().split()]


def _by_psutil(pid: int) -> list[int]:
    if has_proc():
        return []
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.Error:
        return []
