"""Write the tools of many pairs in one form, Python, MCP over stdio or HTTP, from their one definition."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .pair import Pair

FORMS = ("python", "mcp", "http")
SERVED = Path(__file__).parent / "served"


def write_side(pairs: Sequence[Pair], folder: Path, *, buggy: bool) -> None:
    """Write one module a tool, and `tools.json` with what is said of each."""
    folder.mkdir(parents=True)
    said = {}
    for pair in pairs:
        (folder / f"{pair.name}.py").write_text(pair.source(buggy=buggy), encoding="utf-8")
        said[pair.name] = {
            "schema": pair.schema,
            "output": pair.promises.get("output"),
            "annotations": pair.promises.get("annotations", {}),
        }
    (folder / "tools.json").write_text(json.dumps(said), encoding="utf-8")


def mcp_command(folder: Path) -> list[str]:
    """Return the command that serves the tools of a folder over stdio."""
    return [sys.executable, str(SERVED / "over_mcp.py"), str(folder)]


def http_command(folder: Path, port: int) -> list[str]:
    """Return the command that serves the tools of a folder over HTTP."""
    return [sys.executable, str(SERVED / "over_http.py"), str(folder), str(port)]


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def write_specs(pairs: Sequence[Pair], folder: Path, *, form: str, limit: int, fuzz: int = 50) -> None:
    """Write the specs of a side: one a tool in Python, one for the server in the other forms."""
    variations = {"limit": limit, "fuzz": fuzz}
    if form == "python":
        for pair in pairs:
            _write_spec(folder / f"{pair.name}.tool.yaml", {"python": f"{pair.name}.py"}, [pair], variations)
        return
    target: dict[str, Any] = {"mcp": {"command": mcp_command(folder)}}
    if form == "http":
        port = free_port()
        start = http_command(folder, port)
        target = {"http": {"url": f"http://127.0.0.1:{port}", "start": start, "openapi": "/openapi.json"}}
    _write_spec(folder / "planted.tool.yaml", target, pairs, variations)


def _write_spec(path: Path, target: dict[str, Any], pairs: Sequence[Pair], variations: dict[str, int]) -> None:
    tools = {pair.name: {"input": pair.schema, **pair.promises} for pair in pairs}
    spec = {"toolcheck": 1, "target": target, "defaults": {"variations": variations}, "tools": tools}
    path.write_text(json.dumps(spec), encoding="utf-8")
