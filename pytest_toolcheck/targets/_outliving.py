"""Tasks that outlive the call of a tool whose server runs them and the call on one loop of this process.

The call's end is not ours to see: the server sends the answer, and it reaches the client many steps later. But the task
that a server handles a request in shows it: the tool has answered as soon as no code of the user's is left in what that
task awaits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ._frames import is_users
from ._observe import is_left_to_itself, name_of
from .base import Observed

Task = asyncio.Task[Any]


@contextmanager
def watching_tasks(loop: asyncio.AbstractEventLoop, observed: Observed) -> Iterator[None]:
    """Take down which tasks of the user's code are neither done nor told to end when the call that made them has been answered."""
    watch, factory, original = _Watch(loop, observed), loop.get_task_factory(), asyncio.Handle._run

    def made(running: asyncio.AbstractEventLoop, coroutine: Any, **how: Any) -> Any:
        task: Any = factory(running, coroutine, **how) if factory else asyncio.Task(coroutine, loop=running, **how)
        watch.note(task)
        return task

    def run(handle: asyncio.Handle) -> None:
        original(handle)
        if watch.made and getattr(handle, "_loop", None) is loop:
            watch.look()

    loop.set_task_factory(made)
    asyncio.Handle._run = run  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        asyncio.Handle._run = original  # type: ignore[method-assign]
        loop.set_task_factory(factory)


class _Watch:
    def __init__(self, loop: asyncio.AbstractEventLoop, observed: Observed) -> None:
        self._loop, self._observed = loop, observed
        self._callers: dict[Task, Task] = {}
        self.made: dict[Task, list[Task]] = {}
        """By the task of a call what it has made, and what that has made."""

    def note(self, task: Task) -> None:
        """Remember a new task of the user's code, and which call made it."""
        maker = asyncio.current_task(self._loop)
        caller = self._callers.get(maker, maker) if maker is not None else None
        if caller is not None and is_left_to_itself(task) and _is_in_users_code(caller, is_running=True):
            self._callers[task] = caller
            self.made.setdefault(caller, []).append(task)

    def look(self) -> None:
        """Ask again a step later what the calls that have been answered left behind: some has only to take note of its end."""
        for caller in [each for each in self.made if not _is_in_users_code(each)]:
            self._loop.call_soon(self._tell, self.made.pop(caller))

    def _tell(self, tasks: list[Task]) -> None:
        self._observed.unawaited += [name_of(task) for task in tasks if is_left_to_itself(task)]


def _is_in_users_code(task: Task, *, is_running: bool = False) -> bool:
    """Whether the user's code stands in the chain of what a task awaits; of one that is running the chain has no end."""
    if task.done():
        return False
    awaited: Any = task.get_coro()
    while awaited is not None:
        code = next((c for name in ("cr_code", "gi_code", "ag_code") if (c := getattr(awaited, name, None))), None)
        if code is not None and is_users(code.co_filename):
            return True
        awaited = getattr(awaited, "cr_await", getattr(awaited, "gi_yieldfrom", None))
    return is_running
