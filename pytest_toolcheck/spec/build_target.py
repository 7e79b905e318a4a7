"""From the data under `target` to one of the target values of `model.py`, paths resolved against the spec's folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from .model import AddedTarget, CommandTarget, HttpTarget, McpTarget, PythonTarget, TargetSpec, WebSocketTarget


def build_target(raw: Mapping[str, Any], folder: Path) -> TargetSpec:
    """Make the target; `folder` is where the spec stands."""
    kind = next(iter(raw))
    if kind not in _BUILDERS:
        return AddedTarget(kind, raw[kind])
    return _BUILDERS[kind](raw[kind], folder)


def is_python_file(module: str) -> bool:
    """Whether a module is given as a file and not as a dotted name."""
    return module.endswith(".py") or "/" in module


def _python(raw: str | Mapping[str, Any], folder: Path) -> PythonTarget:
    if isinstance(raw, str):
        raw = {"module": raw}
    module = raw["module"]
    path = tuple(_resolved(part, folder) for part in raw.get("path", []))
    return PythonTarget(_resolved(module, folder) if is_python_file(module) else module, path)


def _mcp(raw: Mapping[str, Any], folder: Path) -> McpTarget:
    return McpTarget(**_plain(raw, folder))


def _http(raw: Mapping[str, Any], folder: Path) -> HttpTarget:
    return HttpTarget(**_plain(raw, folder))


def _websocket(raw: Mapping[str, Any], folder: Path) -> WebSocketTarget:
    return WebSocketTarget(**_plain(raw, folder))


def _command(raw: Mapping[str, Any], folder: Path) -> CommandTarget:
    return CommandTarget(**_plain(raw, folder))


def _plain(raw: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Freeze the fields: lists of words to tuples, mappings to read-only ones, `cwd` to an absolute path."""
    fields: dict[str, Any] = dict(raw)
    for key in ("command", "start", "argv"):
        if key in fields:
            fields[key] = tuple(fields[key])
    for key in ("env", "headers", "reply"):
        if key in fields:
            fields[key] = MappingProxyType(dict(fields[key]))
    if "cwd" in fields:
        fields["cwd"] = _resolved(fields["cwd"], folder)
    return fields


def _resolved(written: str, folder: Path) -> str:
    """Resolve a path against the spec's folder; one that starts with a fixture is known only later."""
    return written if written.startswith("${fixture:") else str((folder / Path(written).expanduser()).resolve())


_BUILDERS: Final[dict[str, Callable[[Any, Path], TargetSpec]]] = {
    "python": _python,
    "mcp": _mcp,
    "http": _http,
    "websocket": _websocket,
    "command": _command,
}
