"""Server processes: started in a group of their own, heard on stderr, ended with all that they started."""

from __future__ import annotations

import atexit
import os
import selectors
import shlex
import signal
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..clock import real_monotonic_ns
from ..errors import TargetError
from .guard import KILL, guard, kill_all, kill_group, mark

KEPT_OUTPUT_BYTES = 64 * 1024
SHOWN_LINES = 15
STDIN_GRACE_S = 1.0
TERM_GRACE_S = 0.5
_os: Any = os
"""Some of its names Windows lacks."""

MALLOC_SETTINGS = {
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "MALLOC_ARENA_MAX": "1",
}
"""Every large block is mapped afresh and given back, so that the peak memory of a call shows (glibc; ignored elsewhere)."""


class Output:
    """The last bytes that a process wrote beside the protocol; `mark` and `since` cut out what one call caused."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._total = 0
        self._lock = threading.Lock()

    def feed(self, data: bytes) -> None:
        """Append; the oldest is dropped over `KEPT_OUTPUT_BYTES`."""
        with self._lock:
            self._chunks.append(data[-KEPT_OUTPUT_BYTES:])
            self._total += len(data)
            self._size += len(self._chunks[-1])
            while self._size > KEPT_OUTPUT_BYTES and len(self._chunks) > 1:
                self._size -= len(self._chunks.popleft())

    def mark(self) -> int:
        """Return the place that has been reached."""
        return self._total

    def since(self, mark: int) -> str:
        """Return what was written after `mark`, as far as it is still kept."""
        with self._lock:
            wanted = self._total - mark
            return b"".join(self._chunks)[-wanted:].decode(errors="replace") if wanted > 0 else ""

    def last_lines(self, count: int = SHOWN_LINES) -> str:
        """Return the last `count` lines."""
        return "\n".join(self.since(0).rstrip().splitlines()[-count:])


class ServerProcess:
    """A running process with its group. Nothing of it outlives `stop`, this interpreter, or a kill of it."""

    def __init__(
        self, command: Sequence[str], *, cwd: str | Path | None, env: Mapping[str, str], pipe_stdin: bool
    ) -> None:
        self.command = tuple(command)
        self.output = Output()
        self._pumping: threading.Thread | None = None
        self._is_stopped = False
        try:
            self._popen = subprocess.Popen(
                self.command,
                cwd=cwd,
                env=child_environment(env),
                stdin=subprocess.PIPE if pipe_stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise TargetError(_spawn_failure(self.command, cwd, error)) from error
        self.pid = self._popen.pid
        guard.add(self.pid)
        _running.add(self)

    @property
    def stdin_fd(self) -> int:
        """The descriptor of the process's standard input."""
        assert self._popen.stdin is not None
        return self._popen.stdin.fileno()

    @property
    def stdout_fd(self) -> int:
        """The descriptor of the process's standard output."""
        assert self._popen.stdout is not None
        return self._popen.stdout.fileno()

    @property
    def stderr_fd(self) -> int:
        """The descriptor of the process's standard error."""
        assert self._popen.stderr is not None
        return self._popen.stderr.fileno()

    def pump(self) -> None:
        """Take all that the process writes, in a thread, until it ends; for a process whose pipes nobody else reads."""
        self._pumping = threading.Thread(target=self._pump, daemon=True, name="toolcheck-output")
        self._pumping.start()

    def _pump(self) -> None:
        if not can_select_pipes():
            self._pump_by_threads()
            return
        for fd in (self.stdout_fd, self.stderr_fd):
            _os.set_blocking(fd, False)
        with selectors.DefaultSelector() as selector:
            for fd in (self.stdout_fd, self.stderr_fd):
                selector.register(fd, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    if self._take(key.fd) == b"":
                        selector.unregister(key.fd)

    def _pump_by_threads(self) -> None:
        threads = [
            threading.Thread(target=self._drain, args=(fd,), daemon=True) for fd in (self.stdout_fd, self.stderr_fd)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _drain(self, fd: int) -> None:
        while self._take(fd):
            pass

    def take_output(self) -> None:
        """Take what has been written up to now."""
        if not can_select_pipes():  # the pump takes it as it comes, and nobody else may wait for more
            return
        for pipe in (self._popen.stdout, self._popen.stderr):
            if pipe is not None and not pipe.closed:
                self._take(pipe.fileno())

    def _take(self, fd: int) -> bytes | None:
        """Return what is there, b"" at the end, None when nothing is there yet."""
        try:
            data = os.read(fd, KEPT_OUTPUT_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        if data:
            self.output.feed(data)
        return data

    def exit_code(self, *, wait_s: float = 0.0) -> int | None:
        """Return the exit code (negative: the signal), None while it runs. The process is not reaped by this."""
        deadline_ns, pause = real_monotonic_ns() + round(wait_s * 1e9), 0.001
        while (code := self._peek()) is None and real_monotonic_ns() < deadline_ns:
            threading.Event().wait(pause)
            pause = min(pause * 2, 0.02)
        return code

    def _peek(self) -> int | None:
        if self._popen.returncode is not None:
            return self._popen.returncode
        if not hasattr(os, "waitid"):  # Windows; macOS before Python 3.13
            return self._popen.poll()
        try:
            info = _os.waitid(_os.P_PID, self.pid, _os.WEXITED | _os.WNOHANG | _os.WNOWAIT)
        except ChildProcessError:
            return self._popen.poll()
        if info is None:
            return None
        return int(info.si_status if info.si_code == _os.CLD_EXITED else -info.si_status)

    def family(self) -> tuple[int, ...]:
        """Return the process and its descendants."""
        import psutil

        try:
            children = psutil.Process(self.pid).children(recursive=True)
        except psutil.Error:
            return () if self._peek() is not None else (self.pid,)
        return (self.pid, *(child.pid for child in children))

    def ended(self) -> str:
        """Say how the process ended: "exit code 3", "killed by SIGSEGV"."""
        return describe_exit(self.exit_code())

    def close_stdin(self) -> None:
        """Tell a stdio server to go."""
        if self._popen.stdin is not None and not self._popen.stdin.closed:
            try:
                self._popen.stdin.close()
            except OSError:
                pass

    def stop(self, *, grace_s: float = STDIN_GRACE_S) -> None:
        """Close stdin, wait `grace_s`, then SIGTERM, then SIGKILL to the group and all descendants. Idempotent."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self.close_stdin()
        family = self.family()
        if self.exit_code(wait_s=grace_s) is None:
            self._signal(signal.SIGTERM)
            self.exit_code(wait_s=TERM_GRACE_S)
        # The leader is not reaped yet, so its group's number cannot have been given to others.
        self._signal(KILL)
        self._popen.wait()
        kill_all(family[1:])
        guard.remove(self.pid)
        _running.discard(self)
        self._take_rest()

    def _take_rest(self) -> None:
        """Keep what is still in the pipes, then close them."""
        if self._pumping is not None:
            self._pumping.join(TERM_GRACE_S)
            if self._pumping.is_alive():  # a descendant that escaped holds them: a number still read is not freed
                return
        for pipe, prefix in ((self._popen.stderr, b""), (self._popen.stdout, b"stdout: ")):
            if pipe is None or pipe.closed:
                continue
            if can_select_pipes():
                _os.set_blocking(pipe.fileno(), False)
                while data := pipe.read(KEPT_OUTPUT_BYTES):
                    self.output.feed(prefix + data)
            pipe.close()

    def kill(self) -> None:
        """Kill the group now; `stop` still has to be called."""
        if self._popen.returncode is None:
            self._signal(KILL)

    def _signal(self, number: signal.Signals) -> None:
        kill_group(self.pid, number)


def can_select_pipes() -> bool:
    """Whether pipes can be read without waiting, and be waited for beside others: on Windows each needs a thread of its own."""
    return os.name != "nt" and hasattr(os, "set_blocking")


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment, `python` meaning this interpreter's, with `extra` over it."""
    folder = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    return {**MALLOC_SETTINGS, **os.environ, "PATH": f"{folder}{os.pathsep}{path}", **mark(), **extra}


def describe_exit(code: int | None) -> str:
    """Say an exit code in words."""
    if code is None:
        return "still running"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def show_command(command: Sequence[str]) -> str:
    """Return the command as one would type it."""
    return shlex.join(command)


def _spawn_failure(command: Sequence[str], cwd: str | Path | None, error: OSError) -> str:
    if cwd is not None and not Path(cwd).is_dir():
        return f"cannot start `{show_command(command)}`: the folder {cwd} does not exist\nSet `cwd` to a folder."
    if isinstance(error, FileNotFoundError):
        return (
            f"cannot start `{show_command(command)}`: command not found: {command[0]}\n"
            f"It was looked for beside {sys.executable} and in PATH."
        )
    return f"cannot start `{show_command(command)}`: {error.strerror or error}"


_running: weakref.WeakSet[ServerProcess] = weakref.WeakSet()


def kill_running() -> None:
    """Kill every server at once, without asking: somebody who interrupts the closing does not want to wait for it."""
    for process in list(_running):
        family = process.family()
        process.kill()
        kill_all(family[1:])


@atexit.register
def _stop_all() -> None:
    for process in list(_running):
        process.stop(grace_s=0.0)
