"""Servers that look around many times a second whether they should end: uvicorn does so ten times.

Such a look changes nothing, so virtual time need not stop for it on its way to an instant for which somebody waits: an hour
beside an idle server would be 36,000 jumps. It is made up for at the next stop, and where nobody waits for an instant,
each has its turn.
"""

from __future__ import annotations

import asyncio
import sys
from types import CodeType
from typing import Any

_MODULE = "uvicorn.server"
_MOST_SEARCHES = 100


class Onlooker:
    """Knows the timer of the task of a loop that only looks around."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._task: asyncio.Task[Any] | None = None
        self._searches = 0

    def waits_by(self, timer: Any) -> bool:
        """Tell whether it is this timer by which the task sleeps until its next look."""
        task = self._find()
        return task is not None and bool(timer._args) and timer._args[0] is getattr(task, "_fut_waiter", None)

    def _find(self) -> asyncio.Task[Any] | None:
        if self._task is not None and self._task.done():
            self._task = None
        looks = _code_of_looks()
        if self._task is None and looks is not None and self._searches < _MOST_SEARCHES:
            self._searches += 1
            found = (task for task in asyncio.all_tasks(self._loop) if _is_in(task, looks))
            self._task = next(found, None)
        return self._task


def _code_of_looks() -> CodeType | None:
    server: Any = getattr(sys.modules.get(_MODULE), "Server", None)
    code: CodeType | None = getattr(getattr(server, "main_loop", None), "__code__", None)
    return code


def _is_in(task: asyncio.Task[Any], looks: CodeType) -> bool:
    coroutine: Any = task.get_coro()
    while coroutine is not None and getattr(coroutine, "cr_code", None) is not looks:
        coroutine = getattr(coroutine, "cr_await", None)
    frame = getattr(coroutine, "cr_frame", None)
    config = getattr(frame.f_locals.get("self"), "config", None) if frame is not None else None
    return frame is not None and getattr(config, "callback_notify", None) is None
