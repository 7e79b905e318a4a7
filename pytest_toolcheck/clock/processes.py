"""Time limits of waiting for a child: `Popen.wait(60)`, with which `communicate` and `run` end, too.

The standard library looks twenty times a second whether the child has ended: ten virtual minutes would be 12,000 jumps,
each with a look at all that the child does.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

from .driver import acquire
from .selecting import real_select
from .waits import Waits

_os: Any = os
"""Some of its names only some systems have."""


class ChildTimeouts:
    """Lets a wait for a child keep virtual time, while it is on; the test's own thread is told when it waits for ever."""

    def __init__(self, waits: Waits) -> None:
        self._waits = waits
        self._real: Any = None

    def on(self) -> None:
        """From now on, limits are kept by the virtual clock."""
        self._real, kept = subprocess.Popen.wait, self

        def wait(self: Any, timeout: float | None = None) -> int:
            return kept.wait(self, timeout)

        subprocess.Popen.wait = wait  # type: ignore[method-assign]

    def off(self) -> None:
        """Limits are real again."""
        subprocess.Popen.wait = self._real  # type: ignore[method-assign]

    def wait(self, child: Any, timeout: float | None) -> int:
        """Do what `Popen.wait` does."""
        if self._waits.applies(timeout) and child.poll() is None:
            with _end_of(child.pid) as has_ended:
                ended = self._waits.keep(timeout, has_ended, has_input=lambda: has_ended(0))
            if not ended and child.poll() is None:
                raise subprocess.TimeoutExpired(child.args, timeout or 0)
        code: int = self._real(child, timeout)
        return code


@contextlib.contextmanager
def _end_of(pid: int) -> Iterator[Callable[[float], bool]]:
    """Give what tells, within so many real seconds, whether a child has ended, and leaves its end to who waits for it."""
    descriptor = _descriptor_of(pid)
    never = _thread.allocate_lock()
    acquire(never)

    def has_ended(pause_s: float) -> bool:
        if descriptor is not None:
            return bool(real_select([descriptor], [], [], pause_s)[0])
        return _is_over(pid) or (pause_s > 0 and acquire(never, True, pause_s)) or _is_over(pid)

    try:
        yield has_ended
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _descriptor_of(pid: int) -> int | None:
    try:
        return int(_os.pidfd_open(pid))
    except (AttributeError, OSError):  # another system, or an old one
        return None


def _is_over(pid: int) -> bool:
    try:
        return _os.waitid(_os.P_PID, pid, _os.WEXITED | _os.WNOHANG | _os.WNOWAIT) is not None
    except ChildProcessError:
        return True
