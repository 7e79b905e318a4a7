"""How fast sessions are: `python tests/benchmarks/sessions_speed.py [count]`.

Opens, uses and closes in-process sessions, twice, and says how much memory the second round left behind.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from pytest_toolcheck.errors import Position
from pytest_toolcheck.sessions.tool_sessions import ToolSessions
from pytest_toolcheck.spec.model import PythonTarget, Spec, ToolSpec
from pytest_toolcheck.targets import make_target


def round_of(sessions: ToolSessions, count: int) -> tuple[float, float, float]:
    """Seconds to open, to call once in each, and to close."""
    started = time.perf_counter()
    opened = sessions.open(count)
    at_open = time.perf_counter()
    for session in opened:
        assert session.call("add", a=1, b=2).value == 3
    at_called = time.perf_counter()
    sessions.close()
    return at_open - started, at_called - at_open, time.perf_counter() - at_called


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "adding.py"
        file.write_text("def add(a: int, b: int) -> int:\n    return a + b\n")
        path = Path(folder) / "any.tool.yaml"
        target = make_target(Spec(path, PythonTarget(str(file)), Position(path), ToolSpec("defaults"), {}, True))
        sessions = ToolSessions(target.open, limit=count)
        for _ in range(3):
            opening, calling, closing = round_of(sessions, count)
            total = opening + calling + closing
            parts = f"open {opening:.3f} s, call {calling:.3f} s, close {closing:.3f} s"
            print(f"{count:,} sessions: {parts}: {total:.3f} s")
        tracemalloc.start()
        round_of(sessions, count)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        round_of(sessions, count)
        gc.collect()
        print(f"growth over a round: {tracemalloc.get_traced_memory()[0] - before:,} bytes, {len(sessions)} left open")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
