"""The event loop of a session's async tools: made when first needed, kept from call to call."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from ._timelimit import Expired, Worker, can_use_alarm, run_limited

_CLOSE_S = 0.5


class OwnLoop:
    """Runs coroutines to their end, from any thread, whether or not a loop is running there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None
        """None before the first async call, and after a hang."""

    def run(self, main: Callable[[], Coroutine[Any, Any, None]], *, limit_s: float) -> None:
        """Run `main()` on the own loop; on one for this call alone while the own one is busy. Raises Expired."""
        if is_loop_running() or not self._lock.acquire(blocking=False):
            Worker(lambda: asyncio.run(main())).result(limit_s)
            return
        try:
            self._run(main, limit_s)
        finally:
            self._lock.release()

    def _run(self, main: Callable[[], Coroutine[Any, Any, None]], limit_s: float) -> None:
        loop = self.loop
        if loop is None or loop.is_closed():
            loop = self.loop = asyncio.new_event_loop()
        in_place = can_use_alarm()
        try:
            run_limited(lambda: loop.run_until_complete(main()), limit_s=limit_s)
        except BaseException:
            self.loop = None
            if in_place:  # else the loop still runs in the thread that was left behind
                close_loop(loop)
            raise

    def close(self) -> None:
        """Cancel what is left on the loop and close it."""
        loop, self.loop = self.loop, None
        if loop is None or loop.is_closed() or loop.is_running():
            return
        if is_loop_running():
            with contextlib.suppress(BaseException):
                Worker(lambda: close_loop(loop)).result(_CLOSE_S)
            return
        close_loop(loop)


def close_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the loop's tasks, give them a moment, close it: never raises, ends even when a task will not."""
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        run_limited(lambda: loop.run_until_complete(_cancel_all()), limit_s=_CLOSE_S * 2)
    except (Exception, Expired):
        pass
    finally:
        with contextlib.suppress(Exception):
            loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_CLOSE_S)
    await asyncio.get_running_loop().shutdown_asyncgens()


def is_loop_running() -> bool:
    """Whether an event loop is running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
