"""What the format demands of a target, and of calls to it, and a JSON Schema cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path as FilePath
from typing import Any, Final
from urllib.parse import urlsplit

from ..errors import Problem
from .build_target import is_python_file
from .complaints import Complaint
from .reading import Document
from .scope import located
from .wording import Path, found, listed, place_name, quoted

_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_PYTHON_CALL: Final = re.compile(r"([A-Za-z_][\w.]*:)?[A-Za-z_][\w.]*")
_HTTP_CALL: Final = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*")
_PLACEHOLDER: Final = "${fixture:"

Found = Iterator[tuple[Path, str]]


def problems_in_target(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with a target of sound structure."""
    kind, raw = next(iter(document.value["target"].items()))
    rule = _RULES.get(kind)
    for path, text in rule(raw, document.path.resolve().parent) if rule else ():
        yield _problem(document, ("target", kind, *path), text)
    yield from _calls(document, kind)


def _problem(document: Document, path: Path, text: str) -> Problem:
    return located(document, Complaint(path, text.replace("{place}", place_name(path))))


def _python(raw: str | dict[str, Any], folder: FilePath) -> Found:
    path: Path = () if isinstance(raw, str) else ("module",)
    module = raw if isinstance(raw, str) else raw["module"]
    if _PLACEHOLDER in module:
        return
    if is_python_file(module):
        if not (folder / module).is_file():
            yield path, f"{{place}}: no such file: {quoted(module)} (looked in {folder})"
    elif not _MODULE.fullmatch(module):
        yield path, f"{{place}}: {quoted(module)} is neither a dotted module, such as shop.tools, nor a .py file"


def _mcp(raw: dict[str, Any], _folder: FilePath) -> Found:
    ways = [key for key in ("command", "url", "server") if key in raw]
    if len(ways) != 1:
        yield (), f"{{place}} has {listed(ways) or 'none of them'}: exactly one of command, url, server is needed"
        return
    for key, way in (("cwd", "command"), ("env", "command"), ("headers", "url")):
        if key in raw and way not in raw:
            yield (key,), f"{{place}} goes with '{way}', and this target has '{ways[0]}'"
    yield from _url(raw, ("http", "https"))


def _http(raw: dict[str, Any], _folder: FilePath) -> Found:
    yield from _url(raw, ("http", "https"))
    if "ready" in raw and "start" not in raw:
        yield ("ready",), "{place} goes with 'start': it is polled after the service is started"


def _websocket(raw: dict[str, Any], _folder: FilePath) -> Found:
    yield from _url(raw, ("ws", "wss"))


def _url(raw: dict[str, Any], schemes: tuple[str, ...]) -> Found:
    url = raw.get("url")
    if url is not None and not url.startswith((_PLACEHOLDER, *(f"{scheme}://" for scheme in schemes))):
        yield ("url",), f"{{place}}: {found(url)} is not a URL that starts with {schemes[0]}:// or {schemes[1]}://"
    elif url is not None and _PLACEHOLDER not in url and (problem := _problem_of_host(url)):
        yield ("url",), f"{{place}}: {found(url)} {problem}"


def _problem_of_host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"is no URL: {error}"
    return None if parts.hostname else "names no host"


def _calls(document: Document, kind: str) -> Iterator[Problem]:
    """Yield wrong `call`s: how a tool is called depends on the kind of target."""
    pattern, expected = _CALLS.get(kind, (None, ""))
    tools, target = document.value.get("tools"), document.value["target"].get(kind)
    defaults = document.value.get("defaults")
    is_documented = kind != "http" or not isinstance(target, dict) or "openapi" in target
    is_documented |= isinstance(defaults, dict) and "call" in defaults
    for name, tool in tools.items() if isinstance(tools, dict) else ():
        call = tool.get("call") if isinstance(tool, dict) else None
        path: Path = ("tools", name, "call")
        if call is None and not is_documented:
            text = f"tool {quoted(str(name))} has no 'call': write METHOD /path, or give the target an 'openapi'"
            yield located(document, Complaint(path[:2], text, on_key=True))
        elif isinstance(call, list) and kind != "command":
            yield _problem(document, path, "{place}: a list of arguments is for a target of kind 'command'")
        elif isinstance(call, str) and pattern is not None and not pattern.fullmatch(call):
            yield _problem(document, path, f"{{place}}: expected {expected}, found {found(call)}")


_RULES: Final[dict[str, Callable[[Any, FilePath], Found]]] = {
    "python": _python,
    "mcp": _mcp,
    "http": _http,
    "websocket": _websocket,
}
_CALLS: Final = {
    "python": (_PYTHON_CALL, "the name of a function, or module:function"),
    "http": (_HTTP_CALL, "a method and a path, such as POST /orders/{id}"),
}
