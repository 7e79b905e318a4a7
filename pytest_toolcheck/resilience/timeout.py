"""Timeouts: a hang ends in time, by the innermost layer, and what answers in time is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from ..scenario import ScenarioSkipped
from ..spec.model import Resilience
from .bench import MANY, Bench, seconds, times
from .dependency import hang, succeed
from .toolcall import ToolCall
from .world import World

Check = Callable[[Bench], None]
_TOLERANCE: Final = 0.001
_SHARE: Final = 0.4
"""Of the limit of a whole call, what a slow failure takes where the dependency has no limit of its own."""


def timeout_checks(promise: Resilience) -> Iterator[tuple[str, Check]]:
    """Return the name of each sentence on `timeout` and what checks it."""
    if promise.timeout_s is None:
        return
    yield (
        f"a hang ends within {seconds(promise.timeout_s)}",
        partial(hang_ends, limit_s=promise.timeout_s, exactly=False),
    )
    yield (
        f"an answer at {seconds(just_before(promise.timeout_s))} is taken",
        partial(takes_slow_answer, limit_s=promise.timeout_s),
    )
    yield "a hang for ever is an error", endless_hang_is_error
    yield "a hang given up is cancelled", hang_is_cancelled


def layer_checks(layers: tuple[tuple[str, float], ...], *, on: str, tool: str) -> Iterator[tuple[str, Check]]:
    """Return the name of each sentence on `timeouts` and what checks it; `on` is the dependency that hangs."""
    limits = dict(layers)
    yield "inner to outer", partial(layers_grow, layers=layers)
    if on in limits:
        yield f"a hang is ended at {seconds(limits[on])}", partial(hang_ends, limit_s=limits[on], exactly=True)
        yield "a hang given up is cancelled", hang_is_cancelled
    if tool in limits and tool != on:
        whole_s, each_s = limits[tool], limits.get(on, limits[tool] * _SHARE)
        yield f"{tool} ends within {seconds(whole_s)}", partial(call_ends, limit_s=whole_s)
        yield (
            f"{tool} ends within {seconds(whole_s)} by slow failures",
            partial(slow_call_ends, limit_s=whole_s, each_s=just_before(each_s)),
        )
        if on in limits and each_s < whole_s:
            yield (
                f"a second attempt has its time within {seconds(whole_s)}",
                partial(second_has_its_time, limit_s=whole_s, each_s=just_before(each_s)),
            )


def just_before(limit_s: float) -> float:
    """Return an instant shortly before a limit."""
    return limit_s - min(0.1, limit_s / 10)


def hang_ends(bench: Bench, *, limit_s: float, exactly: bool) -> None:
    """The first call of the dependency hangs: it is given up within the limit (`exactly`: at it)."""
    with bench.world() as world:
        world.probe.answers(hang(), (succeed(), None))
        call = world.call()
        bench.expect_reached(world, call, "by a call")
        after_s = given_up_after(bench, world, call)
        slack_s = limit_s * _TOLERANCE + _TOLERANCE
        if after_s > limit_s + slack_s:
            seen = "never ended" if after_s > 24 * 3600 else f"ended after {seconds(after_s)}"
            message = f"a hang of {bench.name} {seen}, promised {seconds(limit_s)}"
            bench.broken(world, message, expected=seconds(limit_s), seen=seen, promised="timeout")
        if exactly and after_s < limit_s - slack_s:
            message = (
                f"a hang of {bench.name} was ended too early: after {seconds(after_s)}, promised {seconds(limit_s)}"
            )
            bench.broken(world, message, expected=seconds(limit_s), seen=seconds(after_s), promised="timeouts")


def hang_is_cancelled(bench: Bench) -> None:
    """What hung does not go on behind the caller's back when it is given up. A thread cannot be ended so."""
    with bench.world() as world:
        if not (world.probe.place.is_async or world.probe.place.returns_awaitable):
            raise ScenarioSkipped(f"{bench.name} is a plain function: nobody can end it where it hangs")
        world.probe.answers(hang(), (succeed(), None))
        call = world.call()
        bench.expect_reached(world, call, "by a call")
        world.pass_time(bench.moment_s)
        if left := [each for each in call.dependency_calls if each.ended_s is None]:
            message = f"the call of {bench.name} that hung was given up, and goes on: it was not cancelled"
            seen = f"{len(left)} still running when the call had ended"
            bench.broken(world, message, expected="cancelled", seen=seen, promised="timeout")


def takes_slow_answer(bench: Bench, *, limit_s: float) -> None:
    """An answer that comes just in time is the answer of the first attempt."""
    with bench.world() as world:
        world.probe.answers(succeed(after_s=just_before(limit_s)), (succeed(), None))
        call = world.call()
        bench.expect_reached(world, call, "by a call")
        first = call.dependency_calls[0]
        if call.error is not None or first.error is not None or len(call.dependency_calls) > 1:
            after_s = given_up_after(bench, world, call)
            message = (
                f"an answer after {seconds(just_before(limit_s))} was not taken: given up after {seconds(after_s)}"
            )
            bench.broken(
                world, message, expected=f"waits {seconds(limit_s)}", seen=seconds(after_s), promised="timeout"
            )


