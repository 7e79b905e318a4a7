"""Files under the paths that a spec declares, by content: who wrote is not asked, only what is there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from .leaves import Leaves


def files_under(paths: Sequence[str], *, folder: Path) -> Leaves:
    """Return each file's digest by its path as declared; a path that is not there is no error, it may come."""
    found: Leaves = {}
    for declared in paths:
        root = (folder / declared).resolve()
        if root.is_file():
            found[declared] = _digest(root)
        elif root.is_dir():
            for file in sorted(root.rglob("*")):
                found[f"{declared.rstrip('/')}/{file.relative_to(root)}"] = _digest(file)
    return found


def _digest(file: Path) -> str:
    try:
        return "a folder" if file.is_dir() else hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:  # a socket, a file without permission, one that has just gone
        return type(error).__name__
