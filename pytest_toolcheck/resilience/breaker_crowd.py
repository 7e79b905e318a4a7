"""A breaker under many callers at once: a herd at the half-open door, and failures that end together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..spec.model import Resilience
from .bench import Bench, times
from .dependency import DependencyCall, succeed
from .opening import Opening, admits, how_it_opens, margin_s, opened, promised, refuses
from .toolcall import ToolCall
from .world import World

HERD: Final = 10
CROWD: Final = 50
_INSTANT_S: Final = 1e-6


def crowd_checks(promise: Resilience) -> Iterator[tuple[str, Callable[[Bench], None]]]:
    """Return the name of each sentence and what checks it."""
    probes = promise.breaker.probes if promise.breaker else 1
    yield f"{HERD} callers and {probes} probe{'s' * (probes > 1)}", lets_few_probes_through
    yield f"opens under {CROWD} failures at once", opens_under_simultaneous_failures
    yield f"stops a stream of {CROWD} failures", stops_a_stream


def lets_few_probes_through(bench: Bench) -> None:
    """Of ten callers at the half-open breaker, one reaches the dependency; the others leave no slot taken."""
    with bench.world() as world:
        opened(bench, world)
        world.pass_time(promised(bench).recovers_after_s + margin_s(bench))
        made_before = len(world.probe.calls)
        world.probe.answers((succeed(after_s=bench.moment_s), None))
        world.call_many(HERD)
        probes = _before_first_end(world.probe.calls[made_before:])
        if not probes:
            bench.broken(world, f"none of {HERD} callers was let through after the recovery time", expected="one probe",
                         seen="none", promised="breaker")  # fmt: skip
        if len(probes) > promised(bench).probes:
            message = f"the half-open breaker let {len(probes)} of {HERD} concurrent callers through"
            bench.broken(
                world,
                f"{message}, promised {promised(bench).probes} at a time",
                expected=f"{promised(bench).probes} at a time",
                seen=f"{len(probes)} calls of {bench.name} while the first was under way",
                promised="breaker",
            )
        admits(bench, world, "after the herd: callers that were refused left a slot taken")
        bench.always_fail(world)
        if any(not world.call().reached for _ in range(4 * promised(bench).opens_after + 4)):
            world.probe.answers((succeed(), None))
            world.pass_time(promised(bench).recovers_after_s + margin_s(bench))
            admits(
                bench, world, "when it was half open again after a herd: callers that were refused left a slot taken"
            )


def opens_under_simultaneous_failures(bench: Bench) -> None:
    """After fifty calls that failed at the same time, it is open: no failure was lost."""
    with bench.world() as world:
        bench.always_fail(world, after_s=bench.moment_s)
        world.call_many(CROWD)
        if len(world.probe.failures()) < promised(bench).opens_after:
            return  # the tool itself let too few calls through at once
        world.probe.answers((succeed(), None))
        refuses(bench, world, f"after {CROWD} concurrent failures")


def stops_a_stream(bench: Bench) -> None:
    """Fifty callers, one after the other, that fail late: once enough have failed, no more are let through."""
    opening = how_it_opens(bench, after_s=bench.moment_s)
    interval_s = max(bench.moment_s, opening.call_s) / promised(bench).opens_after
    if CROWD * interval_s > promised(bench).recovers_after_s / 2:
        interval_s = promised(bench).recovers_after_s / 2 / CROWD
    with bench.world() as world:
        bench.always_fail(world, after_s=bench.moment_s)
        calls = world.call_many(CROWD, interval_s=interval_s)
        late = _late(bench, world, opening, calls)
        if late:
            message = f"{late} of {CROWD} concurrent failures came after the breaker had to be open"
            wanted = f"no call once {promised(bench).opens_after} {opening.unit}s have failed"
            bench.broken(world, message, expected=wanted, seen=f"called {times(late)} after that", promised="breaker")


def _before_first_end(calls: list[DependencyCall]) -> list[DependencyCall]:
    """Return the calls that began before the first of them ended."""
    first_end_s = min((call.ended_s for call in calls if call.ended_s is not None), default=None)
    return [call for call in calls if first_end_s is None or call.started_s < first_end_s - _INSTANT_S]


def _late(bench: Bench, world: World, opening: Opening, calls: list[ToolCall]) -> int:
    """Count the calls of the dependency that began when so much had failed that the breaker had to be open."""
    count = promised(bench).opens_after
    if opening.unit == "attempt":
        failures = world.probe.failures()
        if len(failures) < count:
            return 0
        open_s = failures[count - 1].ended_s or 0.0
        recovers_s = (failures[-1].ended_s or 0.0) + promised(bench).recovers_after_s - margin_s(bench)
        return sum(open_s + _INSTANT_S < call.started_s < recovers_s for call in world.probe.calls)
    ended = sorted(call.ended_s for call in calls if call.reached and call.ended_s is not None)
    if len(ended) < count:
        return 0
    return sum(len(call.dependency_calls) for call in calls if call.started_s > ended[count - 1] + _INSTANT_S)
