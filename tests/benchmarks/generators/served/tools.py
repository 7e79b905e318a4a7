"""The tools of a folder, each called once with JSON arguments; every call is written down.

Run by programs whose folder this is, not imported from the package: peers start the servers too.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Refusal(Exception):
    """The tool said no to its input."""


class Tools:
    """All tools of a folder by name, with what `tools.json` says of each: `schema`, `output`, `annotations`."""

    def __init__(self, folder: Path) -> None:
        self.described: dict[str, dict[str, Any]] = json.loads((folder / "tools.json").read_text(encoding="utf-8"))
        self._functions = {name: _load(folder, name) for name in self.described}
        self._whole = {name for name, said in self.described.items() if '"number"' not in json.dumps(said["schema"])}
        self._calls = os.open(folder / "calls.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def is_async(self, name: str) -> bool:
        """Whether the tool is a coroutine function."""
        return inspect.iscoroutinefunction(self._functions[name])

    def call(self, name: str, given: Any) -> Any:
        """Return what the tool returns: for an async one its coroutine. Raises Refusal, or what the tool raised."""
        function = self._functions[name]
        self._write(name, given)
        if name in self._whole:
            given = _with_whole_numbers(given)
        try:
            if not isinstance(given, dict):
                raise Refusal("expected an object of arguments")
            inspect.signature(function).bind(**given)
        except TypeError as error:
            raise Refusal(str(error)) from None
        with _refusals():
            return function(**given)

    async def awaited(self, pending: Awaitable[Any]) -> Any:
        """Return what an async tool returns. Raises as `call` does."""
        with _refusals():
            return await pending

    def _write(self, name: str, given: Any) -> None:
        os.write(self._calls, json.dumps({"tool": name, "given": given}).encode() + b"\n")


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except UnicodeError:
        raise
    except ValueError as error:
        raise Refusal(str(error)) from None


def _with_whole_numbers(value: Any) -> Any:
    """Return 2 for 2.0, as JSON Schema means it: no tool here is asked whether it can tell them apart."""
    if isinstance(value, dict):
        return {name: _with_whole_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _load(folder: Path, name: str) -> Callable[..., Any]:
    found = importlib.util.spec_from_file_location(f"planted_{name}", folder / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    function: Callable[..., Any] = getattr(module, name)
    return function
