"""A full disk without root: what is written to files under a folder is refused, as the kernel refuses it."""

from __future__ import annotations

import builtins
import errno
import io
import os
from pathlib import Path
from typing import Any, Final

from .kinds import Action
from .point import Ask

FULL: Final = "/dev/full"
_WRITING: Final = frozenset("wax+")
_NEW: Final = os.O_CREAT | os.O_EXCL | os.O_TRUNC


class DiskPoint:
    """A folder or file; a hit is each opening for writing by `open`, `io.open`, `pathlib` or `os.open`.

    The opening itself does what it always does: it makes an empty file, or empties one. Writing raises OSError
    (ENOSPC) as a full disk does: at `write`, or at `flush` and `close` where a buffer is in between. Files that are
    open already, names to which `open` was bound before, and C code (sqlite3) are not reached.
    """

    kind = "disk"

    def __init__(self, path: Path, ask: Ask) -> None:
        self.name = str(path)
        self._path = Path(os.path.realpath(path))
        self._ask = ask
        self._real_open, self._real_os_open = builtins.open, os.open

    def prepare(self, _action: Action) -> None:
        """Everything that is possible here can be done."""

    def on(self) -> None:
        """Put the substitutes in place."""
        self._real_open, self._real_os_open = builtins.open, os.open
        builtins.open = io.open = self._open
        os.open = self._os_open

    def off(self) -> None:
        """Put `open` and `os.open` back."""
        builtins.open = io.open = self._real_open
        os.open = self._real_os_open

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

    def _is_full(self, file: Any) -> bool:
        try:
            path = Path(os.path.realpath(os.fsdecode(file)))
        except TypeError:  # a descriptor: where it leads was decided when it was opened
            return False
        return (path == self._path or self._path in path.parents) and self._ask() is not None


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
