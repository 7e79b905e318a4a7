"""The tools of a folder, each called once with JSON arguments; every call is written down.

Run by programs whose folder this is, not imported from the package: peers start the servers too.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Refusal(Exception):
    """The tool said no to its input."""


class Tools:
    """All tools of a folder by name, with what `tools.json` says of each: `schema`, `output`, `annotations`."""

    def __init__(self, folder: Path) -> None:
        self.described: dict[str, dict[str, Any]] = json.loads((folder / "tools.json").read_text(encoding="utf-8"))
        self._functions = {name: _load(folder, name) for name in self.described}
        self._calls = os.open(folder / "calls.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def is_async(self, name: str) -> bool:
        """Whether the tool is a coroutine function."""
        return inspect.iscoroutinefunction(self._functions[name])

    def call(self, name: str, given: Any) -> Any:
        """Return what the tool returns: for an async one its coroutine. Raises Refusal, or what the tool raised."""
        function = self._functions[name]
        try:
            self._write(name, given)
            if not isinstance(given, dict):
                raise Refusal("expected an object of arguments")
            inspect.signature(function).bind(**given)
        except TypeError as error:
            raise Refusal(str(error)) from None
        try:
            return function(**given)
        except UnicodeError:
            raise
        except ValueError as error:
            raise Refusal(str(error)) from None

    def _write(self, name: str, given: Any) -> None:
        os.write(self._calls, json.dumps({"tool": name, "given": given}).encode() + b"\n")


def _load(folder: Path, name: str) -> Callable[..., Any]:
    found = importlib.util.spec_from_file_location(f"planted_{name}", folder / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    function: Callable[..., Any] = getattr(module, name)
    return function
