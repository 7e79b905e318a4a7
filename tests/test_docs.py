"""Every code block of the README and the docs is run.

A block with a title is a file of its page: ```` ```yaml title="shop.tool.yaml" ````. A `console` (or `shell-session`) block is a session:
its `$` lines are run in the page's folder, what follows each must be printed, in order (`...` stands for anything).
Other Python blocks are executed, other YAML and JSON blocks must parse. `sh` blocks set up a machine: CI runs them.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from .conftest import PROJECT

markdown_it = pytest.importorskip("markdown_it", reason="pip install 'pytest-toolcheck[docs]'")

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
PLUGINS = {"pytest_asyncio.plugin": "async def", "xdist.plugin": " -n "}
"""What shows that a page needs them: imported by every command, they take a fourth of the time."""
RUN = {"shell-session", "python", "yaml", "json", "toml", "ini", "console", "sh", "text", "jsonl"}


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    title: str | None
    text: str
    place: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    for token in markdown_it.MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "fence":
            language, _, rest = token.info.strip().partition(" ")
            title = re.search(r'title="([^"]+)"', rest)
            yield Block(language, title and title.group(1), token.content, f"{page.name}:{token.map[0] + 1}")


@pytest.mark.usefixtures("hypothesis_home")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_the_blocks_of_a_page_do_what_they_show(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written, sessions are run and print what they show, Python runs, YAML and JSON parse."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # what no page speaks of takes half of the time
    text = page.read_text(encoding="utf-8")
    monkeypatch.setenv("PYTEST_PLUGINS", ",".join(name for name, sign in PLUGINS.items() if sign in text))
    names: dict[str, object] = {"__name__": "docs"}
    with modules_of_its_own(page):
        for block in blocks(page):
            assert block.language in RUN, (
                f"{block.place}: found language {block.language!r}, expected one of {sorted(RUN)}"
            )
            carry_out(block, tmp_path, names)


@contextmanager
def modules_of_its_own(page: Path) -> Iterator[None]:
    """The page's modules are imported afresh, whatever another test imported or left by the same names, and forgotten."""
    roots = {re.split(r"[/.]", block.title)[0] for block in blocks(page) if block.title}
    path = list(sys.path)
    sys.path[:] = [at for at in path if not any(Path(at, f"{root}.py").exists() for root in roots)]
    others = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in roots}
    for name in others:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.path[:] = path
        for name in [name for name in sys.modules if name.partition(".")[0] in roots]:
            del sys.modules[name]
        sys.modules.update(others)


def carry_out(block: Block, folder: Path, names: dict[str, object]) -> None:
    """Do what the block is for."""
    if block.title:
        path = folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    elif block.language in ("console", "shell-session"):
        run_session(block, folder)
    elif block.language == "python":
        exec(compile(block.text, block.place, "exec"), names)
    elif block.language == "yaml":
        assert yaml.safe_load(block.text), block.place
    elif block.language in ("json", "jsonl"):
        assert [json.loads(line) for line in (block.text.splitlines() if block.language == "jsonl" else [block.text])]


def test_a_page_s_modules_are_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A module of another test's under the same name is out of the way while a page is run, and comes back."""
    other = ModuleType("shop")
    (tmp_path / "shop.py").write_text("")
    monkeypatch.setitem(sys.modules, "shop", other)
    monkeypatch.syspath_prepend(tmp_path)
    with modules_of_its_own(PROJECT / "docs" / "how-to" / "inject-faults.md"):
        assert "shop" not in sys.modules
        assert str(tmp_path) not in sys.path
    assert sys.modules["shop"] is other
    assert sys.path[0] == str(tmp_path)


