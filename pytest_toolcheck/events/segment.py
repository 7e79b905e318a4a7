"""One append-only file of one process: whole lines, each by one `os.write`, with nothing in between."""

from __future__ import annotations

import os
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


class Segment:
    """An open file `<worker>-<pid>-<n>.jsonl`; the caller holds the lock."""

    __slots__ = ("_is_torn", "fd", "path", "seq")

    def __init__(self, directory: Path, worker: str) -> None:
        self.path, self.fd = _create(directory, worker)
        self.seq = 0
        self._is_torn = False

    def write(self, line: bytes) -> bool:
        """Append a line that ends with a newline; whether all of it is on disk. Raises OSError."""
        if self._is_torn:
            line = b"\n" + line
        written = os.write(self.fd, line)
        if written == len(line):
            self._is_torn = False
            return True
        # A disk is full in the middle of a line: whatever follows starts a line of its own.
        self._is_torn = self._is_torn or written > 0
        return False

    def close(self) -> None:
        """Close the file; never raises."""
        try:
            os.close(self.fd)
        except OSError:
            pass


def _create(directory: Path, worker: str) -> tuple[Path, int]:
    number = 0
    while True:
        path = directory / f"{worker}-{os.getpid()}-{number}.jsonl"
        try:
            return path, os.open(path, _FLAGS, 0o644)
        except FileExistsError:
            number += 1
