"""Cancelled calls: neither a failure nor retried."""

from __future__ import annotations

from ..scenario import ScenarioSkipped
from .bench import Bench
from .dependency import HANG_S
from .story import describe_error
from .toolcall import ToolCall
from .world import World


def cancelled_call(bench: Bench, world: World) -> ToolCall:
    """Call the tool, cancel it while the dependency hangs, and expect that it ends as cancelled."""
    if not world.is_async:
        raise ScenarioSkipped(f"{bench.tool} is a plain function: a call of it cannot be cancelled")
    call, ended_as_cancelled = world.call_and_cancel(after_s=bench.moment_s)
    first = call.hung
    if first is None:
        return call
    if first.ended_s is not None and first.ended_s - first.started_s >= HANG_S:
        raise ScenarioSkipped(f"{bench.name} blocks the event loop: nothing can cancel a call that waits for it")
    if first.ended_s is None and not (world.probe.place.is_async or world.probe.place.returns_awaitable):
        raise ScenarioSkipped(f"{bench.name} is called in a thread: nothing can cancel it there, it goes on")
    if not ended_as_cancelled:
        how = "returned" if call.error is None else f"raised {describe_error(call.error)}"
        message = f"a cancelled call {how}: the cancellation was swallowed"
        bench.broken(world, message, expected="CancelledError comes through", seen=how)
    return call
