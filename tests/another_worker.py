"""Another process that measures, as another worker of the run would: it imports the lock and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from pytest_toolcheck.budgets.lock import MeasuringLock

with MeasuringLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_worker_measures(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Hold the lock of the run's directory until the input of the process is closed (`communicate`); kill it at the end."""
    command = [sys.executable, "-c", HOLD, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"held\n"
            yield worker
        finally:
            worker.kill()
