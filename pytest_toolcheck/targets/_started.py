"""The server that a spec starts for its tests: launched once, awaited, heard, replaced when dead, stopped."""

from __future__ import annotations

import http.client
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from ..errors import TargetError
from .processes import ServerProcess, show_command

READY_LIMIT_S = 30.0
"""How long a started server may take until it answers."""

_POLL_S = 0.02
_PROBE_S = 1.0


class StartedServer:
    """The process behind a target with `start`; without one, a server that somebody else runs."""

    def __init__(self, command: Sequence[str], *, url: str, ready: str | None, folder: Path) -> None:
        self._command = tuple(command)
        self._url = url
        self._ready = ready
        self._folder = folder
        self.process: ServerProcess | None = None
        self.is_suspect = False
        """Whether a call hung: the server is asked whether it is still ready before it is used again."""

    def ensure(self) -> None:
        """Start the server unless it runs and answers. Raises TargetError with the reason and its last lines."""
        if not self._command:
            return
        if self.process is not None and (self.process.exit_code() is not None or self._has_hung()):
            self.stop()
        if self.process is None:
            self._start()

    def _has_hung(self) -> bool:
        suspect, self.is_suspect = self.is_suspect, False
        return suspect and not (self._answers() and _responds(_over_http(self._url, self._ready or "/")))

    def _start(self) -> None:
        if _listens(self._url):
            host = urlsplit(self._url).netloc
            raise TargetError(
                f"cannot start `{show_command(self._command)}`: something already listens on {host}\n"
                f"The tests would call that instead. Stop it, or leave `start` out to test it.{_other_worker()}"
            )
        self.process = ServerProcess(self._command, cwd=self._folder, env={}, pipe_stdin=False)
        self.process.pump()
        self._await_ready(self.process)

    def _await_ready(self, process: ServerProcess) -> None:
        deadline = time.monotonic() + READY_LIMIT_S
        while not self._answers():
            if process.exit_code() is not None:
                raise self._failure(process, f"{process.ended()} before it was ready")
            if time.monotonic() > deadline:
                what = f"{self._ready} answered" if self._ready else f"{urlsplit(self._url).netloc} listened"
                raise self._failure(process, f"{READY_LIMIT_S:g}s passed and nothing at {what}")
            time.sleep(_POLL_S)

    def _answers(self) -> bool:
        if self._ready is None:
            return _listens(self._url)
        return _is_ok(_over_http(self._url, self._ready))

    def _failure(self, process: ServerProcess, reason: str) -> TargetError:
        self.stop()
        written = process.output.last_lines()
        heard = f"It wrote last:\n{written}" if written else "It wrote nothing."
        return TargetError(f"the server did not start: {reason}: `{show_command(self._command)}`\n{heard}")

    def stop(self) -> None:
        """Stop the process. Idempotent."""
        process, self.process = self.process, None
        if process is not None:
            process.stop(grace_s=0.0)

    def pids(self) -> tuple[int, ...]:
        """Return the server's process and its descendants."""
        return self.process.family() if self.process is not None else ()

    def has_died(self) -> bool:
        """Whether a process was started and is no more."""
        return self.process is not None and self.process.exit_code() is not None

    def listen(self) -> Callable[[], str]:
        """Return a function that gives what the server writes from now on."""
        process = self.process
        if process is None:
            return lambda: ""
        mark = process.output.mark()

        def heard() -> str:
            process.take_output()
            return process.output.since(mark)

        return heard


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    try:
        with socket.create_connection((parts.hostname or "localhost", port), timeout=_PROBE_S):
            return True
    except OSError:
        return False


def _over_http(url: str, path: str) -> str:
    return urljoin(url.replace("ws", "http", 1) if url.startswith("ws") else url, path)


def _responds(url: str) -> bool:
    """Whether anything at all is answered: the system accepts connections for a server that hangs."""
    try:
        with urllib.request.urlopen(url, timeout=_PROBE_S):
            return True
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return True
    except http.client.HTTPException:  # an answer that is no HTTP, or a connection that was closed
        return True
    except (OSError, ValueError):  # no connection, no answer in time
        return False


def _is_ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_PROBE_S) as answer:
            return bool(answer.status < 400)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return False
    except (OSError, ValueError):
        return False
    except Exception:  # http.client's own errors while the server is coming up
        return False


def _other_worker() -> str:
    """What else a taken port may mean: each worker of pytest-xdist starts the servers of its own tests."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return ""
    return (
        "\nOr another worker of this run started it: name the port in `start`, and each worker starts its server on a port"
        " of its own; or give all tests of a spec to one worker with --dist loadfile."
    )
