"""What sessions over a connection share: calls are tasks on the owner's loop, and each keeps its limit."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ..errors import TargetError
from ._observe_child import family_counts, grown
from ._pinged import is_pinged, while_pinging
from ._started import StartedServer
from ._timelimit import Expired
from .base import CallError, Observed, Outcome, Request
from .owner import Connection

C = TypeVar("C")

NOTHING_LIMIT_S = 5.0
"""How long a server may take to answer when it is asked for nothing."""
HUNG_LOOP_GRACE_S = 2.0
"""How much later than the call's own limit it is given up by the caller: the loop itself is blocked then."""


class RemoteSession(Generic[C]):
    """Makes calls from any thread; a kind of target says in `_call` how one is made."""

    def __init__(self, name: str, connection: Connection[C]) -> None:
        self.id = name
        self._connection = connection
        self._alive = True

    async def _call(self, request: Request) -> Outcome:
        raise NotImplementedError

    def _on_hang(self) -> None:
        """Do what ends a call that hangs on the other side."""

    def process_ids(self) -> tuple[int, ...]:
        """The operating-system processes that serve this session, where they are known."""
        return ()

    def counts(self) -> dict[str, int]:
        """Count what may outlive a call in the server, as far as it can be seen."""
        pid = self._server_pid()
        return {} if pid is None else family_counts([pid])

    def running(self) -> Sequence[object]:
        """Return what has not ended in the server, where that can be seen."""
        return ()

    def _server_pid(self) -> int | None:
        """The server's process, where we started it."""
        return None

    def ended_unasked(self) -> str | None:
        """Say how the server's process ended, where it did so between calls: none was lost to it."""
        return None

    def rest(self, seconds: float) -> None:
        """Wait; the other side goes on by itself."""
        time.sleep(seconds)

    def call(self, request: Request) -> Outcome:
        """Make one call and wait for its end."""
        return self._observed(request) if request.observe else self._made(request)

    async def _ping(self) -> None:
        """Ask the other side for anything that it answers at once. Raises where that is not possible."""
        raise NotImplementedError

    def _observed(self, request: Request) -> Outcome:
        if is_pinged(request.tool):
            return self._pinged(request)
        before = self.counts()
        outcome = self._made(request)
        return dataclasses.replace(outcome, observed=Observed(left=grown(before, self.counts())))

    def _pinged(self, request: Request) -> Outcome:
        """Make the call, and see whether the server answers anything else meanwhile."""
        before = self.counts()
        call = while_pinging(self._call(request), self._ping, self._server_pid())
        try:
            outcome, held_ns = self._connection.run(call, limit_s=request.timeout_s + HUNG_LOOP_GRACE_S)
        except Expired:
            return self._hung(request)
        observed = Observed(held_ns=held_ns, left=grown(before, self.counts()))
        return dataclasses.replace(outcome, observed=observed)

    def _made(self, request: Request) -> Outcome:
        try:
            return self._connection.run(self._call(request), limit_s=request.timeout_s + HUNG_LOOP_GRACE_S)
        except Expired:
            return self._hung(request)

    async def call_async(self, request: Request) -> Outcome:
        """Make one call from a running loop."""
        try:
            return await self._connection.run_async(self._call(request), limit_s=request.timeout_s + HUNG_LOOP_GRACE_S)
        except Expired:
            return self._hung(request)

    def call_concurrently(self, requests: Sequence[Request]) -> list[Outcome]:
        """Make all calls at once over this one connection."""

        async def all_of_them() -> list[Outcome]:
            return await asyncio.gather(*map(self._call, requests))

        longest = max((request.timeout_s for request in requests), default=0.0)
        try:
            return self._connection.run(all_of_them(), limit_s=longest + HUNG_LOOP_GRACE_S)
        except Expired:
            return [self._hung(request) for request in requests]

    def _timed_out(self, request: Request, spent_ns: int, *, noise: str = "", told: str = "") -> Outcome:
        self._alive = False
        self._on_hang()
        message = f"no answer within {request.timeout_s:g}s{told}"
        return Outcome("timed_out", spent_ns, error=CallError(type="Timeout", message=message), noise=noise)

    def _hung(self, request: Request) -> Outcome:
        return self._timed_out(request, int((request.timeout_s + HUNG_LOOP_GRACE_S) * 1e9))


class ServedSession(RemoteSession[C]):
    """A session of a service that the spec may have started: who died, and which processes answer."""

    def __init__(self, name: str, connection: Connection[C], server: StartedServer) -> None:
        super().__init__(name, connection)
        self._server = server

    async def _lost(self, error: BaseException, spent: int, noise: str) -> Outcome:
        self._alive = False
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        process = self._server.process
        if process is not None and await asyncio.to_thread(process.exit_code, wait_s=0.5) is not None:
            reason = f"the server died: {process.ended()}"
        return Outcome("lost", spent, error=CallError(type="ConnectionLost", message=reason), noise=noise)

    def _on_hang(self) -> None:
        self._server.is_suspect = True

    def is_alive(self) -> bool:
        """Whether no call was lost or hung, and the started server runs."""
        return self._alive and not self._server.has_died()

    def ended_unasked(self) -> str | None:
        """Say how the started server ended between calls."""
        process = self._server.process
        return process.ended() if process is not None and self._alive and self._server.has_died() else None

    @property
    def ping(self) -> Callable[[], bool] | None:
        """What asks the server for nothing, in the protocol's own way; None where somebody else runs it.

        It returns whether that was answered as a server answers anything, and raises TargetError where it was not at all:
        this session is of no more use then.
        """
        return self._ask_for_nothing if self._server.process is not None else None

    async def _nothing(self) -> bool:
        raise NotImplementedError

    def _ask_for_nothing(self) -> bool:
        try:
            return self._connection.run(self._nothing(), limit_s=NOTHING_LIMIT_S)
        except (Exception, Expired) as error:
            self._alive = False
            self._on_hang()
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            raise TargetError(f"the server did not answer when it was asked for nothing ({reason})") from error

    def process_ids(self) -> tuple[int, ...]:
        """The started server's processes."""
        return self._server.pids()

    def _server_pid(self) -> int | None:
        process = self._server.process
        return process.pid if process is not None else None

    def close(self) -> None:
        """Close the connection; the server runs on until the target is closed."""
        self._alive = False
        self._connection.close()
