"""Whose code a frame of a traceback is: ours, a library's, the user's."""

from __future__ import annotations

import os
import site
import sysconfig
from pathlib import Path

_OURS = str(Path(__file__).parent) + os.sep
_LIBRARIES = tuple(
    folder + os.sep
    for folder in {
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
        *site.getsitepackages(),
        site.getusersitepackages(),
    }
)


def is_carrier(filename: str) -> bool:
    """Whether this is code that only carries a call to the tool: ours, or the event loop's."""
    return filename.startswith(_OURS) or f"{os.sep}asyncio{os.sep}" in filename


def is_users(filename: str) -> bool:
    """Whether this is neither ours nor an installed library's nor the interpreter's."""
    return not filename.startswith(("<", _OURS, *_LIBRARIES))
