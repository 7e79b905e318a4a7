"""An MCP server with every oddity that a client has to bear."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations

server = MCPServer("odd")

RELEASED = threading.Event()
"""Ends what hangs where the server is in the process of the test, which would leave a thread behind."""


@server.tool(annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, destructive_hint=False))
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def echo(value: Any) -> dict[str, Any]:
    """Return the value."""
    return {"value": value}


@server.tool()
def refuse(text: str) -> str:
    """Raise a ValueError."""
    raise ValueError(f"not {text}")


@server.tool()
def die(code: int = 7) -> str:
    """End the server in the middle of the call."""
    print("about to die", file=sys.stderr, flush=True)
    os._exit(code)


@server.tool()
def hang() -> str:
    """Never answer."""
    RELEASED.wait(60)
    return "late"


@server.tool()
def noisy() -> str:
    """Write to stderr, and to stdout beside the protocol."""
    print("to stderr", file=sys.stderr, flush=True)
    os.write(1, b"to stdout\n")
    return "done"


@server.tool()
async def steps(ctx: Context) -> str:
    """Report progress."""
    for step in range(3):
        await ctx.report_progress(step, 3, f"step {step}")
    return "done"


@server.tool()
def spawn() -> int:
    """Start a child in this group, return its process id."""
    return subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).pid


@server.tool()
def environment(name: str) -> str:
    """Return a variable."""
    return os.environ.get(name, "")


@server.tool()
def executable() -> str:
    """Return the interpreter."""
    return sys.executable


@server.tool()
async def block_loop() -> str:
    """Stop the loop that serves."""
    RELEASED.wait(2)
    return "late"


if __name__ == "__main__":
    if sys.argv[1:2] == ["http"]:
        server.run("streamable-http", port=int(sys.argv[2]))
    else:
        server.run("stdio")
