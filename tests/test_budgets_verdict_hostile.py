"""The verdict on machines that are bad to measure on: no tool within its budget is accused, slower ones are found.

`python -m tests.test_budgets_verdict_hostile 5000` tries so many runs, and prints a table by noise and shape.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict

import pytest

from pytest_toolcheck.budgets.verdict import SequentialVerdict

from .hostile_machine import MS, NOISES, SHAPES, HostileMachine, Tool

QUANTILES = (0.5, 0.5, 0.9, 0.95)
DURATIONS_MS = (0.05, 0.3, 1, 3, 8, 20)


def judged(tool: Tool, quantile: float, budget_ns: float, most: int = 2000) -> tuple[str, int]:
    """Return the verdict that comes in each of three stages, a hundred calls apart, and the number of calls."""
    calls = 0
    for _ in range(3):
        rule = SequentialVerdict(quantile, round(budget_ns), max_calls=most)
        while rule.feed(tool.call()) is None:
            pass
        calls += rule.total
        if rule.verdict != "fail":
            break
        tool.pause(100)
    return str(rule.verdict), calls


def made_up(seed: int, ratio: float, *, noise: str = "", shape: str = "", most: int = 2000) -> tuple[str, str, str]:
    """Judge a tool that is truly at `ratio` of its budget; return the noise, the shape and the verdict."""
    chance = random.Random(seed)
    noise = noise or chance.choice(list(NOISES))
    shape = shape or chance.choice(list(SHAPES))
    quantile, duration_ms = chance.choice(QUANTILES), chance.choice(DURATIONS_MS)
    tells = chance.random() < 0.5
    machine = HostileMachine(NOISES[noise](chance), tells, now=chance.uniform(0, 1e9))
    tool = Tool(machine, chance, shape, duration_ms * MS)
    budget_ns = tool.truth(quantile, aside=1 if ratio < 1 else -1) / ratio
    return noise, shape, judged(tool, quantile, budget_ns, most)[0]


def made_up_maximum(seed: int, noise: str = "") -> tuple[str, str, str]:
    """Judge the maximum of a tool all calls of which are within 0.9 of it; return the noise, the shape and the verdict."""
    chance = random.Random(seed)
    noise = noise or chance.choice(list(NOISES))
    shape, duration_ms = chance.choice(list(SHAPES)), chance.choice(DURATIONS_MS)
    machine = HostileMachine(NOISES[noise](chance), chance.random() < 0.5, now=chance.uniform(0, 1e9))
    tool = Tool(machine, chance, shape, duration_ms * MS)
    most_ns = max(tool.truth(1, aside=0), (11 if shape == "slow first calls" else 3.2) * duration_ms * MS)
    return noise, shape, judged(tool, 1, most_ns / 0.9)[0]


@pytest.mark.parametrize("noise", NOISES)
def test_no_noise_breaks_a_maximum_that_is_kept(noise):
    """Whatever calls cost and however long they take, with /proc and without."""
    assert "fail" not in [made_up_maximum(seed, noise)[2] for seed in range(8)]


@pytest.mark.parametrize("noise", NOISES)
def test_no_noise_accuses_a_tool_within_its_budget(noise):
    """At 0.9 of the budget nothing fails, whatever calls cost and however long they take, with /proc and without."""
    found = [made_up(seed, 0.9, noise=noise, most=600) for seed in range(12)]
    assert [one for one in found if one[2] == "fail"] == []


@pytest.mark.parametrize("noise", ["quiet", "short bursts of stealing", "changes of frequency"])
def test_where_calls_are_usable_a_slower_tool_is_found(noise):
    """At 1.1 of the budget a tool whose calls cost about the same fails, of 50 us to 20 ms, with /proc and without."""
    found = [made_up(seed, 1.1, noise=noise, shape="constant")[2] for seed in range(20)]
    assert found.count("fail") >= 19


def test_the_machines_are_bad_enough():
    """Without what this rule knows of machines, neighbours alone accuse a tool at 0.9 of its budget."""
    failed = 0
    for seed in range(20):
        chance = random.Random(seed)
        machine = HostileMachine(NOISES["neighbours"](chance), tells=False)
        tool = Tool(machine, chance, "constant", 8 * MS)
        rule = SequentialVerdict(0.95, round(tool.truth(0.95, aside=1) / 0.9), gates=False)
        while rule.feed(tool.call()) is None:
            pass
        failed += rule.verdict == "fail"
    assert failed > 10


def _table(runs: int) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for seed in range(runs):
        for ratio in (0.9, 1.1):
            noise, shape, verdict = made_up(seed, ratio)
            for key in ("all", f"noise: {noise}", f"shape: {shape}"):
                counts[key][f"{verdict} at {ratio}"] += 1
        noise, shape, verdict = made_up_maximum(seed)
        counts["maximum"][f"{verdict} at 0.9"] += 1
    for key, count in sorted(counts.items()):
        print(f"{key:40}", dict(sorted(count.items())))


if __name__ == "__main__":
    _table(int(sys.argv[1]))
