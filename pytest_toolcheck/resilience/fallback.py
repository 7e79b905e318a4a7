"""The promise of a fallback, and that errors come through with their causes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from ..scenario import ScenarioSkipped
from ..spec.model import Expectation, Resilience
from .bench import MANY, Bench
from .breaker_hangs import hangs_are_failures
from .dependency import hang, succeed
from .fallback_errors import asked_after_failure, own_error_comes_through
from .last_errors import given_up_error_comes_through, last_error_comes_through
from .opening import opened, refuses
from .story import describe_error
from .toolcall import ToolCall
from .world import World

Check = Callable[[Bench], None]
_FAILED_CALLS: Final = 30
_A_WHILE_S: Final = 3600.0
"""A breaker that nobody promised has recovered by then."""


def reaching_checks(promise: Resilience) -> Iterator[tuple[str, Check]]:
    """Return what must hold before any promise means something, and what holds of every error."""
    yield "is reached", is_reached
    if promise.fallback is None and (promise.retry or promise.breaker or promise.timeout_s):
        yield "the last error comes through", last_error_comes_through
    for name in promise.retry.gives_up_on if promise.retry else ():
        yield f"{name} comes through", partial(given_up_error_comes_through, name=name)
    if promise.retry or promise.breaker:
        yield "failed calls leave room for the next", failed_calls_leave_room


def fallback_checks(promise: Resilience) -> Iterator[tuple[str, Check]]:
    """Return the name of each sentence and what checks it."""
    if promise.fallback is None:
        return
    yield "answers when retries are exhausted" if promise.retry else "answers when it fails", answers_after_failure
    for name in promise.retry.retries[1:] if promise.retry else ():
        yield f"answers after {name}", partial(answers_after_failure, name=name)
    if hangs_are_failures(promise):
        yield "answers when it hangs", answers_after_hangs
    if promise.breaker:
        yield "answers while the breaker is open", answers_while_open
    yield "its own error is not swallowed", own_error_comes_through
    yield "is not asked while the dependency answers", not_asked_in_vain


def is_reached(bench: Bench) -> None:
    """A plain call succeeds and calls the dependency: a fault that never fires proves nothing."""
    with bench.world() as world:
        call = world.call()
        bench.expect_reached(world, call, "by a plain call: no fault in its place would ever fire")
        bench.expect_success(world, call, "with no fault in place")


def failed_calls_leave_room(bench: Bench) -> None:
    """After many calls that failed or were refused, and a while, one succeeds: none has left its slot taken."""
    breaker = bench.promise.breaker
    with bench.world() as world:
        for _, error in zip(range(_FAILED_CALLS), itertools.cycle(_errors(bench)), strict=False):
            world.probe.answers((bench.failure(world, name=error), None))
            world.call()
        world.probe.answers((succeed(), None))
        while_s = 2 * breaker.recovers_after_s if breaker else _A_WHILE_S
        world.pass_time(while_s)
        call = world.call()
        bench.expect_success(
            world, call, f"after {_FAILED_CALLS} failed calls and {while_s:g} s: their slots are still taken"
        )
        bench.expect_reached(
            world, call, f"after {_FAILED_CALLS} failed calls and {while_s:g} s: their slots are still taken"
        )
        if bench.attempts > 1 and (breaker is None or breaker.opens_after > 1):
            _has_its_retry(bench, world)


def _has_its_retry(bench: Bench, world: World) -> None:
    """A call whose first attempt fails makes another, whatever calls before it used up."""
    for _ in range(bench.promise.breaker.probes - 1 if bench.promise.breaker else 0):
        world.call()
    world.probe.answers(bench.failure(world), (succeed(), None))
    call = world.call()
    if len(call.dependency_calls) == 1:
        message = f"{bench.name} was called once, where its first attempt failed, after {_FAILED_CALLS} failed calls"
        bench.broken(world, message, expected="twice", seen="once", promised="retry")


def _errors(bench: Bench) -> list[str | None]:
    """Return the names of the errors that the promise speaks of."""
    retry = bench.promise.retry
    return [*retry.retries, *retry.gives_up_on] or [None] if retry else [None]


def answers_after_failure(bench: Bench, *, name: str | None = None) -> None:
    """The dependency fails whatever is tried: the fallback answers."""
    with bench.world() as world:
        bench.always_fail(world, name=name)
        call = world.call()
        bench.expect_reached(world, call, "before the fallback")
        _expect_fallback(bench, world, call, f"when {bench.name} failed{f' with {name}' if name else ''}")


def answers_after_hangs(bench: Bench) -> None:
    """The dependency hangs whenever it is tried: the fallback answers, unless the whole call has no time left for it."""
    with bench.world() as world:
        world.probe.answers((hang(), MANY))
        call = world.call()
        bench.expect_reached(world, call, "before the fallback")
        took_s = (world.now if call.ended_s is None else call.ended_s) - call.started_s
        outer_s = [limit_s for name, limit_s in bench.plan.tool.timeouts if name != bench.name]
        if call.error is not None and any(took_s >= limit_s * 0.999 for limit_s in outer_s):
            raise ScenarioSkipped(f"a limit of the whole call ends it before all attempts at {bench.name} have hung")
        _expect_fallback(bench, world, call, f"when {bench.name} hung")


def not_asked_in_vain(bench: Bench) -> None:
    """The dependency answers: the answer is its own, where it differs from that of the fallback, which is not asked."""
    from ..checks.expected import same_json
    from ..targets._jsonlike import to_json_like

    with bench.world() as world:
        bench.always_fail(world)
        fallen_back, asked = world.call(), asked_after_failure(bench, world)
    with bench.world() as world:
        call = world.call()
        own, others = to_json_like(call.result), to_json_like(fallen_back.result)
        in_vain = asked & asked_after_failure(bench, world)
        if in_vain and call.succeeded and fallen_back.succeeded and same_json(own, others):
            message = (
                f"the call was answered by the fallback, {', '.join(sorted(in_vain))}, though {bench.name} answered"
            )
            bench.broken(
                world,
                message,
                expected=f"the answer of {bench.name}",
                seen=repr(call.result)[:200],
                promised="fallback",
            )


def answers_while_open(bench: Bench) -> None:
    """The breaker is open: the fallback answers, and the dependency is not called."""
    with bench.world() as world:
        opened(bench, world)
        _expect_fallback(bench, world, refuses(bench, world, "beside the fallback"), "while the breaker was open")


def _expect_fallback(bench: Bench, world: World, call: ToolCall, when: str) -> None:
    from ..targets._jsonlike import to_json_like

    if call.error is not None:
        message = f"the fallback did not answer {when}: the call raised {describe_error(call.error)}"
        bench.broken(world, message, expected="the fallback's answer", seen="an error", promised="fallback")
    expectation = bench.promise.fallback
    missing = unmet(expectation, to_json_like(call.result)) if expectation else None
    if missing:
        message = f"the answer {when} is not the fallback's: {missing}"
        bench.broken(world, message, expected=_shown(expectation), seen=repr(call.result)[:200], promised="fallback")
    world.note_fallback(call)


def unmet(expectation: Expectation, value: Any) -> str | None:
    """Say what of an expectation an answer does not meet, or None."""
    from ..checks.expected import same_json

    if expectation.equals is not ... and not same_json(expectation.equals, value):
        return f"it is not exactly {expectation.equals!r:.80}"
    if expectation.output is not ... and (missing := _missing(expectation.output, value)):
        return missing
    if expectation.matches is not None:
        from ..lean_jsonschema import jsonschema

        wrong = next(jsonschema.Draft202012Validator(expectation.matches).iter_errors(value), None)
        return wrong.message if wrong else None
    return None


def _missing(part: Any, whole: Any, pointer: str = "") -> str | None:
    from ..checks.expected import same_json

    if not (isinstance(part, dict) and isinstance(whole, dict)):
        return (
            None
            if same_json(part, whole)
            else f"{whole!r:.80} at {pointer or 'the top'} where {part!r:.80} is expected"
        )
    for name, value in part.items():
        if name not in whole:
            return f"no {name!r} at {pointer or 'the top'}"
        if found := _missing(value, whole[name], f"{pointer}/{name}"):
            return found
    return None


def _shown(expectation: Expectation | None) -> str:
    parts = {"output": expectation.output, "equals": expectation.equals} if expectation else {}
    return (
        ", ".join(f"{name} {value!r:.120}" for name, value in parts.items() if value is not ...)
        or "the fallback's answer"
    )
