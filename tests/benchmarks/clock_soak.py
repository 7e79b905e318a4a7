"""Run the clock's tests again and again, each in a process of its own, beside two busy loops.

`python tests/benchmarks/clock_soak.py 100` runs 100 processes, two at a time, and exits 1 if any test failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[2]
NAMES = "requirements threads loop virtual blocking crowded selecting onlookers observers handlers polls turns stuck"
SUITE = tuple(f"test_clock_{part}.py" for part in NAMES.split())
BUSY = "while True: sum(range(10_000))"


@contextmanager
def busy_neighbours(count: int) -> Iterator[None]:
    """Keep so many processors busy for as long as the body lasts."""
    neighbours = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()


def run_once(number: int) -> str:
    """Run the suite in a process of its own; return what failed, or an empty text."""
    files = [str(Path("tests") / name) for name in SUITE]
    options = ["-q", "-p", "no:toolcheck", "-p", "no:cacheprovider", "--timeout", "120"]
    command = [sys.executable, "-m", "pytest", *options, *files]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"process {number}:\n{done.stdout[-4000:]}{done.stderr[-1000:]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("processes", type=int, nargs="?", default=100)
    parser.add_argument("--busy", type=int, default=2, help="busy loops beside them")
    chosen = parser.parse_args()
    start = time.monotonic()
    with busy_neighbours(chosen.busy), ThreadPoolExecutor(2) as pool:
        failures = [failure for failure in pool.map(run_once, range(chosen.processes)) if failure]
    print("\n".join(failures))
    took_s = time.monotonic() - start
    print(f"{chosen.processes} processes beside {chosen.busy} busy loops: {len(failures)} failed, {took_s:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
