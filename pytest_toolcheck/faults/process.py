"""Faults at a process: killed, stopped for a while, crashed and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from typing import Any

from ..targets.guard import KILL
from .errors import FaultError
from .kinds import Action
from .point import Ask

_END_S = 5.0
_os: Any = os
"""Windows lacks some of its names."""
_TRIES, _MOMENT_S = 500, 0.002


class ProcessPoint:
    """A process; struck when the fault is injected, and at each `fire()`."""

    kind = "process"

    def __init__(self, process: Any, ask: Ask) -> None:
        self.process = process
        self._ask = ask
        self._started: list[subprocess.Popen[bytes]] = []
        self._timers: list[threading.Timer] = []
        self._paused: set[int] = set()

    @property
    def pid(self) -> int:
        """The process id as it is now."""
        return self.process if isinstance(self.process, int) else int(self.process.pid)

    @property
    def name(self) -> str:
        """The process as a user would name it."""
        return f"process {self.pid}"

    def prepare(self, action: Action) -> None:
        """Raise FaultError for a process that has ended, or for this one."""
        if self.pid == os.getpid():
            raise FaultError(f"{action.kind} at process {self.pid}: that is the test's own process")
        if not _is_running(self.process):
            raise FaultError(f"{action.kind} at process {self.pid}: it has ended already")

    def on(self) -> None:
        """Nothing to put in place."""

    def off(self) -> None:
        """Let a stopped process go on; end what was started anew."""
        for timer in self._timers:
            timer.cancel()
        for pid in list(self._paused):
            self._continue(pid)
        for process in self._started:
            process.kill()
            process.wait(_END_S)
        self._started.clear()

    def strike(self) -> None:
        """Do what the schedule says now."""
        action = self._ask()
        if action is None:
            return
        if action.kind == "pause":
            self._pause(action["time"])
            return
        self._crash(restart=action.kind == "crash_restart")

    def _pause(self, seconds: float) -> None:
        pid = self.pid
        _stop(pid)
        self._paused.add(pid)
        timer = threading.Timer(seconds, self._continue, (pid,))
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _continue(self, pid: int) -> None:
        self._paused.discard(pid)
        _go_on(pid)

    def _crash(self, *, restart: bool) -> None:
        start = _starter(self.pid) if restart else None
        _send(self.pid, KILL)
        if isinstance(self.process, subprocess.Popen):
            self.process.wait(_END_S)
        else:
            _await_end(self.pid)
        if start is not None:
            self.process = start()
            self._started.append(self.process)


def _starter(pid: int) -> Any:
    """Return what starts the same command again, in the same folder and environment."""
    import psutil

    try:
        process = psutil.Process(pid)
        command, folder, environment = _command(process), process.cwd(), process.environ()
    except psutil.Error as error:
        raise FaultError(f"crash_restart at process {pid}: how it was started cannot be read: {error}") from None
    return lambda: subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _command(process: Any) -> list[str]:
    """Return how it was started; one that was forked this moment shows nothing until its program is loaded."""
    command: list[str] = process.cmdline()
    for _ in range(_TRIES):
        if command:
            return command
        threading.Event().wait(_MOMENT_S)
        command = process.cmdline()
    raise FaultError(f"crash_restart at process {process.pid}: it shows no command that could be started again")


def _is_running(process: Any) -> bool:
    if isinstance(process, subprocess.Popen):
        return process.poll() is None
    import psutil

    pid = process if isinstance(process, int) else process.pid
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _await_end(pid: int) -> None:
    """Wait for a process to end; a child of this one is left to whoever started it, to be waited for."""
    import psutil

    try:
        if hasattr(os, "waitid"):  # not on Windows, nor on macOS before Python 3.13
            _os.waitid(_os.P_PID, pid, _os.WEXITED | _os.WNOWAIT)
            return
    except ChildProcessError:
        pass
    with contextlib.suppress(psutil.Error):
        psutil.Process(pid).wait(_END_S)


def _stop(pid: int) -> None:
    """Stop a process for now; where there is no signal for that, each of its threads."""
    if hasattr(signal, "SIGSTOP"):
        _send(pid, signal.SIGSTOP)
        return
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).suspend()


def _go_on(pid: int) -> None:
    if hasattr(signal, "SIGCONT"):
        _send(pid, signal.SIGCONT)
        return
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).resume()


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
