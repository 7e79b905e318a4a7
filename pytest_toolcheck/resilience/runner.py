"""A runner of event loops that ends whatever a tool left behind: a task that outlives its cancellation holds nobody up."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..scenario import ScenarioSkipped

if TYPE_CHECKING:
    from ..clock.virtual import VirtualClock

T = TypeVar("T")

_CANCELLATIONS: Final = 3
"""So often a task is cancelled: `wait_for` swallows a cancellation that comes when it is done (CPython 3.11)."""
_PATIENCE_S: Final = 60.0
MOST_JUMPS: Final = 30_000
"""So often the clock may move while nothing else happens: what waits more often has no end."""
FEW_JUMPS: Final = 1_000
"""Likewise, where another sentence of the promise has shown a call without an end."""
MOST_CALLS: Final = 5_000
"""So often a call may call its dependency."""
_SLICES: Final = 20
"""Time is passed in so many steps, to see early on that it would take for ever."""


async def passed(seconds: float, clock: VirtualClock, *, patience: int, who: str) -> None:
    """Sleep so long. Raises ScenarioSkipped when the clock has to move too often meanwhile."""
    loop, jumps = asyncio.get_running_loop(), clock.jumps
    end_s = loop.time() + seconds
    for _ in range(_SLICES - 1):
        await asyncio.sleep(seconds / _SLICES)
        if clock.jumps - jumps > patience:
            raise ScenarioSkipped(
                f"something of {who} goes on by itself, and wakes over {patience:,} times in {seconds:g} s: so much "
                "virtual time is not passed"
            )
    await asyncio.sleep(max(0.0, end_s - loop.time()))


class BoundedRunner:
    """As `asyncio.Runner`, whose end waits for ever for a task that swallows its cancellation."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the runner's loop."""
        return self._runner.run(main)

    def __enter__(self) -> BoundedRunner:
        self._runner.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Cancel what still runs, a few times, leave what goes on nevertheless, and close the loop."""
        loop = self._runner.get_loop()
        left = asyncio.all_tasks(loop)
        for _ in range(_CANCELLATIONS):
            if not left:
                break
            for task in left:
                task.cancel()
            _, left = loop.run_until_complete(asyncio.wait(left, timeout=_PATIENCE_S))
        for task in left:
            asyncio.tasks._unregister_task(task)  # documented for those who extend asyncio
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        with warnings.catch_warnings():
            # Since Python 3.12 the end waits 300 s for a thread that hangs, and warns: virtual time passes them at once.
            warnings.filterwarnings("ignore", "The executor did not finish", RuntimeWarning)
            self._runner.close()
