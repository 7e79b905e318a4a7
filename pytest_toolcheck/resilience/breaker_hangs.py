"""Calls that the time limit ends are failures: a dependency that only hangs opens its breaker too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..scenario import ScenarioSkipped
from ..spec.model import Resilience
from .bench import Bench, seconds
from .dependency import hang
from .opening import how_it_opens, margin_s, promised
from .toolcall import ToolCall
from .world import World

Check = Callable[[Bench], None]
_TIME_OUT = "TimeoutError"


def hang_checks(promise: Resilience) -> Iterator[tuple[str, Check]]:
    """Return the name of the sentence and what checks it, where hangs are promised to end as an error that is retried."""
    if hangs_are_failures(promise):
        yield "hangs count as failures", counts_hangs


def hangs_are_failures(promise: Resilience) -> bool:
    """Whether hangs are promised to end, as an error that is retried where retries are promised."""
    retried = promise.retry is None or any(name.rpartition(".")[2] == _TIME_OUT for name in promise.retry.retries)
    return promise.timeout_s is not None and retried


def counts_hangs(bench: Bench) -> None:
    """As many hangs as failures open it: of calls, or of attempts, as this breaker counts them."""
    opening = how_it_opens(bench)
    with bench.world() as world:
        world.probe.answers((hang(), None))
        counted = 0
        while True:
            ended_s = _last_end_s(bench, world)
            call = world.call()
            if not _reached_while_open(bench, world, call, ended_s):
                return
            if counted >= opening.count:
                message = f"{counted} hangs that the time limit ended did not open the breaker"
                wanted = f"open after {promised(bench).opens_after} failures, hangs among them"
                bench.broken(world, message, expected=wanted, seen=f"{bench.name} was called again", promised="breaker")
            counted += len(call.dependency_calls) if opening.unit == "attempt" else 1


def _last_end_s(bench: Bench, world: World) -> float:
    """Return when the last hang was given up; its thread may still be in it."""
    limit_s = bench.promise.timeout_s or 0.0
    ends = [min(c.ended_s or c.started_s + limit_s, c.started_s + limit_s) for c in world.probe.calls]
    return world.since_start(max(ends)) or 0.0 if ends else 0.0


def _reached_while_open(bench: Bench, world: World, call: ToolCall, ended_s: float) -> bool:
    """Tell whether a call reached the dependency before a breaker opened by the last hang could have recovered."""
    if (call.ended_s or 0.0) - call.started_s > 100 * (bench.promise.timeout_s or 0.0) * bench.attempts:
        raise ScenarioSkipped("a hang is not ended at all: see the promise timeout")
    if not call.reached:
        return False
    begins_s = world.since_start(call.dependency_calls[0].started_s) or 0.0
    if ended_s and begins_s >= ended_s + promised(bench).recovers_after_s - margin_s(bench):
        raise ScenarioSkipped(
            f"the breaker recovers after {seconds(promised(bench).recovers_after_s)}, before the next attempt is made"
        )
    return True
