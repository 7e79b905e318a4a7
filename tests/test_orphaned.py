"""A worker whose controller is killed ends at once, and so do its servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from pytest_toolcheck import orphaned
from pytest_toolcheck.runtime import Runtime
from pytest_toolcheck.targets.processes import ServerProcess

CONTROLLER = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1]])
"""
WORKER = """
import signal, time
signal.signal(signal.SIGINT, signal.{before})
from pytest_toolcheck.orphaned import interrupt_when_orphaned
interrupt_when_orphaned()
signal.signal(signal.SIGTERM, lambda *_: (print("ended", flush=True), exit()))
try:
    print("ready", flush=True)
    time.sleep(30)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the worker hears of it from pytest-xdist, later")
@pytest.mark.parametrize(("before", "said"), [("default_int_handler", "interrupted"), ("SIG_IGN", "ended")])
def test_a_worker_is_interrupted_when_its_controller_is_killed(before, said):
    """Also one that was begun in the background, where Ctrl-C is not heard."""
    command = [sys.executable, "-c", CONTROLLER, WORKER.format(before=before)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout is not None
        assert controller.stdout.readline() == "ready\n"
        controller.kill()
        assert controller.stdout.readline() == f"{said}\n"


def test_only_workers_end_with_the_process_that_started_them(monkeypatch, tmp_path):
    """A run of its own may outlive the shell that it was started from."""
    asked = []
    monkeypatch.setattr(orphaned, "interrupt_when_orphaned", lambda: asked.append("asked"))
    given = {"toolcheck_run": "r", "toolcheck_directory": str(tmp_path)}
    for worker in ({}, {"workerid": "gw0"}):
        Runtime(SimpleNamespace(workerinput={**given, **worker}), None)
        assert asked == (["asked"] if worker else [])


def is_gone(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for(condition):
    """Return whether it holds within ten seconds; who reaps a child that is not ours takes its time."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_an_interrupt_while_servers_are_closed_kills_them_at_once(tmp_path):
    """Who presses Ctrl-C a second time does not wait for servers that take their time to go, nor for what they began."""
    began = "import subprocess, time; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid, flush=True)"
    stubborn = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {began}; time.sleep(60)"
    process = ServerProcess([sys.executable, "-c", stubborn], cwd=None, env={}, pipe_stdin=True)
    try:
        child = psutil.Process(int(os.read(process.stdout_fd, 100)))
        runtime = Runtime(
            SimpleNamespace(workerinput={"toolcheck_run": "r", "toolcheck_directory": str(tmp_path)}), None
        )
        runtime.on_close(lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            runtime.close_targets()
        assert process.exit_code(wait_s=10) == -signal.SIGKILL
        assert wait_for(lambda: is_gone(child))
    finally:
        process.stop(grace_s=0)
