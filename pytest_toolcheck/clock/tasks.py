"""Say what an event loop's tasks and callbacks are, in a user's words; and reach a task that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_ANYIO_RUNNER = "_run_tests_and_fixtures"
"""The coroutine of anyio's pytest plugin (`TestRunner`) that awaits the test: the test has no task of its own there."""


def describe_task(task: asyncio.Task[Any]) -> str:
    """Return a task as `name: function (file:line)`, the line being the one at which it waits."""
    frames = task.get_stack(limit=None)
    frame = frames[-1] if frames else None
    innermost = _innermost(task.get_coro())
    if innermost is not None:
        return f"{task.get_name()}: {innermost}"
    if frame is None:
        return f"{task.get_name()}: not started"
    return f"{task.get_name()}: {_place(frame.f_code, frame.f_lineno)}"


def _innermost(coroutine: Any) -> str | None:
    """Follow `await` down to the last frame outside asyncio itself: that is the line the user wrote."""
    found = None
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is not None and (found is None or not _is_library(frame.f_code.co_filename)):
            found = _place(frame.f_code, frame.f_lineno)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)
    return found


def _is_library(filename: str) -> bool:
    return "asyncio" in Path(filename).parts or "anyio" in Path(filename).parts


def _place(code: Any, line: int) -> str:
    return f"{code.co_qualname} ({Path(code.co_filename).name}:{line})"


def describe_handle(handle: asyncio.Handle) -> str:
    """Return what a scheduled callback is: the task that it steps, or the function with its place."""
    callback: Any = getattr(handle, "_callback", None)
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return f"task {describe_task(owner)}"
    while hasattr(callback, "func"):
        callback = callback.func
    code = getattr(callback, "__code__", None)
    return _place(code, code.co_firstlineno) if code else getattr(callback, "__qualname__", repr(callback))


def pending_tasks(loop: asyncio.AbstractEventLoop) -> list[asyncio.Task[Any]]:
    """Return the loop's unfinished tasks, in the order of their names."""
    return sorted((task for task in asyncio.all_tasks(loop) if not task.done()), key=lambda task: task.get_name())


def throw_into_test(loop: asyncio.AbstractEventLoop, error: BaseException) -> bool:
    """Raise an error at the `await` at which the test waits; False when it cannot be reached there.

    Raised there, the traceback shows the test's own line, and its `finally` blocks run.
    """
    for task in tests_first(pending_tasks(loop)):
        future = getattr(task, "_fut_waiter", None)
        while isinstance(future, asyncio.Task):
            future = getattr(future, "_fut_waiter", None)
        if future is not None and not future.done():
            future.set_exception(error)
            return True
    return False


def tests_first(tasks: Iterable[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Return the tasks, the one that runs the test before all others."""
    return sorted(tasks, key=_is_not_the_test)


def _is_not_the_test(task: asyncio.Task[Any]) -> tuple[bool, bool]:
    name = getattr(task.get_coro(), "__name__", "")
    runs_the_loop = any(
        "_run_until_complete_cb" in repr(callback) for callback in getattr(task, "_callbacks", None) or ()
    )
    return name != _ANYIO_RUNNER, not runs_the_loop
