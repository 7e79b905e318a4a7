"""The same tools over MCP: `python -m shop.server` speaks MCP on stdin and stdout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.server import MCPServer
from mcp.types import ToolAnnotations

from . import tools

server = MCPServer("shop")

for name in tools.__all__:
    tool: Callable[..., Any] = getattr(tools, name)
    server.add_tool(
        tool, annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, destructive_hint=False)
    )

if __name__ == "__main__":
    server.run()
