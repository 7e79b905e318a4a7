"""What can be seen of one call in this process beside its answer: held loops, changed arguments, things left behind."""

from __future__ import annotations

import asyncio
import copy
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..clock import active_clock, real_monotonic_ns
from ..spec.model import ToolSpec
from ._frames import is_users
from ._jsonlike import to_json_like
from ._process_state import changed, is_to_leave_it, process_state
from .base import Observed

_OUR_THREADS = "toolcheck-"


@contextmanager
def observing(
    tool: ToolSpec, loop: Callable[[], asyncio.AbstractEventLoop | None], arguments: Callable[[], Any]
) -> Iterator[Observed]:
    """Observe the call of the tool that the body makes."""
    observed = Observed()
    state = process_state() if is_to_leave_it(tool) else {}
    given, already = snapshot(arguments()), running(loop())
    before = counts(loop(), already)
    with held_loop(observed), never_awaited(observed):
        yield observed
    observed.process = changed(state, process_state()) if state else {}
    still = running(loop())
    now = counts(loop(), still)
    observed.left = {name: more for name, count in now.items() if (more := count - before.get(name, 0)) > 0}
    for thing in set(still).difference(already):  # one may have come as another went
        observed.left.setdefault("threads" if isinstance(thing, threading.Thread) else "tasks", 1)
    if given is not None and (after := snapshot(arguments())) != given:
        observed.arguments_after = after


@contextmanager
def held_loop(observed: Observed) -> Iterator[None]:
    """Take down the longest that one step of a loop lasts, without the time in which the machine let it wait."""
    original = asyncio.Handle._run

    def run(handle: asyncio.Handle) -> None:
        is_virtual = active_clock() is not None  # then a sleep takes no real time, and the clock itself may take some
        started, waited = (time.monotonic_ns(), 0) if is_virtual else (real_monotonic_ns(), _waited_ns())
        try:
            original(handle)
        finally:
            held = (time.monotonic_ns() if is_virtual else real_monotonic_ns()) - started
            if held > observed.held_ns:
                observed.held_ns = max(observed.held_ns, held - (0 if is_virtual else _waited_ns() - waited))

    asyncio.Handle._run = run  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        asyncio.Handle._run = original  # type: ignore[method-assign]


@contextmanager
def never_awaited(observed: Observed) -> Iterator[None]:
    """Take down of which of the user's coroutines the interpreter says that they were never awaited."""
    module: Any = warnings
    original = (
        module._warn_unawaited_coroutine
    )  # the interpreter looks this up; warnings themselves may be switched off

    def warn(coroutine: Any) -> None:
        if is_users(coroutine.cr_code.co_filename):
            observed.never_awaited.append(coroutine.__qualname__)
        original(coroutine)

    module._warn_unawaited_coroutine = warn
    try:
        yield
    finally:
        module._warn_unawaited_coroutine = original


def _waited_ns() -> int:
    """Return how long this thread has been ready and not run, so far; 0 where the system does not tell."""
    try:
        with open("/proc/thread-self/schedstat", "rb") as file:
            return int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def counts(
    loop: asyncio.AbstractEventLoop | None, alive: Sequence[threading.Thread | asyncio.Task[Any]] | None = None
) -> dict[str, int]:
    """Count what may outlive a call: threads, child processes, file descriptors, tasks of the session's loop.

    `alive` is what `running` has just told of the loop.
    """
    alive = running(loop) if alive is None else alive
    threads = sum(isinstance(thing, threading.Thread) for thing in alive)
    found = {
        "threads": threads,
        "child processes": _children(),
        "file descriptors": _descriptors(),
    }
    if loop is not None and not loop.is_closed():
        found["tasks"] = len(alive) - threads
    return found


def running(loop: asyncio.AbstractEventLoop | None) -> list[threading.Thread | asyncio.Task[Any]]:
    """Return the threads of this process and the tasks of the loop that have not ended."""
    tasks = () if loop is None or loop.is_closed() else asyncio.all_tasks(loop)
    return [*(thread for thread in threading.enumerate() if not thread.name.startswith(_OUR_THREADS)), *tasks]


def is_left_to_itself(thing: threading.Thread | asyncio.Task[Any]) -> bool:
    """Whether this is a task that runs the user's code and that nobody has told to end."""
    if isinstance(thing, threading.Thread) or thing.done() or thing.cancelling():
        return False
    code = getattr(thing.get_coro(), "cr_code", None)
    return code is not None and is_users(code.co_filename)


def name_of(thing: threading.Thread | asyncio.Task[Any]) -> str:
    """Return the name of a thread; of a task, what it runs."""
    if isinstance(thing, threading.Thread):
        return f"thread {thing.name}"
    code = getattr(thing.get_coro(), "cr_code", None)
    if code is None:
        return f"task {thing.get_name()}"
    return f"task {code.co_name} ({os.path.basename(code.co_filename)}:{code.co_firstlineno})"


def _children() -> int:
    if not _may_have_children():
        return 0
    total = 0
    try:
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/children", "rb") as file:
                total += len(file.read().split())
    except OSError:
        return total
    return total


def _may_have_children() -> bool:
    """Whether there is any child: one question, where to look after each thread costs one for each."""
    if sys.platform == "linux":
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        except OSError:
            pass
    return True


def _descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


def snapshot(arguments: Any) -> Any:
    """Return the arguments as JSON-like data that later changes do not reach."""
    try:
        return copy.deepcopy(to_json_like(arguments))
    except Exception:  # what cannot be copied cannot be compared
        return None
