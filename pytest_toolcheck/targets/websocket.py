"""WebSocket services: one JSON message out, the reply matched by its request id.

`request` is the message's template: the strings "{id}", "{tool}" and "{input}" in it stand for the request id, the
tool's name (or its `call`) and the arguments. Left out it is JSON-RPC: {jsonrpc: "2.0", id, method, params}.
`reply` says where in a reply what stands, as a key or a JSON Pointer: `id`, `result`, `error`, and below the
error `code` and `message`; these are also their defaults. A template without "{id}" means a service that answers in
order.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra, TargetError
from ..spec.model import Spec, WebSocketTarget
from ._remote import ServedSession
from ._started import StartedServer
from ._text_values import uncarried
from ._timelimit import Expired
from .base import NOT_CARRIED, CallError, Outcome, OutcomeKind, Request, ToolDescription
from .classify import Rejects, code_kind
from .owner import Connection, shared_owner

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_OPEN_LIMIT_S = 30.0
_JSON_RPC = {"jsonrpc": "2.0", "id": "{id}", "method": "{tool}", "params": "{input}"}
_CRASHES = (-32603, -32700, "5xx")
_SHOWN = 120
_numbers = itertools.count(1)


class WebSocketService:
    """A service that answers JSON messages, started for the tests where the spec says how."""

    kind = "websocket"

    def __init__(self, spec: Spec) -> None:
        assert isinstance(spec.target, WebSocketTarget)
        if importlib.util.find_spec("websockets") is None:
            raise MissingExtra("a websocket target", "websocket")
        self.target = spec.target
        self._tools = tuple(spec.tools.values())
        folder = spec.path.resolve().parent
        self.server = StartedServer(self.target.start, url=self.target.url, ready=self.target.ready, folder=folder)

    def describe(self) -> Sequence[ToolDescription]:
        """Return the spec's tools: there is no common way to ask a service."""
        return [ToolDescription(tool.name, source=self.target.url) for tool in self._tools]

    def open(self) -> WebSocketSession:
        """Start the server where there is one to start, and connect. Raises TargetError."""
        self.server.ensure()
        return WebSocketSession(self, *self.connect())

    def connect(self) -> tuple[Connection[ClientConnection], ClientConnection]:
        """Return a new connection. Raises TargetError."""
        connection: Connection[ClientConnection] = Connection(self._connected, owner=shared_owner())
        try:
            return connection, connection.open(limit_s=_OPEN_LIMIT_S)
        except (Exception, Expired) as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            raise TargetError(f"cannot connect to {self.target.url}: {reason}") from error

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientConnection]:
        from websockets.asyncio.client import connect

        headers = dict(self.target.headers)
        async with connect(self.target.url, additional_headers=headers, max_size=None, close_timeout=1) as client:
            yield client

    def close(self) -> None:
        """Stop the server that was started."""
        self.server.stop()