def run_session(block: Block, folder: Path) -> None:
    """Run each `$` line and hold its output to the lines that follow it."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        done = subprocess.run(
            command, shell=True, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100
        )
        printed = done.stdout.splitlines()
        rest = iter(printed)
        for line in filter(str.strip, expected.splitlines()):
            if line.strip() == "...":
                continue
            wanted = re.sub(r"\[", "[[]", line.rstrip()).replace("...", "*")
            assert any(fnmatch.fnmatchcase(shown.rstrip(), wanted) for shown in rest), (
                f"{block.place}: `{command}` did not print (in this order): {line}\n" + done.stdout
            )


def test_a_session_that_lies_is_noticed(tmp_path: Path) -> None:
    """The check itself: output that is not printed, or in another order, fails."""
    run_session(Block("console", None, "$ echo one; echo two\none\n...\ntwo\n", "page.md:1"), tmp_path)
    with pytest.raises(AssertionError, match="did not print"):
        run_session(Block("console", None, "$ echo one; echo two\ntwo\none\n", "page.md:1"), tmp_path)


def test_every_key_of_the_format_is_on_the_reference_page() -> None:
    """`docs/reference/spec.md` names each key of a file, of a target and of a tool."""
    schema = json.loads((PROJECT / "pytest_toolcheck/spec/tool-spec.v1.json").read_text(encoding="utf-8"))
    page = (PROJECT / "docs/reference/spec.md").read_text(encoding="utf-8")
    parts = (schema["properties"], schema["$defs"]["target"]["properties"], schema["$defs"]["tool"]["properties"])
    missing = [key for part in parts for key in part if f"| `{key}` |" not in page]
    assert missing == []


def test_every_key_inside_a_key_is_on_the_reference_page() -> None:
    """`docs/reference/spec.md` has a row for each mapping of the format, with all of its keys."""
    schema = json.loads((PROJECT / "pytest_toolcheck/spec/tool-spec.v1.json").read_text(encoding="utf-8"))
    lines = (PROJECT / "docs/reference/spec.md").read_text(encoding="utf-8").splitlines()
    target, tool = (schema["$defs"][name]["properties"] for name in ("target", "tool"))
    mappings = {f"target.{name}": part for name, part in target.items()} | tool
    rows = [row for parent, part in mappings.items() for row in rows_of(parent, part, schema)]
    missing = [
        f"{parent}: {key}"
        for parent, key in rows
        if not any(
            f"`{parent}`" in line.partition(" | ")[0] and f"`{key}` " in line.partition(" | ")[2] for line in lines
        )
    ]
    assert missing == []


def rows_of(parent: str, part: object, schema: dict) -> Iterator[tuple[str, str]]:
    """Yield each key that a mapping may have, with its parent; what an expectation is stands in one place, checks on another page."""
    if parent in ("checks", "input", "output", "resilience.fallback.expect", "faults.expect"):
        return
    for key, inner in keys_inside(part, schema).items():
        yield parent, key
        yield from rows_of(f"{parent}.{key}", inner, schema)


def keys_inside(part: object, schema: dict) -> dict[str, object]:
    """Return the keys that a mapping may have, also one in a list, or one of several alternatives."""
    if not isinstance(part, dict):
        return {}
    if "$ref" in part:
        return keys_inside(schema["$defs"].get(part["$ref"].rpartition("/")[2]), schema)
    inner = [part.get("items"), part.get("additionalProperties"), *part.get("anyOf", ()), *part.get("oneOf", ())]
    found = dict(part.get("properties", {}))
    for each in inner:
        found |= keys_inside(each, schema)
    return found


def test_every_option_and_ini_key_is_on_the_reference_page() -> None:
    """`docs/reference/options.md` names each setting by option and ini key."""
    from pytest_toolcheck import settings

    page = (PROJECT / "docs/reference/options.md").read_text(encoding="utf-8")
    names = [s.option for s in settings._SETTINGS if s.has_option] + [s.ini for s in settings._SETTINGS if s.has_ini]
    assert [name for name in names if name not in page] == []


def test_every_marker_fixture_and_public_name_is_on_the_reference_page() -> None:
    """`docs/reference/markers-and-fixtures.md` has a row for each marker with its arguments, each fixture, each import."""
    import pytest_toolcheck
    from pytest_toolcheck import fixtures, markers

    page = (PROJECT / "docs/reference/markers-and-fixtures.md").read_text(encoding="utf-8")
    arguments = {
        f"{name}: {argument}"
        for name, line in markers.MARKERS.items()
        for argument in re.findall(r"(\w+)(?==|[,)])", line[: line.index("):") + 1])
        if argument not in next((row for row in page.splitlines() if row.startswith(f"| `{name}`")), "")
    }
    assert arguments == set()
    names = [name.removeprefix("_") for name in fixtures.__all__ if name != "_plan"]
    assert [name for name in names if f"| `{name}` |" not in page] == []
    assert [name for name in pytest_toolcheck.__all__ if f"`{name}`" not in page] == []
