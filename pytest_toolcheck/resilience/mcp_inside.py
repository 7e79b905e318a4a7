"""Tools of an MCP server in this process, as async functions: promises under failure are shown of them as of Python tools.

The server's module is imported afresh and gets an object that calls its tools through the SDK's own client, in memory. An
event loop has one connection, so what a server keeps for one (its lifespan, its sessions) lasts from call to call; it has
further ones for calls of other sessions (`calling_as`). The SDK carries a call's context over to its handler, so what the
server does on its behalf is known by the call's id.
"""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ..scenario import ToolPlan
from ..spec.model import McpTarget, PythonTarget, ToolSpec

_OFFERED: Final = "toolcheck_over_mcp"
_caller: contextvars.ContextVar[int] = contextvars.ContextVar("toolcheck_caller", default=0)


class RefusedOverMcp(ValueError):
    """The error result of a tool: all that a client sees of what was raised is its text."""


@dataclass(frozen=True, slots=True)
class ServerModule(PythonTarget):
    """The module of an in-process server; `server` is the attribute that holds it, or makes it."""

    server: str = "server"


def inside(plan: ToolPlan) -> ToolPlan:
    """Return the plan with the tools of an in-process MCP server as functions of its module; another plan as it is."""
    target = plan.spec.target
    if not isinstance(target, McpTarget) or target.server is None:
        return plan
    module, _, attribute = target.server.partition(":")
    tools = {name: offered(tool) for name, tool in plan.spec.tools.items()}
    module_of_server = ServerModule(module, server=attribute or "server")
    spec = dataclasses.replace(plan.spec, target=module_of_server, tools=tools)
    return dataclasses.replace(plan, spec=spec, tool=offered(plan.tool))


def offered(tool: ToolSpec) -> ToolSpec:
    """Return the tool as it is called in a server's module."""
    return dataclasses.replace(tool, call=f"{_OFFERED}.{tool.call or tool.name}")


def calling_as(session: int) -> None:
    """Let the calls of the running task go over the connection of this session."""
    _caller.set(session)


async def connect(module: ModuleType, sessions: int) -> None:
    """Open so many sessions on the running loop, where the module is a server's: its calls wait for no connection then."""
    if isinstance(tools := vars(module).get(_OFFERED), _Tools):
        for session in range(sessions):
            calling_as(session)
            await tools._connected().session()


def offer_tools(target: PythonTarget, module: ModuleType, *, spec_path: Path) -> Callable[[], None]:
    """Give a server's module, imported afresh, the object that the plan's `call` names; return what undoes the rest.

    Meanwhile the SDK does not log the errors that are injected: it would draw a traceback of each.
    """
    if not isinstance(target, ServerModule):
        return lambda: None
    setattr(module, _OFFERED, _Tools(module, target, spec_path))
    logger = logging.getLogger("mcp.server")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    return lambda: logger.setLevel(level)


class _Tools:
    """Has every tool of a server as an async function."""

    def __init__(self, module: ModuleType, target: ServerModule, spec_path: Path) -> None:
        self._module, self._target, self._spec_path = module, target, spec_path
        self._connections: dict[int, _Connection] = {}

    def __getattr__(self, tool: str) -> Any:
        if tool.startswith("__"):
            raise AttributeError(tool)

        async def over_mcp(*, on_progress: Any = None, **arguments: Any) -> Any:
            return await self._called(tool, arguments, on_progress)

        return over_mcp

    async def _called(self, tool: str, arguments: dict[str, Any], on_progress: Any) -> Any:
        from mcp import types

        from ..targets._mcp_results import texts_of, value_of

        connection = self._connected()
        meta: Any = {} if on_progress is None else {"progressToken": connection.listen(on_progress)}
        # Not `call_tool`: that lists all tools and compiles their schemas first.
        params = types.CallToolRequestParams(name=tool, arguments=arguments, _meta=meta)
        session = await connection.session()
        result = await session.send_request(types.CallToolRequest(params=params), types.CallToolResult)
        if result.is_error:
            raise RefusedOverMcp(texts_of(result))
        return value_of(result, structured=False)

    def _connected(self) -> _Connection:
        """Return the session's connection on the running loop; one that has ended, or whose loop has, is replaced."""
        session = _caller.get()
        if session not in self._connections or not self._connections[session].is_open():
            self._connections[session] = _Connection(self._server)
        return self._connections[session]

    def _server(self) -> Any:
        from ..targets.mcp import server_in

        return server_in(self._module, self._target.server, spec_path=self._spec_path)


class _Connection:
    """A client's connection, opened and held by a task of its own until the loop's end."""

    def __init__(self, server: Callable[[], Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._session: asyncio.Future[Any] = self._loop.create_future()
        self._receivers: dict[str, Any] = {}
        self._tokens = itertools.count(1)
        # A context of its own: what the server does for all calls is not done for the one that came first.
        self._holder = self._loop.create_task(self._hold(server), context=contextvars.Context())

    def is_open(self) -> bool:
        """Whether it serves the running loop."""
        return self._loop is asyncio.get_running_loop() and not self._holder.done()

    def listen(self, on_progress: Any) -> str:
        """Return the token of a call whose progress `on_progress` hears, also when it comes after the answer."""
        token = f"toolcheck-{next(self._tokens)}"
        self._receivers[token] = on_progress
        return token

    async def session(self) -> Any:
        """Return the client's session. Raises what kept it from being opened."""
        return await asyncio.shield(self._session)

    async def _hold(self, server: Callable[[], Any]) -> None:
        from mcp import Client

        try:
            async with Client(server(), mode="legacy", cache=None, message_handler=self._hear) as client:
                self._session.set_result(client.session)
                await asyncio.Event().wait()
        except Exception as error:
            if self._session.done():  # it served, and ended: the calls under way have heard of it
                return
            self._session.set_exception(error)

    async def _hear(self, message: Any) -> None:
        from mcp_types import ProgressNotification

        if isinstance(message, ProgressNotification):
            said = message.params
            if (receive := self._receivers.get(str(said.progress_token))) is not None:
                receive(said.progress, said.total, said.message)
