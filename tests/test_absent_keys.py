"""Keys of what is not there, at the ends of their bounds: a tool that says so is not accused, one with a wrong bound is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome


def is_accused(name: str, value: int, said: str, is_there: Callable[[int], bool]) -> bool:
    """Judge a boundary case whose parameter no known-good input explains."""

    def retry(given: Mapping[str, Any]) -> Outcome:
        ok = is_there(given[name])
        return Outcome("accepted", 1) if ok else Outcome("refused", 1, error=CallError("ToolError", said))

    schema = {
        "type": "object",
        "properties": {name: {"type": "integer", "minimum": 1, "maximum": 50}},
        "required": [name],
        "additionalProperties": False,
    }
    evidence = Evidence(
        tool=ToolSpec(name="tool", input=schema),
        case=Case("id", {name: value}, "valid", "boundary", f"/{name}", str(value)),
        outcome=retry({name: value}),
        retry=retry,
    )
    assert evidence.outcome.kind == "refused", "a row that shows nothing"
    return OUTCOME_CHECKS["accepts_valid"](evidence) is not None


@pytest.mark.parametrize(
    ("name", "value", "said", "is_there", "accused"),
    [
        ("user_id", 2, "Error executing tool show: no user 2", lambda key: key == 1, False),
        ("user_id", 1, "user 1 is gone", lambda key: key == 2, False),
        ("user_id", 50, "no user 50", lambda key: key < 50, True),
        ("user_id", 1, "must be more than 1", lambda key: key > 1, True),
        ("user_id", 1, "", lambda key: key > 1, True),
        ("width", 1, "no width 1", lambda width: width > 1, True),
    ],
    ids=["one that is not there", "one that was deleted", "the last of many", "a bound", "nothing said", "no key"],
)
def test_a_key_beside_one_that_is_there_may_be_missing(
    name: str, value: int, said: str, is_there: Callable[[int], bool], accused: bool
) -> None:
    """That the key beside it is accepted promises nothing; only a key is excused, and only by a refusal that says so."""
    assert is_accused(name, value, said, is_there) == accused
