"""`non_blocking` of MCP servers in processes of their own: while a call lasts, pings are answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.spec.model import Annotations, ToolSpec
from pytest_toolcheck.targets._pinged import is_pinged

from .behaviour_lab import findings_of

SERVER = """
import asyncio, time
from mcp.server.mcpserver import MCPServer
server = MCPServer("lab")
@server.tool()
async def tool(n: int = 1) -> str:
    WAIT
    return "ok"
if __name__ == "__main__":
    server.run()
"""
SPEC = (
    "target: {mcp: {command: [python, MODULE.py]}}\n"
    "tools: {tool: {annotations: {non_blocking: true}, variations: {categories: [example]}, checks: {isolated: false}}}\n"
)


@pytest.mark.parametrize(
    ("wait", "is_found"), [("time.sleep", True), ("await asyncio.to_thread(time.sleep, 0); await asyncio.sleep", False)]
)
def test_a_server_that_answers_nothing_meanwhile_is_found(tmp_path: Path, wait: str, is_found: bool) -> None:
    """Whoever promises `non_blocking` and holds the loop is found; whoever awaits as long is not accused."""
    found = findings_of(tmp_path, SERVER.replace("WAIT", f"{wait}(0.3)"), SPEC, cases=True)
    assert bool(found) == is_found, found
    assert all("tool held its event loop for" in each for each in found)


@pytest.mark.parametrize(
    ("checks", "promised", "is_wanted"),
    [({}, True, True), ({}, None, False), ({"non_blocking": False}, True, False), ({"non_blocking": {}}, None, False),
     ({"non_blocking": {"limit": "300ms"}}, None, True), ({"non_blocking": True}, None, True)],
)  # fmt: skip
def test_only_a_promise_is_accompanied_by_pings(checks, promised, is_wanted) -> None:
    """Without a word in the spec or a hint no call costs more; the spec's checks decide over its annotations."""
    tool = ToolSpec(name="tool", checks=checks, annotations=Annotations(non_blocking=promised))
    assert is_pinged(tool) == is_wanted
