"""One thread with an event loop, where each connection lives in a task of its own (design.md, decision 4).

SDK clients use cancel scopes that must be left in the task that entered them, while pytest sets fixtures up and tears
them down in different tasks. So the task that opens a connection waits there, and closes it; everybody else, from any
thread and from any running loop, sends work.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

from ._timelimit import Expired

C = TypeVar("C")
T = TypeVar("T")

_CLOSE_LIMIT_S = 10.0


class Owner:
    """A daemon thread that runs one event loop for ever; it does not keep the interpreter from ending."""

    def __init__(self, name: str = "toolcheck-owner") -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(_ignore_leftovers)
        self.pid = os.getpid()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True, name=name)
        self._thread.start()

    def is_running(self) -> bool:
        """Tell whether work that is sent will be done: not in a forked child, nor once the thread has ended."""
        return self.pid == os.getpid() and self._thread.is_alive()

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run `work` as a task on the loop, with the caller's context."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def stop(self) -> None:
        """End the thread and close the loop; a loop that is blocked is left behind."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=1.0)
        if not self._thread.is_alive():
            self.loop.close()


class Connection(Generic[C]):
    """A client that is opened, held and closed by one task of `owner`."""

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[C]], *, owner: Owner) -> None:
        self._make = make
        self._owner = owner
        self._ready: concurrent.futures.Future[C] = concurrent.futures.Future()
        self._stop: asyncio.Event | None = None
        self._ended: concurrent.futures.Future[None] | None = None

    def open(self, *, limit_s: float) -> C:
        """Open and return the client. Raises what opening raised, Expired after `limit_s`."""
        self._ended = self._owner.submit(self._live())
        try:
            return self._ready.result(limit_s)
        except concurrent.futures.TimeoutError:
            if self._ready.done():
                raise
            self._ended.cancel()
            concurrent.futures.wait([self._ended], timeout=_CLOSE_LIMIT_S)
            raise Expired from None

    async def _live(self) -> None:
        self._stop = asyncio.Event()
        try:
            async with self._make() as client:
                self._ready.set_result(client)
                await self._stop.wait()
        except BaseException as error:
            if self._ready.done():
                return  # what a dying connection says while it is closed was said by its calls before
            self._ready.set_exception(_first_cause(error))

    def run(self, work: Coroutine[Any, Any, T], *, limit_s: float) -> T:
        """Run `work` on the owner's loop and wait. Raises Expired after `limit_s`: the loop is blocked."""
        future = self._owner.submit(work)
        if not concurrent.futures.wait([future], timeout=limit_s).done:
            future.cancel()
            raise Expired
        return future.result()

    async def run_async(self, work: Coroutine[Any, Any, T], *, limit_s: float) -> T:
        """As `run`, from a running loop."""
        future = asyncio.wrap_future(self._owner.submit(work))
        done, _ = await asyncio.wait({future}, timeout=limit_s)
        if not done:
            future.cancel()
            raise Expired
        return future.result()

    def leave(self) -> None:
        """Have the task begin to close the client, and do not wait for it: several end beside each other. Never raises."""
        if self._ended is not None:
            with contextlib.suppress(RuntimeError):
                self._owner.loop.call_soon_threadsafe(self._set_stop)

    def close(self, *, limit_s: float = _CLOSE_LIMIT_S) -> None:
        """Have the task close the client, and wait for it at most `limit_s`. Never raises."""
        self.leave()
        if self._ended is not None:
            concurrent.futures.wait([self._ended], timeout=limit_s)

    def _set_stop(self) -> None:
        if self._stop is not None:
            self._stop.set()


_shared: list[Owner] = []
_lock = threading.Lock()


def shared_owner() -> Owner:
    """Return the process's owner, started at the first call (and anew in a forked child)."""
    with _lock:
        if not _shared or not _shared[0].is_running():
            _shared[:] = [Owner()]
            _shared[0].loop.stays_asleep = True  # type: ignore[attr-defined]
        return _shared[0]


def _first_cause(error: BaseException) -> BaseException:
    """Return what went wrong first: task groups wrap one error in groups."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error


def _ignore_leftovers(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    """Say nothing: errors of a connection are told by its calls."""
