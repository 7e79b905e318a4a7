"""`${env:…}` and `${fixture:…}` in targets and inputs."""

from __future__ import annotations

import pytest

from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.spec.model import McpTarget
from pytest_toolcheck.spec.placeholders import fill_fixtures, fixture_names

TEXT = """\
toolcheck: 1
target: {mcp: {command: [serve, '${fixture:repo}', '${env:PORT}'], cwd: '${fixture:repo}', env: {A: '${env:B:-${x}'}}}
defaults:
  examples: [{input: {path: '${env:ROOT}/a', keep: '${fixture:repo}', other: '${what}'}}]
tools:
  t:
    values: {p: {valid: ['${env:ROOT}']}}
    output: {title: '${env:ROOT}'}
"""


@pytest.fixture(name="spec")
def _spec(tmp_path):
    path = tmp_path / "orders.tool.yaml"
    path.write_text(TEXT)
    return load_spec(path, environ={"PORT": "80", "ROOT": "/r"})


def test_the_environment_is_filled_in(spec):
    """Texts of target and inputs take variables; a default stands in for a missing one; all else is kept."""
    tool = spec.tools["t"]
    assert spec.target.command == ("serve", "${fixture:repo}", "80")
    assert spec.target.env == {"A": "${x"}
    assert tool.examples[0].input == {"path": "/r/a", "keep": "${fixture:repo}", "other": "${what}"}
    assert tool.values["p"].valid == ("/r",)
    assert tool.output == {"title": "${env:ROOT}"}


def test_a_path_that_is_a_fixture_is_left_for_later(spec):
    """A folder that a fixture makes is not resolved against the spec's."""
    assert spec.target.cwd == "${fixture:repo}"


def test_fixture_names_are_found_at_every_depth(spec):
    """Each name once, in order, in plain data and in frozen values."""
    assert fixture_names({"a": ["${fixture:x}", ("${fixture:y}-${fixture:x}",)], "b": 5}) == ("x", "y")
    assert fixture_names(spec.target) == ("repo",)
    assert fixture_names("$${fixture:} ${fixture:a-b} ${env:x} ${fixture:open") == ()


def test_a_text_that_is_one_placeholder_becomes_the_value(spec):
    """Alone, the fixture's own value; within a longer text its spelling; other texts stay."""
    values = {"x": 5, "repo": "/tmp/r"}
    filled = fill_fixtures({"a": "${fixture:x}", "b": ["n=${fixture:x}"], "c": ("${env:x}", 1.5, None)}, values)
    assert filled == {"a": 5, "b": ["n=5"], "c": ("${env:x}", 1.5, None)}
    target = fill_fixtures(spec.target, values)
    assert isinstance(target, McpTarget)
    assert (target.command, target.cwd) == (("serve", "/tmp/r", "80"), "/tmp/r")


def test_an_unknown_fixture_is_a_key_error():
    """The caller says which fixtures there are."""
    with pytest.raises(KeyError):
        fill_fixtures("a ${fixture:nope}", {})
