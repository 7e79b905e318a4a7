"""What makes a disk full for the Python of a process: `open`, `io.open`, `os.open` and `os.mkdir` refuse what is written
under a path.

It imports the standard library alone: `in_child` loads it in the processes that a target starts, by its file.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

FULL = "/dev/full"
_WRITING = frozenset("wax+")
_NEW = os.O_CREAT | os.O_EXCL | os.O_TRUNC


class FullDisk:
    """The substitutes for a path; `is_hit` is asked at each opening for writing there."""

    def __init__(self, path: str | os.PathLike[str], is_hit: Callable[[], bool]) -> None:
        self._path = Path(os.path.realpath(path))
        self._is_hit = is_hit
        self._real_open, self._real_os_open, self._real_mkdir = builtins.open, os.open, os.mkdir

    def on(self) -> None:
        """Put the substitutes in place."""
        self._real_open, self._real_os_open, self._real_mkdir = builtins.open, os.open, os.mkdir
        builtins.open = io.open = self._open
        os.open, os.mkdir = self._os_open, self._mkdir

    def off(self) -> None:
        """Put `open` and `os.open` back."""
        builtins.open = io.open = self._real_open
        os.open, os.mkdir = self._real_os_open, self._real_mkdir

    def _open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        has_opener = kwargs.get("opener") is not None  # tempfile's: it calls `os.open` with a name of its own
        if not _WRITING & set(mode) or has_opener or not self._is_full(file):
            return self._real_open(file, mode, *args, **kwargs)
        if "+" in mode:
            return _open_full(file, mode, *args, **kwargs)
        self._real_open(file, mode, *args, **kwargs).close()
        return self._real_open(_full(file), mode.replace("x", "w").replace("a", "w"), *args, **kwargs)

    def _os_open(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        # What is opened to be read as well cannot be replaced, unless it is empty.
        is_written = flags & os.O_WRONLY or (flags & os.O_RDWR and flags & (os.O_EXCL | os.O_TRUNC))
        if not is_written or not self._is_full(path):
            return self._real_os_open(path, flags, *args, **kwargs)
        os.close(self._real_os_open(path, flags, *args, **kwargs))
        return self._real_os_open(_full(path), flags & ~_NEW)

    def _mkdir(self, path: Any, *args: Any, **kwargs: Any) -> None:
        # One that is there already is refused for that, as ever; unlike an empty file, a new one takes a block.
        if not os.path.lexists(path) and kwargs.get("dir_fd") is None and self._is_full(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        self._real_mkdir(path, *args, **kwargs)

    def _is_full(self, file: Any) -> bool:
        try:
            path = Path(os.path.realpath(os.fsdecode(file)))
        except TypeError:  # a descriptor: where it leads was decided when it was opened
            return False
        return (path == self._path or self._path in path.parents) and self._is_hit()


class _FullFile(io.FileIO):
    """A file that can be read, and not written."""

    def write(self, _data: Any, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.name)


def _open_full(
    file: Any,
    mode: str,
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
) -> Any:
    """Do as `open` does with a mode that reads and writes."""
    raw = _FullFile(file, mode.replace("b", "").replace("t", ""), closefd)
    if buffering == 0:
        return raw
    buffered = io.BufferedRandom(raw)
    return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline, buffering == 1)


def _full(file: Any) -> str:
    if not os.path.exists(FULL):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), file)
    return FULL
