"""Threads that give way between the lines of the user's code: a race of plain functions shows in a few calls, not in millions."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from ..targets._frames import is_users

_SHARE: Final = 0.3
"""Of the lines: after each of them no other thread would get further than this one."""
_PAUSE_S: Final = 0.0001
_MOST_PAUSES: Final = 40
"""In one thread: a loop of many rounds is not slowed down for ever."""


@contextmanager
def switching_threads(seed: int) -> Iterator[None]:
    """Let threads that are started within the body pause at lines of the user's code; not beside a debugger or a measurement."""
    if threading.gettrace() is not None or sys.gettrace() is not None:
        yield
        return
    chance, paused = random.Random(seed), threading.local()

    def trace(frame: FrameType, event: str, _arg: Any) -> Any:
        if not is_users(frame.f_code.co_filename):
            return None
        count = getattr(paused, "count", 0)
        if event == "line" and count < _MOST_PAUSES and chance.random() < _SHARE:
            paused.count = count + 1
            time.sleep(_PAUSE_S)
        return trace

    threading.settrace(trace)
    try:
        yield
    finally:
        threading.settrace(None)
