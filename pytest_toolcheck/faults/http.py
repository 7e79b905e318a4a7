"""Faults between an httpx client and its server: a transport around the transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

import httpx

from .effects import corrupted, kept
from .errors import FaultError
from .kinds import Action
from .point import Ask
from .references import raising

_LONG_S: Final = 30 * 24 * 3600.0
_SLICES_A_SECOND: Final = 20


class HttpPoint:
    """A client (or its copies), whose transport is wrapped for a time, or a transport, whose own method is."""

    kind = "http"

    def __init__(self, targets: Sequence[Any], ask: Ask) -> None:
        self.name = f"httpx.{type(targets[0]).__name__}"
        self._ask = ask
        self._transports = [
            transport for target in targets for transport in ([target] if _methods(target) else _transports_of(target))
        ]
        self._undo: list[tuple[Any, str]] = []

    def prepare(self, action: Action) -> None:
        """Raise FaultError for an error that is neither a status nor an exception."""
        if action.kind == "error" and not _status(action):
            raising(action, spaces=[httpx])
        if action.kind == "rate_limit" and action["error"]:
            raise FaultError("rate_limit at an httpx client answers with status 429: it takes no error")

    def on(self) -> None:
        """Let every request pass through here."""
        for transport in self._transports:
            for name, asking in _methods(transport).items():
                setattr(transport, name, asking(getattr(transport, name), self._ask).handle)
                self._undo.append((transport, name))

    def off(self) -> None:
        """Put the transports' own methods back."""
        while self._undo:
            transport, name = self._undo.pop()
            delattr(transport, name)


def _transports_of(client: Any) -> list[Any]:
    """Return the client's transports, proxies' too. httpx has no public name for them (encode/httpx#1495)."""
    found = [client._transport, *client._mounts.values()]
    return [transport for transport in found if transport is not None]


class _Exchange:
    """What happens to one request after another; the asynchronous one does the same and awaits."""

    def __init__(self, inner: Any, ask: Ask) -> None:
        self._inner, self._ask = inner, ask

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Send it, or what the fault makes of it."""
        action = self._ask("request")
        if action is not None:
            time.sleep(_wait_s(action, request))
            if (answer := _instead(action, request)) is not None:
                return answer
            if action.kind == "duplicate":
                self._inner(request).read()
        response: httpx.Response = self._inner(request)
        action = self._ask("response")
        if action is None:
            return response
        time.sleep(_wait_s(action, request))
        body = b"".join(response.stream)  # type: ignore[arg-type]
        response.close()
        return _changed(action, request, response, body)


class _AsyncExchange(_Exchange):
    async def handle(self, request: httpx.Request) -> httpx.Response:  # type: ignore[override]
        action = self._ask("request")
        if action is not None:
            await asyncio.sleep(_wait_s(action, request))
            if (answer := _instead(action, request)) is not None:
                return answer
            if action.kind == "duplicate":
                await (await self._inner(request)).aread()
        response: httpx.Response = await self._inner(request)
        action = self._ask("response")
        if action is None:
            return response
        await asyncio.sleep(_wait_s(action, request))
        body = b"".join([part async for part in response.stream])  # type: ignore[union-attr]
        await response.aclose()
        return _changed(action, request, response, body)


def _methods(target: Any) -> dict[str, type[_Exchange]]:
    """Return the methods by which requests pass through a transport; some have both."""
    known: dict[str, type[_Exchange]] = {"handle_request": _Exchange, "handle_async_request": _AsyncExchange}
    return {name: asking for name, asking in known.items() if hasattr(target, name)}


def _status(action: Action) -> int:
    text: str = action["error"]
    return int(text) if text.isascii() and text.isdigit() and 100 <= int(text) <= 599 else 0


def _wait_s(action: Action, request: httpx.Request) -> float:
    if action.kind == "delay":
        return float(action["time"])
    if action.kind in ("hang", "drop"):
        limit = request.extensions.get("timeout", {}).get("read")
        return _LONG_S if limit is None else float(limit)
    return 0.0


def _instead(action: Action, request: httpx.Request) -> httpx.Response | None:
    """Return what is answered instead of the server's answer, None where the request is sent. Raises the error."""
    where = f"{request.method} {request.url}"
    match action.kind:
        case "error" if status := _status(action):
            return httpx.Response(status, json={"error": action["message"] or "injected fault"}, request=request)
        case "error":
            raise raising(action, spaces=[httpx])(where)
        case "rate_limit":
            wait = f"{action['retry_after']:g}"
            return httpx.Response(429, headers={"Retry-After": wait}, json={"error": "rate limited"}, request=request)
        case "hang" | "drop":
            raise httpx.ReadTimeout(f"injected fault: no answer to {where}", request=request)
        case "disconnect":
            raise _disconnected(action["how"], where, request)
    return None


def _disconnected(how: str, where: str, request: httpx.Request) -> httpx.TransportError:
    if how == "rst":
        return httpx.ReadError(f"injected fault: connection reset during {where}", request=request)
    told = "without sending a response" if how == "fin" else "without sending complete message body (incomplete)"
    return httpx.RemoteProtocolError(f"injected fault: server disconnected {told}: {where}", request=request)


def _changed(action: Action, request: httpx.Request, response: httpx.Response, body: bytes) -> httpx.Response:
    headers = [(k, v) for k, v in response.headers.raw if k.lower() not in (b"content-length", b"transfer-encoding")]
    content: Any = body
    if action.kind == "truncate":
        content = body[: kept(len(body), action["keep"])]
    elif action.kind == "corrupt":
        content = corrupted(body, action)
    elif action.kind == "oversize":
        content = body + b" " * action["size"]
    elif action.kind == "slow_stream":
        content = _Slow(body, action["rate"])
    stream = content if isinstance(content, _Slow) else httpx.ByteStream(content)
    return httpx.Response(response.status_code, headers=headers, stream=stream, extensions=response.extensions,
                          request=request)  # fmt: skip


class _Slow(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, body: bytes, rate: int) -> None:
        self._size = max(1, rate // _SLICES_A_SECOND)
        self._parts = [body[at : at + self._size] for at in range(0, len(body), self._size)]
        self._pause_s = self._size / rate

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            time.sleep(self._pause_s)
            yield part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            await asyncio.sleep(self._pause_s)
            yield part
