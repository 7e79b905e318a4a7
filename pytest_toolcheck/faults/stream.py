"""Faults on a TCP connection: a proxy on loopback, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from typing import Any, Final

from .effects import corrupted, kept
from .kinds import Action
from .point import Ask, Direction

_READ: Final = 65_536
_START_S: Final = 10.0
_SLICES_A_SECOND: Final = 20
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, for 0 s: closing sends RST instead of FIN."""


class TcpPoint:
    """A proxy in front of `host:port`; `address` is what the client is to be told.

    A hit is one half of an exchange: all bytes that go in one direction until bytes come in the other.
    """

    kind = "tcp"

    def __init__(self, host: str, port: int, ask: Ask) -> None:
        self.name = f"tcp:{host}:{port}"
        self._upstream = (host, port)
        self._ask = ask
        self._loop: asyncio.AbstractEventLoop | None = None
        self._port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where the proxy listens."""
        return f"127.0.0.1:{self._port}"

    def prepare(self, _action: Action) -> None:
        """Everything that is possible here can be done."""

    def on(self) -> None:
        """Start the proxy."""
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True, name="toolcheck-proxy")
        self._thread.start()
        ready.wait(_START_S)

    def off(self) -> None:
        """End the proxy with its connections. Idempotent."""
        loop, self._loop = self._loop, None
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join(_START_S)

    def _run(self, ready: threading.Event) -> None:
        loop = self._loop
        assert loop is not None
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self._port = server.sockets[0].getsockname()[1]
        ready.set()
        try:
            loop.run_forever()
        finally:
            server.close()
            loop.run_until_complete(_end(self._tasks))
            loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            upstream = await asyncio.open_connection(*self._upstream)
        except OSError:
            writer.transport.abort()
            self._tasks.discard(task)
            return
        try:
            await _Link(self._ask, (reader, writer), upstream).run()
        except asyncio.CancelledError:
            pass  # the proxy ends: asyncio would log it as an error of the server's
        finally:
            for each in (writer, upstream[1]):
                each.close()
            self._tasks.discard(task)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Link:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(self, ask: Ask, client: Ends, server: Ends) -> None:
        self._ask = ask
        self._client, self._server = client, server
        self._last: Direction | None = None

    async def run(self) -> None:
        """Carry bytes both ways until both sides have ended."""
        ways = [
            asyncio.ensure_future(self._pump("request", self._client[0], self._server[1])),
            asyncio.ensure_future(self._pump("response", self._server[0], self._client[1])),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            await _end(set(ways))

    async def _pump(self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = _Way(self, writer)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_READ):
                if self._last != direction:
                    self._last = direction
                    way.begin(self._ask(direction))
                await way.carry(data)
        with contextlib.suppress(ConnectionError, OSError, RuntimeError):
            await way.flush()
            writer.write_eof()

    def end(self, how: str, writer: asyncio.StreamWriter) -> None:
        """End the connection: in order, by a reset, or in this direction only."""
        if how == "half":
            with contextlib.suppress(OSError, RuntimeError):
                writer.write_eof()
            return
        for _, each in (self._client, self._server):
            if how == "rst":
                sock: socket.socket | None = each.get_extra_info("socket")
                if sock is not None:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                each.transport.abort()
            else:
                each.close()


class _Way:
    """One direction, and what happens to the bytes of its current half of an exchange."""

    def __init__(self, link: _Link, writer: asyncio.StreamWriter) -> None:
        self._link, self._writer = link, writer
        self._action: Action | None = None
        self._is_first = True
        self._left: int | None = None
        self._held = b""

    def begin(self, action: Action | None) -> None:
        """A new half of an exchange begins."""
        self._action, self._is_first, self._left = action, True, None

    async def carry(self, data: bytes) -> None:
        """Send these bytes on, or what the fault makes of them."""
        first, self._is_first = self._is_first, False
        action = self._action
        if action is None:
            await self._send(data)
        elif action.kind == "hang":
            await asyncio.get_running_loop().create_future()
        elif action.kind == "disconnect" and first:
            self._link.end(action["how"], self._writer)
        elif action.kind == "truncate":
            await self._cut(data, action)
        elif action.kind == "slow_stream":
            await self._slowly(data, action["rate"])
        elif action.kind == "reorder" and first:
            self._held = data
        elif action.kind not in ("drop", "disconnect"):
            await self._send(await self._changed(data, action) if first else data)

    async def _changed(self, data: bytes, action: Action) -> bytes:
        match action.kind:
            case "delay":
                await asyncio.sleep(action["time"])
            case "corrupt":
                return corrupted(data, action)
            case "duplicate":
                return data + data
            case "noise":
                return str(action["text"]).encode(errors="replace") + data
            case "oversize":
                return data + b"x" * int(action["size"])
        return data

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()
        if self._held:
            held, self._held = self._held, b""
            await self._send(held)

    async def _cut(self, data: bytes, action: Action) -> None:
        if self._left is None:
            self._left = kept(len(data), action["keep"])
        part = data[: self._left]
        self._left -= len(part)
        if part:
            await self._send(part)
        if not self._left:
            self._link.end("fin", self._writer)

    async def _slowly(self, data: bytes, rate: int) -> None:
        size = max(1, rate // _SLICES_A_SECOND)
        for at in range(0, len(data), size):
            await asyncio.sleep(size / rate)
            await self._send(data[at : at + size])

    async def flush(self) -> None:
        """Send what was held back for a message that did not come."""
        if self._held:
            held, self._held = self._held, b""
            await self._send(held)


async def _end(tasks: set[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
