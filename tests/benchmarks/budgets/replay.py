"""Recorded noise, and what can be made of it, through the rule that is in use: false alarms and detection.

`python -m tests.benchmarks.budgets.replay FOLDER [--runs 3000] [--quantile 0.5]` reads traces (`*.npz` with an array `calls`: wall,
CPU, run-queue delay, switches, spin; ns) and judges so many runs of each variant, at 0.9 and at 1.1 of the budget:

- `as recorded`, `reversed` (what comes after a burst comes before it);
- `blocks`: pieces of 20 to 2000 calls in any order, some often and some never (a moving block bootstrap);
- `spiked`: beside what was recorded, a call in fifty takes up to ten times as long, and neither spin nor delay tells;
- `harsher`: waits and interrupted spins are two and a half times as long;
- `merged`: blocks of all traces in turn, each in units of its own clean call and spin;
- `interleaved`: call by call from two traces in turn, in the same units.

Each with the delays `told`, `zeroed` as where there is no /proc, and `counted` as where switches say which calls were
put off in the middle of their work, and not which were after a sleep: one in two of those that waited. A run begins anywhere; a fail is one that comes in
three stages, a hundred calls apart, by fresh rules (`fresh`) or by one that remembers (`ConfirmedVerdict`, `confirmed`).
Exits 1 where a variant has more than 1 false alarm in 2000 runs, or finds fewer than 95 of 100.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, Sample, SequentialVerdict

CALL_NS, SPIN_NS = 1_000_000, 270_000
PAUSE_CALLS = 100
MOST_CALLS = 2_000
LENGTH = 80_000
SPIKED = 0.02
DELAYS = ("told", "zeroed", "counted")
FALSE_ALARMS, DETECTED = 0.0005, 0.95


@dataclass(frozen=True, slots=True)
class Trace:
    """What was recorded, a row a call (wall, delay, spin after it; ns), with its reference and its true quantile."""

    name: str
    rows: Sequence[tuple[int, int, int]]
    reference_ns: int
    true_ns: float

    def sample(self, index: int, delays: str) -> Sample:
        wall, delay, spin = self.rows[index]
        before = self.rows[index - 1][2]
        if delays == "counted":
            seen = wall if delay and index % 2 else 0
            return Sample(wall, seen, before, spin, self.reference_ns, spin_delay_ns=0, tells_waits=False)
        return Sample(wall, delay if delays == "told" else 0, before, spin, self.reference_ns)


def load(path: Path, quantile: float) -> Trace:
    """Read a trace."""
    wall, _, delay, _, spin, _ = numpy.load(path)["calls"].T
    rows = list(zip(wall.astype(int).tolist(), delay.astype(int).tolist(), spin.astype(int).tolist(), strict=True))
    reference = int(numpy.percentile(spin[:300], 25))
    return Trace(path.stem, rows, reference, truth_of(rows, quantile))


def truth_of(rows: Sequence[tuple[int, int, int]], quantile: float) -> float:
    """Return the quantile of the calls that neither waited nor ran beside a slow spin."""
    wall, delay, spin = numpy.array(rows).T
    return float(numpy.quantile(wall[(delay < 0.02 * wall) & (spin < numpy.percentile(spin, 60))], quantile))


def backwards(trace: Trace, chance: random.Random) -> Trace:
    return Trace(trace.name, trace.rows[::-1], trace.reference_ns, trace.true_ns)


def blocks(trace: Trace, chance: random.Random) -> Trace:
    rows = [row for block in _blocks(trace, chance, min(len(trace.rows), LENGTH)) for row in block]
    return Trace(trace.name, rows, trace.reference_ns, trace.true_ns)


def spiked(trace: Trace, chance: random.Random) -> Trace:
    rows = [
        (round(wall * chance.uniform(1, 10)) if chance.random() < SPIKED else wall, delay, spin)
        for wall, delay, spin in trace.rows
    ]
    return Trace(trace.name, rows, trace.reference_ns, trace.true_ns)


def harsher(trace: Trace, chance: random.Random) -> Trace:
    usual = trace.reference_ns
    rows = [
        (wall + round(1.5 * delay), round(2.5 * delay), round(2.5 * spin - 1.5 * usual) if spin > 1.5 * usual else spin)
        for wall, delay, spin in trace.rows
    ]
    return Trace(trace.name, rows, usual, trace.true_ns)


VARIANTS: dict[str, Callable[[Trace, random.Random], Trace]] = {
    "as recorded": lambda trace, chance: trace,
    "reversed": backwards,
    "blocks": blocks,
    "spiked": spiked,
    "harsher": harsher,
}


def merged(traces: Sequence[Trace], chance: random.Random) -> Trace:
    """Return one trace of blocks of all, in units of their own clean call and reference."""
    rows: list[tuple[int, int, int]] = []
    while len(rows) < LENGTH:
        trace = chance.choice(traces)
        rows += _in_own_units(trace, next(_blocks(trace, chance, 1)))
    return Trace("all", rows, SPIN_NS, CALL_NS)


def interleaved(traces: Sequence[Trace]) -> list[Trace]:
    """Return each trace and the next one, call by call in turn."""
    pairs = [(trace, traces[index - 1]) for index, trace in enumerate(traces)]
    found = []
    for one, other in pairs:
        both = zip(*(_in_own_units(trace, trace.rows) for trace in (one, other)), strict=False)
        found.append(Trace(f"{one.name} {other.name}", [row for pair in both for row in pair], SPIN_NS, CALL_NS))
    return found


def _in_own_units(trace: Trace, rows: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    call, spin = CALL_NS / trace.true_ns, SPIN_NS / trace.reference_ns
    return [(round(row[0] * call), round(row[1] * call), round(row[2] * spin)) for row in rows]


def _blocks(trace: Trace, chance: random.Random, wanted: int) -> Iterator[Sequence[tuple[int, int, int]]]:
    found = 0
    while found < wanted:
        start, length = chance.randrange(len(trace.rows)), chance.randint(20, 2_000)
        yield (block := trace.rows[start : start + length])
        found += len(block)


def judged_fresh(trace: Trace, start: int, quantile: float, budget_ns: int, delays: str) -> str:
    """Return the verdict of three rules one after the other, each of which knows nothing of the one before."""
    position = start
    for _ in range(3):
        rule = SequentialVerdict(quantile, budget_ns, max_calls=MOST_CALLS)
        while rule.verdict is None and position < len(trace.rows):
            rule.feed(trace.sample(position, delays))
            position += 1
        if rule.verdict != "fail":
            break
        position += PAUSE_CALLS
    return rule.verdict or "cut off"


def judged_confirmed(trace: Trace, start: int, quantile: float, budget_ns: int, delays: str) -> str:
    """Return the verdict of the rule as it is used live."""
    rule, position = ConfirmedVerdict(quantile, budget_ns, max_calls=MOST_CALLS), start
    while rule.verdict is None and position < len(trace.rows):
        rule.feed(trace.sample(position, delays))
        position += PAUSE_CALLS if rule.pause_s else 1
    return rule.verdict or "cut off"


WAYS = {"fresh": judged_fresh, "confirmed": judged_confirmed}


def count(
    trace: Trace, way: str, quantile: float, ratio: float, runs: int, chance: random.Random, delays: str
) -> Counter[str]:
    """Judge so many runs of a trace that is truly at `ratio` of its budget; return how often each verdict came."""
    last = max(len(trace.rows) - 3 * MOST_CALLS // 2, 2)
    budget = round(trace.true_ns / ratio)
    starts = [chance.randrange(1, last) for _ in range(runs)]
    return Counter(WAYS[way](trace, start, quantile, budget, delays) for start in starts)


def variants(traces: Sequence[Trace], seed: int) -> Iterator[tuple[str, Sequence[Trace]]]:
    """Yield every variant with the traces that it is made of."""
    for name, make in VARIANTS.items():
        yield name, [make(trace, random.Random(f"{name} {trace.name} {seed}")) for trace in traces]
    yield "merged", [merged(traces, random.Random(seed))]
    yield "interleaved", interleaved(traces)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Replay recorded noise through the verdict rule.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3_000, help="of each variant and ratio, over all traces together")
    parser.add_argument("--quantile", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    traces = [load(path, asked.quantile) for path in sorted(asked.folder.glob("*.npz"))]
    is_kept = bool(traces)
    for name, made in variants(traces, asked.seed):
        for delays in DELAYS:
            for way in WAYS:
                is_kept &= _row(name, made, way, asked, delays)
    return 0 if is_kept else 1


def _row(name: str, traces: Sequence[Trace], way: str, asked: argparse.Namespace, delays: str) -> bool:
    chance = random.Random(f"{name} {way} {delays == 'told'} {asked.seed}")
    counts: dict[float, Counter[str]] = {0.9: Counter(), 1.1: Counter()}
    for trace in traces:
        for ratio, found in counts.items():
            found += count(trace, way, asked.quantile, ratio, asked.runs // len(traces), chance, delays)
    shares = {ratio: found["fail"] / max(found.total(), 1) for ratio, found in counts.items()}
    is_kept = shares[0.9] < FALSE_ALARMS and shares[1.1] >= DETECTED
    verdicts = "; ".join(f"at {ratio} {dict(sorted(found.items()))}" for ratio, found in counts.items())
    print(
        f"{'ok ' if is_kept else 'BAD'} {name:12} delays {delays:7} {way:9} {verdicts}",
        flush=True,
    )
    return is_kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
