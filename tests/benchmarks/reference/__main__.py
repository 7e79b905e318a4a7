"""Measure the twelve figures and print them beside theirs: `python -m tests.benchmarks.reference`.

The first eleven are taken by the tests in `figures.py`, through this plugin's fixtures, with real time measured beside the
virtual one; the last is a whole run of pytest over the promises under failure of the example project.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from .theirs import missed, table

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SPEC = ROOT / "example_project" / "shop_resilience.tool.yaml"
LIMIT_CPU_S = 3.0
"""What the whole resilience part may take of the processor, the start of pytest included."""
ALONE = [
    part
    for name in ("randomly", "hypothesispytest", "rerunfailures", "xdist", "anyio")
    for part in ("-p", f"no:{name}")
]
"""Without plugins that the tests need or that happen to be installed; Hypothesis' own takes 0.2 s at the end of every run."""
RUNS = 6
"""So often the last figure is taken, one run after the other; the median counts."""
PROMISES = " or ".join(f"{kind}[" for kind in ("resilience", "retry", "breaker", "fallback", "timeout", "timeouts",
                                               "faults", "fault", "sessions", "heartbeat"))  # fmt: skip


def pytest_run(*arguments: str, log: Path) -> tuple[float, float]:
    """Run pytest and return how long it took, and its processor time. Raises SystemExit where a test fails."""
    began, used = time.perf_counter(), _children_s()
    command = [sys.executable, "-m", "pytest", "-q", *ALONE, f"--toolcheck-log={log}", *arguments]
    done = subprocess.run(command, cwd=ROOT / "example_project", capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - began, _children_s() - used


def _children_s() -> float:
    used = os.times()
    return used.children_user + used.children_system


def figures_of(log: Path) -> dict[str, float]:
    """Read the figures that the tests wrote into the event log."""
    from pytest_toolcheck.events.reader import read_events

    known = (event.attrs or {} for event in read_events(log) if event.ev == "case.progress")
    return {attrs["figure"]: attrs["measured"] for attrs in known if "figure" in attrs}


def main() -> None:
    """Print the table; the exit code tells whether each figure is beaten."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "figures"
        pytest_run(str(HERE / "figures.py"), log=log)
        ours = figures_of(log)
        pytest_run(str(SPEC), "-k", PROMISES, log=Path(folder) / "warm")
        suite = [pytest_run(str(SPEC), "-k", PROMISES, log=Path(folder) / f"suite{n}") for n in range(RUNS)]
        ours["the resilience part of the suite"] = median(wall_s for wall_s, _ in suite)
    print(table(ours))
    used = sorted(cpu_s for _, cpu_s in suite)
    cpu_s = median(used)
    print(f"\nThe whole run of pytest, its start included, took {cpu_s:.2f} s of processor time, the median of {RUNS} runs "
          f"from {used[0]:.2f} to {used[-1]:.2f} s.")  # fmt: skip
    if "--json" in sys.argv:
        print(json.dumps(ours | {"processor time of the resilience part": cpu_s}))
    too_slow = [f"{cpu_s:.2f} s of processor time instead of {LIMIT_CPU_S:g} s"] if cpu_s >= LIMIT_CPU_S else []
    if failed := missed(ours) + too_slow:
        raise SystemExit(f"not beaten: {', '.join(failed)}")


if __name__ == "__main__":
    main()
