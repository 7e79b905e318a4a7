"""`expression: division by zero` is a clean refusal of `8/0`, and an interpreter's own words are none."""

from __future__ import annotations

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome


@pytest.mark.parametrize(
    ("sent", "said", "is_accused"),
    [
        ("8/0-1", "expression: division by zero", False),
        ("8/0-1", "Error executing tool calculate: expression: division by zero", False),
        ("16:0", '{"error": "text: division by zero"}', False),
        ("8/2-1", "expression: division by zero", True),
        ("8/05", "expression: division by zero", True),
        ("8/0-1", "division by zero", True),
        ("8/0-1", "Error executing tool calculate: division by zero", True),
        ("8/0-1", "ZeroDivisionError: division by zero", True),
        ("8/0-1", "Internal error: division by zero", True),
    ],
)
def test_a_text_that_divides_by_nothing(sent: str, said: str, is_accused: bool) -> None:
    """Both the text and the words in front must be there."""
    evidence = Evidence(
        tool=ToolSpec(name="calculate", input={"type": "object"}),
        case=Case("id", {"expression": sent}, "valid", "pattern", "", "1"),
        outcome=Outcome("refused", 1, error=CallError("ToolError", said)),
    )
    assert (OUTCOME_CHECKS["no_crash"](evidence) is not None) == is_accused
