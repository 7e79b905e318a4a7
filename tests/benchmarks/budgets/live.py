"""The rules live: calls of a real tool, beside busy neighbours or alone, judged while they are made.

What the tool truly costs is asked under the same conditions, in the same process, just before a rule is tried and just
after: the cost of the same code changes by a tenth with the minute and with the neighbours. Where the two differ by more than
`MOVED`, nobody can say what the right answer was, and those runs count for no rule; how many they are is shown. On some hosts that
is nearly all of them. So rules are tried on a tool as well that computes until its thread's own clock says so: what a call of it
costs is known, and cannot move; what neighbours add is what its calls wait, as ever.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from environments import python_of, said_by
from figures import Table, rate
from peers import RULES, Rule
from workload import KNOWN_NS, spend, work

from pytest_toolcheck.budgets.latency import LatencyMeter
from pytest_toolcheck.budgets.sample import Sample, disturbance

MS = 1_000_000
RATIOS = (0.9, 1.1)
HEAD = ["neighbours", "rule", "fails at 0.9 of the budget", "fails at 1.1", "the cost moved"]
MOVED = 0.05
TRUTH_CALLS, TRUTH_SECONDS, LONGEST_TRUTH_SECONDS = 40, 0.3, 3.0
WINDOW_SECONDS = 1.5
"""Rules that need few calls are tried for so long between two questions for the truth."""


@contextlib.contextmanager
def neighbours(count: int) -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def true_cost(meter: LatencyMeter) -> float:
    """Return what the work costs just now, ns: the median of calls that nothing is known to have disturbed, nor the one before."""
    undisturbed: list[int] = []
    is_cold, start = False, time.monotonic()
    while (spent := time.monotonic() - start) < TRUTH_SECONDS or len(undisturbed) < TRUTH_CALLS:
        sample = meter.block(work, most=1)[0].sample
        is_disturbed = disturbance(sample, meter.reference_ns) is not None
        if not is_disturbed and not is_cold:
            undisturbed.append(sample.wall_ns)
        is_cold = is_disturbed
        if spent > LONGEST_TRUTH_SECONDS:
            break
    return statistics.median(undisturbed) if undisturbed else 0.0


@dataclass
class Tries:
    """How often a rule failed the tool, of how many runs, with how many calls, and how many runs count for nothing."""

    fails: int = 0
    runs: int = 0
    calls: int = 0
    moved: int = 0

    def text(self) -> str:
        return f"{rate(self.fails, self.runs)}, {self.calls / max(self.runs, 1):.0f} calls a run"


class Live:
    """Makes calls with the real meter; the plain rules take the same samples, ungated."""

    def __init__(self, meter: LatencyMeter, tool: Callable[[], object] = work) -> None:
        self.meter, self.tool = meter, tool
        self.calls = 0

    def call(self) -> Sample:
        self.calls += 1
        return self.meter.block(self.tool, most=1)[0].sample

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)
        self.meter.forget()


def window(rule: Rule, ratio: float) -> Tries:
    """Try a rule between two questions for the truth."""
    live, found = Live(LatencyMeter()), Tries()
    before = true_cost(live.meter)
    end = time.monotonic() + WINDOW_SECONDS
    while before and time.monotonic() < end:
        found.fails += rule(live.call, live.pause, round(before / ratio))
        found.runs += 1
    after = true_cost(live.meter)
    if not before or abs(after / before - 1) > MOVED:
        return Tries(moved=max(found.runs, 1))
    found.calls = live.calls
    return found


def tries_of_known_cost(rule: Rule, ratio: float, seconds: float) -> Tries:
    """Try a rule on what costs `KNOWN_NS` for certain."""
    live, found, end = Live(LatencyMeter(), spend), Tries(), time.monotonic() + seconds
    while time.monotonic() < end:
        found.fails += rule(live.call, live.pause, round(KNOWN_NS / ratio))
        found.runs += 1
    found.calls = live.calls
    return found


def tries(rule: Rule, ratio: float, seconds: float) -> Tries:
    total, end = Tries(), time.monotonic() + seconds
    while time.monotonic() < end:
        one = window(rule, ratio)
        total = Tries(total.fails + one.fails, total.runs + one.runs, total.calls + one.calls, total.moved + one.moved)
    return total


def live_rules(seconds: float) -> Table:
    rows = []
    python_of("peers")  # made before the neighbours come
    for busy in (0, 2):
        with neighbours(busy):
            for name, rule in RULES.items():
                share = seconds if name.startswith("ours") else seconds / 4
                found = [tries(rule, ratio, share) for ratio in RATIOS]
                rows.append([str(busy), name, *(one.text() for one in found), str(sum(one.moved for one in found))])
            for name, rule in RULES.items():
                share = seconds if name.startswith("ours") else seconds / 10
                found = [tries_of_known_cost(rule, ratio, share) for ratio in RATIOS]
                rows.append([str(busy), f"{name}, its cost known", *(one.text() for one in found), ""])
            true_ns = true_cost(LatencyMeter())
            rows += [[str(busy), *row, ""] for row in peers_live(true_ns, round(2 * seconds))]
    title = f"Rules live, {seconds:.0f} s for ours, a quarter for rules by hand ({true_ns / MS:.2f} ms of work)"
    return Table("live", title, HEAD, rows)


def peers_live(true_ns: float, runs: int) -> list[list[str]]:
    """Return how often peers' limits on time (all calls of a second) and on memory fail, of so many tests."""
    found = said_by("peers", "peer_runs.py", str(runs))
    rows = []
    for column, name in enumerate(("mean", "min")):
        fails = [sum(run[column] > true_ns / ratio for run in found["times"]) for ratio in RATIOS]
        rows.append([f"pytest-benchmark, its {name}", *(rate(one, runs) for one in fails)])
    rows += [[name, *(rate(one, runs) for one in counts)] for name, counts in found["memory"].items()]
    return rows
