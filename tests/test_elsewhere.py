"""Windows and macOS: nothing of the package needs a name that only other systems have, and there is a way without each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pytest_toolcheck.clock import VirtualTimeError, session, virtual_time
from pytest_toolcheck.faults import process as process_fault
from pytest_toolcheck.spec.model import McpTarget
from pytest_toolcheck.targets import guard, make_target, mcp_stdio, processes
from pytest_toolcheck.targets.processes import ServerProcess

from . import elsewhere
from .targets_kit import call, is_running, spec_of

IMPORTING = """
import asyncio, importlib, multiprocessing, pty, ssl, subprocess, tempfile  # these look for what is hidden as they are imported
import anyio._backends._asyncio, httpx, hypothesis, jsonschema, mcp, mcp.server, psutil, pytest, websockets, xdist, yaml
import elsewhere
names = elsewhere.package_modules()
elsewhere.hide_while_importing()
for name in names:
    importlib.import_module(name)
print(len(names))
"""
HANGING = "import sys, subprocess; subprocess.Popen([sys.executable, '-S', '-c', 'input()']); print('up', flush=True); input()"


def test_every_module_can_be_imported_without_what_windows_lacks():
    """The plugin loads there, and whatever it loads later on."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300


@pytest.fixture
def as_on_windows(monkeypatch):
    """The modules that start, end and hear processes have `os` and `signal` as Windows has them."""
    without = {
        name: elsewhere.Without(module, elsewhere.LACKING[name]) for name, module in (("os", os), ("signal", signal))
    }
    for module in (guard, processes, mcp_stdio, process_fault):
        for name in ("os", "_os", "signal"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, without[name.strip("_")])


def comes(holds: Callable[[], bool]) -> bool:
    """Whether something holds within ten seconds: signals take a moment."""
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        threading.Event().wait(0.005)
    return holds()


def started(code: str) -> ServerProcess:
    return ServerProcess([sys.executable, "-S", "-c", code], cwd=None, env={}, pipe_stdin=True)


def test_a_server_and_all_below_it_end_without_groups_of_processes(as_on_windows):
    """Without `killpg` each process is ended by itself; what they wrote is kept."""
    server = started(HANGING)
    server.pump()
    try:
        assert server.exit_code() is None
        while len(family := server.family()) < 2 or "up" not in server.output.since(0):
            assert server.exit_code(wait_s=0.01) is None
        server.kill()
        assert comes(lambda: not any(is_running(pid) for pid in family))
    finally:
        server.stop(grace_s=0)
    assert server.exit_code() is not None
    assert "up" in server.output.since(0)


def test_how_a_server_ended_is_known_without_waitid(as_on_windows):
    """macOS has it since Python 3.13 only."""
    server = started("import sys; sys.exit(3)")
    try:
        assert server.exit_code(wait_s=10) == 3
    finally:
        server.stop()


def test_a_process_is_stopped_for_a_while_without_signals(as_on_windows):
    """Where no signal stops a process, each of its threads is stopped."""
    server = started("input()")
    try:
        process_fault._stop(server.pid)
        assert comes(lambda: psutil.Process(server.pid).status() == psutil.STATUS_STOPPED)
        process_fault._go_on(server.pid)
        assert comes(lambda: psutil.Process(server.pid).status() != psutil.STATUS_STOPPED)
    finally:
        server.stop()


def test_a_stdio_server_is_heard_where_loops_cannot_wait_for_pipes(as_on_windows):
    """A thread reads each pipe; answers come, what stands on stderr is kept, and a server that dies is told of."""
    session = make_target(spec_of(McpTarget(command=("python", "raw_server.py")))).open()
    try:
        assert call(session, "tool1", a=2, b=3).kind == "accepted"
        assert call(session, "text", say="x" * 300_000).value == "x" * 300_000
        assert call(session, "quit", valid=None).kind == "lost"
    finally:
        session.close()


def test_there_is_no_virtual_time_without_its_clocks(monkeypatch):
    """The refusal says so, and how to go on."""
    monkeypatch.setattr(session, "time", elsewhere.Without(session.time, elsewhere.LACKING["time"]))
    with (
        pytest.raises(VirtualTimeError, match=r"no virtual time on this system.*Run the test in real time"),
        virtual_time(),
    ):
        pass
