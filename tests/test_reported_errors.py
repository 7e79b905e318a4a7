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
    acceptance: Any = "auto",
) -> Finding | None:
    """Judge what a tool answers to a valid input that differs from a known good one."""

    def call(value: Any) -> Outcome:
        return Outcome("accepted", 1, value=answer(value), raw=raw)

    schema = {"type": "object", "properties": {"at": PLACE, "n": COUNT, "name": TEXT}}
    tool = ToolSpec(name=name, input=schema, output=output, acceptance=acceptance)
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


def told(
    error: Any, good: Any, *, name: str = "get_item", output: Any = None, label: Any = "valid", is_mcp: bool = False
) -> str | None:
    """Judge an error that a service, or an MCP server, answers as a success where it answers another item with `good`."""

    def call(value: Any) -> Outcome:
        answer = error if value.get("id") == 9 else good
        flagged = {"isError": False, "content": [], "structuredContent": answer}
        return Outcome("accepted", 1, value=answer, raw=flagged if is_mcp else {"status": 200, "body": answer})

    tool = ToolSpec(name=name, input={"type": "object", "properties": {"id": {"type": "integer"}}}, output=output)
    case = Case("id", {"id": 9}, label, "number", "/id", "")
    found = OUTCOME_CHECKS["error_text"](Evidence(tool, case, call({"id": 9}), known_good=({"id": 1},), retry=call))
    return None if found is None else found.message


ITEM = {"id": 1, "name": "lamp"}
MISSING = {"success": False, "message": "item 9 not found"}


@pytest.mark.parametrize(
    "error",
    [
        MISSING,
        {"success": False, "message": "item 9 not found", "data": None},
        {"ok": False, "reason": "no such item", "id": 9},
        {"status": "error", "detail": "no such item"},
        {"status": "fail", "message": "no such item"},
        {"error": "no such item"},
    ],
)
def test_an_error_with_status_200_is_found(error: Any) -> None:
    """Where another item is answered without a word of success; an MCP server has a flag for the same."""
    message = told(error, ITEM)
    assert message is not None
    assert message.startswith("get_item reported an error as a success (status 200): ")
    assert told(error, ITEM, label="invalid") is not None
    message = told(error, ITEM, is_mcp=True)
    assert message is not None
    assert "(isError false)" in message


@pytest.mark.parametrize(
    ("error", "good", "more"),
    [
        (MISSING, {"success": True, "data": ITEM}, {}),  # an envelope around each answer
        ({"error": "none"}, {"error": None, **ITEM}, {}),
        ({"ok": False, "reason": "embargo"}, {"ok": True, "days": 3}, {}),
        ({"ok": False, "reason": "embargo"}, {"ok": True, "days": 3}, {"is_mcp": True}),
        ({"ok": False, "reason": "embargo"}, '{"ok": true}', {}),
        ({"status": "failed", "reason": "disk full"}, {"status": "done"}, {}),
        ({"status": "failed", "reason": "disk full"}, {"status": "done"}, {"is_mcp": True}),
        ({"error": "unknown"}, ITEM, {"output": {"properties": {"error": TEXT}}}),
        ({"error": "overheated", "code": 7}, ITEM, {"name": "get_last_error"}),
        ({"error": "overheated"}, ITEM, {"name": "read_log"}),
        ({"success": False, "name": "lamp"}, ITEM, {}),  # it tells more than that
        ({"ok": False}, ITEM, {}),
        ({"found": False, "message": "no such item"}, ITEM, {}),
        (MISSING, MISSING, {}),
    ],
)
def test_what_may_be_an_answer_is_no_error_with_status_200(error: Any, good: Any, more: dict[str, Any]) -> None:
    """Envelopes, judgements, how a job ended, promised errors, what was asked for."""
    assert told(error, good, **more) is None


def test_a_judgement_of_a_function_is_no_refusal() -> None:
    """Whether somebody may is answered with `ok`, of each value."""
    ships = lambda v: {"ok": v["at"] != "west", "message": "embargo" if v["at"] == "west" else "three days"}  # noqa: E731
    assert judged(ships, WEST, NORTH) is None


def test_a_tool_that_reports_an_error_of_each_input_refused_none() -> None:
    """Where another input is answered it did, whatever differs, if every valid input is to be accepted."""
    error = {"error": "name unknown"}
    sent, good = {"name": "b"}, {"name": "a"}
    assert judged(lambda v: error, sent, good, acceptance="strict") is None
    assert judged(lambda v: error if v == sent else {"pieces": 1}, sent, good, acceptance="strict") is not None
