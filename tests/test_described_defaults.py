"""A description that names another default than the schema is a finding; units, conditions and other kinds are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.behaviour.described_defaults import contradicted

from .behaviour_lab import findings_of, plans_in

SAID: list[tuple[str, Any, bool]] = [
    ("how many words (default: 5)", 10, True),
    ("How many words. Defaults to 5.", 10, True),
    ("How many words; default is 5, most are 20", 10, True),
    ("words, `default=5`", 10, True),
    ("words (default 5)", 10, True),
    ("Whether to sort (default: true)", False, True),
    ("how many words (default: 10)", 10, False),
    ("how many words (default: 10.0)", 10, False),
    ("Whether to sort (default: false)", False, False),
    ("timeout, default 5 seconds", 5000, False),
    ("timeout (default: 5s)", 5000, False),
    ("size (default: 1,000)", 1000, False),
    ("share (default: 50%)", 0.5, False),
    ("default: 5 for guests, 10 for members", 10, False),
    ("default 5 if short, default 10 if long", 10, False),
    ("the usual depth (default 5); default 10 in lists", 10, False),
    ("by default 3 retries are made of 5", 10, False),
    ("the default 404 page", 10, False),
    ("default: 5", "10", False),
    ("default: 5", None, False),
    ("Defaults to 1.5x the size", 2, False),
]


@pytest.mark.parametrize(("said", "default", "is_found"), SAID)
def test_a_description_names_the_schema_s_default(tmp_path: Path, said: str, default: Any, is_found: bool) -> None:
    """Nothing is called for it."""
    spec = f"tools: {{tool: {{input: {{type: object, properties: {{x: {{description: {said!r}, default: {_yaml(default)}}}}}}}}}}}\n"
    (plan,) = plans_in(tmp_path, "def tool(x=None): return 1\n", spec)
    assert [*contradicted(plan)] == [] if not is_found else len([*contradicted(plan)]) == 1


def test_it_is_told_with_the_defaults(tmp_path: Path) -> None:
    """It is an item where there is something to tell."""
    spec = "tools: {tool: {input: {type: object, properties: {x: {description: 'default: 5', default: 7}}}}}\n"
    found = findings_of(tmp_path, "def tool(x=7): return x\n", spec)
    assert found == ["tool: defaults: tool: the description of x calls 5 its default, the schema 7"]


def _yaml(value: Any) -> str:
    return (
        {None: "null", True: "true", False: "false"}.get(value, repr(value))
        if not isinstance(value, str)
        else repr(value)
    )
