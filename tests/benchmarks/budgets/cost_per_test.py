"""CPU time that one budget adds to a no-op test, beside its peers: `python tests/benchmarks/budgets/cost_per_test.py`.

Runs pytest on the same tests with and without each marker; the difference a test is what the marker costs. Peers that
are not installed (pytest-benchmark, pytest-memray, pytest-monitor) are left out.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS, FEW = 300, 3
OURS = "-p toolcheck --toolcheck-log=off"
PLAIN = "import pytest\n@pytest.mark.parametrize('i', range({n}))\n{marker}def test_one(i{fixture}): {body}\n"
SUBJECTS = {
    "latency_budget(max=)": (OURS, "@pytest.mark.latency_budget(max='50ms')\n", "", "pass", TESTS),
    "latency_budget(p50=, rounds=51)": (
        OURS,
        "@pytest.mark.latency_budget(p50='50ms', rounds=51)\n",
        "",
        "pass",
        TESTS,
    ),
    "cpu_budget(time=)": (OURS, "@pytest.mark.cpu_budget(time='20ms')\n", "", "pass", TESTS),
    "cpu_budget(utilization=)": (OURS, "@pytest.mark.cpu_budget(utilization='100%')\n", "", "pass", TESTS),
    "memory_budget(peak=)": (OURS, "@pytest.mark.memory_budget(peak='10MiB')\n", "", "pass", TESTS),
    "pytest-memray limit_memory": (
        "-p pytest_memray.plugin --memray",
        "@pytest.mark.limit_memory('10 MB')\n",
        "",
        "pass",
        TESTS,
    ),
    "pytest-monitor": ("-p pytest_monitor.pytest_monitor", "", "", "pass", TESTS),
    "pytest-benchmark": ("-p pytest_benchmark.plugin", "", ", benchmark", "benchmark(lambda: None)", FEW),
}
PEERS = {"pytest-memray": "pytest_memray", "pytest-monitor": "pytest_monitor", "pytest-benchmark": "pytest_benchmark"}


def cpu_ms(folder: Path, options: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options.split(), "test_cost.py"]
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": "/usr/bin:/bin"}
    subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def cost_of(folder: Path, options: str, marker: str, fixture: str, body: str, tests: int) -> float:
    """Return the CPU time a test beyond that of a run of one such test and of as many plain ones, ms."""
    costs = []
    for _ in range(3):
        spent = []
        for count in (tests + 1, 1):
            text = PLAIN.format(n=count, marker=marker, fixture=fixture, body=body)
            (folder / "test_cost.py").write_text(text)
            spent.append(cpu_ms(folder, options))
        costs.append((spent[0] - spent[1]) / tests)
    return statistics.median(costs)


def measured() -> Iterator[tuple[str, float]]:
    """Yield the cost of a test with each plugin that is installed here, and of one without any."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield f"no plugin (pytest {pytest.__version__})", cost_of(folder, "", "", "", "pass", TESTS)
        for title, subject in SUBJECTS.items():
            needed = next((module for peer, module in PEERS.items() if title.startswith(peer)), "pytest_toolcheck")
            if importlib.util.find_spec(needed) is not None:
                yield title, cost_of(folder, *subject)


def main() -> None:
    if "--json" in sys.argv:
        print(json.dumps(list(measured())))
        return
    print("CPU time a no-op test, ms (plain tests included)")
    for title, cost in measured():
        print(f"  {title:34} {cost:8.2f}", flush=True)


if __name__ == "__main__":
    main()
