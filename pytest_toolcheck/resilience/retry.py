"""The promise of retries, sentence by sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from ..scenario import ScenarioSkipped
from ..spec.model import Resilience, RetryPromise
from .bench import Bench, seconds, times
from .dependency import hang, succeed
from .retry_refused import does_not_retry_refusals
from .toolcall import ToolCall
from .world import PRECISION_S, World

Check = Callable[[Bench], None]
_CALLS_AT_ONCE: Final = 10
_A_WHILE_S: Final = 3600.0
_SLOWLY_S: Final = 1.0
BLOCK_NOBODY: Final = "block nobody else"
_TURNS_A_WAIT, _MOST_TURNS = 4, 1000


def retry_checks(promise: Resilience) -> Iterator[tuple[str, Check]]:
    """Return the name of each sentence and what checks it."""
    retry = promise.retry
    if retry is None:
        return
    yield f"exactly {retry.attempts} attempts", exactly_so_many_attempts
    for failures in sorted({1, retry.attempts - 1} & set(range(1, retry.attempts))):
        yield (
            f"succeeds after {failures} failure{'s' * (failures > 1)}",
            partial(retries_until_success, failures=failures),
        )
    if retry.delays_s:
        yield f"waits {', '.join(map(seconds, retry.delays_s))}", waits_exactly
    yield "no retry after a success", calls_once_on_success
    for name in retry.retries[1:] if retry.attempts > 1 else ():
        yield f"retries {name}", partial(retries_error, name=name)
    for name in retry.gives_up_on:
        yield f"gives up on {name}", partial(gives_up, name=name)
    if retry.attempts > 1:
        yield "a failure after a wait is retried", retries_late_failure
        yield f"exactly {retry.attempts} attempts that fail slowly", so_many_slow_attempts
        yield "each call starts afresh", starts_afresh
        if promise.breaker is None:
            yield f"each call starts afresh after {_CALLS_AT_ONCE} that failed", starts_afresh_after_failures
            yield "concurrent calls do not share attempts", counts_each_call_alone
        elif (few := _calls_that_leave_it_closed(promise)) > 1:
            yield "concurrent calls do not share attempts", partial(counts_each_of_few, calls=few)
        if promise.breaker and retry.retries and any(retry.delays_s):
            yield "does not retry what the open breaker refuses", does_not_retry_refusals
        yield "a cancelled call is not retried", does_not_retry_cancelled
        yield f"its waits {BLOCK_NOBODY}", waits_block_nobody


def exactly_so_many_attempts(bench: Bench) -> None:
    """The dependency fails always: it is called exactly so many times."""
    with bench.world() as world:
        bench.always_fail(world)
        _expect_attempts(bench, world, world.call(), why="when it always failed")


def retries_until_success(bench: Bench, *, failures: int) -> None:
    """The dependency fails so often, then answers: the call succeeds with that answer."""
    with bench.world() as world:
        world.probe.answers((bench.failure(world), failures), (succeed(), None))
        call = world.call()
        made = len(call.dependency_calls)
        if made != failures + 1:
            message = f"{bench.name} was called {times(made)} where it failed {times(failures)} and then answered"
            bench.broken(world, message, expected=f"{failures + 1} calls", seen=f"{made} calls")
        bench.expect_success(world, call, f"though {bench.name} answered at attempt {failures + 1}")


def waits_exactly(bench: Bench) -> None:
    """Between the attempts lie exactly the promised waits, and none follows the last."""
    with bench.world() as world:
        bench.always_fail(world)
        call = world.call()
        _expect_no_wait_before_first(bench, world, call)
        _expect_waits(bench, world, call)
        promised, seen = _retry(bench).delays_s, waits_of(call)
        shown = {"expected": _listed(promised), "seen": _listed(seen)}
        if len(seen) < min(len(promised), bench.attempts - 1) and not _stopped_by_breaker(bench, call):
            bench.broken(world, f"{len(seen)} waits were seen, promised {len(promised)}", **shown)
        wasted_s = _wait_after_last(bench, world, call)
        if wasted_s > PRECISION_S:
            seen_text = f"{_listed([*seen, wasted_s])} after the last attempt"
            message = f"the call waited {seconds(wasted_s)} after its last attempt, for nothing"
            bench.broken(world, message, expected=_listed(promised), seen=seen_text)


def calls_once_on_success(bench: Bench) -> None:
    """The dependency answers: it is called once."""
    with bench.world() as world:
        call = world.call()
        bench.expect_success(world, call, "with no fault in place")
        _expect_count(bench, world, call, {1}, why="though the first call answered")


def retries_error(bench: Bench, *, name: str) -> None:
    """An error that the promise names is retried."""
    with bench.world() as world:
        world.probe.answers(bench.failure(world, name=name), (succeed(), None))
        call = world.call()
        _expect_count(bench, world, call, {2}, why=f"where it raised {name} and then answered")
        bench.expect_success(world, call, f"though {bench.name} answered after a {name}")


def gives_up(bench: Bench, *, name: str) -> None:
    """An error that the promise gives up on is not retried."""
    with bench.world() as world:
        bench.always_fail(world, name=name)
        _expect_count(bench, world, world.call(), {1}, why=f"where it raised {name}, which is not to be retried")


def retries_late_failure(bench: Bench) -> None:
    """A failure that comes after a wait is one: a coroutine that has only been made is no success."""
    with bench.world() as world:
        late = bench.failure(world, after_s=bench.moment_s)
        world.probe.answers(late, (succeed(), None))
        call = world.call()
        _expect_count(bench, world, call, {2}, why="where its first failure came after a wait")
        bench.expect_success(world, call, f"though {bench.name} answered at the second attempt")


def so_many_slow_attempts(bench: Bench) -> None:
    """Each attempt takes a while to fail: there are as many. A retrier that stops by the time gone by makes fewer."""
    with bench.world() as world:
        bench.always_fail(world, after_s=_slowly_s(bench))
        _expect_attempts(bench, world, world.call(), why="when it always failed, and was slow to fail")


def _slowly_s(bench: Bench) -> float:
    """Return a while that is far below the limit of an attempt, and of which all attempts fit well into those of the whole."""
    retry, layers = _retry(bench), bench.plan.tool.timeouts
    room_s = min((limit_s for name, limit_s in layers if name != bench.name), default=math.inf) - sum(retry.delays_s)
    each_s = min([limit_s for name, limit_s in layers if name == bench.name] + [bench.promise.timeout_s or math.inf])
    if room_s <= 0:
        raise ScenarioSkipped(f"an outer limit leaves no time for {retry.attempts} attempts with their waits")
    return min(_SLOWLY_S if each_s == math.inf else each_s / 10, room_s / 2 / retry.attempts)


def starts_afresh(bench: Bench) -> None:
    """A call has all its attempts, and no more, whatever the call before it used up."""
    with bench.world() as world:
        for number in range(1, _CALLS_AT_ONCE):
            world.probe.answers((bench.failure(world), bench.attempts - 1), (succeed(), None))
            call = world.call()
            _expect_count(bench, world, call, {bench.attempts}, why=f"in call {number}, where the last attempt answers")
            bench.expect_success(world, call, "though its last attempt answered")
            _expect_waits(bench, world, call, f" of call {number}")
            if bench.promise.breaker:  # one that counts the failures of the last minutes stays closed
                world.pass_time(_A_WHILE_S)
        bench.always_fail(world)
        last = world.call()
        _expect_attempts(bench, world, last, why=f"in call {_CALLS_AT_ONCE}, where all attempts fail")
        _expect_waits(bench, world, last, f" of call {_CALLS_AT_ONCE}")


def starts_afresh_after_failures(bench: Bench) -> None:
    """A call that fails leaves nothing behind: an hour after ten of them, one has all its attempts."""
    with bench.world() as world:
        bench.always_fail(world)
        if not all(world.call().reached for _ in range(_CALLS_AT_ONCE)):
            return  # a breaker that nobody promised keeps them back
        world.pass_time(_A_WHILE_S)
        last = world.call()
        _expect_attempts(bench, world, last, why=f"an hour after {_CALLS_AT_ONCE} calls that failed")
        _expect_waits(bench, world, last, f" of a call after {_CALLS_AT_ONCE} that failed")


def counts_each_call_alone(bench: Bench) -> None:
    """Ten calls at once have all their attempts each."""
    _skip_where_calls_are_kept_back(bench)
    with bench.world() as world:
        bench.always_fail(world, after_s=bench.moment_s)
        for call in world.call_many(_CALLS_AT_ONCE):
            _expect_attempts(bench, world, call, why="when ten calls failed at once")


def _calls_that_leave_it_closed(promise: Resilience) -> int:
    """Return how many calls at once may fail at all attempts but the last without opening the promised breaker."""
    assert promise.retry is not None
    assert promise.breaker is not None
    return min(_CALLS_AT_ONCE, (promise.breaker.opens_after - 1) // (promise.retry.attempts - 1))


def counts_each_of_few(bench: Bench, *, calls: int) -> None:
    """Some calls at once, too few to open the breaker, each succeed at their own last attempt."""
    failures = bench.attempts - 1
    with bench.world() as world:
        world.probe.answers_each((bench.failure(world, after_s=bench.moment_s), failures), (succeed(), None))
        made = world.call_many(calls)
        if world.has_kept_worker:
            raise ScenarioSkipped(
                f"{bench.name} is called by a worker that serves all calls: which call it is for cannot be told"
            )
        for call in made:
            if call.reached:  # it may have shared another's answer
                _expect_count(bench, world, call, {bench.attempts}, why=f"when {calls} calls at once failed at first")
                bench.expect_success(world, call, "though its last attempt answered")


def _skip_where_calls_are_kept_back(bench: Bench) -> None:
    """A breaker that nobody promised stops failing calls, also those that come one after the other."""
    with bench.world() as world:
        bench.always_fail(world, after_s=bench.moment_s)
        first, *others = [world.call() for _ in range(_CALLS_AT_ONCE)]
        if world.has_kept_worker:
            raise ScenarioSkipped(
                f"{bench.name} is called by a worker that serves all calls: which call it is for cannot be told"
            )
        if any(len(call.dependency_calls) < len(first.dependency_calls) for call in others):
            raise ScenarioSkipped(
                f"after some failures {bench.name} is called less often, as by a breaker: promise it under `breaker`"
            )


def does_not_retry_cancelled(bench: Bench) -> None:
    """A cancelled call ends as cancelled and is not tried again."""
    from .cancelling import cancelled_call

    with bench.world() as world:
        world.probe.answers((hang(), 2), (succeed(), None))
        call = cancelled_call(bench, world)
        _expect_count(bench, world, call, {1}, why="though the call was cancelled")


def waits_block_nobody(bench: Bench) -> None:
    """While an async tool waits for its next attempt, whoever shares its event loop has a turn."""
    with bench.world() as world:
        bench.always_fail(world)
        waits = [wait for wait in waits_of(world.call()) if wait > PRECISION_S]
        if not world.is_async:
            raise ScenarioSkipped(f"{bench.tool} is a plain function: it has no event loop to block")
    if not waits:
        return
    every_s = max(min(waits) / _TURNS_A_WAIT, sum(waits) / _MOST_TURNS)
    with bench.world() as world:
        bench.always_fail(world)
        call, turns = world.call_beside(every_s)
        blocked_s = max((_time_in_waits(world, call, turn) for turn in turns), default=0.0) - every_s
        if blocked_s > every_s / 2:
            message = f"a wait between two attempts blocks the event loop: nobody else had a turn for {seconds(blocked_s + every_s)}"
            bench.broken(
                world,
                message,
                expected=f"a turn every {seconds(every_s)}",
                seen=f"none for {seconds(blocked_s + every_s)}",
            )


def _time_in_waits(world: World, call: ToolCall, turn: tuple[float, float]) -> float:
    """Return how much of the time between two turns (in seconds of this world) lay between two attempts."""
    made = call.dependency_calls
    ends = [(world.since_start(a.ended_s), world.since_start(b.started_s)) for a, b in pairwise(made)]
    return max((min(turn[1], to or 0.0) - max(turn[0], since or 0.0) for since, to in ends), default=0.0)


def waits_of(call: ToolCall) -> list[float]:
    """Return the seconds between the end of each attempt and the start of the next."""
    made = call.dependency_calls
    return [
        after.started_s - (before.ended_s if before.ended_s is not None else before.started_s)
        for before, after in pairwise(made)
    ]


def _expect_no_wait_before_first(bench: Bench, world: World, call: ToolCall) -> None:
    """Expect that none of the waits comes before the first attempt; something else that takes its time may."""
    waits = [wait for wait in _retry(bench).delays_s if wait > PRECISION_S]
    if not call.reached or world.order[0] != bench.name:
        return
    before_s = (world.since_start(call.dependency_calls[0].started_s) or 0.0) - call.started_s
    if any(abs(before_s - wait) <= PRECISION_S for wait in waits):
        message = f"the call waited {seconds(before_s)} before its first attempt, as long as before another"
        seen = f"{seconds(before_s)} before the first attempt"
        bench.broken(world, message, expected=_listed(_retry(bench).delays_s), seen=seen)


def _expect_waits(bench: Bench, world: World, call: ToolCall, which: str = "") -> None:
    """Expect the promised waits, as far as there were attempts."""
    promised, seen = _retry(bench).delays_s, waits_of(call)
    for number, (wanted, waited) in enumerate(zip(promised, seen, strict=False), start=1):
        if abs(wanted - waited) > PRECISION_S:
            message = f"the wait before attempt {number + 1}{which} was {seconds(waited)}, promised {seconds(wanted)}"
            bench.broken(world, message, expected=_listed(promised), seen=_listed(seen))


def _expect_attempts(bench: Bench, world: World, call: ToolCall, *, why: str) -> None:
    """Expect all attempts; fewer where the promised breaker opens before they are used up."""
    breaker = bench.promise.breaker
    early = {breaker.opens_after} if breaker and breaker.opens_after < bench.attempts else set()
    _expect_count(bench, world, call, {bench.attempts} | early, why=why)


def _expect_count(bench: Bench, world: World, call: ToolCall, allowed: set[int], *, why: str) -> None:
    made = len(call.dependency_calls)
    if made not in allowed:
        wanted = " or ".join(map(times, sorted(allowed)))
        message = f"{bench.name} was called {times(made)}, promised {wanted}, {why}"
        bench.broken(world, message, expected=wanted, seen=times(made))


def _wait_after_last(bench: Bench, world: World, call: ToolCall) -> float:
    """Return the seconds between the last attempt and what the tool did next: its fallback's call, or its end."""
    if not call.dependency_calls or call.ended_s is None:
        return 0.0
    last_s = world.since_start(call.dependency_calls[-1].ended_s)
    if last_s is None:
        return 0.0
    if bench.promise.fallback is None:
        return call.ended_s - last_s
    later = [each.started_s for name, probe in world.probes.items() if name != bench.name for each in probe.calls]
    next_s = world.since_start(min(later, default=None))
    return 0.0 if next_s is None else next_s - last_s


def _stopped_by_breaker(bench: Bench, call: ToolCall) -> bool:
    breaker = bench.promise.breaker
    return breaker is not None and len(call.dependency_calls) == breaker.opens_after


def _retry(bench: Bench) -> RetryPromise:
    assert bench.promise.retry is not None
    return bench.promise.retry


def _listed(waits: tuple[float, ...] | list[float]) -> str:
    return ", ".join(map(seconds, waits)) or "no waits"
