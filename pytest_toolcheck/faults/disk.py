"""A full disk without root: what is written to files under a folder is refused, as the kernel refuses it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from .full_disk import FullDisk
from .kinds import Action
from .point import Ask
from .questions import Questions

_IN_CHILD: Final = str(Path(__file__).parent / "in_child")
VARIABLE: Final = "TOOLCHECK_FULL_DISK"


class DiskPoint:
    """A folder or file; a hit is each opening for writing by `open`, `io.open`, `pathlib` or `os.open`, and each new folder.

    A folder cannot be made. The opening itself does what it always does: it makes an empty file, or empties one. Writing raises OSError
    (ENOSPC) as a full disk does: at `write`, or at `flush` and `close` where a buffer is in between. Files that are
    open already, names to which `open` was bound before, and C code (sqlite3) are not reached. `environment` brings
    the fault into Python processes that are started with it.
    """

    kind = "disk"

    def __init__(self, path: Path, ask: Ask) -> None:
        self.name = str(path)
        self._path = os.path.realpath(path)
        self._disk = FullDisk(path, lambda: ask() is not None)
        self._questions = Questions(lambda _question: "" if ask() is None else "full")

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which a Python process meets the fault, too."""
        self._questions.on()
        path = [_IN_CHILD, os.environ.get("PYTHONPATH", "")]
        asked = f"{self._questions.port}:{self._questions.token}:{self._path}"
        return {"PYTHONPATH": os.pathsep.join(filter(None, path)), VARIABLE: asked}

    def prepare(self, _action: Action) -> None:
        """Everything that is possible here can be done."""

    def on(self) -> None:
        """Put the substitutes in place."""
        self._disk.on()

    def off(self) -> None:
        """Put all back; in other processes nothing is hit any more."""
        self._disk.off()
        self._questions.off()
