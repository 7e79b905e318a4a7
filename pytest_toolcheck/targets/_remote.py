"""What sessions over a connection share: calls are tasks on the owner's loop, and each keeps its limit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Generic, TypeVar

from ._timelimit import Expired
from .base import CallError, Outcome, Request
from .owner import Connection

C = TypeVar("C")

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

    def call(self, request: Request) -> Outcome:
        """Make one call and wait for its end."""
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

    def _timed_out(self, request: Request, spent_ns: int, *, noise: str = "") -> Outcome:
        self._alive = False
        self._on_hang()
        message = f"no answer within {request.timeout_s:g}s"
        return Outcome("timed_out", spent_ns, error=CallError(type="Timeout", message=message), noise=noise)

    def _hung(self, request: Request) -> Outcome:
        return self._timed_out(request, int((request.timeout_s + HUNG_LOOP_GRACE_S) * 1e9))
