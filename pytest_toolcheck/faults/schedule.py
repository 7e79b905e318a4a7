"""When a fault happens: one small grammar, and its play.

    2*off -> 3*error(ConnectionError) -> delay(2s)

Each passing call (request, exchange, message) is a *hit*. A chain gives one step to each hit; `3*` gives it to three in
a row; the last step without a count stays for ever, and after a counted last step all is well again. `off` lets a hit
pass. A condition limits the hits that a chain sees: `nth(3):`, `every(5):`, `first(2):`, `until(10s):`,
`window(1s..5s):` (both since the injection, in virtual time where that is on), `p(0.2, seed=7):`; several are joined
by `&`. Rules are separated by `;`, and the first whose conditions hold decides.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ..units import format_duration
from .kinds import Action

ConditionName = Literal["nth", "every", "first", "until", "window", "p"]


@dataclass(frozen=True, slots=True)
class Condition:
    """Which hits a rule sees. `numbers`: the hits; the instants in ns; the probability and its seed."""

    name: ConditionName
    numbers: tuple[float, ...]

    def holds(self, hit: int, since_ns: int, draw: Callable[[], float]) -> bool:
        """Whether the hit with this number (from 1), so long after the injection, is meant."""
        first = self.numbers[0]
        match self.name:
            case "nth":
                return hit in self.numbers
            case "every":
                return hit % int(first) == 0
            case "first":
                return hit <= first
            case "until":
                return since_ns < first
            case "window":
                return first <= since_ns < self.numbers[1]
        return draw() < first

    def is_over(self, hit: int, since_ns: int) -> bool:
        """Whether no later hit can be meant."""
        match self.name:
            case "nth" | "first":
                return hit >= max(self.numbers)
            case "until" | "window":
                return since_ns >= self.numbers[-1]
        return False

    def __str__(self) -> str:
        if self.name in ("until", "window"):
            return f"{self.name}({'..'.join(format_duration(int(ns)).replace(' ', '') for ns in self.numbers)})"
        if self.name == "p":
            return f"p({self.numbers[0]!r}, seed={int(self.numbers[1])})"
        return f"{self.name}({', '.join(str(int(number)) for number in self.numbers)})"


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to `count` hits in a row (None: to all from here on); no action is `off`."""

    action: Action | None
    count: int | None = None

    def __str__(self) -> str:
        times = f"{self.count}*" if self.count is not None else ""
        return f"{times}{self.action or 'off'}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A chain of steps for the hits that all conditions let through."""

    steps: tuple[Step, ...]
    conditions: tuple[Condition, ...] = ()

    def __str__(self) -> str:
        chain = " -> ".join(map(str, self.steps))
        return f"{' & '.join(map(str, self.conditions))}: {chain}" if self.conditions else chain

    def action(self, turn: int) -> Action | None:
        """Return what happens to the hit number `turn` (from 1) of those that the rule sees."""
        for step in self.steps:
            if step.count is None or turn <= step.count:
                return step.action
            turn -= step.count
        return None

    def is_over(self, turns: int) -> bool:
        """Whether nothing is left to do after so many turns."""
        for step in self.steps:
            turns -= step.count or 0
            if step.action is not None and (step.count is None or turns < 0):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed schedule; `str` gives text that parses to an equal one."""

    rules: tuple[Rule, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.rules))

    def actions(self) -> list[Action]:
        """Return every action in it, in order."""
        return [step.action for rule in self.rules for step in rule.steps if step.action is not None]


class Play:
    """A schedule under way: `next()` once for each hit. `now_ns` is the clock that windows are measured by."""

    def __init__(self, schedule: Schedule, *, now_ns: Callable[[], int]) -> None:
        self.schedule = schedule
        self.hits = 0
        self._now_ns = now_ns
        self._start_ns = now_ns()
        self._turns = [0] * len(schedule.rules)
        self._draws = [[_drawing(condition) for condition in rule.conditions] for rule in schedule.rules]
        self._lock = threading.Lock()

    def next(self) -> Action | None:
        """Return what happens to the coming hit; None: nothing. Usable from any thread."""
        with self._lock:
            self.hits += 1
            since_ns = self._now_ns() - self._start_ns
            chosen = [self._is_meant(index, since_ns) for index in range(len(self._turns))]
            if True not in chosen:
                return None
            index = chosen.index(True)
            self._turns[index] += 1
            return self.schedule.rules[index].action(self._turns[index])

    def _is_meant(self, index: int, since_ns: int) -> bool:
        conditions = self.schedule.rules[index].conditions
        held = [c.holds(self.hits, since_ns, draw) for c, draw in zip(conditions, self._draws[index], strict=True)]
        return all(held)

    def is_over(self) -> bool:
        """Whether no further hit can meet a fault."""
        since_ns = self._now_ns() - self._start_ns
        return all(
            rule.is_over(turns) or any(condition.is_over(self.hits, since_ns) for condition in rule.conditions)
            for rule, turns in zip(self.schedule.rules, self._turns, strict=True)
        )


def _drawing(condition: Condition) -> Callable[[], float]:
    generator: Any = random.Random(int(condition.numbers[-1]))
    return generator.random  # type: ignore[no-any-return]
