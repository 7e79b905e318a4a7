"""A refusal of the open breaker is not among the errors that are promised to be tried again."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from ..scenario import ScenarioSkipped
from .bench import MANY, Bench, seconds
from .dependency import fail
from .fallback_errors import asked_after_failure
from .mcp_inside import RefusedOverMcp
from .opening import opened
from .story import chain_of, describe_error
from .timeout import time_of_others
from .toolcall import ToolCall
from .world import PRECISION_S, World

_FALLBACK_ERROR: Final = "ArithmeticError"


def does_not_retry_refusals(bench: Bench) -> None:
    """A call that the open breaker refuses is refused at once, with none of the waits between attempts."""
    with bench.world() as world:
        opened(bench, world)
        others_s = time_of_others(world, world.calls[0])
        waited_s = _waited_s(bench, world.call(), others_s)
    if waited_s is None:
        return
    with bench.world() as world:
        opened(bench, world)
        for name in asked_after_failure(bench, world):  # the fallback's answer would hide what was refused
            world.probes[name].answers((fail(world.error(_FALLBACK_ERROR)), MANY))
        refusal = _refusal(bench, world, world.call())
        if refusal is None:
            return
        names = ", ".join(_retried(bench))
        message = (
            f"a call was refused by the open breaker after waits of {seconds(waited_s)}: "
            f"the refusal was tried again, and only {names} are to be"
        )
        seen = f"{seconds(waited_s)} of waits, and then {describe_error(refusal)}"
        bench.broken(world, message, expected="refused at once", seen=seen, promised="retry")


def _waited_s(bench: Bench, call: ToolCall, others_s: float) -> float | None:
    """Return how long a refused call waited, where that is the sum of promised waits."""
    assert bench.promise.retry is not None
    took_s = (call.ended_s if call.ended_s is not None else call.started_s) - call.started_s - others_s
    sums = [total for total in accumulate(bench.promise.retry.delays_s) if total > PRECISION_S]
    is_sum = not call.reached and any(abs(took_s - total) <= PRECISION_S for total in sums)
    return took_s if is_sum else None


def _refusal(bench: Bench, world: World, call: ToolCall) -> BaseException | None:
    """Return the breaker's error; None where one that is promised to be tried again says the same."""
    if call.error is None or isinstance(call.error, RefusedOverMcp):
        raise ScenarioSkipped(
            "what the open breaker raises is not seen by a caller: nothing can be said of its retries"
        )
    injected = [each.error for probe in world.probes.values() for each in probe.failures()]
    own = [error for error in chain_of(call.error) if not any(error is each for each in injected)]
    retried = tuple(world.error_class(name) for name in _retried(bench))
    return own[-1] if own and not any(isinstance(error, retried) for error in own) else None


def _retried(bench: Bench) -> tuple[str, ...]:
    assert bench.promise.retry is not None
    return bench.promise.retry.retries
