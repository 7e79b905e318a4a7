"""Writing small specs and tools into a pytester folder, and running them.

Whatever a run may import is imported here once: pytester forgets every module that a run inside this process brings, so
each would import a hundred of ours again; and C extensions (PyYAML's, for one) cannot be imported twice.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import hypothesis  # noqa: F401
import mcp.client.stdio
import mcp.server  # noqa: F401
import pytest
import yaml  # noqa: F401

import pytest_toolcheck
from pytest_toolcheck.spec.load import problems_of

for _module in pkgutil.walk_packages(pytest_toolcheck.__path__, "pytest_toolcheck."):
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)

PLUGINS = ("-p", "toolcheck", "-p", "no:randomly", "-o", "asyncio_default_fixture_loop_scope=function")
WITHOUT = (
    "cacheprovider",
    "logging",
    "doctest",
    "unittest",
    "pastebin",
    "stepwise",
    "setuponly",
    "setupplan",
    "junitxml",
)
WITHOUT += ("legacypath", "faulthandler", "subtests", "anyio", "xdist", "xdist.looponfail", "timeout", "rerunfailures")
WITHOUT += ("time_machine", "platformdirs")
ALONE = tuple(word for name in WITHOUT for word in ("-p", f"no:{name}"))
"""What plays no part in runs inside tests, and takes a third of their time; other runs have it."""
SUBPROCESS = ("-p", "toolcheck", "-p", "no:cacheprovider", "--disable-plugin-autoload")
"""A process imports other plugins where it needs them: what all of them import takes as long as pytest and ours do."""
WORKERS = ("--disable-plugin-autoload", "-p", "pytest_asyncio.plugin", "-p", "xdist")
"""Beside PLUGINS, for workers of a run in this process: each would import all plugins otherwise."""

RESERVE = '''
def reserve(seats: int) -> int:
    """Reserve seats."""
    if type(seats) is not int or not 1 <= seats <= 8:
        raise ValueError(f"seats: expected 1 to 8, found {seats!r}")
    return seats
'''
"""A tool that keeps its promises."""


def write_tool(pytester: pytest.Pytester, code: str, spec: str = "", *, name: str = "shop") -> None:
    """Write `NAME.py` with the tools and `NAME.tool.yaml` with the spec's keys beside version and target."""
    (pytester.path / f"{name}.py").write_text(dedent(code), encoding="utf-8")
    head = f"toolcheck: 1\ntarget: {{python: {name}.py}}\n"
    (pytester.path / f"{name}.tool.yaml").write_text(head + dedent(spec), encoding="utf-8")


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    """Run pytest in this process with our plugin and without the plugins that would reorder or repeat."""
    return pytester.runpytest_inprocess(*PLUGINS, *ALONE, *args)


def events(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield all events under a folder (or in a file), in the order of each file."""
    files = (
        [folder] if folder.is_file() else sorted(path for path in folder.rglob("*.jsonl") if "latest" not in path.parts)
    )
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def assert_one_message(folder: Path, text: str, line: int, column: int, message: str) -> None:
    """Assert that a spec of this text has one problem, in these words and at this place; FOLDER stands for its folder."""
    path = folder / "orders.tool.yaml"
    path.write_text(text, encoding="utf-8")
    [problem] = problems_of(path, environ={}, allow_unsupported=True)
    assert problem.message == message.replace("FOLDER", str(folder.resolve()))
    assert str(problem).startswith(f"{path}:{line}:{column}: ")
