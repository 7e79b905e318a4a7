"""A worker of pytest-xdist whose controller is killed is interrupted at once, as it would be after five seconds anyway.

Until then it would go on testing, and its servers would run.
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def interrupt_when_orphaned() -> None:
    """Have this process interrupted when the one that started it ends. Does nothing where the system cannot."""
    if sys.platform == "linux":
        _ask_to_be_interrupted()


def _ask_to_be_interrupted() -> None:
    import ctypes

    parent = os.getppid()
    is_deaf = signal.getsignal(signal.SIGINT) == signal.SIG_IGN  # begun in the background by a script
    number = signal.SIGTERM if is_deaf else signal.SIGINT
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    except (OSError, AttributeError):  # a C library without it
        return
    if os.getppid() != parent:  # it ended meanwhile
        os.kill(os.getpid(), number)
