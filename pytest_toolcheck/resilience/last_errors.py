"""The caller sees why a call failed: the dependency's last error, itself or as a cause of another."""

from __future__ import annotations

from ..scenario import ScenarioSkipped
from .bench import Bench
from .mcp_inside import RefusedOverMcp
from .story import chain_of, describe_error
from .toolcall import ToolCall
from .world import World


def last_error_comes_through(bench: Bench) -> None:
    """When all is tried, the caller sees the dependency's last error, itself or as the cause of another."""
    with bench.world() as world:
        bench.always_fail(world)
        call = world.call()
        bench.expect_reached(world, call, "by a call")
        breaker = bench.promise.breaker
        is_cut_short = bench.promise.retry is None or len(call.dependency_calls) < bench.attempts
        is_opened = breaker is not None and is_cut_short and len(world.probe.failures()) >= breaker.opens_after
        _expect_last_error(bench, world, call, is_last_word=not is_opened)


def given_up_error_comes_through(bench: Bench, *, name: str) -> None:
    """An error that is not tried again is the caller's, unless the fallback answers: nothing is made up in its place."""
    with bench.world() as world:
        bench.always_fail(world, name=name)
        call = world.call()
        bench.expect_reached(world, call, "by a call")
        if call.error is not None or not _is_fallback(bench, call):
            _expect_last_error(bench, world, call, what=f" with {name}")


def _is_fallback(bench: Bench, call: ToolCall) -> bool:
    from ..targets._jsonlike import to_json_like
    from .fallback import unmet

    expectation = bench.promise.fallback
    return expectation is not None and unmet(expectation, to_json_like(call.result)) is None


def _expect_last_error(
    bench: Bench, world: World, call: ToolCall, *, what: str = "", is_last_word: bool = True
) -> None:
    """Expect an error; and unless a breaker that opened has the last word, the dependency's last."""
    if call.error is None:
        message = f"the call returned {call.result!r:.60} though {bench.name} failed{what}: its error was swallowed"
        bench.broken(world, message, expected="an error", seen="an answer")
    failures = world.probe.failures()
    if not is_last_word:
        return
    if isinstance(call.error, RefusedOverMcp):
        _expect_in_text(bench, world, call.error)
    elif failures and not _shows_the_last(call.error, [each.error for each in failures]):
        first = any(error is each.error for each in failures for error in chain_of(call.error))
        raised = "an earlier one" if first else f"{describe_error(call.error)} without a cause"
        last = describe_error(failures[-1].error) if failures[-1].error else ""
        message = f"the last error of {bench.name} does not come through: the call raised {raised}"
        bench.broken(world, message, expected=f"{last}, raised or as a cause (raise … from error)", seen=raised)


def _expect_in_text(bench: Bench, world: World, error: RefusedOverMcp) -> None:
    """Over MCP the last error is in the text, an earlier one is wrong, and of none nothing can be said."""
    failures = [str(each.error) for each in world.probe.failures()]
    if failures and not any(text in str(error) for text in failures):
        raise ScenarioSkipped(f"over MCP a client sees a text that names no error of {bench.name}: {error}")
    if failures and failures[-1] not in str(error):
        message = f"the last error of {bench.name} does not come through: the call raised an earlier one"
        bench.broken(world, message, expected=failures[-1], seen=str(error))


def _shows_the_last(raised: BaseException, failures: list[BaseException | None]) -> bool:
    """Whether the last failure is raised, or shown as a cause of an error of the tool's own."""
    is_earlier = any(raised is each for each in failures) and raised is not failures[-1]
    return not is_earlier and any(error is failures[-1] for error in chain_of(raised))
