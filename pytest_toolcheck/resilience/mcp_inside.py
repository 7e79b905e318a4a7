"""Tools of an MCP server in this process, as async functions: promises under failure are shown of them as of Python tools.

The server's module is imported afresh and gets an object that calls its tools through the SDK's own client, in memory. Each
call has a connection of its own, so that what the server does on its behalf runs in the call's context.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ..scenario import ToolPlan
from ..spec.model import McpTarget, PythonTarget, ToolSpec

_OFFERED: Final = "toolcheck_over_mcp"


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
    spec = dataclasses.replace(plan.spec, target=ServerModule(module, server=attribute or "server"), tools=tools)
    return dataclasses.replace(plan, spec=spec, tool=offered(plan.tool))


def offered(tool: ToolSpec) -> ToolSpec:
    """Return the tool as it is called in a server's module."""
    return dataclasses.replace(tool, call=f"{_OFFERED}.{tool.call or tool.name}")


def offer_tools(target: PythonTarget, module: ModuleType, *, spec_path: Path) -> Callable[[], None]:
    """Give a server's module, imported afresh, the object that the plan's `call` names; return what undoes the rest.

    Meanwhile the SDK does not log the errors that are injected: it would draw a traceback of each.
    """
    if not isinstance(target, ServerModule):
        return lambda: None
    setattr(module, _OFFERED, _Tools(module, target.server, spec_path))
    logger = logging.getLogger("mcp.server")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    return lambda: logger.setLevel(level)


class _Tools:
    """Has every tool of a server as an async function."""

    def __init__(self, module: ModuleType, server: str, spec_path: Path) -> None:
        self._module, self._path, self._spec_path = module, server, spec_path

    def __getattr__(self, tool: str) -> Any:
        if tool.startswith("__"):
            raise AttributeError(tool)

        async def over_mcp(*, on_progress: Any = None, **arguments: Any) -> Any:
            return await self._called(tool, arguments, on_progress)

        return over_mcp

    async def _called(self, tool: str, arguments: dict[str, Any], on_progress: Any) -> Any:
        from mcp import Client, types

        from ..targets._mcp_results import texts_of, value_of

        async def report(progress: float, total: float | None, message: str | None) -> None:
            on_progress(progress, total, message)

        heard = None if on_progress is None else report
        async with Client(self._server(), mode="legacy", cache=None) as client:
            # Not `call_tool`: that lists all tools and compiles their schemas anew for each of many short connections.
            request = types.CallToolRequest(params=types.CallToolRequestParams(name=tool, arguments=arguments))
            sent = client.session.send_request(request, types.CallToolResult, progress_callback=heard)
            result = await self._answer(sent)
        if isinstance(result, BaseException):  # raised here, or the client's task group would wrap it
            raise result
        if result.is_error:
            raise RefusedOverMcp(texts_of(result))
        return value_of(result, structured=False)

    @staticmethod
    async def _answer(calling: Any) -> Any:
        try:
            return await calling
        except Exception as error:
            return error

    def _server(self) -> Any:
        from ..targets.mcp import server_in

        return server_in(self._module, self._path, spec_path=self._spec_path)
