"""What a killed process leaves behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pytest_toolcheck.events as events
from pytest_toolcheck.events import read_events

WRITER = """
import sys
from pathlib import Path
from pytest_toolcheck.events import open_run
log = open_run(Path(sys.argv[1]), worker=sys.argv[2], run="r")
for i in range(10**9):
    log.emit("call.end", rid=str(i), attrs={"pad": "x" * int(sys.argv[3])})
    print(i, flush=True)
"""


def start_writer(directory: Path, worker: str, pad: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(directory), worker, str(pad)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("pad", [50, 6_000])
def test_killed_writers_lose_nothing_acknowledged(tmp_path, pad):
    """After `kill -9` of two processes every event whose emit returned is there, and no whole line is damaged."""
    writers = [start_writer(tmp_path, worker, pad) for worker in ("gw0", "gw1")]
    acknowledged = {}
    for worker, writer in zip(("gw0", "gw1"), writers, strict=True):
        assert writer.stdout is not None
        for _ in range(50):
            writer.stdout.readline()
        writer.kill()
        rest = writer.stdout.read()
        writer.stdout.close()
        writer.wait()
        acknowledged[worker] = 49 + rest.count("\n")
    report = events.ReadReport()
    found: dict[str, set[int]] = {"gw0": set(), "gw1": set()}
    for event in read_events(tmp_path / "r", report=report):
        if event.rid is not None:
            found[event.w].add(int(event.rid))
    for worker, number in acknowledged.items():
        assert found[worker] >= set(range(number + 1))
    assert (report.bad_lines, report.missing) == (0, 0)
