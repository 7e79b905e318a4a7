"""Run a peer's program within a time limit; a crash or a hang is told, not raised."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..forms import free_port, http_command

LIMIT_S = 240


def run_limited(command: Sequence[str], folder: Path, *, limit_s: float = LIMIT_S) -> str | None:
    """Run the command in the folder, its output in `output.txt`; return None, or what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"stopped after {limit_s:g} s"
    return None if code in (0, 1, 2) else f"ended with exit code {code}"


@contextlib.contextmanager
def http_service(folder: Path) -> Iterator[str]:
    """Serve the tools of a folder over HTTP; hand out the URL."""
    port = free_port()
    with subprocess.Popen(http_command(folder, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield _ready(f"http://127.0.0.1:{port}")
        finally:
            server.kill()


def _ready(url: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/openapi.json", timeout=2):
                return url
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
