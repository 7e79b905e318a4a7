"""Lets asyncio's own event loops live in virtual time, whoever made them.

While virtual time is active, every selector loop that begins to run gets a selector around its own (`loop.py`). The
loop object, its class and its policy stay as they are, so pytest-asyncio (with any loop scope), anyio, `asyncio.run`
and a loop in a thread need no support of their own.
"""

from __future__ import annotations

import asyncio
import math
import threading
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any

from .driver import Driver
from .errors import VirtualTimeError
from .frames import current_frames
from .loop import VirtualSelector

Fail = Callable[[BaseException], None]
_RUN_FOREVER = asyncio.BaseEventLoop.run_forever.__code__


class Loops:
    """Attaches every asyncio loop that runs while virtual time is active; `on` and `off` are the switch.

    Leans on four private parts of `asyncio.BaseEventLoop`, the same in CPython 3.11 to 3.14: `_selector`,
    `_scheduled`, `_ready` and `_clock_resolution`.
    """

    def __init__(self, driver: Driver, fail: Fail, real_monotonic: Callable[[], float]) -> None:
        self._driver = driver
        self._fail = fail
        self._real_monotonic = real_monotonic
        self._put_back: list[Callable[[], None]] = []
        self._rebased: weakref.WeakSet[Any] = weakref.WeakSet()
        """Loops whose timers are on the virtual clock."""
        self._inner: weakref.WeakSet[Any] = weakref.WeakSet()

    def on(self) -> None:
        """From now on, a loop that begins to run does so in virtual time; one that runs here does so at once."""
        base: Any = asyncio.BaseEventLoop
        run_forever, start_life = base.run_forever, base.__init__

        def run_virtually(loop: Any) -> None:
            put_back = self.attach(loop)
            try:
                run_forever(loop)
            finally:
                put_back()

        def start_virtual_life(loop: Any, *args: Any, **keywords: Any) -> None:
            start_life(loop, *args, **keywords)
            self._rebased.add(loop)

        base.run_forever, base.__init__ = run_virtually, start_virtual_life
        self._put_back.append(lambda: setattr(base, "run_forever", run_forever))
        self._put_back.append(lambda: setattr(base, "__init__", start_life))
        self._refuse_foreign_runners()
        if (running := asyncio._get_running_loop()) is not None:
            self._put_back.append(self.attach(running))

    def off(self) -> None:
        """Loops that begin to run do so in real time again."""
        while self._put_back:
            self._put_back.pop()()

    def wake_older(self) -> None:
        """Let the loops of other threads come by, now that virtual time is active: they wait for real timers until then.

        Not one that `stays_asleep`: that of all connections to servers has nothing to do with a test that uses none.
        """
        if threading.active_count() == 1:
            return
        for thread, innermost in current_frames().items():
            frame: FrameType | None = None if thread == threading.get_ident() else innermost
            while frame is not None and frame.f_code is not _RUN_FOREVER:
                frame = frame.f_back
            loop: Any = None if frame is None else frame.f_locals["self"]
            if hasattr(loop, "_write_to_self") and not hasattr(loop, "stays_asleep"):
                loop._write_to_self()

    def settle(self) -> None:
        """Let the timers go on in real time, once the clocks are real: a loop in a thread has gone on meanwhile."""
        for loop in self._rebased:
            _move_timers(loop, self._real_monotonic() - self._driver.clock.monotonic())
            if loop.is_running():
                loop._write_to_self()

    def _refuse_foreign_runners(self) -> None:
        """Let `asyncio.run` and pytest-asyncio say that a loop such as uvloop's would wait in real time."""
        runner: Any = asyncio.Runner
        run = runner.run

        def run_own(self: Any, coroutine: Any, **keywords: Any) -> Any:
            try:
                _refuse_foreign(self.get_loop())
            except VirtualTimeError:
                coroutine.close()
                raise
            return run(self, coroutine, **keywords)

        runner.run = run_own
        self._put_back.append(lambda: setattr(runner, "run", run))

    def is_attached(self, selector: Any) -> bool:
        """Tell whether a selector is the own one of a loop that lives in virtual time."""
        return selector in self._inner

    def attach_older(self, loop: Any) -> None:
        """Put a loop into virtual time that was running before, in a thread of its own, until virtual time ends.

        It has read the virtual clock for some of its timers. They stay, and so do those that are older: virtual time
        began at the real one, rounded up to a second.
        """
        self._rebased.add(loop)
        self._put_back.append(self.attach(loop))

    def attach(self, loop: Any) -> Callable[[], None]:
        """Put one loop into virtual time, its timers included; return what puts its selector back.

        Raises VirtualTimeError for a loop that is not asyncio's own.
        """
        _refuse_foreign(loop)
        inner = loop._selector
        if isinstance(inner, VirtualSelector):
            return lambda: None
        if loop not in self._rebased:
            _move_timers(loop, self._driver.clock.monotonic() - self._real_monotonic())
            self._rebased.add(loop)
        resolution = loop._clock_resolution
        # a timer's float may be off by its own last digit: without this, one at 10^7 s would never be due
        loop._clock_resolution = max(resolution, 4 * math.ulp(self._driver.clock.monotonic()))
        self._inner.add(inner)
        loop._selector = VirtualSelector(loop, inner, self._driver, self._fail)
        forget = self._remember_sleeps(loop)

        def put_back() -> None:
            forget()
            loop._selector, loop._clock_resolution = inner, resolution
            self._inner.discard(inner)

        return put_back

    def _remember_sleeps(self, loop: Any) -> Callable[[], None]:
        """Note every `asyncio.sleep`, by the callback that it schedules: so each alias of it is noted."""
        end_of_sleep = asyncio.futures._set_result_unless_cancelled  # type: ignore[attr-defined]
        call_later, sleeps = loop.call_later, self._driver.clock.sleeps

        def noting(delay: float, callback: Any, *args: Any, **keywords: Any) -> Any:
            if callback is end_of_sleep and threading.get_ident() == self._driver.owner:
                sleeps.append(float(delay))
            if (
                isinstance(delay, float) and 0 < delay <= loop._clock_resolution
            ):  # or the loop would not wait, and no time pass
                delay = 2 * loop._clock_resolution
            return call_later(delay, callback, *args, **keywords)

        loop.call_later = noting
        return lambda: loop.__dict__.pop("call_later", None)


def _refuse_foreign(loop: Any) -> None:
    if getattr(loop, "_selector", None) is None or not hasattr(loop, "_scheduled"):
        kind = f"{type(loop).__module__}.{type(loop).__qualname__}"
        raise VirtualTimeError(f"virtual time needs a selector loop of asyncio, not {kind}: use the default loop")


def _move_timers(loop: Any, seconds: float) -> None:
    """Keep what a timer still has to wait when its loop changes from one clock to the other."""
    for timer in loop._scheduled:
        timer._when += seconds
