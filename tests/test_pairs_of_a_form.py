"""Pairs whose keys have a form: capitals that a pattern takes are read as they were set."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.pairs import pair_scenarios

from .behaviour_lab import findings_of

LABELS = '''
from typing import Annotated, Literal
from pydantic import Field
labels = {}
Name = Annotated[str, Field(pattern="^[A-Za-z]{2,12}$")]
def put_label(name: Name, color: Literal["red", "green", "blue"]) -> dict:
    """Make or change a label."""
    labels[KEPT] = {"name": name, "color": color}
    return labels[KEPT]
def get_label(name: Name) -> dict:
    """Get a label."""
    if READ not in labels: raise ValueError(f"no label {name}")
    return labels[READ]
'''


@pytest.mark.parametrize(
    ("kept", "read", "form", "is_found"),
    [
        ("name.lower()", "name", "[A-Za-z]{2,12}", True),
        ("name.lower()", "name.lower()", "[A-Za-z]{2,12}", False),
        ("name", "name", "[A-Za-z]{2,12}", False),
        ("name.lower()", "name", "[a-z]{2,12}", False),
        ("name", "name", "[A-Z]{2}", False),
        ("name[:2]", "name[:2]", "[A-Z][A-Za-z]", False),
        ("'one'", "'one'", "[A-Za-z]{2,3}", False),
    ],
)
def test_capitals_of_keys_that_are_letters_alone(
    tmp_path: Path, kept: str, read: str, form: str, is_found: bool
) -> None:
    """No name of ours fits such a pattern: one is made of it. Short codes may be the same, or a list that nobody tells."""
    code = LABELS.replace("KEPT", kept).replace("READ", read).replace("[A-Za-z]{2,12}", form)
    found = findings_of(tmp_path, code, "", room=pair_scenarios)
    assert len(found) == is_found, found
    assert not found or "get_label refuses to answer for " in found[0]
