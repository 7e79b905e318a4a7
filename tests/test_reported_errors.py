"""`{"error": …}` as the answer of a function or an HTTP service (200): of a value that the schema fully describes, a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence, Finding
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import Outcome

PLACE = {"enum": ["north", "south", "west"]}
COUNT = {"type": "integer", "minimum": 1, "maximum": 9}
TEXT = {"type": "string"}


def judged(
    answer: Callable[[Any], Any],
    sent: dict[str, Any],
    good: dict[str, Any],
    *,
    raw: Any = None,
    output: Any = None,
    name: str = "stock",
) -> Finding | None:
    """Judge what a tool answers to a valid input that differs from a known good one."""

    def call(value: Any) -> Outcome:
        return Outcome("accepted", 1, value=answer(value), raw=raw)

    schema = {"type": "object", "properties": {"at": PLACE, "n": COUNT, "name": TEXT}}
    tool = ToolSpec(name=name, input=schema, output=output)
    case = Case("id", sent, "valid", "enum", "/at", "")
    return OUTCOME_CHECKS["accepts_valid"](Evidence(tool, case, call(sent), known_good=(good,), retry=call))


def of_west(error: Any) -> Callable[[Any], Any]:
    return lambda v: error if v.get("at") == "west" or v.get("n") == 9 else {"pieces": 4}


NORTH, WEST = {"at": "north"}, {"at": "west"}


@pytest.mark.parametrize(
    "error",
    [
        {"error": "warehouse unknown"},
        {"error": "warehouse unknown", "pieces": None, "rows": []},
        {"status": "error", "message": "warehouse unknown"},
        {"success": False, "error": "bad warehouse"},
        "Error: 'west'",
        "ValueError: no warehouse west",
    ],
)
def test_a_described_value_that_gets_an_error_was_not_accepted(error: Any) -> None:
    """Of a choice and of a bounded number, wherever another one is answered."""
    found = judged(of_west(error), WEST, NORTH)
    assert found is not None
    assert found.message.startswith("stock reported an error as its answer to a valid input (enum): ")
    assert judged(of_west(error), {**NORTH, "n": 9}, {**NORTH, "n": 1}) is not None


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        (lambda v: {"error": "warehouse unknown"}, {}),
        (of_west({"error": "the warehouse is unreachable"}), {}),
        (of_west({"error": "no such warehouse: not found"}), {}),
        (of_west({"error": None, "pieces": 0}), {}),
        (of_west({"error": "e", "pieces": 3}), {}),
        (of_west({"open": False, "error": "shut"}), {}),
        (of_west({"error": "closed"}), {"output": {"properties": {"error": TEXT}}}),
        (of_west({"error": "closed"}), {"name": "tail_log"}),
        (of_west({"error": "closed"}), {"name": "last_error"}),
        (of_west({"error": "closed"}), {"name": "validate"}),
        (of_west({"error": "closed"}), {"raw": {"isError": False, "content": []}}),
        (of_west(["error"]), {}),
    ],
)
def test_a_tool_may_report_what_no_schema_tells(answer: Callable[[Any], Any], more: dict[str, Any]) -> None:
    """What each input is answered, the world beside it, an answer that tells more, a promised error, MCP's own flag."""
    assert judged(answer, WEST, NORTH, **more) is None


def test_what_free_text_may_not_name_is_no_finding() -> None:
    """A name that is not known is reported as many tools do it."""
    found = judged(
        lambda v: {"error": "name unknown"} if v["name"] != "a" else {"pieces": 1}, {"name": "b"}, {"name": "a"}
    )
    assert found is None
