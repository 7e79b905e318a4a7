"""What a breaker makes of a cancelled call: neither a failure nor a success, and no place stays taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..spec.model import Resilience
from .bench import Bench, times
from .breaker_moves import after_recovery, expect_probes, fail_so_often, go_to, rounds
from .cancelling import cancelled_call
from .dependency import hang, succeed
from .opening import Opening, admits, failing_attempts, how_it_opens, margin_s, opened, promised, refuses
from .world import World


def cancelled_checks(promise: Resilience) -> Iterator[tuple[str, Callable[[Bench], None]]]:
    """Return the name of each sentence and what checks it."""
    yield "a cancelled call is no failure", cancelled_is_no_failure
    yield "a cancelled probe makes room for the next", cancelled_probe_makes_room
    if promise.breaker and promise.breaker.opens_after > 1:  # else one failure opens it, whatever was before
        yield "a cancelled call is no success", cancelled_is_no_success
        yield "a cancelled probe does not close it", cancelled_probe_closes_nothing


def cancelled_is_no_failure(bench: Bench) -> None:
    """Cancelled calls do not open the breaker, nor do they count as failures beside others."""
    few = promised(bench).opens_after - 1
    opening = how_it_opens(bench) if few else None
    with bench.world() as world:
        many = promised(bench).opens_after + 1
        world.probe.answers((hang(), many), (succeed(), None))
        for number in range(many):
            if not cancelled_call(bench, world).reached:
                _cancellations_counted(bench, world, number)
        if opening is not None and opening.count == promised(bench).opens_after:
            fail_so_often(bench, world, opening, few, why=f"after {times(many)} cancelling a call")
        if not world.call().reached:
            _cancellations_counted(bench, world, many)


def cancelled_probe_makes_room(bench: Bench) -> None:
    """A probe that is cancelled does not keep the others out for ever."""
    with bench.world() as world:
        _go_to_hanging_probes(bench, world)
        for _ in range(rounds(bench)):
            cancelled_call(bench, world)
        world.probe.answers((succeed(), None))
        world.pass_time(promised(bench).recovers_after_s + margin_s(bench))
        admits(bench, world, f"{after_recovery(bench)} after its probe was cancelled")


def _go_to_hanging_probes(bench: Bench, world: World) -> Opening:
    """Open the breaker and wait until it lets probes through, all of which hang."""
    opening = opened(bench, world)
    go_to(world, opening, promised(bench).recovers_after_s + margin_s(bench))
    world.probe.answers((hang(), rounds(bench)), (succeed(), None))
    return opening


def cancelled_is_no_success(bench: Bench) -> None:
    """A call that is cancelled between failures leaves their count as it is: the next failure opens the breaker."""
    opening = how_it_opens(bench)
    with bench.world() as world:
        if opening.count != promised(bench).opens_after or not _fails_then_is_cancelled(bench, world, opening):
            return  # another sentence tells that
        world.probe.answers((bench.failure(world), opening.attempts_each), (succeed(), None))
        world.call()
        count = promised(bench).opens_after
        refuses(
            bench, world, f"after {count} failures: a call cancelled before the last of them was taken for a success"
        )


def _fails_then_is_cancelled(bench: Bench, world: World, opening: Opening) -> bool:
    """Let the breaker see all failures but the last that opens it, then a cancelled call; tell whether that came to be."""
    wanted = failing_attempts(opening, promised(bench).opens_after - 1)
    world.probe.answers((bench.failure(world), wanted), hang(), (bench.failure(world), None))
    while len(world.probe.calls) + bench.attempts <= wanted:
        if not world.call().reached:
            return False
    hung = cancelled_call(bench, world)
    return hung.reached and hung.dependency_calls[-1].cancelled and len(world.probe.failures()) == wanted


def cancelled_probe_closes_nothing(bench: Bench) -> None:
    """After a cancelled probe another is let through, and that decides: it fails, and the breaker is open again."""
    with bench.world() as world:
        opening = _go_to_hanging_probes(bench, world)
        for _ in range(rounds(bench)):
            if not cancelled_call(bench, world).reached:
                return  # another sentence tells that
            world.pass_time(promised(bench).recovers_after_s + margin_s(bench))
        made_before = len(world.probe.calls)
        bench.always_fail(world)
        if not world.call().reached:
            return
        why = "the probe before it was cancelled, which was taken for a success"
        expect_probes(bench, world, opening, len(world.probe.calls) - made_before, why=why)
        world.probe.answers((succeed(), None))
        refuses(bench, world, f"right after its probe failed: {why}")


def _cancellations_counted(bench: Bench, world: World, number: int) -> None:
    message = f"{times(number)} cancelling a call opened the breaker: a cancellation is no failure"
    bench.broken(world, message, expected="closed", seen="open", promised="breaker")
