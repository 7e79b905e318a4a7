"""Bringing a breaker to where a sentence on it begins: so long after it opened, after so many failures."""

from __future__ import annotations

from typing import Final

from .bench import Bench, seconds, times
from .dependency import succeed
from .opening import Opening, failing_attempts, margin_s, promised
from .world import World

_MOST_ROUNDS: Final = 5


def go_to(world: World, opening: Opening, after_s: float) -> None:
    """Let time pass until so long after the breaker opened."""
    world.pass_time(max(0.0, opening.opened_at_s + after_s - world.now))


def rounds(bench: Bench) -> int:
    """Return how often something is to be done that takes one of the probes' places, until all are taken."""
    return min(promised(bench).probes, _MOST_ROUNDS)


def after_recovery(bench: Bench) -> str:
    """Name the instant at which probes are let through."""
    return seconds(promised(bench).recovers_after_s + margin_s(bench))


def fail_so_often(bench: Bench, world: World, opening: Opening, count: int, *, why: str = "") -> None:
    """Let the breaker see `count` failures, as it counts them; afterwards the dependency answers."""
    wanted = len(world.probe.calls) + failing_attempts(opening, count)
    world.probe.answers((bench.failure(world), failing_attempts(opening, count)), (succeed(), None))
    while len(world.probe.calls) < wanted:
        made = len(world.probe.calls)
        world.call()
        if len(world.probe.calls) == made:
            failed = count - (wanted - made) // opening.attempts_each
            message = f"the breaker opened after {times(failed)} failing{why and ' '}{why}, promised {promised(bench).opens_after}"
            bench.broken(world, message, expected="closed", seen="open", promised="breaker")


def expect_probes(bench: Bench, world: World, opening: Opening, made: int, *, why: str = "") -> None:
    """Expect that one call, whose probe failed, made no further attempts."""
    allowed = {1, opening.attempts_each, *range(1, promised(bench).probes + 1)}
    if opening.unit == "attempt" and bench.attempts > 1 and promised(bench).opens_after == 1:
        allowed.add(bench.attempts)  # with one failure enough to open it, both orders of the decorators look alike
    if made not in allowed:
        message = f"a failed probe did not open the breaker: {bench.name} was called {times(made)} in one call{why and ': '}{why}"
        bench.broken(world, message, expected="one probe", seen=f"{made} calls", promised="breaker")