def endless_hang_is_error(bench: Bench) -> None:
    """Every attempt hangs: the call ends with an error, or with the fallback's answer, within all its attempts."""
    assert bench.promise.timeout_s is not None
    with bench.world() as world:
        world.probe.answers((hang(), MANY))
        call = world.call()
        retry = bench.promise.retry
        limit_s = bench.promise.timeout_s * bench.attempts + sum(retry.delays_s if retry else ())
        others_s = time_of_others(world, call)
        _expect_end(bench, world, call, limit_s * (1 + _TOLERANCE) + _TOLERANCE + others_s, seconds(limit_s))
        if call.error is None and bench.promise.fallback is None:
            message = f"the call returned {call.result!r:.60} though {bench.name} never answered"
            bench.broken(world, message, expected="an error", seen="an answer", promised="timeout")


def time_of_others(world: World, call: ToolCall) -> float:
    """Return what a call did before its first attempt and, where it can be told, after its last: no limit of these is promised."""
    made = call.dependency_calls
    if not made or call.ended_s is None:
        return 0.0
    before_s = (world.since_start(made[0].started_s) or 0.0) - call.started_s
    ended_s = world.since_start(made[-1].ended_s)
    return before_s + (max(0.0, call.ended_s - ended_s) if ended_s is not None else 0.0)


def call_ends(bench: Bench, *, limit_s: float) -> None:
    """Every attempt hangs: the whole call ends within the limit of its own layer."""
    with bench.world() as world:
        world.probe.answers((hang(), MANY))
        call = world.call()
        _expect_end(bench, world, call, limit_s * (1 + _TOLERANCE) + _TOLERANCE, seconds(limit_s))
        if world.is_async:
            _expect_no_more(bench, world, call, limit_s)


def _expect_no_more(bench: Bench, world: World, call: ToolCall, limit_s: float) -> None:
    """What an async call began ends with it: no further attempt is made for a caller that has given up."""
    made = len(call.dependency_calls)
    world.pass_time(limit_s)
    if late := call.dependency_calls[made:]:
        after_s = (world.since_start(late[0].started_s) or 0.0) - (call.ended_s or 0.0)
        message = f"{bench.name} was called again {seconds(after_s)} after the call had ended: it goes on by itself"
        bench.broken(world, message, expected="no further call", seen=times(len(late)), promised="timeouts")


def slow_call_ends(bench: Bench, *, limit_s: float, each_s: float) -> None:
    """Every attempt fails just in time for its own limit: the whole call ends within the limit of its own layer."""
    with bench.world() as world:
        bench.always_fail(world, after_s=each_s)
        call = world.call()
        _expect_end(bench, world, call, limit_s * (1 + _TOLERANCE) + _TOLERANCE, seconds(limit_s), "is slow to fail")


def second_has_its_time(bench: Bench, *, limit_s: float, each_s: float) -> None:
    """One attempt fails just in time and the next answers within both limits: no outer limit is shorter than promised."""
    retry, breaker = bench.promise.retry, bench.promise.breaker
    wait_s = retry.delays_s[0] if retry and retry.delays_s else 0.0
    answer_s = min(each_s, just_before(limit_s) - each_s - wait_s)
    if retry is None or retry.attempts < 2 or answer_s <= 0 or (breaker and breaker.opens_after < 2):
        raise ScenarioSkipped("only a retry within the limits shows that an outer limit is not shorter than promised")
    with bench.world() as world:
        world.probe.answers(bench.failure(world, after_s=each_s), (succeed(after_s=answer_s), None))
        call = world.call()
        bench.expect_reached(world, call, "by a call")
        took_s = (call.ended_s if call.ended_s is not None else world.now) - call.started_s
        if not _answered(call) and took_s < each_s + wait_s + answer_s - _TOLERANCE:
            message = (
                f"a call was ended after {seconds(took_s)}, with {bench.name} within its limit; "
                f"promised {seconds(limit_s)} in all: is an outer limit shorter than an inner one?"
            )
            bench.broken(
                world, message, expected=f"up to {seconds(limit_s)}", seen=seconds(took_s), promised="timeouts"
            )


def _answered(call: ToolCall) -> bool:
    """Whether its second attempt answered, and not a fallback in its place."""
    return call.error is None and len(call.dependency_calls) > 1 and call.dependency_calls[1].error is None


def layers_grow(bench: Bench, *, layers: tuple[tuple[str, float], ...]) -> None:
    """Each layer lasts longer than the one inside it."""
    for (inner, inner_s), (outer, outer_s) in pairwise(layers):
        if outer_s <= inner_s:
            with bench.world() as world:
                message = f"timeout of {outer} ({seconds(outer_s)}) is not longer than that of {inner} inside it"
                bench.broken(world, message, expected=f"more than {seconds(inner_s)}", seen=seconds(outer_s))


def given_up_after(bench: Bench, world: World, call: ToolCall) -> float:
    """Return how long the first attempt was waited for: until its end, the next attempt, or the call's end."""
    first, *others = call.dependency_calls
    ends = [] if first.ended_s is None else [first.ended_s - first.started_s]
    started_s = world.since_start(first.started_s) or 0.0
    if others:
        retry = bench.promise.retry
        ends.append(others[0].started_s - first.started_s - (retry.delays_s[0] if retry and retry.delays_s else 0.0))
    elif call.ended_s is not None:
        ends.append(call.ended_s - started_s)
    return min(ends)


def _expect_end(bench: Bench, world: World, call: ToolCall, limit_s: float, limit: str, how: str = "hangs") -> None:
    took_s = (call.ended_s if call.ended_s is not None else world.now) - call.started_s
    if took_s > limit_s:
        seen = "never" if took_s > 24 * 3600 else f"after {seconds(took_s)}"
        message = f"a call whose every attempt {how} ended {seen}, promised within {limit}"
        bench.broken(world, message, expected=f"within {limit}", seen=seen, promised="timeout")
