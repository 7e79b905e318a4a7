"""What the package says of itself: metadata, extras, entry point, the README's two commands, the example project."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.spec.load import problems_of

PROJECT = Path(__file__).parent.parent
METADATA: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_what_is_built_and_for_whom() -> None:
    """Hatchling, an SPDX licence, typed, Python 3.11 to 3.14, pytest 9.2."""
    project = METADATA["project"]
    assert METADATA["build-system"]["build-backend"] == "hatchling.build"
    assert (project["license"], project["requires-python"]) == ("MIT", ">=3.11")
    versions = [line.rpartition(" ")[2] for line in project["classifiers"] if ":: 3." in line]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert "pytest>=9.2" in project["dependencies"]
    assert (PROJECT / "pytest_toolcheck" / "py.typed").is_file()


def test_the_extras_are_those_that_messages_and_docs_name() -> None:
    """Whoever lacks a client is told which of these to install; `all` brings every client."""
    extras = METADATA["project"]["optional-dependencies"]
    assert {"mcp", "http", "websocket", "load", "all", "test", "docs"} <= extras.keys()
    assert extras["all"] == ["pytest-toolcheck[mcp,http,websocket]"]
    assert "pytest-toolcheck[all]" in extras["test"]


def test_pytest_finds_the_plugin_under_its_name() -> None:
    """`-p toolcheck` and `-p no:toolcheck` go by the name of the entry point."""
    assert {point.value for point in entry_points(group="pytest11") if point.name == "toolcheck"} == {
        "pytest_toolcheck.plugin"
    }


def test_the_readme_begins_with_the_two_commands() -> None:
    """Installing and the example project first, then the project's own tests: what a new user copies."""
    first, second = FENCE.findall((PROJECT / "README.md").read_text(encoding="utf-8"))[:2]
    assert first.strip() == "pip install -e '.[test,docs]' && pytest -p toolcheck example_project"
    assert second.strip() == "pytest -n 2 tests"


@pytest.mark.parametrize("path", sorted((PROJECT / "example_project").glob("*.tool.yaml")), ids=lambda path: path.name)
def test_the_example_project_s_specs_are_sound(path: Path) -> None:
    """Nothing is wrong with them, and each exception in them gives its reason."""
    text = path.read_text(encoding="utf-8")
    assert problems_of(path) == []
    assert text.startswith("# yaml-language-server: $schema=")
    assert text.count("xfail:") == 0 or "reason:" in text


@pytest.mark.parametrize("name", ["LICENSE", "CHANGELOG.md", ".ci/run", ".github/workflows", "docs/ARCHITECTURE.md"])
def test_what_else_a_project_has(name: str) -> None:
    """Licence, changes, one command for all checks, CI, the map of the house."""
    assert (PROJECT / name).exists()


@pytest.mark.parametrize("kind", ["tutorial", "how-to", "reference", "explanation"])
def test_the_docs_have_all_four_kinds(kind: str) -> None:
    """Each kind has a page at least."""
    assert list((PROJECT / "docs" / kind).glob("*.md"))


LAZY = ("", ".cases", ".clock", ".events", ".faults", ".resilience", ".sessions")


@pytest.mark.parametrize("name", LAZY)
def test_all_public_names_are_there_and_no_others(name: str) -> None:
    """Each is imported when it is first asked for."""
    package = import_module(f"pytest_toolcheck{name}")
    assert all(getattr(package, each) is not None for each in package.__all__)
    with pytest.raises(AttributeError, match=f"module 'pytest_toolcheck{name}' has no attribute 'nothing'"):
        _ = package.nothing
