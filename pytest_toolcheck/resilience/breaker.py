"""The promise of a breaker, sentence by sentence; what needs many callers stands in `breaker_crowd.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..spec.model import Resilience
from . import breaker_cancelled, breaker_crowd, breaker_hangs, breaker_others
from .bench import Bench, seconds, times
from .breaker_moves import after_recovery, expect_probes, fail_so_often, go_to, rounds
from .dependency import succeed
from .opening import Opening, admits, how_it_opens, margin_s, opened, promised, refuses
from .toolcall import ToolCall
from .world import World

HOUR_S = 3600.0
Check = Callable[[Bench], None]


def breaker_checks(promise: Resilience) -> Iterator[tuple[str, Check]]:
    """Return the name of each sentence and what checks it."""
    breaker = promise.breaker
    if breaker is None:
        return
    recovers_s, count = breaker.recovers_after_s, breaker.opens_after
    yield f"opens on failure {count}", opens_in_time
    if count > 1:
        yield f"stays closed after {count - 1} failure{'s' * (count > 2)}", stays_closed_before
        yield "a success in between resets the count", success_resets_count
    yield "a failure after a wait counts", counts_late_failure
    yield "no calls while open", refuses_while_open
    yield f"still open at {seconds(recovers_s - min(0.1, recovers_s / 10))}", still_open_before_recovery
    yield f"lets a probe through after {seconds(recovers_s)}", probes_after_recovery
    yield "a failed probe opens it again", failed_probe_opens
    yield f"a probe that fails with {_other_error(promise)} makes room for the next", odd_probe_makes_room
    yield "a success closes it", success_closes
    yield "wall clock an hour back", ignores_clock_back
    yield "wall clock an hour forward", ignores_clock_forward
    yield from breaker_cancelled.cancelled_checks(promise)
    yield from breaker_crowd.crowd_checks(promise)
    yield from breaker_others.other_checks()
    yield from breaker_hangs.hang_checks(promise)


def opens_in_time(bench: Bench) -> None:
    """It opens on the fifth failure, not later."""
    with bench.world() as world:
        opening = opened(bench, world)
        _expect_count(bench, world, opening, late=True)


def stays_closed_before(bench: Bench) -> None:
    """After four failures calls still reach the dependency, and succeed."""
    with bench.world() as world:
        opening = opened(bench, world)
        _expect_count(bench, world, opening, late=False)
    with bench.world() as world:
        fail_so_often(bench, world, opening, promised(bench).opens_after - 1)
        call = admits(bench, world, f"after {times(promised(bench).opens_after - 1)} failing")
        bench.expect_success(world, call, f"though {bench.name} answered again")


def success_resets_count(bench: Bench) -> None:
    """Four failures, a success and four failures leave it closed."""
    few = promised(bench).opens_after - 1
    opening = how_it_opens(bench)
    with bench.world() as world:
        for _ in range(2):
            fail_so_often(bench, world, opening, few)
            _succeed_once(bench, world, f"after {few} failures, the last success not long before")


def counts_late_failure(bench: Bench) -> None:
    """Failures that come after a wait count: a coroutine that has only been made is no success."""
    with bench.world() as world:
        opening = opened(bench, world, after_s=bench.moment_s)
        _expect_count(bench, world, opening, late=True)


def refuses_while_open(bench: Bench) -> None:
    """While it is open, no call reaches the dependency, and the refused calls do not keep it open."""
    with bench.world() as world:
        opening = opened(bench, world)
        world.probe.answers((succeed(), None))
        for _ in range(5):
            if refuses(bench, world, "at once after it opened").reached:
                return  # a retry around the breaker waited until it let calls through again
        for share in (0.25, 0.5, 0.75):
            go_to(world, opening, share * promised(bench).recovers_after_s)
            if refuses(bench, world, f"at {seconds(share * promised(bench).recovers_after_s)}").reached:
                return
        go_to(world, opening, promised(bench).recovers_after_s + margin_s(bench))
        admits(bench, world, f"at {after_recovery(bench)}: calls that were refused meanwhile kept the breaker open")


def still_open_before_recovery(bench: Bench) -> None:
    """Just before the recovery time it is still open: that begins with the last failure, and not with the first."""
    with bench.world() as world:
        opening = opened(bench, world, pause_s=2 * margin_s(bench))
        world.probe.answers((succeed(), None))
        before_s = promised(bench).recovers_after_s - margin_s(bench)
        go_to(world, opening, before_s)
        refuses(bench, world, f"at {seconds(before_s)}, promised open for {seconds(promised(bench).recovers_after_s)}")


def probes_after_recovery(bench: Bench) -> None:
    """Just past the recovery time a call is let through."""
    with bench.world() as world:
        call = _recovered(bench, world, opened(bench, world))
        bench.expect_success(world, call, f"though {bench.name} answered the probe")


def failed_probe_opens(bench: Bench) -> None:
    """A failed probe opens the breaker again, for the whole time."""
    with bench.world() as world:
        opening = opened(bench, world)
        go_to(world, opening, promised(bench).recovers_after_s + margin_s(bench))
        made_before = len(world.probe.calls)
        bench.always_fail(world)
        probing = admits(bench, world, f"at {after_recovery(bench)}")
        expect_probes(bench, world, opening, len(world.probe.calls) - made_before)
        world.note_state(bench.name, "half_open", "open")
        world.probe.answers((succeed(), None))
        if refuses(bench, world, "right after its probe failed").reached:
            return
        bench.always_fail(world)
        for failed in range(1, rounds(bench) + 1):  # a place that is not given back is missed when all are taken
            world.pass_time(promised(bench).recovers_after_s + margin_s(bench))
            probing = admits(bench, world, f"{after_recovery(bench)} after {failed} failed probe{'s' * (failed > 1)}")
        failed_s = world.since_start(probing.dependency_calls[-1].ended_s) or world.now
        world.probe.answers((succeed(), None))
        world.pass_time(max(0.0, failed_s + promised(bench).recovers_after_s - margin_s(bench) - world.now))
        refuses(bench, world, f"{seconds(promised(bench).recovers_after_s - margin_s(bench))} after its probe failed")
        world.pass_time(2 * margin_s(bench))
        admits(bench, world, f"{after_recovery(bench)} after its probe failed")


def odd_probe_makes_room(bench: Bench) -> None:
    """A probe that ends in another error than those that count keeps nobody out for ever."""
    with bench.world() as world:
        opening = opened(bench, world)
        go_to(world, opening, promised(bench).recovers_after_s + margin_s(bench))
        name = _other_error(bench.promise)
        for _ in range(rounds(bench)):
            world.probe.answers(bench.failure(world, name=name), (succeed(), None))
            world.call()
            world.pass_time(promised(bench).recovers_after_s + margin_s(bench))
        admits(
            bench, world, f"{after_recovery(bench)} after its probe failed with {name}: its place was not given back"
        )


def _other_error(promise: Resilience) -> str:
    """Return an error that is not retried, and that a breaker may not count."""
    return promise.retry.gives_up_on[0] if promise.retry and promise.retry.gives_up_on else "ArithmeticError"


def success_closes(bench: Bench) -> None:
    """A probe that succeeds closes it: calls go through, and failures count from zero."""
    count = promised(bench).opens_after
    with bench.world() as world:
        opening = opened(bench, world)
        _recovered(bench, world, opening)
        for _ in range(promised(bench).probes - 1):
            world.call()
        world.note_state(bench.name, "half_open", "closed")
        if count > 1:
            fail_so_often(bench, world, opening, count - 1)
            admits(bench, world, f"after a successful probe and {count - 1} failures: the count was not reset")
        for _ in range(3):
            call = admits(bench, world, "after a successful probe")
            bench.expect_success(world, call, "after a successful probe")


def ignores_clock_back(bench: Bench) -> None:
    """The wall clock steps back an hour: the breaker recovers when it would have."""
    _step_the_wall(bench, -HOUR_S)


def ignores_clock_forward(bench: Bench) -> None:
    """The wall clock steps forward an hour: the breaker stays open as long as it would have."""
    _step_the_wall(bench, HOUR_S)


def _step_the_wall(bench: Bench, step_s: float) -> None:
    how = f"the wall clock was stepped {'back' if step_s < 0 else 'forward'} an hour"
    with bench.world() as world:
        opening = opened(bench, world)
        world.probe.answers((succeed(), None))
        world.step_wall(step_s)
        if refuses(bench, world, f"when {how}: it reads the wall clock, where the monotonic one is needed").reached:
            return
        go_to(world, opening, promised(bench).recovers_after_s + margin_s(bench))
        admits(
            bench, world, f"at {after_recovery(bench)}, because {how}: it reads the wall clock, not the monotonic one"
        )


def _recovered(bench: Bench, world: World, opening: Opening) -> ToolCall:
    world.probe.answers((succeed(), None))
    go_to(world, opening, promised(bench).recovers_after_s + margin_s(bench))
    call = admits(bench, world, f"at {after_recovery(bench)}")
    world.note_state(bench.name, "open", "half_open")
    return call


def _succeed_once(bench: Bench, world: World, why: str) -> None:
    """Have one success, unless the retry of the last failing call brought it already."""
    if world.calls[-1].succeeded and world.probe.calls[-1].error is None:
        return
    bench.expect_success(world, admits(bench, world, why), f"though {bench.name} answered")


def _expect_count(bench: Bench, world: World, opening: Opening, *, late: bool) -> None:
    count = promised(bench).opens_after
    if (late and opening.count > count) or (not late and opening.count < count):
        message = f"the breaker opened after {opening.count} failures, promised {count}"
        seen = f"{opening.count} failed {opening.unit}s ({opening.failures} calls of {bench.name})"
        bench.broken(world, message, expected=f"{count} failures", seen=seen, promised="breaker")
