"""Faults at a callable: put in its place, for every alias of it, sync and async, and put back exactly."""

from __future__ import annotations

import asyncio
import errno
import inspect
import os
import sys
import threading
from types import ModuleType
from typing import Any, Final

from ..clock import active_clock
from ..resilience.swap import Place, Swap
from .effects import altered
from .errors import FaultError
from .kinds import ADDED, Action
from .point import Ask
from .references import Raising, raising

HANG_S: Final = 30 * 24 * 3600.0
"""How long a hang lasts where nobody ends it: thirty days, in virtual time too."""


class CallPoint:
    """A callable that asks before each call what is to happen to it."""

    kind = "call"

    def __init__(self, place: Place, ask: Ask) -> None:
        self.name = place.reference
        self._place = place
        self._ask = ask
        self.twins: list[CallPoint] = []
        """The same callable in other copies of its module."""
        self._healed = threading.Event()
        stand_in = self._call_async if place.is_async or place.returns_awaitable else self._call
        self._swap = Swap(place, stand_in, modules=_modules())

    @property
    def target(self) -> Any:
        """The callable that is replaced."""
        return self._place.target

    def prepare(self, action: Action) -> None:
        """Raise FaultError for an error that cannot be made, or a clock that cannot jump."""
        if action.kind in ("error", "rate_limit"):
            self._raising(action)
        if action.kind == "clock_jump":
            clock_to_jump()

    def on(self) -> None:
        """Put the stand-in in place."""
        self._swap.__enter__()
        for twin in self.twins:
            twin.on()

    def off(self) -> None:
        """Put the callable back, and let go what hangs."""
        for twin in self.twins:
            twin.off()
        self._swap.__exit__()
        self._healed.set()

    def _raising(self, action: Action) -> Raising:
        target = inspect.unwrap(self._place.target)
        return raising(action, spaces=[getattr(target, "__globals__", {}), self._place.owner])

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        action = self._ask()
        if action is None:
            return self._swap.original(*args, **kwargs)
        if action.kind == "hang":
            self._healed.wait(HANG_S)
        elif action.kind == "delay":
            self._healed.wait(action["time"])
        self._act(action)
        result = self._swap.original(*args, **kwargs)
        if inspect.isawaitable(result):
            return self._finish(action, result, args, kwargs)
        if action.kind == "duplicate":
            result = self._swap.original(*args, **kwargs)
        return altered(action, result)

    async def _call_async(self, *args: Any, **kwargs: Any) -> Any:
        action = self._ask()
        if action is None:
            return await self._swap.original(*args, **kwargs)
        if action.kind in ("hang", "delay"):
            await asyncio.sleep(HANG_S if action.kind == "hang" else action["time"])
        self._act(action)
        return await self._finish(action, self._swap.original(*args, **kwargs), args, kwargs)

    async def _finish(self, action: Action, pending: Any, args: Any, kwargs: Any) -> Any:
        result = await pending
        if action.kind == "duplicate":
            result = await self._swap.original(*args, **kwargs)
        return altered(action, result)

    def _act(self, action: Action) -> None:
        """Do what comes before the call, or instead of it. Raises the injected error."""
        match action.kind:
            case "error" | "rate_limit":
                raise self._raising(action)(self.name)
            case "hang":
                raise TimeoutError(f"injected fault: {self.name} hung, and nobody ended it")
            case "disk_full":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.name)
            case "clock_jump":
                clock_to_jump().step_wall(f"{action['by']:.9f}s")
            case kind if kind in ADDED and (before := ADDED[kind].before) is not None:
                before(**dict(action.arguments))


def _modules() -> list[ModuleType]:
    return [module for module in list(sys.modules.values()) if isinstance(module, ModuleType)]


def clock_to_jump() -> Any:
    """Return the virtual clock in force. Raises FaultError in real time: nobody may step the machine's clock."""
    clock = active_clock()
    if clock is None:
        raise FaultError(
            "clock_jump steps the virtual wall clock: mark the test with virtual_time, or `clock: virtual`"
        )
    return clock
