"""What the tests of targets share: specs made in code, calls made in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil

from pytest_toolcheck.errors import Position
from pytest_toolcheck.spec.model import PythonTarget, Spec, TargetSpec, ToolSpec
from pytest_toolcheck.targets import Outcome, Request, Session, make_target

SERVERS = Path(__file__).parent / "servers"


def spec_of(target: TargetSpec, *tools: ToolSpec, path: Path = SERVERS / "any.tool.yaml") -> Spec:
    return Spec(path, target, Position(path), ToolSpec("defaults"), {tool.name: tool for tool in tools}, not tools)


def request(tool: str | ToolSpec, *, valid: bool | None = True, limit_s: float = 10.0, **arguments: Any) -> Request:
    spec = ToolSpec(tool) if isinstance(tool, str) else tool
    return Request(spec, arguments, "rid", limit_s, valid)


def call(session: Session, tool: str | ToolSpec, **options: Any) -> Outcome:
    return session.call(request(tool, **options))


def is_running(pid: int) -> bool:
    """Whether a process has not ended; where its parent is gone, nobody may be there to bury it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def python_tools(folder: Path, source: str, *tools: ToolSpec, name: str = "tools.py"):
    """Write `source` to a file and return the target of its functions."""
    file = folder / name
    file.write_text("from __future__ import annotations\n" + source)
    return make_target(spec_of(PythonTarget(str(file)), *tools, path=folder / "any.tool.yaml"))
