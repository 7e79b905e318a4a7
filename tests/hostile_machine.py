"""A made-up machine that is bad to measure on: what runs on it is put off, stolen from, slowed down and misread.

`HostileMachine.run(cost_ns)` takes what a call costs undisturbed and returns what a clock reads and what wait the
scheduler tells of. Each source of noise strikes after so much running, or slows what runs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_toolcheck.budgets.verdict import Sample

US, MS, S = 1_000.0, 1_000_000.0, 1_000_000_000.0
SPIN_NS = 270_000
NEVER = math.inf


class Noise:
    """Nothing: a quiet machine."""

    factor = 1.0
    """How many times slower everything runs just now."""

    def left(self, now: float) -> float:
        """Return how long may be run, or how long everything stays as it is, before `strike`."""
        return NEVER

    def ran(self, amount: float) -> None:
        """So much was run."""

    def strike(self, now: float) -> tuple[float, float]:
        """Return for how long nothing runs, and how much of that the scheduler tells of."""
        return 0.0, 0.0


class Neighbours(Noise):
    """Others want the same processor: after a time slice each of them has one. How many there are changes."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._most = chance.choice([1, 2, 4])
        self._slice = chance.choice([1, 2.8, 4, 8]) * MS
        self._rest = chance.random() * self._slice
        self._others, self._change = 0, 0.0

    def left(self, now: float) -> float:
        if now >= self._change:
            self._others = self._chance.randint(0, self._most)
            self._change = now + self._chance.expovariate(1 / (0.3 * S))
        return self._rest

    def ran(self, amount: float) -> None:
        self._rest -= amount

    def strike(self, now: float) -> tuple[float, float]:
        self._rest = self._slice * self._chance.uniform(0.8, 1.1)
        waited = self._others * self._slice * self._chance.uniform(0.6, 1.3)
        return waited, waited


class Hypervisor(Noise):
    """The whole machine stands still now and then, in bursts, and nothing tells of it."""

    def __init__(self, chance: random.Random, burst_s: float, calm_s: float) -> None:
        self._chance, self._lengths = chance, (calm_s * S, burst_s * S)
        self._every = chance.choice([1.5, 4, 10]) * MS
        self._steal = chance.choice([(0.1, 3), (0.05, 0.5), (1, 10)])
        self._is_burst, self._change, self._next = False, 0.0, NEVER

    def left(self, now: float) -> float:
        if now >= self._change:
            self._is_burst = not self._is_burst
            self._change = now + self._chance.expovariate(1 / self._lengths[self._is_burst])
            self._next = now + self._chance.expovariate(1 / self._every) if self._is_burst else NEVER
        return max(min(self._next, self._change) - now, 0.0)

    def strike(self, now: float) -> tuple[float, float]:
        if now < self._next:
            return 0.0, 0.0
        stolen = self._chance.uniform(*self._steal) * MS
        self._next = now + stolen + self._chance.expovariate(1 / self._every)
        return stolen, 0.0


class SlowStretches(Noise):
    """A neighbour on the same core, or a lower frequency: everything is slower for a while; not at the start."""

    def __init__(self, chance: random.Random, most: float, mean_s: float) -> None:
        self._chance, self._mean = chance, mean_s * S
        self._slow = chance.uniform(1.05, most)
        self._change = NEVER

    def left(self, now: float) -> float:
        if self._change == NEVER:
            self._change = now + self._chance.uniform(0.2, 2) * self._mean + 0.3 * S
        return max(self._change - now, 0.0)

    def strike(self, now: float) -> tuple[float, float]:
        self.factor = self._slow if self.factor == 1 else 1.0
        self._change = now + self._chance.expovariate(1 / self._mean)
        return 0.0, 0.0


class Quota(Noise):
    """A control group may run for a part of each 100 ms only; nothing tells of the rest."""

    def __init__(self, chance: random.Random) -> None:
        self._allowed = chance.uniform(30, 90) * MS
        self._end = chance.uniform(0, 100) * MS
        self._used = 0.0

    def left(self, now: float) -> float:
        if now >= self._end:
            self._end, self._used = now - (now - self._end) % (100 * MS) + 100 * MS, 0.0
        return max(min(self._allowed - self._used, self._end - now), 0.0)

    def ran(self, amount: float) -> None:
        self._used += amount

    def strike(self, now: float) -> tuple[float, float]:
        return (max(self._end - now, 0.0), 0.0) if self._used >= self._allowed - 1 else (0.0, 0.0)


