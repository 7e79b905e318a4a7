"""What each thread runs at this moment, asked for so that it can be asked at any time."""

from __future__ import annotations

import _thread
import gc
import sys
from types import FrameType

_acquire, _release = _thread.RLock.acquire, _thread.RLock.release  # before virtual time replaces them
_LOOKING = _thread.RLock()


def _frames_without_collection() -> dict[int, FrameType]:
    """Return what `sys._current_frames()` does; nothing is collected meanwhile.

    It holds the interpreter's list of threads, makes objects, and so may start a collection: one that ends a
    `threading.local` waits for that list, for ever (https://github.com/python/cpython/issues/106883).
    """
    _acquire(_LOOKING)
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        if is_collecting:
            gc.enable()
        _release(_LOOKING)


current_frames = sys._current_frames if sys.version_info >= (3, 11, 9) else _frames_without_collection
"""By thread the frame that it runs; CPython 3.11.9 ended the deadlock."""
