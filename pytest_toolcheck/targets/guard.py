"""Groups of processes are ended, also those of a process that was killed itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence

_WATCHDOG = """
groups=
while read -r what group; do
  kept=
  for known in $groups; do [ "$known" = "$group" ] || kept="$kept $known"; done
  [ "$what" = + ] && kept="$kept $group"
  groups=$kept
done
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
[ -z "$groups" ] || sleep 0.3
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
[ -z "$groups" ] || for file in $(grep -lsz "^$0$" /proc/[0-9]*/environ 2>/dev/null); do
  pid=${file#/proc/} && kill -s KILL "${pid%/environ}" 2>/dev/null
done
"""
"""Kills the groups that are left when stdin ends, then what left its group: it bears the mark `$0` in its environment."""
_ON_ITS_OWN = f"exec 3<&0\n( {_WATCHDOG} ) <&3 3<&- &"
"""As no child of ours: who asks for our children (after each call, at each step of virtual time) shall find none."""

_SHELL = "/bin/sh"
_MARK = "TOOLCHECK_STARTED_BY"
_BORN_NS = time.time_ns()


KILL: signal.Signals = getattr(signal, "SIGKILL", signal.SIGTERM)
"""What ends a process at once; on Windows every signal does."""


def kill_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a group, if it is still there. Windows has none: there its first process and all below it are ended."""
    if not hasattr(os, "killpg"):
        kill_all(_below(group))
        return
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass


def kill_all(pids: Sequence[int]) -> None:
    """Kill descendants that left the group (a daemon, a session of their own)."""
    import psutil

    for pid in pids:
        try:
            psutil.Process(pid).kill()
        except psutil.Error:
            pass


def _below(pid: int) -> list[int]:
    import psutil

    try:
        return [*(child.pid for child in psutil.Process(pid).children(recursive=True)), pid]
    except psutil.Error:
        return []


class _Guard:
    """A shell that outlives a `kill -9` of this process just long enough to kill the groups that it was told of."""

    def __init__(self) -> None:
        self._pipe: int | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def add(self, group: int) -> None:
        self._tell(f"+ {group}\n")

    def remove(self, group: int) -> None:
        self._tell(f"- {group}\n")

    def _tell(self, line: str) -> None:
        with self._lock:
            try:
                os.write(self._opened(), line.encode())
            except OSError:  # no shell on this system: `stop` and atexit remain
                pass

    def _opened(self) -> int:
        if self._pipe is not None and self._owner == os.getpid():
            return self._pipe
        if not os.path.exists(_SHELL):  # Windows
            raise FileNotFoundError(_SHELL)
        read, write = os.pipe()
        try:
            shell = subprocess.Popen(
                [_SHELL, "-c", _ON_ITS_OWN, "=".join((_MARK, mark()[_MARK]))],
                stdin=read,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={name: value for name, value in os.environ.items() if name != _MARK},
                start_new_session=True,
            )
        finally:
            os.close(read)
        shell.wait()  # what it has started ends after us
        self._pipe, self._owner = write, os.getpid()
        return write


guard = _Guard()


def mark() -> dict[str, str]:
    """Return the environment variable by which the guard knows what this process started, wherever it went."""
    return {_MARK: f"{os.getpid()}-{_BORN_NS}"}


@contextlib.contextmanager
def watched(group: int) -> Iterator[None]:
    """Have the group killed should this process die meanwhile."""
    guard.add(group)
    try:
        yield
    finally:
        guard.remove(group)
