"""What peers' own limits say of a tool whose cost is known: run by the Python of an environment that has them.

`python peer_runs.py RUNS` prints JSON: for pytest-benchmark the mean and the least time (ns) of each run of a
test, and for pytest-memray and our `memory_budget` how many of `RUNS` tests failed at 0.9 and at 1.1 of their limit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TIMED = """
import json, pytest, sys
sys.path.insert(0, {here!r})
from workload import work

@pytest.mark.parametrize("i", range({runs}))
def test_time(i, benchmark):
    benchmark(work)
    with open("times.jsonl", "a") as file:
        file.write(json.dumps([benchmark.stats.stats.mean * 1e9, benchmark.stats.stats.min * 1e9]) + "\\n")
"""
SPIKING = """
import pytest, time

@pytest.mark.parametrize("i", range({runs}))
@pytest.mark.{marker}
def test_memory(i):
    block = bytearray(10 * 2**20)
    time.sleep(0.001)
"""
LIMITS = {
    "pytest-memray limit_memory": ("-p pytest_memray.plugin --memray", 'limit_memory("{kib} KB")'),
    "ours: memory_budget(peak=)": ("-p toolcheck --toolcheck-log=off", 'memory_budget(peak="{kib}KiB")'),
}


def run(folder: Path, options: str, text: str) -> str:
    (folder / "test_peer.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options.split(), "test_peer.py"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def fails_of_memory(folder: Path, options: str, marker: str, ratio: float, runs: int) -> int:
    text = SPIKING.format(runs=runs, marker=marker.format(kib=round(10 * 1024 / ratio)))
    return run(folder, options, text).count("FAILED ")


def main() -> None:
    runs = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(folder, "-p pytest_benchmark.plugin", TIMED.format(here=str(HERE), runs=runs))
        times = [json.loads(line) for line in (folder / "times.jsonl").read_text().splitlines()]
        memory = {
            title: [fails_of_memory(folder, options, marker, ratio, runs) for ratio in (0.9, 1.1)]
            for title, (options, marker) in LIMITS.items()
        }
    print(json.dumps({"times": times, "memory": memory}))


if __name__ == "__main__":
    main()
