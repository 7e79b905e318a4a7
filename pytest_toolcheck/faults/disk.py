"""A full disk without root: files under a folder that are opened for writing are /dev/full instead."""

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


class DiskPoint:
    """A folder or file; a hit is each opening for writing by `open`, `io.open`, `pathlib` or `os.open`.

    Writing to what was opened raises OSError (ENOSPC) as a full disk does: at `write`, or at `flush` and `close` where
    a buffer is in between. Files that are open already, and names to which `open` was bound before, are not reached.
    """

    kind = "disk"

    def __init__(self, path: Path, ask: Ask) -> None:
        self.name = str(path)
        self._path = path.absolute()
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
        if _WRITING & set(mode) and self._is_full(file):
            return self._real_open(_full(file), mode.replace("x", "w").replace("a", "w"), *args, **kwargs)
        return self._real_open(file, mode, *args, **kwargs)

    def _os_open(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and self._is_full(path):
            return self._real_os_open(_full(path), flags & ~(os.O_CREAT | os.O_EXCL | os.O_TRUNC))
        return self._real_os_open(path, flags, *args, **kwargs)

    def _is_full(self, file: Any) -> bool:
        try:
            path = Path(os.path.abspath(os.fsdecode(file)))
        except TypeError:  # a descriptor: where it leads was decided when it was opened
            return False
        return (path == self._path or self._path in path.parents) and self._ask() is not None


def _full(file: Any) -> str:
    if not os.path.exists(FULL):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), file)
    return FULL
