"""Run pairs through pytest with the plugin, and count what it finds from the event log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .pair import Pair

SERVER = """
import asyncio
import importlib.util
import inspect
import json
import sys
from pathlib import Path

import mcp.types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

HERE = Path(__file__).parent
SCHEMAS = json.loads((HERE / "schemas.json").read_text())
TOOLS = {}
for name in SCHEMAS:
    found = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    TOOLS[name] = getattr(module, name)


async def list_tools(context, params):
    return types.ListToolsResult(tools=[types.Tool(name=name, input_schema=SCHEMAS[name]) for name in TOOLS])


async def call_tool(context, params):
    given = params.arguments or {}
    try:
        inspect.signature(TOOLS[params.name]).bind(**given)
    except TypeError as error:
        return types.CallToolResult(content=[types.TextContent(type="text", text=str(error))], is_error=True)
    try:
        result = TOOLS[params.name](**given)
        if inspect.isawaitable(result):
            result = await result
        text = json.dumps(result)
        told = result if isinstance(result, dict) else None
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=told)
    except (ValueError, TypeError) as error:
        if isinstance(error, UnicodeError):
            raise
        return types.CallToolResult(content=[types.TextContent(type="text", text=str(error))], is_error=True)


async def main():
    server = Server("planted", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


asyncio.run(main())
"""


@dataclass
class Found:
    """What the program said of one tool."""

    calls: int = 0
    cases: int = 0
    accepted: int = 0
    first: int | None = None
    """The number of calls made when the first finding came."""
    findings: tuple[str, ...] = ()


def found_in(pairs: Sequence[Pair], folder: Path, *, form: str = "python") -> dict[tuple[str, str], Found]:
    """Write all pairs in one form (`python` or `mcp`), run them in one process; by side and name, what was found."""
    (write_python if form == "python" else write_mcp)(pairs, folder)
    log = folder / "log"
    command = [sys.executable, "-m", "pytest", "-p", "toolcheck", "-p", "no:randomly", "-p", "no:cacheprovider", "-q"]
    command += ["--tb=no", "--no-summary", f"--toolcheck-log={log}", "-c", str(folder / "pytest.ini"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=dict(os.environ, COLUMNS="120"))
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return counted(events_in(log))


def write_python(pairs: Iterable[Pair], folder: Path) -> None:
    """Write a module and a spec for each side of each pair."""
    _settings(folder)
    for side in ("buggy", "correct"):
        (folder / side).mkdir(parents=True)
        for pair in pairs:
            (folder / side / f"{pair.name}.py").write_text(pair.source(buggy=side == "buggy"), encoding="utf-8")
            _write_spec(folder / side / f"{pair.name}.tool.yaml", {"python": f"{pair.name}.py"}, [pair])


def write_mcp(pairs: Iterable[Pair], folder: Path) -> None:
    """Write one stdio server with all tools, and its spec, for each side."""
    pairs = list(pairs)
    _settings(folder)
    for side in ("buggy", "correct"):
        (folder / side).mkdir(parents=True)
        for pair in pairs:
            (folder / side / f"{pair.name}.py").write_text(pair.source(buggy=side == "buggy"), encoding="utf-8")
        (folder / side / "schemas.json").write_text(json.dumps({pair.name: pair.schema for pair in pairs}))
        (folder / side / "planted_server.py").write_text(SERVER)
        target = {"mcp": {"command": [sys.executable, str(folder / side / "planted_server.py")]}}
        _write_spec(folder / side / "planted.tool.yaml", target, pairs)


def _settings(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")


def _write_spec(path: Path, target: dict[str, Any], pairs: Iterable[Pair]) -> None:
    tools = {pair.name: {"input": pair.schema, **pair.promises} for pair in pairs}
    path.write_text(json.dumps({"toolcheck": 1, "target": target, "tools": tools}), encoding="utf-8")


def events_in(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of the newest run."""
    for file in sorted((log / "latest").resolve().glob("*.jsonl")):
        for line in file.read_bytes().splitlines():
            yield json.loads(line)


def counted(events: Iterable[dict[str, Any]]) -> dict[tuple[str, str], Found]:
    """Count calls, cases and findings by side and tool."""
    found: dict[tuple[str, str], Found] = {}
    for event in events:
        tool, case = event.get("tool"), event.get("case")
        if not tool or not case:
            continue
        seen = found.setdefault(("buggy" if case.startswith("buggy/") else "correct", tool), Found())
        if event["ev"] == "call.end":
            seen.calls += 1
            seen.accepted += event.get("outcome") == "accepted"
        elif event["ev"] == "case.end":
            seen.cases += 1
        if event["ev"] == "check.failed" or (event["ev"] == "case.end" and event.get("outcome") == "failed"):
            seen.first = seen.calls if seen.first is None else seen.first
            said = str(event.get("attrs", {}).get("message") or (event.get("error") or {}).get("message") or "failed")
            seen.findings += (f"{case.partition('::')[2]}: {said.splitlines()[0]}",)
    return found
