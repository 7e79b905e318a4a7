"""MCP servers: over stdio, over Streamable HTTP, or in this process, through the official SDK's client."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra, TargetError
from ..spec.model import McpTarget, Spec
from ._clients import certificates
from ._timelimit import Expired
from .base import Progress, ToolDescription
from .owner import Connection, Owner, shared_owner
from .processes import ServerProcess, show_command

if TYPE_CHECKING:
    from types import ModuleType

    import mcp
    from mcp.client.session import MessageHandlerFnT

    from .mcp_session import McpSession
    from .mcp_stdio import StdioPipes

START_LIMIT_S = 30.0
"""How long a server may take to answer `initialize`."""

_numbers = itertools.count(1)


class Link:
    """A connected client, and the process behind it where there is one."""

    def __init__(
        self,
        session: mcp.ClientSession,
        process: ServerProcess | None,
        pipes: StdioPipes | None,
        progress: list[Progress],
    ) -> None:
        self.session = session
        self.process = process
        self.pipes = pipes
        self.progress = progress
        """Every progress notification, `at_ns` of the process's clock: also one that comes after its call's answer."""


class McpServer:
    """A server that offers tools over the Model Context Protocol."""

    kind = "mcp"

    def __init__(self, spec: Spec) -> None:
        assert isinstance(spec.target, McpTarget)
        if importlib.util.find_spec("mcp") is None:
            raise MissingExtra("an mcp target", "mcp")
        self._spec = spec
        self._target = spec.target
        self._described: tuple[ToolDescription, ...] | None = None
        self._spare: McpSession | None = None
        self._http_error: int | None = None
        """The last status of 400 and more that the server answered with: the client's own error does not tell it."""
        self._waiting: ServerProcess | None = None
        """A server that was started before it is needed."""

    @property
    def name(self) -> str:
        """The server as a user would name it: its command, its URL, its `module:attr`."""
        return show_command(self._target.command) or self._target.url or str(self._target.server)

    def describe(self) -> Sequence[ToolDescription]:
        """Return the server's tools. Raises TargetError. The session used for it is the next that `open` returns."""
        if self._described is None:
            session = self._spare or self._connect()
            self._spare = session
            found = session.list_tools()
            if self._target.server:
                found = [dataclasses.replace(tool, is_async=self._runs_on_the_loop(tool.name)) for tool in found]
            self._described = tuple(found)
        return self._described

    def _runs_on_the_loop(self, tool: str) -> bool:
        """Whether a tool in this process is async. The SDK's server knows, privately; a lower one has one async handler."""
        known = getattr(getattr(self._server(), "_tool_manager", None), "_tools", {})
        return bool(getattr(known.get(tool), "is_async", True))

    def open(self) -> McpSession:
        """Start or reach the server. Raises TargetError with the command, exit code and last stderr lines."""
        session, self._spare = self._spare, None
        if session is None or not session.is_alive():
            session = self._connect()
        if self._described is not None:
            from .mcp_session import declaring

            session.declares_output = declaring(self._described)
        return session

    def close(self) -> None:
        """Close a session that nobody took; the others belong to whoever opened them."""
        session, self._spare = self._spare, None
        if session is not None:
            session.close()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.stop(grace_s=0.0)

    def prepare(self) -> None:
        """Start a server for the session after the next one that is ready. Raises TargetError."""
        if self._waiting is None:
            self._waiting = self._spawned()

    def _connect(self) -> McpSession:
        process = self._begun() or self._spawned()
        from .mcp_session import McpSession  # while the server starts: the SDK takes as long to import

        # A tool in this process may block its loop, which must not be the one that serves everybody else.
        owner = Owner("toolcheck-in-process") if self._target.server else shared_owner()
        connection: Connection[Link] = Connection(lambda: self._client(process), owner=owner)
        try:
            link = connection.open(limit_s=START_LIMIT_S)
        except (Exception, Expired) as error:
            message = self._start_failure(error, process)
            _dispose(process, owner if self._target.server else None)
            raise TargetError(message) from error
        return McpSession(f"mcp-{next(_numbers)}", connection, link, own_loop=owner if self._target.server else None)

    def _begun(self) -> ServerProcess | None:
        """Return the server that was started ahead, where it runs still."""
        process, self._waiting = self._waiting, None
        if process is not None and process.exit_code() is not None:
            process.stop(grace_s=0.0)
            return None
        return process

    def _spawned(self) -> ServerProcess | None:
        if not self._target.command:
            return None
        folder = self._target.cwd or str(self._spec.path.resolve().parent)
        return ServerProcess(self._target.command, cwd=folder, env=self._target.env, pipe_stdin=True)

    @contextlib.asynccontextmanager
    async def _client(self, process: ServerProcess | None) -> AsyncIterator[Link]:
        from mcp import ClientSession

        from ._mcp_handshake import answered

        progress: list[Progress] = []
        hear = _noting(progress)
        async with contextlib.AsyncExitStack() as stack:
            pipes = None
            if process is not None:
                from .mcp_stdio import stdio_pipes

                pipes = await stack.enter_async_context(stdio_pipes(process))
                session = await stack.enter_async_context(
                    ClientSession(pipes.incoming, pipes.outgoing, message_handler=hear)
                )
            elif self._target.url:
                streams = await stack.enter_async_context(self._over_http(stack))
                session = await stack.enter_async_context(ClientSession(streams[0], streams[1], message_handler=hear))
            else:
                session = await stack.enter_async_context(self._in_process(hear))
            if process is not None or self._target.url:
                await answered(pipes, session.initialize())
            yield Link(session, process, pipes, progress)

    def _over_http(self, stack: contextlib.AsyncExitStack) -> AbstractAsyncContextManager[Any]:
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        timeout = httpx2.Timeout(30.0, read=None)
        client = httpx2.AsyncClient(
            headers=dict(self._target.headers),
            timeout=timeout,
            verify=certificates(httpx2),
            event_hooks={"response": [self._note_status]},
        )
        stack.push_async_callback(client.aclose)
        return streamable_http_client(str(self._target.url), http_client=client)

    async def _note_status(self, response: Any) -> None:
        if response.status_code >= 400:
            self._http_error = response.status_code

    @contextlib.asynccontextmanager
    async def _in_process(self, hear: MessageHandlerFnT) -> AsyncIterator[mcp.ClientSession]:
        from mcp import Client

        async with Client(self._server(), mode="legacy", cache=None, message_handler=hear) as client:
            yield client.session

    def _server(self) -> Any:
        from ._modules import load_module

        module_name, _, attribute = str(self._target.server).partition(":")
        module = load_module(module_name, spec_path=self._spec.path)
        return server_in(module, attribute or "server", spec_path=self._spec.path)

    def _start_failure(self, error: BaseException, process: ServerProcess | None) -> str:
        """Return one line: what, why, which; then what it wrote last, and how to go on."""
        from . import _mcp_handshake as handshake

        if isinstance(error, TargetError):
            return str(error)
        if process is not None:
            reason = handshake.why(error, "initialize", process, limit_s=START_LIMIT_S)
            check = f"Check `command`, `cwd`, `env` in {Path(self._spec.path).name}."
            return f"the MCP server did not start: {reason}: `{self.name}`\n{handshake.written(process)}\n{check}"
        reason = f"no answer within {START_LIMIT_S:g}s"
        if not isinstance(error, Expired):
            status = f"HTTP status {self._http_error}: " if self._http_error else ""
            reason = status + handshake.why(error, "initialize", process, limit_s=START_LIMIT_S)
        return f"cannot reach the MCP server {self.name}: {reason}"


def _noting(progress: list[Progress]) -> MessageHandlerFnT:
    """Return a handler that notes each progress notification."""
    from mcp_types import ProgressNotification

    async def hear(message: Any) -> None:
        if isinstance(message, ProgressNotification):
            said = message.params
            progress.append(Progress(time.perf_counter_ns(), said.progress, said.total, said.message))

    return hear


def _dispose(process: ServerProcess | None, owner: Owner | None) -> None:
    if process is not None:
        process.stop(grace_s=0.0)
    if owner is not None:
        owner.stop()


def server_in(module: ModuleType, path: str, *, spec_path: Path) -> Any:
    """Return the server that `path` names in its module, or that it makes. Raises TargetError."""
    from ._modules import resolve

    server = resolve(module, path, spec_path=spec_path)
    made = server() if callable(server) and not hasattr(server, "run") else server
    # The `fastmcp` package wraps the SDK's own server.
    made = getattr(made, "_mcp_server", made)
    if not hasattr(made, "create_initialization_options") and not hasattr(made, "list_tools"):
        raise TargetError(f"{module.__name__}:{path} is no MCP server but {type(made).__name__}")
    return made