class WebSocketSession(ServedSession["ClientConnection"]):
    """One connection; replies find their calls by id, or in order where the service knows no ids."""

    def __init__(
        self, service: WebSocketService, connection: Connection[ClientConnection], client: ClientConnection
    ) -> None:
        super().__init__(f"websocket-{next(_numbers)}", connection, service.server)
        self._service = service
        self._client = client
        self._template = service.target.request if service.target.request is not None else _JSON_RPC
        self._has_ids = "{id}" in json.dumps(filled(self._template, {}))
        self._reply = service.target.reply
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._stray: dict[int, str] = {}
        """What came last that is no reply, by the call that was waiting."""
        self._reader: asyncio.Task[None] | None = None
        self._beside: tuple[Connection[ClientConnection], ClientConnection] | None = None
        """A second connection, for pings: on the first a server may be right to answer them after the call."""

    def _pinged(self, request: Request) -> Outcome:
        with contextlib.suppress(TargetError):  # a server that takes no second one is not pinged
            self._beside = self._beside or self._service.connect()
        return super()._pinged(request)

    async def _ping(self) -> None:
        if self._beside is None:
            raise NotImplementedError
        await (await self._beside[1].ping())

    async def _nothing(self) -> bool:
        """Ping on the connection of the calls, none of which is under way: a frame that no service gets to see."""
        await (await self._client.ping())
        return True

    def close(self) -> None:
        """Close the connections; the server runs on until the target is closed."""
        super().close()
        if self._beside is not None:
            self._beside[0].close()

    async def _call(self, request: Request) -> Outcome:
        if reason := uncarried(request.arguments):
            return Outcome("refused", 0, error=CallError(type=NOT_CARRIED, message=reason))
        heard = self._service.server.listen()
        number = next(self._ids)
        started = time.perf_counter_ns()
        try:
            async with asyncio.timeout(request.timeout_s):
                reply = await self._exchanged(request, number)
        except TimeoutError:
            told = f"; it sent instead: {shown}" if (shown := self._stray.get(number)) else ""
            return self._timed_out(request, time.perf_counter_ns() - started, noise=heard(), told=told)
        except (OSError, EOFError, _closed_errors()) as error:
            return await self._lost(error, time.perf_counter_ns() - started, heard())
        finally:
            self._waiting.pop(number, None)
            self._stray.pop(number, None)
        return self._outcome(request, reply, time.perf_counter_ns() - started, heard())

    async def _exchanged(self, request: Request, number: int) -> Any:
        if self._reader is None:
            self._reader = asyncio.get_running_loop().create_task(self._read())
        if self._reader.done():
            raise EOFError("the connection is closed")
        self._waiting[number] = asyncio.get_running_loop().create_future()
        names = {"{id}": number, "{tool}": request.tool.call or request.tool.name, "{input}": request.arguments}
        await self._client.send(json.dumps(filled(self._template, names)))
        return await self._waiting[number]

    async def _read(self) -> None:
        try:
            async for text in self._client:
                self._deliver(text)
            raise EOFError("the server closed the connection")
        except (OSError, EOFError, _closed_errors()) as error:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(error)

    def _deliver(self, text: str | bytes) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = text
        number = self._number(message)
        future = self._waiting.get(number) if number is not None else None
        if future is not None and not future.done():
            future.set_result(message)
        elif (first := self._first_waiting()) is not None:
            self._stray[first] = repr(text[:_SHOWN])

    def _first_waiting(self) -> int | None:
        return next((number for number, future in self._waiting.items() if not future.done()), None)

    def _number(self, message: Any) -> int | None:
        """Return whose reply this is; None for what nobody asked for."""
        if not self._has_ids:
            return self._first_waiting()
        found = looked_up(message, self._reply.get("id", "id"))
        return int(found) if isinstance(found, (int, str)) and str(found).isdigit() else None

    def _outcome(self, request: Request, reply: Any, spent: int, noise: str) -> Outcome:
        error = looked_up(reply, self._reply.get("error", "error"))
        if error is not None:
            kind, told = self._judged(error, request.tool.rejects)
            return Outcome(kind, spent, error=told, raw=reply, noise=noise)
        place = self._reply.get("result", "result")
        is_wrapped = "result" in self._reply or (isinstance(reply, Mapping) and place in reply)
        return Outcome(
            "accepted", spent, value=looked_up(reply, place) if is_wrapped else reply, raw=reply, noise=noise
        )

    def _judged(self, error: Any, rejects: Rejects) -> tuple[OutcomeKind, CallError]:
        code = looked_up(error, self._reply.get("code", "code"))
        text = error if isinstance(error, str) else looked_up(error, self._reply.get("message", "message"))
        number = code if isinstance(code, int) and not isinstance(code, bool) else None
        data = looked_up(error, "data") if isinstance(text, str) else None
        said = f"{text}\n{json.dumps(data)}" if data is not None else text
        told = CallError("ErrorReply", said if isinstance(said, str) else json.dumps(error), code=number)
        if rejects is not None:
            return ("crashed" if number is None else code_kind(number, rejects=rejects, default=())), told
        is_crash = number is not None and code_kind(number, rejects=None, default=_CRASHES) == "refused"
        return ("crashed" if is_crash else "refused"), told


def filled(template: Any, names: Mapping[str, Any]) -> Any:
    """Return `template` with each string that is one of `names` replaced, at every depth."""
    if isinstance(template, Mapping):
        return {key: filled(value, names) for key, value in template.items()}
    if isinstance(template, (list, tuple)):
        return [filled(item, names) for item in template]
    return names.get(template, template) if isinstance(template, str) else template


def looked_up(message: Any, place: str) -> Any:
    """Return what stands at `place`, a key or a JSON Pointer; None where nothing does."""
    for part in place.split("/")[1:] if place.startswith("/") else [place]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(message, Mapping):
            message = message.get(key)
        elif isinstance(message, list) and key.isdigit() and int(key) < len(message):
            message = message[int(key)]
        else:
            return None
    return message


def _closed_errors() -> type[Exception]:
    from websockets.exceptions import WebSocketException

    return WebSocketException