NOISES: dict[str, Callable[[random.Random], Sequence[Noise]]] = {
    "quiet": lambda chance: [],
    "neighbours": lambda chance: [Neighbours(chance)],
    "short bursts of stealing": lambda chance: [Hypervisor(chance, 0.1, 0.4)],
    "long bursts of stealing": lambda chance: [Hypervisor(chance, 2, 3)],
    "a neighbour on the same core": lambda chance: [SlowStretches(chance, 1.6, 2)],
    "changes of frequency": lambda chance: [SlowStretches(chance, 1.3, 0.02)],
    "a quota": lambda chance: [Quota(chance)],
    "neighbours and stealing": lambda chance: [Neighbours(chance), Hypervisor(chance, 0.1, 0.4)],
    "neighbours and a quota": lambda chance: [Neighbours(chance), Quota(chance)],
}
"""What a machine may suffer from, by name."""

SHAPES: dict[str, Callable[[random.Random], Callable[[int], float]]] = {
    "constant": lambda chance: lambda call: chance.lognormvariate(0, 0.01),
    "lognormal": lambda chance: lambda call: chance.lognormvariate(0, 0.2),
    "bimodal": lambda chance: lambda call: (3 if chance.random() < 0.3 else 1) * chance.lognormvariate(0, 0.02),
    "heavy tail": lambda chance: lambda call: 1 + 0.05 * chance.paretovariate(2),
    "slow first calls": lambda chance: lambda call: (10 if call < 5 else 1) * chance.lognormvariate(0, 0.02),
    "a cache that fills": lambda chance: lambda call: 1 + 2 * max(0.0, 1 - call / 30) + 0.02 * chance.random(),
    "drift": lambda chance: lambda call: (1 + 0.1 * math.sin(call / 90)) * chance.lognormvariate(0, 0.01),
    "pauses": lambda chance: lambda call: (3 if chance.random() < 0.01 else 1) * chance.lognormvariate(0, 0.02),
    "every tenth": lambda chance: lambda call: (1 if call % 10 else 2) * chance.lognormvariate(0, 0.02),
}
"""What a tool's calls cost, in shares of its duration, by the number of the call."""


@dataclass
class HostileMachine:
    """A machine with its noise; `tells` whether its scheduler tells how long threads waited."""

    noises: Sequence[Noise]
    tells: bool
    tick_ns: float = 1.0
    now: float = 0.0

    def run(self, cost_ns: float) -> tuple[int, int]:
        """Run something; return what the clock reads for it, and how long it is told to have waited."""
        start, told = self.now, 0.0
        while cost_ns > 1e-3:
            lefts = [noise.left(self.now) for noise in self.noises]
            factor = math.prod(noise.factor for noise in self.noises)
            step = min([cost_ns * factor, *lefts])
            self.now += step
            cost_ns -= step / factor
            for noise, left in zip(self.noises, lefts, strict=True):
                noise.ran(step)
                if left <= step + 1e-3:
                    pause, waited = noise.strike(self.now)
                    self.now, told = self.now + pause, told + waited
        ticks = self.now // self.tick_ns - start // self.tick_ns
        return round(ticks * self.tick_ns), round(told) if self.tells else 0


class Tool:
    """A tool of some duration and shape on a machine, as a recorder of samples sees it."""

    def __init__(self, machine: HostileMachine, chance: random.Random, shape: str, duration_ns: float) -> None:
        self.machine, self._chance = machine, chance
        self._cost_of = SHAPES[shape](chance)
        self._duration_ns, self._calls = duration_ns, 0
        spins = sorted(self._spin() for _ in range(100))
        self._reference_ns, self._spun_ns = spins[25], self._spin()

    def truth(self, quantile: float, *, aside: float) -> float:
        """Return the quantile of what calls cost once the first are over, or one a little to its side."""
        costs = sorted(self._cost_of(1000 + call) for call in range(2000))
        spread = 3 * math.sqrt(quantile * (1 - quantile) / len(costs)) * aside
        return self._duration_ns * costs[min(math.ceil((quantile + spread) * len(costs)), len(costs)) - 1]

    def call(self) -> Sample:
        wall, told = self.machine.run(self._duration_ns * self._cost_of(self._calls))
        self._calls += 1
        before, self._spun_ns = self._spun_ns, self._spin()
        return Sample(wall, told, before, self._spun_ns, self._reference_ns)

    def pause(self, calls: int) -> None:
        for _ in range(calls):
            self.call()

    def _spin(self) -> int:
        return self.machine.run(SPIN_NS * (1 + abs(self._chance.gauss(0, 0.006))))[0]
