"""Drive a breaker open from outside, and say what opened it.

What counts as a failure depends on the order of the decorators: with the breaker inside the retry every attempt is one,
with the retry inside the breaker every call is one. Both keep "opens after 5 failures", so both counts are looked at:
the breaker opened after so many failed attempts, and, where whole calls failed, after so many calls. The count that is
nearer to the promise is taken for what the breaker counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

from ..scenario import ScenarioSkipped
from ..spec.model import BreakerPromise
from .bench import Bench, times
from .toolcall import ToolCall
from .world import World

Unit = Literal["attempt", "call"]
_AT_ONCE_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class Opening:
    """How a breaker opened: after `count` failed units, each of which is `attempts_each` calls of the dependency."""

    count: int
    unit: Unit
    attempts_each: int
    failures: int
    """Failed calls of the dependency in all."""
    opened_at_s: float
    """When the last of them failed."""
    call_s: float
    """How long one wholly failed call took."""


def promised(bench: Bench) -> BreakerPromise:
    """Return the breaker promise."""
    assert bench.promise.breaker is not None
    return bench.promise.breaker


def margin_s(bench: Bench) -> float:
    """Return how far before and after the instant of recovery is looked: never at it, where libraries differ."""
    return min(0.1, promised(bench).recovers_after_s / 10)


def drive_open(bench: Bench, world: World, *, pause_s: float = 0.0, **failing: Any) -> Opening | None:
    """Let the dependency fail until a call no longer reaches it, with a pause between the calls; None where that does
    not happen."""
    bench.always_fail(world, **failing)
    call_s = 0.0
    for _ in range(4 * promised(bench).opens_after + 4):
        call = world.call()
        if not reached_while_open(bench, world, call):
            if not world.probe.failures():
                bench.expect_reached(world, call, "by the first call already")
            world.note_state(bench.name, "closed", "open")
            return _opening(bench, world, call_s)
        _expect_short_waits(bench, call)
        world.pass_time(pause_s)
        call_s = max(call_s, (call.ended_s or call.started_s) - call.started_s)
    return None


def opened(bench: Bench, world: World, *, pause_s: float = 0.0, **failing: Any) -> Opening:
    """As `drive_open`, where a breaker that never opens is a broken promise."""
    found = drive_open(bench, world, pause_s=pause_s, **failing)
    if found is None:
        count = len(world.probe.failures())
        message = f"the breaker never opened: {bench.name} was still called after {times(count)} failing in a row"
        wanted = f"open after {promised(bench).opens_after} failures"
        bench.broken(world, message, expected=wanted, seen=f"{count} failures, and calls went on", promised="breaker")
    return found


def how_it_opens(bench: Bench, *, after_s: float = 0.0) -> Opening:
    """Return how the breaker opens where calls fail after so long: shown once for all sentences of the promise."""
    known = bench.learned.openings
    if after_s not in known:
        with bench.world() as world:
            known[after_s] = opened(bench, world, after_s=after_s)
    return known[after_s]


def reached_while_open(bench: Bench, world: World, call: ToolCall) -> bool:
    """Whether a call reached the dependency before a breaker that opened at the last failure could have recovered."""
    before = [c for c in world.probe.failures() if c not in call.dependency_calls]
    if not before or before[-1].ended_s is None:
        return call.reached
    recovers_s = before[-1].ended_s + promised(bench).recovers_after_s - margin_s(bench)
    return any(c.started_s < recovers_s for c in call.dependency_calls)


def refuses(bench: Bench, world: World, why: str) -> ToolCall:
    """Make a call and fail if it reaches the dependency."""
    made_before = len(world.probe.calls)
    call = world.call()
    early = len(call.dependency_calls) or len(world.probe.calls) - made_before
    if early and (not call.dependency_calls or _is_early(bench, world, call)):
        bench.broken(world, f"the open breaker let a call through {why}", expected=f"{bench.name} is not called",
                     seen=f"called {times(early)}", promised="breaker")  # fmt: skip
    return call


def admits(bench: Bench, world: World, why: str) -> ToolCall:
    """Make a call and fail unless it reaches the dependency."""
    call = world.call()
    if not call.reached:
        message = f"no call was let through {why}"
        bench.broken(world, message, expected=f"{bench.name} is called", seen="it is not called", promised="breaker")
    return call


def _is_early(bench: Bench, world: World, call: ToolCall) -> bool:
    """Whether a call reached the dependency before the breaker could have recovered: its tool may do something else first,
    and a retry outside a breaker may wait until then."""
    began_s = call.dependency_calls[0].started_s
    ends = [c.ended_s for c in world.probe.failures() if c not in call.dependency_calls and c.ended_s is not None]
    if not ends:
        return (world.since_start(began_s) or 0.0) - call.started_s < _AT_ONCE_S
    return began_s < ends[-1] + promised(bench).recovers_after_s - _AT_ONCE_S


def _expect_short_waits(bench: Bench, call: ToolCall) -> None:
    """Skip where a retry waits longer than the breaker is open: from outside, its next attempt may be a probe."""
    recovers_s = promised(bench).recovers_after_s - margin_s(bench)
    waits = [b.started_s - (a.ended_s or b.started_s) for a, b in pairwise(call.dependency_calls)]
    if any(wait >= recovers_s for wait in waits):
        raise ScenarioSkipped(
            f"a retry of {bench.name} waits {max(waits):g} s and the breaker recovers after "
            f"{promised(bench).recovers_after_s:g} s: from outside, an attempt and a probe cannot be told apart"
        )


def failing_attempts(opening: Opening, count: int) -> int:
    """Return how many calls of the dependency must fail for `count` failures as this breaker counts them."""
    return count * opening.attempts_each


def _opening(bench: Bench, world: World, call_s: float) -> Opening:
    failures = world.probe.failures()
    count, promised_count = len(failures), promised(bench).opens_after
    each = bench.promise.retry.attempts if bench.promise.retry else len(world.calls[0].dependency_calls)
    opened_at_s = world.since_start(failures[-1].ended_s) or 0.0
    if each > 1 and count % each == 0 and abs(count // each - promised_count) < abs(count - promised_count):
        return Opening(count // each, "call", each, count, opened_at_s, call_s)
    return Opening(count, "attempt", 1, count, opened_at_s, call_s)
