"""Benchmarks of budgets, one command: `python tests/benchmarks/budgets/run.py [--seconds 5] [--only rule,live,...]`.

Prints a table each: the rules replayed on recorded noise, the rules live with 0 and 2 busy neighbours, the meters
against known amounts, and what a budget of a fast tool costs. About a minute and a half by default.
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

from peers import RULES

from pytest_toolcheck.budgets.cpu import CpuMeter
from pytest_toolcheck.budgets.latency import LatencyMeter, spin
from pytest_toolcheck.budgets.measure import Subject, apply_budgets, kinds_of
from pytest_toolcheck.budgets.measure_body import judge_body_once
from pytest_toolcheck.budgets.memory import measure_peak
from pytest_toolcheck.budgets.memory_children import MALLOC_SETTINGS, ChildMemoryMeter
from pytest_toolcheck.budgets.verdict import Sample
from pytest_toolcheck.spec.model import Budgets

NOISE = Path(__file__).resolve().parents[4] / "shared" / "data" / "noise"
MS = 1_000_000
RATIOS = (0.9, 1.1)


def table(title: str, head: list[str], rows: list[list[str]]) -> None:
    print(f"\n{title}")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    sys.stdout.flush()


def rate(fails: int, runs: int) -> str:
    return f"{fails}/{runs} ({fails / max(runs, 1):.1%})"


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


def replay_rules() -> None:
    rows = []
    for path in sorted(NOISE.glob("*.npz")):
        replay = Replay(path)
        for name, rule in RULES.items():
            counts = [rate(*replay.fails_of(rule, round(replay.true_ns / ratio))) for ratio in RATIOS]
            rows.append([path.stem, name, *counts])
    if rows:
        table("Rules on recorded noise, disjoint runs", ["trace", "rule", "fails at 0.9", "fails at 1.1"], rows)
    else:
        print("\nRules on recorded noise: left out, there is no ../shared/data/noise")


# rules live
def work() -> int:
    table_of_256: dict[int, int] = {}
    state = 0
    for step in range(14_500):
        table_of_256[step & 255] = state
        state = (state * 31 + step) & 0xFFFFFF
    return state


@contextlib.contextmanager
def neighbours(count: int) -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def quiet_machine(seconds: float = 2.0) -> tuple[int, int]:
    """Return the undisturbed machine's spin and work, ns: its best spin, and the work in proportion to spins."""
    spins, shares = [], []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before, start = spin(), time.perf_counter_ns()
        work()
        took, after = time.perf_counter_ns() - start, spin()
        spins += [before, after]
        if abs(before - after) < 0.05 * before:
            shares.append(took / (before + after) * 2)
    best = sorted(spins)[len(spins) // 20]
    return best, round(sorted(shares)[len(shares) // 4] * best)


class Live:
    """Makes calls with the real meter; the plain rules take the same samples, ungated."""

    def __init__(self, reference_ns: int) -> None:
        self.meter = LatencyMeter(reference_ns=reference_ns)
        self.calls = 0

    def call(self) -> Sample:
        self.calls += 1
        return self.meter.block(work, most=1)[0].sample

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)
        self.meter.forget()


def live_rules(seconds: float) -> None:
    rows = []
    reference_ns, true_ns = quiet_machine()
    for busy in (0, 2):
        with neighbours(busy):
            for name, rule in RULES.items():
                share = seconds if name.startswith("ours") else seconds / 4
                rows.append([str(busy), name, *(_live(rule, reference_ns, true_ns / ratio, share) for ratio in RATIOS)])
    head = ["neighbours", "rule", "fails at 0.9", "fails at 1.1"]
    table(f"Rules live, {seconds:.0f} s for ours, a quarter for the others ({true_ns / MS:.2f} ms of work)", head, rows)


def _live(rule: Callable[..., bool], reference_ns: int, budget_ns: float, seconds: float) -> str:
    live, fails, runs = Live(reference_ns), 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        fails += rule(live.call, live.pause, round(budget_ns))
        runs += 1
    return f"{rate(fails, runs)}, {live.calls / runs:.0f} calls a run"


# meters against known amounts
SERVER = """
import os, sys, time
def burn():
    end = time.process_time_ns() + 5_000_000
    while time.process_time_ns() < end: pass
for line in sys.stdin:
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


def meters(repeats: int = 30) -> None:
    rows = []

    def cpu(name: str, meter: CpuMeter, call: Callable[[], None]) -> None:
        values = [meter.measure(call).cpu_ns / MS for _ in range(repeats)]
        rows.append([name, "5 ms", *spread(values, "ms")])
        meter.close()

    cpu("CPU in this thread", CpuMeter(), burn)
    cpu("CPU in another thread", CpuMeter(), burn_in_thread)
    with server() as (pid, ask):
        cpu("CPU in a server", CpuMeter((pid,)), lambda: ask("burn"))
        cpu("CPU in a server's ended child (fork and 5 ms)", CpuMeter((pid,)), lambda: ask("fork"))
        cpu("the same without a cgroup", CpuMeter((pid,), use_cgroup=False), lambda: ask("fork"))
        child = ChildMemoryMeter((pid,))
        ask("spike")
        values = [child.measure(lambda: ask("spike")).peak_bytes / 2**20 for _ in range(repeats)]
        rows.append(["memory of a server", "10 MiB", *spread(values, "MiB")])
    values = [measure_peak(spike).peak_bytes / 2**20 for _ in range(repeats)]
    rows.append(["memory in this process", "10 MiB", *spread(values, "MiB")])
    table("Meters against known amounts", ["meter", "spent", "median", "range", "calls"], rows)


# cost
COSTS = {
    "latency p50": Budgets(latency={"p50": MS}),
    "latency p95": Budgets(latency={"p95": MS}),
    "latency max": Budgets(latency={"max": MS}),
    "cpu time": Budgets(cpu_time_ns=10 * MS),
    "memory peak": Budgets(memory={"peak": 10 * 2**20}),
    "memory leak": Budgets(memory={"leak": 1024}),
}


def cost(repeats: int = 15) -> None:
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
    table("Cost of a budget of a no-op that passes", ["budget", "median", "least", "verdicts"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="time for our rule at each level and ratio")
    parser.add_argument("--only", default="rule,live,meters,cost")
    options = parser.parse_args()
    parts = {"rule": replay_rules, "live": lambda: live_rules(options.seconds), "meters": meters, "cost": cost}
    for name in options.only.split(","):
        parts[name]()


if __name__ == "__main__":
    main()
