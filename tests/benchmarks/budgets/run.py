"""Benchmarks of budgets, one command: `python tests/benchmarks/budgets/run.py [--update-docs] [--only rule,live,...]`.

Prints a table each: the rules replayed on recorded noise, the rules live with 0 and 2 busy neighbours beside peers'
own limits, the meters against known amounts, and what a budget of a fast tool costs, here and as a marker of a test
beside peers. Peers are installed into environments of their own below the system's temporary folder at the first run.
Under five minutes on an idle machine, and the figures of a busy one are worth little. `--update-docs` writes the
tables into docs/explanation/budget-verdicts.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from environments import said_by
from figures import PAGE, Table, rate, write
from live import RATIOS, live_rules
from peers import RULES

from pytest_toolcheck.budgets.cpu import CpuMeter
from pytest_toolcheck.budgets.measure import Subject, apply_budgets, kinds_of
from pytest_toolcheck.budgets.measure_body import judge_body_once
from pytest_toolcheck.budgets.memory import measure_peak
from pytest_toolcheck.budgets.memory_children import ChildMemoryMeter
from pytest_toolcheck.budgets.verdict import Sample
from pytest_toolcheck.spec.model import Budgets
from pytest_toolcheck.targets.processes import MALLOC_SETTINGS

NOISE = Path(__file__).resolve().parents[4] / "shared" / "data" / "noise"
MS = 1_000_000
HEAD = ["rule", "fails at 0.9 of the budget", "fails at 1.1"]


# rules on recorded noise
class Replay:
    """Disjoint runs over a recorded trace; a pause passes over 100 calls."""

    def __init__(self, path: Path) -> None:
        import numpy

        wall, _, delay, _, spin, _ = numpy.load(path)["calls"].T
        clean = (delay < 0.02 * wall) & (spin < numpy.percentile(spin, 60))
        self.true_ns = float(numpy.median(wall[clean]))
        reference = int(numpy.percentile(spin[:300], 25))
        spins = spin.astype(int).tolist()
        rows = zip(wall.astype(int).tolist()[1:], delay.astype(int).tolist()[1:], spins, spins[1:], strict=False)
        self.samples = [Sample(*row, reference) for row in rows]
        self.position = 0

    def call(self) -> Sample:
        self.position += 1
        return self.samples[self.position - 1]

    def pause(self, _: float) -> None:
        self.position += 100

    def fails_of(self, rule: Callable[..., bool], budget_ns: int) -> tuple[int, int]:
        fails = runs = 0
        self.position = 0
        with contextlib.suppress(IndexError):
            while True:
                failed = rule(self.call, self.pause, budget_ns)
                fails, runs = fails + failed, runs + 1
                self.position += 20
        return fails, runs


def replay_rules() -> Table:
    found: dict[str, list[list[tuple[int, int]]]] = {name: [] for name in RULES}
    for path in sorted(NOISE.glob("*.npz")):
        replay = Replay(path)
        for name, rule in RULES.items():
            found[name].append([replay.fails_of(rule, round(replay.true_ns / ratio)) for ratio in RATIOS])
    rows = [
        [name, *(over_traces([one[column] for one in traces]) for column in range(len(RATIOS)))]
        for name, traces in found.items()
        if traces
    ]
    title = "Rules on recorded noise, disjoint runs" if rows else "Rules: left out, there is no ../shared/data/noise"
    return Table("rule", title, HEAD, rows)


def over_traces(counts: list[tuple[int, int]]) -> str:
    shares = [fails / max(runs, 1) for fails, runs in counts]
    total = rate(sum(fails for fails, _ in counts), sum(runs for _, runs in counts))
    return f"{total}, {min(shares):.0%} to {max(shares):.0%} by trace"


# meters against known amounts
SERVER = """
import os, subprocess, sys, time
from subprocess import PIPE
children = []
def burn():
    end = time.process_time_ns() + 5_000_000
    while time.process_time_ns() < end: pass
def asked(what):
    if not children: children.append(subprocess.Popen([*sys.orig_argv], stdin=PIPE, stdout=PIPE, text=True))
    children[0].stdin.write(what); children[0].stdin.flush(); children[0].stdout.readline()
for line in sys.stdin:
    if line.startswith("its "): asked(line[4:])
    if line == "burn\\n": burn()
    if line == "fork\\n":
        if not (child := os.fork()): burn(); os._exit(0)
        os.waitpid(child, 0)
    if line == "spike\\n":
        block = bytearray(b"x") * (10 * 2**20); time.sleep(0.001); del block
    print(flush=True)
