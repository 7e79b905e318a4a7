"""Threads that are made without `threading`, by `_thread.start_new_thread`: virtual time stands still until they run.

A new thread has no Python code yet, and looks like any thread of a library. `Thread.start` waits for it to run by itself.
"""

from __future__ import annotations

import _thread
import itertools
import sys
import threading
from collections.abc import Callable
from typing import Any

from .cfunction import Replacement, replacement
from .virtual import VirtualClock

_births = itertools.count(1)


def noted_births(clock: VirtualClock) -> list[Replacement]:
    """Return the functions that start a thread, which note it on the clock until it runs."""
    return [_noted(clock, function) for function in (_thread.start_new_thread, _thread.start_new)]


def _noted(clock: VirtualClock, function: Callable[..., int]) -> Replacement:
    def start(target: Any, *arguments: Any) -> int:
        if not callable(target) or sys._getframe(1).f_globals is vars(threading):
            return made.real(target, *arguments)  # type: ignore[no-any-return]
        clock.starting.add(birth := -next(_births))  # no thread has a number below 0

        def run(*args: Any, **keywords: Any) -> Any:
            clock.starting.discard(birth)
            return target(*args, **keywords)

        try:
            return made.real(run, *arguments)  # type: ignore[no-any-return]
        except BaseException:
            clock.starting.discard(birth)
            raise

    made = replacement(function, start)
    return made
