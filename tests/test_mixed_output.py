"""What a command prints beside its JSON is found, where its other answers are JSON alone."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence, Finding
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import Outcome


def printed(text: str, *, other: Any, output: Any = None, raw: Any = ...) -> Finding | None:
    """Judge a command's text beside the answer that it gives to another input."""
    told = {"exit_code": 0, "stdout": text, "stderr": ""} if raw is ... else raw
    evidence = Evidence(
        ToolSpec(name="tool", input={}, output=output),
        Case("id", {"level": "high"}, "valid", "enum", "/level", ""),
        Outcome("accepted", 1, value=text, raw=told),
        known_good=({"level": "high"}, {"level": "low"}),
        retry=lambda _: Outcome("accepted", 1, value=other),
    )
    return OUTCOME_CHECKS["output_schema"](evidence)


@pytest.mark.parametrize("text", ['DEBUG high\n{"ok": true}', '{"ok": true}\ndone in 3 ms', "a\n\nb\n[\n  1\n]"])
def test_a_line_beside_json_is_found(text: str) -> None:
    """Who reads the output as JSON stumbles over it: before it or after it, on one line or several."""
    found = printed(text, other={"ok": True})
    assert found is not None
    assert "printed JSON, and beside it:" in found.message


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ('Result:\n{"ok": true}', 'Result:\n{"ok": false}'),
        ('{"n": 1}\n{"n": 2}', {"n": 1}),
        ("nothing found", {"n": 1}),
        ("{high} is not a level\n{}x", {"n": 1}),
    ],
)
def test_texts_that_are_no_json_with_a_line_beside_it(text: str, other: Any) -> None:
    """A form that the tool always uses, one object a line, and plain texts are not accused."""
    assert printed(text, other=other) is None


def test_only_commands_are_held_to_it() -> None:
    """A text from elsewhere is a text; and where the spec has an `output`, that decides."""
    text = 'DEBUG high\n{"ok": true}'
    assert printed(text, other={"ok": True}, raw={"status": 200, "body": text}) is None
    assert printed(text, other={"ok": True}, output={"type": "string"}) is None
