"""How long a server in another process leaves a ping unanswered while it carries out a call: its loop is held then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from ..spec.model import ToolSpec
from .base import Outcome

_PAUSE_S = 0.01
_LONGEST_S = 5.0


def is_pinged(tool: ToolSpec) -> bool:
    """Whether the tool promises not to block; pings cost time, so nobody else's calls are accompanied."""
    return bool(tool.checks.get("non_blocking", tool.annotations.non_blocking))


async def while_pinging(
    call: Coroutine[Any, Any, Outcome], ping: Callable[[], Awaitable[object]], pid: int | None
) -> tuple[Outcome, int]:
    """Await the call, pinging meanwhile; return its outcome and the longest wait for a ping's answer, in ns.

    What the machine let the server and us wait for a processor does not count, nor what a ping takes with no call.
    """
    idle = await _answered_after_ns(ping, pid)
    if idle is None:
        return await call, 0
    calling, held = asyncio.ensure_future(call), 0
    await asyncio.sleep(_PAUSE_S)  # the call goes first
    while not calling.done() and (took := await _answered_after_ns(ping, pid)) is not None:
        held = max(held, took - idle)
        await asyncio.sleep(_PAUSE_S)
    return await calling, held


async def _answered_after_ns(ping: Callable[[], Awaitable[object]], pid: int | None) -> int | None:
    """Return how long one ping took; None where it failed: the call's own outcome says what became of the server."""
    started, waited = time.perf_counter_ns(), _waited_ns(pid)
    try:
        async with asyncio.timeout(_LONGEST_S):
            await ping()
    except Exception:
        return None
    return time.perf_counter_ns() - started - (_waited_ns(pid) - waited)


def _waited_ns(pid: int | None) -> int:
    return sum(map(_delay_in, (Path("/proc/thread-self/schedstat"), Path(f"/proc/{pid}/schedstat"))))


def _delay_in(file: Path) -> int:
    try:
        return int(file.read_bytes().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
