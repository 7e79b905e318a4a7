"""An MCP server over stdio: `over_mcp.py FOLDER`. The SDK does not validate: the tools do."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import mcp.types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from tools import Refusal, Tools

TOOLS = Tools(Path(sys.argv[1]))
HINTS = {"read_only": "read_only_hint", "idempotent": "idempotent_hint"}


async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[_described(name) for name in TOOLS.described])


def _described(name: str) -> types.Tool:
    said = TOOLS.described[name]
    hints = {HINTS[hint]: value for hint, value in said["annotations"].items() if hint in HINTS}
    return types.Tool(
        name=name,
        description=f"{name.capitalize()}, as its schema says.",
        input_schema=said["schema"],
        output_schema=said["output"],
        annotations=types.ToolAnnotations(**hints) if hints else None,
    )


async def call_tool(_context: Any, params: Any) -> types.CallToolResult:
    try:
        result = await _result(params.name, params.arguments or {})
    except Refusal as error:
        return types.CallToolResult(content=[types.TextContent(type="text", text=str(error))], is_error=True)
    text = json.dumps(result)
    told = result if isinstance(result, dict) else None
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=told)


async def _result(name: str, given: dict[str, Any]) -> Any:
    if not TOOLS.is_async(name):
        return await asyncio.to_thread(TOOLS.call, name, given)
    try:
        return await TOOLS.call(name, given)
    except UnicodeError:
        raise
    except ValueError as error:
        raise Refusal(str(error)) from None


async def main() -> None:
    server = Server("planted", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


asyncio.run(main())
