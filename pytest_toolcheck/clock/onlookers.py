"""Servers that look around many times a second whether they should end: uvicorn does so ten times, `socketserver` twice.

Such a look changes nothing until somebody has asked the server to end, so virtual time need not stop for it on its way to
an instant for which somebody waits: an hour beside an idle server would be 36,000 jumps. uvicorn's look is made up for at
the next stop, and where nobody waits for an instant, each has its turn. `serve_forever` is told at once, at no cost of time.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

_MODULE = "uvicorn.server"
_MOST_SEARCHES = 100
_HARMLESS = ("BaseServer", "ThreadingMixIn", "ForkingMixIn")


def end_of_server(frame: FrameType) -> Callable[[], bool] | None:
    """Return what tells whether the server that looks around here is asked to end; None where no such server does.

    Leans on the private name under which `socketserver.BaseServer.shutdown` asks it.
    """
    module: Any = sys.modules.get("socketserver")
    if module is None or frame.f_code is not module.BaseServer.serve_forever.__code__:
        return None
    server = frame.f_locals["self"]
    harmless = [getattr(vars(module).get(name), "service_actions", None) for name in _HARMLESS]
    if type(server).service_actions not in harmless:
        return None
    return lambda: bool(getattr(server, "_BaseServer__shutdown_request", True))


class Onlooker:
    """Knows the timer of the task of a loop that only looks around."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._task: asyncio.Task[Any] | None = None
        self._server: Any = None
        self._searches = 0

    def waits_by(self, timer: Any) -> bool:
        """Tell whether it is this timer by which the task sleeps until its next look."""
        task = self._find()
        return task is not None and bool(timer._args) and timer._args[0] is getattr(task, "_fut_waiter", None)

    def looks_in_vain(self) -> bool:
        """Tell whether the look would find nothing: nobody has asked the server to end."""
        server = self._server
        if server is None or server.should_exit or server.force_exit:
            return False
        most = getattr(server, "limit_max_requests", None) or server.config.limit_max_requests
        return most is None or server.server_state.total_requests < most

    def _find(self) -> asyncio.Task[Any] | None:
        looks = _code_of_looks()
        if looks is None:
            return None
        if self._task is not None and _server_in(self._task, looks) is None:  # it ends
            self._task = self._server = None
        if self._task is None and self._searches < _MOST_SEARCHES:
            self._searches += 1
            for task in asyncio.all_tasks(self._loop):
                if (server := _server_in(task, looks)) is not None:
                    self._task, self._server = task, server
        return self._task


def _code_of_looks() -> CodeType | None:
    server: Any = getattr(sys.modules.get(_MODULE), "Server", None)
    code: CodeType | None = getattr(getattr(server, "main_loop", None), "__code__", None)
    return code


def _server_in(task: asyncio.Task[Any], looks: CodeType) -> Any:
    """Return the server in whose loop of looks a task is; None for any other, and for one that calls back now and then."""
    coroutine: Any = task.get_coro()
    while coroutine is not None and getattr(coroutine, "cr_code", None) is not looks:
        coroutine = getattr(coroutine, "cr_await", None)
    frame = getattr(coroutine, "cr_frame", None)
    server = frame.f_locals.get("self") if frame is not None else None
    return None if getattr(getattr(server, "config", None), "callback_notify", None) is not None else server
