"""Files under the paths that a spec declares, by content: who wrote is not asked, only what is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from .leaves import Leaves

_FOLDER: Final = "a folder"
WRITTEN: Final = "(written)"


def files_under(paths: Sequence[str], *, folder: Path, written: bool = False) -> Leaves:
    """Return each file's digest by its path as declared; a path that is not there is no error, it may come.

    `written`: also when it was written last: the same content may be written again.
    """
    found: Leaves = {}
    for name, file in _files(paths, folder):
        found[name] = digest = _digest(file)
        if written and digest != _FOLDER:
            found[f"{name} {WRITTEN}"] = _written(file)
    return found


def _files(paths: Sequence[str], folder: Path) -> Iterator[tuple[str, Path]]:
    for declared in paths:
        root = (folder / declared).resolve()
        if root.is_file():
            yield declared, root
        elif root.is_dir():
            for file in sorted(root.rglob("*")):
                yield f"{declared.rstrip('/')}/{file.relative_to(root)}", file


def _digest(file: Path) -> str:
    try:
        return _FOLDER if file.is_dir() else hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:  # a socket, a file without permission, one that has just gone
        return type(error).__name__


def _written(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
