"""A worker whose controller is killed ends at once, and so do its servers."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from pytest_toolcheck import orphaned
from pytest_toolcheck.runtime import Runtime

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
