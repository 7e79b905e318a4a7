"""The errors of a fallback, or of a chain of them: who is asked when a dependency fails, and what comes of it when all fail."""

from __future__ import annotations

from ..scenario import ScenarioSkipped
from .bench import MANY, Bench
from .dependency import fail
from .mcp_inside import RefusedOverMcp
from .story import chain_of, describe_error
from .toolcall import ToolCall
from .world import World


def own_error_comes_through(bench: Bench) -> None:
    """The fallback fails too, and each that is asked after it: the caller sees its error, and no made-up answer."""
    usual, failing = _called_by_a_plain_call(bench), set[str]()
    while True:
        with bench.world() as world:
            call = _call_while_all_fail(bench, world, failing)
            asked = asked_after_failure(bench, world) - failing
            if further := (asked - usual) or (asked if not failing else set()):
                failing |= further
                continue
            if not failing:
                raise ScenarioSkipped(
                    f"the fallback of {bench.name} cannot be made to fail: name what it calls under depends_on as well"
                )
            _expect_their_error(bench, world, call, failing)
            return


def _called_by_a_plain_call(bench: Bench) -> set[str]:
    """What every call needs is no fallback: its failure would hide what comes of the fallback's."""
    with bench.world() as world:
        world.call()
        return set(world.order)


def _call_while_all_fail(bench: Bench, world: World, failing: set[str]) -> ToolCall:
    bench.always_fail(world)
    for name in failing:
        world.probes[name].answers((fail(world.error("ConnectionError")), MANY))
    return world.call()


def asked_after_failure(bench: Bench, world: World) -> set[str]:
    """Return the tool's other dependencies that were called once the one of the promise had been."""
    if bench.name not in world.order:
        return set()
    later = world.order[world.order.index(bench.name) + 1 :]
    return {name for name in later if name != bench.name and name in bench.plan.tool.depends_on}


def _expect_their_error(bench: Bench, world: World, call: ToolCall, failing: set[str]) -> None:
    if call.error is None:
        message = f"the call returned {call.result!r:.60} though the fallback failed: its error was swallowed"
        bench.broken(world, message, expected="the fallback's error", seen="an answer", promised="fallback")
    if isinstance(call.error, RefusedOverMcp):
        return  # a client sees the text alone: that there is an error, not which
    injected = [each.error for name in failing for each in world.probes[name].failures()]
    if not any(error is each for error in chain_of(call.error) for each in injected):
        seen = describe_error(call.error)
        message = f"the fallback's own error was swallowed: the call raised {seen}"
        expected = "the fallback's error, raised or as a cause"
        bench.broken(world, message, expected=expected, seen=seen, promised="fallback")
