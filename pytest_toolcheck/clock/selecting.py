"""Time limits of the module `select` itself: `select.select(..., 60)`, `poll(60_000)`, `epoll.poll(60)`.

The module `selectors`, and with it every event loop, is built on these and has its limits kept already (`blocking.py`):
its calls are let through.
"""

from __future__ import annotations

import _thread
import os
import select
import selectors
import sys
from collections.abc import Callable
from typing import Any

from .cfunction import unreplaced
from .cmethods import TypeMethod
from .driver import acquire
from .sockets import awaited_answer
from .waits import Waits

_MILLISECONDS = 1000
_POLL_S = 1.0
real_select = unreplaced(select.select)


def selecting_methods(waits: Waits) -> list[TypeMethod]:
    """Return the methods of polling objects whose time limits `waits` keeps."""
    kinds = [type(select.poll())] if hasattr(select, "poll") else []
    methods = [TypeMethod(kind, "poll", _limited_poll(kind, waits, unit=_MILLISECONDS)) for kind in kinds]
    if hasattr(select, "epoll"):
        methods.append(TypeMethod(select.epoll, "poll", _limited_poll(select.epoll, waits, unit=1)))
    return methods


def _applies(waits: Waits, timeout_s: float | None) -> bool:
    """Tell whether a limit is kept; a thread older than the test that polls more often than once a second does so in real time."""
    if sys._getframe(2).f_globals is vars(selectors) or not waits.applies(timeout_s):
        return False
    return waits.is_owner or (timeout_s is not None and timeout_s >= _POLL_S) or waits.is_beside(_thread.get_ident())


def limited_select(waits: Waits) -> Callable[..., Any]:
    """Return what does as `select.select` does, with a limit that `waits` keeps."""

    def select_virtually(rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /) -> Any:
        if not _applies(waits, timeout):
            ready = real_select(rlist, wlist, xlist, timeout)
            if timeout == 0 and not any(ready):
                waits.clock.note_poll()
            return ready

        def look(pause_s: float = 0) -> Any:
            found = real_select(rlist, wlist, xlist, pause_s)
            return found if any(found) else None

        awaited = [each if isinstance(each, int) else each.fileno() for each in rlist]
        found = look() or waits.keep(
            timeout, look, has_input=lambda: bool(look()), expects=lambda: awaited_answer(awaited)
        )
        return found or ([], [], [])

    return select_virtually


def _limited_poll(kind: Any, waits: Waits, *, unit: int) -> Callable[..., Any]:
    real = vars(kind)["poll"]

    def poll(self: Any, timeout: float | None = None, *arguments: Any, **keywords: Any) -> Any:
        limit_s = None if timeout is None or timeout < 0 else timeout / unit
        if not _applies(waits, limit_s):
            ready = real(self, timeout, *arguments, **keywords)
            if limit_s == 0 and not ready and sys._getframe(1).f_globals is not vars(selectors):
                waits.clock.note_poll()
            return ready

        looking = _thread.allocate_lock()  # a poll object refuses two calls at once; other threads ask it for input

        def look(pause_s: float = 0) -> Any:
            acquire(looking)
            try:
                return real(self, pause_s * unit, *arguments, **keywords)
            finally:
                looking.release()

        return (
            look() or waits.keep(limit_s, look, has_input=_has_events(self, look, looking), expects=_any_answer) or []
        )

    return poll


def _has_events(polling: Any, look: Callable[[], Any], looking: _thread.LockType) -> Callable[[], bool]:
    """Return what tells whether something has happened, without taking it: an epoll gives some events only once.

    While the thread that waits looks itself, the answer is yes: it finds out at once, and the clock waits for it.
    """
    if not hasattr(polling, "fileno"):
        return lambda: looking.locked() or bool(look())
    own = polling.fileno()
    return lambda: bool(real_select([own], [], [], 0)[0])


def _any_answer() -> str:
    """Say which connection of this process owes an answer: what a polling object waits for, it does not tell."""
    return (
        awaited_answer([int(entry) for entry in os.listdir("/proc/self/fd")]) if os.path.isdir("/proc/self/fd") else ""
    )
