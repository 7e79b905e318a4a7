"""MCP over the pipes of a child process: a transport for the SDK's client that we control to the byte.

The SDK's own starts the child itself, gives it a handful of variables, sends stderr to a file, and logs a traceback for
each line that is not JSON-RPC.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from ._mcp_handshake import is_answer
from .processes import ServerProcess, can_select_pipes

Incoming = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing = MemoryObjectSendStream[SessionMessage]

_READ_BYTES = 1 << 18
_MOST_STRAY = 1000
_os: Any = os
"""Windows lacks some of its names."""


class StdioPipes:
    """Reads and writes the three pipes of `process` on the running loop, without ever blocking it."""

    def __init__(self, process: ServerProcess) -> None:
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._to_client, self.incoming = anyio.create_memory_object_stream[SessionMessage | Exception](math.inf)
        self.outgoing, self._from_client = anyio.create_memory_object_stream[SessionMessage](math.inf)
        self._is_closed = False
        self._line = bytearray()
        self._unsent = bytearray()
        self.stray: list[str] = []
        """The first lines on stdout that are no messages."""
        self.has_ended = False
        """Whether the server has closed its stdout."""
        self.broken: asyncio.Future[str] = self._loop.create_future()
        """The first line on stdout that is meant as an answer, and ends no wait for one."""
        self._asked: set[str] = set()
        self._has_threads = not can_select_pipes()
        if self._has_threads:
            self._follow(process.stdout_fd, self._take_stdout)
            self._follow(process.stderr_fd, self._take_stderr)
        else:
            for fd in (process.stdin_fd, process.stdout_fd, process.stderr_fd):
                _os.set_blocking(fd, False)
            self._loop.add_reader(process.stdout_fd, self._read_stdout)
            self._loop.add_reader(process.stderr_fd, self.read_stderr)
        self._writer = self._loop.create_task(self._send_all())

    def _follow(self, fd: int, take: Callable[[bytes], None]) -> None:
        """Read in a thread, up to the end, what the loop is then told of: where loops cannot wait for pipes (Windows)."""

        def follow() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                while data := _read(fd):
                    self._loop.call_soon_threadsafe(take, data)
                self._loop.call_soon_threadsafe(take, b"")

        threading.Thread(target=follow, daemon=True, name="toolcheck-pipe").start()

    def read_stderr(self) -> None:
        """Take what stderr has now; called also at the end of a call, so that its noise is complete."""
        if self._is_closed or self._has_threads:
            return
        data = _read(self._process.stderr_fd)
        if data is not None:
            self._take_stderr(data)

    def _take_stderr(self, data: bytes) -> None:
        if data:
            self._process.output.feed(data)
        elif not self._has_threads:
            self._loop.remove_reader(self._process.stderr_fd)

    def _read_stdout(self) -> None:
        data = _read(self._process.stdout_fd)
        if data is not None:
            self._take_stdout(data)

    def _take_stdout(self, data: bytes) -> None:
        if not data:
            if not self._has_threads:
                self._loop.remove_reader(self._process.stdout_fd)
            self.read_stderr()
            self.has_ended = True
            self._to_client.close()  # the client's waiting calls end as "connection closed"
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._line += line
            self._receive(bytes(self._line))
            self._line.clear()
        self._line += rest

    def _receive(self, line: bytes) -> None:
        message = _parsed(line)
        if is_answer(line) if message is None else self._is_unasked(message):
            self._note_broken(line)
        if message is not None:
            with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                self._to_client.send_nowait(SessionMessage(message))
        elif line.strip():
            self._process.output.feed(b"stdout: " + line[:4096] + b"\n")
            if len(self.stray) < _MOST_STRAY:
                self.stray.append(line[:400].decode(errors="replace"))

    def _is_unasked(self, message: types.JSONRPCMessage) -> bool:
        """Whether an answer names a request that was never made (its number may come back as a text)."""
        return isinstance(message, (types.JSONRPCResponse, types.JSONRPCError)) and str(message.id) not in self._asked

    def _note_broken(self, line: bytes) -> None:
        if not self.broken.done():
            self.broken.set_result(line[:4096].decode(errors="replace").strip())

    async def _send_all(self) -> None:
        async for item in self._from_client:
            if isinstance(item.message, types.JSONRPCRequest):
                self._asked.add(str(item.message.id))
            self._unsent += encode(item.message)
            if self._has_threads:
                await asyncio.to_thread(self._write_all)
            else:
                self._write()

    def _write_all(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: os.write(self._process.stdin_fd, self._unsent[:_READ_BYTES])]
        except (OSError, ValueError):  # it reads no more: the end of its stdout tells the client
            self._unsent.clear()

    def _write(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: os.write(self._process.stdin_fd, self._unsent[:_READ_BYTES])]
        except BlockingIOError:
            self._loop.add_writer(self._process.stdin_fd, self._write)
            return
        except (OSError, ValueError):  # it reads no more: the end of its stdout tells the client
            self._unsent.clear()
        with contextlib.suppress(OSError, ValueError):
            self._loop.remove_writer(self._process.stdin_fd)

    async def has_process_ended(self, *, wait_s: float) -> bool:
        """Whether the server has ended, or does within `wait_s`."""
        return await asyncio.to_thread(self._process.exit_code, wait_s=wait_s) is not None

    async def close(self) -> None:
        """Let go of the pipes and streams."""
        self._is_closed = True
        self._writer.cancel()
        if not self._has_threads:
            for fd in (self._process.stdout_fd, self._process.stderr_fd):
                self._loop.remove_reader(fd)
            self._loop.remove_writer(self._process.stdin_fd)
        for stream in (self._to_client, self.incoming, self.outgoing, self._from_client):
            stream.close()


@contextlib.asynccontextmanager
async def stdio_pipes(process: ServerProcess) -> AsyncIterator[StdioPipes]:
    """Hold the pipes of a process that runs; stop it at the end."""
    pipes = StdioPipes(process)
    try:
        yield pipes
    finally:
        await pipes.close()
        with anyio.CancelScope(shield=True):
            await asyncio.to_thread(process.stop)


def encode(message: types.JSONRPCMessage) -> bytes:
    """Return the message as a line of strict JSON."""
    return (json.dumps(_as_dict(message), allow_nan=False, separators=(",", ":")) + "\n").encode()


def _as_dict(message: types.JSONRPCMessage) -> dict[str, Any]:
    return message.model_dump(by_alias=True, exclude_unset=True)


def _parsed(line: bytes) -> types.JSONRPCMessage | None:
    """Return the message, None for what is none: a print, a log line."""
    try:
        return types.jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError:
        pass
    try:  # Python's parser also takes lone surrogates, which servers do send
        return types.jsonrpc_message_adapter.validate_python(json.loads(line), by_name=False)
    except (ValueError, RecursionError):
        return None


def _read(fd: int) -> bytes | None:
    """Return what is there, b"" at the end, None when nothing is there yet."""
    try:
        return os.read(fd, _READ_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""