"""


@contextlib.contextmanager
def server() -> Iterator[tuple[int, Callable[[str], None]]]:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **MALLOC_SETTINGS},
    ) as process:
        asked, answers = process.stdin, process.stdout
        assert asked is not None
        assert answers is not None

        def ask(what: str) -> None:
            asked.write(what + "\n")
            asked.flush()
            answers.readline()

        ask("ready?")
        yield process.pid, ask
        asked.close()


def burn() -> None:
    end = time.thread_time_ns() + 5 * MS
    while time.thread_time_ns() < end:
        pass


def burn_in_thread() -> None:
    thread = threading.Thread(target=burn)
    thread.start()
    thread.join()


def spike() -> None:
    block = bytearray(10 * 2**20)
    time.sleep(0.001)
    del block


def spread(values: list[float], unit: str) -> list[str]:
    return [f"{statistics.median(values):.3f} {unit}", f"{min(values):.3f} to {max(values):.3f}", str(len(values))]


def meters(repeats: int = 30) -> Table:
    rows = []

    def cpu(name: str, meter: CpuMeter, call: Callable[[], None]) -> None:
        values = [meter.measure(call).cpu_ns / MS for _ in range(repeats)]
        rows.append([name, "5 ms", *spread(values, "ms")])
        meter.close()

    cpu("CPU in this thread", CpuMeter(), burn)
    cpu("CPU in another thread", CpuMeter(), burn_in_thread)
    with server() as (pid, ask):
        cpu("CPU in a server", CpuMeter((pid,)), lambda: ask("burn"))
        cpu("CPU in a child of the tool", CpuMeter(), lambda: ask("burn"))
        ask("its ready?")
        cpu("CPU in a server's child", CpuMeter((pid,)), lambda: ask("its burn"))
        cpu("CPU in a server's ended child (fork and 5 ms)", CpuMeter((pid,)), lambda: ask("fork"))
        cpu("the same without a cgroup", CpuMeter((pid,), use_cgroup=False, evens_ticks=True), lambda: ask("fork"))
        child = ChildMemoryMeter((pid,))
        for name, what in (("memory of a server", "spike"), ("memory of a server's child", "its spike")):
            ask(what)
            values = [child.measure(lambda what=what: ask(what)).peak_bytes / 2**20 for _ in range(repeats)]
            rows.append([name, "10 MiB", *spread(values, "MiB")])
    values = [measure_peak(spike).peak_bytes / 2**20 for _ in range(repeats)]
    rows.append(["memory in this process", "10 MiB", *spread(values, "MiB")])
    return Table("meters", "Meters against known amounts", ["meter", "spent", "median", "range", "calls"], rows)


# cost
COSTS = {
    "latency p50": Budgets(latency={"p50": MS}),
    "latency p95": Budgets(latency={"p95": MS}),
    "latency max": Budgets(latency={"max": MS}),
    "cpu time": Budgets(cpu_time_ns=10 * MS),
    "cpu utilization": Budgets(cpu_utilization=1.0),
    "memory peak": Budgets(memory={"peak": 10 * 2**20}),
    "memory leak": Budgets(memory={"leak": 1024}),
}


def cost(repeats: int = 15) -> Table:
    rows = []
    for name, budgets in COSTS.items():
        took, verdicts = [], set()
        apply_budgets(Subject(lambda: None), budgets)
        for _ in range(repeats if name != "memory leak" else 3):
            start = time.perf_counter_ns()
            (result,) = apply_budgets(Subject(lambda: None), budgets, kinds=kinds_of(budgets))
            took.append((time.perf_counter_ns() - start) / MS)
            verdicts.add(result.verdict)
        rows.append([name, f"{statistics.median(took):.2f} ms", f"{min(took):.2f} ms", ", ".join(sorted(verdicts))])
    took = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        judge_body_once(lambda: None, Budgets(latency={"max": MS}))
        took.append((time.perf_counter_ns() - start) / MS)
    rows.append(["a body once, max", f"{statistics.median(took):.2f} ms", f"{min(took):.2f} ms", "pass"])
    return Table("cost", "Cost of a budget of a no-op that passes", ["budget", "median", "least", "verdicts"], rows)


def markers() -> Table:
    """Return what a marker costs a test, and what peers cost it, each in its own environment."""
    rows = []
    for environment in ("peers", "monitor"):
        rows += said_by(environment, "cost_per_test.py", "--json")
    cells = [[f"`{name}`" if "budget" in name else name, f"{ms:.1f}"] for name, ms in rows]
    return Table("markers", "CPU time a no-op test that passes, ms", ["marker", "ms a test"], cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="time for our rule at each level and ratio")
    parser.add_argument("--only", default="rule,live,meters,cost,markers")
    parser.add_argument("--update-docs", action="store_true", help="write the tables into the documentation")
    options = parser.parse_args()
    parts: dict[str, Callable[[], Table]] = {
        "rule": replay_rules,
        "live": lambda: live_rules(options.seconds),
        "meters": meters,
        "cost": cost,
        "markers": markers,
    }
    tables, start = [], time.monotonic()
    for name in options.only.split(","):
        tables.append(parts[name]())
        tables[-1].show()
    print(f"\nThis took {time.monotonic() - start:.0f} s.")
    if options.update_docs:
        print(f"Written into {PAGE.name}: {', '.join(write([table for table in tables if table.rows]))}")


if __name__ == "__main__":
    main()
