"""An answer has as many rows as it says, and none where none are asked for; what counts something else accuses nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence
from pytest_toolcheck.checks.violation import is_valid
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import Outcome

TEXT = {"type": "string", "maxLength": 200}
NUMBERS = {"type": "array", "items": {"type": "integer"}}
SIZE = {"type": "integer", "minimum": 0, "maximum": 20, "default": 5}
ROWS = [{"id": i, "state": "open" if i % 2 else "shut", "pieces": i + 1} for i in range(1, 8)]


def told(
    act: Callable[..., Any],
    sent: dict[str, Any],
    properties: dict[str, Any],
    *,
    name: str = "list_rows",
    about: str = "",
    good: tuple[dict[str, Any], ...] = (),
    required: tuple[str, ...] = (),
) -> str | None:
    """Return what is found in the answer to a valid input; each call that is made must be valid as well."""
    schema = {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}

    def call(value: dict[str, Any]) -> Outcome:
        assert is_valid(schema, value)
        return Outcome("accepted", 1, value=act(**value))

    case = Case("id", sent, "valid", "boundary", "/n", "")
    tool = ToolSpec(name=name, input=schema)
    found = OUTCOME_CHECKS["counted"](Evidence(tool, case, call(sent), known_good=good, retry=call, about=about))
    return None if found is None else found.message


def lines(text: str, count: int = 5) -> list[str]:
    return text.splitlines()[-count:]


@pytest.mark.parametrize(
    ("act", "properties", "sent"),
    [
        (lines, {"text": TEXT, "count": SIZE}, {"text": "a", "count": 0}),
        (lambda text, n=5: "\n".join(lines(text, n)), {"text": TEXT, "n": SIZE}, {"text": "a\nb\nc", "n": 0}),
        (
            lambda values, k=5: {"top": sorted(values)[: k or None]},
            {"values": NUMBERS, "k": SIZE},
            {"values": [1], "k": 0},
        ),
        (lambda text, last=5: lines(text, last or 5), {"text": TEXT, "last": SIZE}, {"text": "a", "last": 0}),
        (
            lambda limit=5: ROWS[: limit or None],
            {"limit": {**SIZE, "description": "how many at most"}},
            {"limit": 0},
        ),
    ],
)
def test_none_are_some(act: Callable[..., Any], properties: dict[str, Any], sent: dict[str, Any]) -> None:
    """Of lines, numbers and rows, also where the text that was sent has one line."""
    message = told(act, sent, properties, name="show")
    assert message is not None
    assert "is 0, 1 where it is 1, 2 where it is 2" in message


@pytest.mark.parametrize(
    ("act", "properties", "sent"),
    [
        (lambda text, count=5: text.splitlines()[:count], {"text": TEXT, "count": SIZE}, {"text": "a", "count": 0}),
        (lines, {"text": TEXT, "count": {**SIZE, "description": "0 for all of them"}}, {"text": "a", "count": 0}),
        (lines, {"text": TEXT, "count": {**SIZE, "description": "everything if falsy"}}, {"text": "a", "count": 0}),
        (lines, {"text": TEXT, "count": {**SIZE, "default": 0}}, {"text": "a", "count": 0}),
        (lines, {"text": TEXT, "count": {"type": "integer", "maximum": 20}}, {"text": "a", "count": 0}),
        (lambda limit=5: ROWS[: limit or None], {"limit": SIZE}, {"limit": 0}),  # no limit, as many have it
        (lambda text, n=5: text.split("\n", n), {"text": TEXT, "n": SIZE}, {"text": "a\nb\nc", "n": 0}),
        (lambda text, n=5: text.split("\n")[n:], {"text": TEXT, "n": SIZE}, {"text": "a\nb\nc", "n": 0}),
        (lambda text, n=5: text.split("\n"), {"text": TEXT, "n": SIZE}, {"text": "a\nb\nc", "n": 0}),
        (lambda text, n=5: lines(text, max(n, 1)), {"text": TEXT, "n": SIZE}, {"text": "a\nb\nc", "n": 0}),
        (lambda text, size=5: lines(text, size), {"text": TEXT, "size": SIZE}, {"text": "a\nb\nc", "size": 0}),
        (
            lambda values, n=5: values[n % 3 :] + values[: n % 3],
            {"values": NUMBERS, "n": SIZE},
            {"values": [1], "n": 0},
        ),
        (lambda lines, count=5: lines[-count:], {"lines": SIZE, "count": SIZE}, {"lines": 0, "count": 0}),
    ],
)
def test_nought_may_mean_something(act: Callable[..., Any], properties: dict[str, Any], sent: dict[str, Any]) -> None:
    """None, what a description says, no limit, times that something is done, what is left out, one at least."""
    if "lines" in properties:
        act = lambda lines, count=5: ROWS[-(lines or count) :]  # noqa: E731
    assert told(act, sent, properties, name="show") is None


STATE = {"state": {"enum": ["open", "shut"]}}


OF_LINES = {"count": 2, "rows": [{"lines": [1]}, {"lines": [2]}]}


def of(state: str | None) -> list[dict[str, Any]]:
    return [row for row in ROWS if state in (None, row["state"])]


@pytest.mark.parametrize(
    ("act", "name"),
    [
        (lambda state=None: {"count": len(ROWS), "rows": of(state)}, "list_rows"),
        (lambda state=None: {"count": len(of(state)) - (state is not None), "found": of(state)}, "pick"),
        (lambda state=None: {"count": len(of(state)) - 2, "rows": of(state)}, "list_rows"),
        (lambda state=None: {"row_count": len(of(state)) - 2, "rows": of(state)}, "pick"),
        (lambda state=None: {"total": len(of(state)) - 2 * (state is not None), "rows": of(state)}, "list_rows"),
        (lambda state=None: json.dumps({"count": 2 if state else 3, "rows": ["a", "b", "c"]}), "pick"),
    ],
)
def test_a_count_of_other_rows_than_are_shown(act: Callable[..., Any], name: str) -> None:
    """Of all where some are asked for; of fewer than are there, where it is theirs by name or in another answer."""
    message = told(act, {"state": "open"}, STATE, name=name, good=({"state": "open"},))
    assert message is not None
    assert " beside " in message


@pytest.mark.parametrize(
    "act",
    [
        lambda state=None: {"count": len(of(state)), "rows": of(state)},
        lambda state=None: {"total": len(ROWS), "rows": of(state)},
        lambda state=None: {"total_count": len(ROWS), "rows": of(state)},
        lambda state=None: {"count": len(ROWS), "rows": of(state), "truncated": state is not None},
        lambda state=None: {"count": len(ROWS), "rows": of(state), "next": None},
        lambda state=None: {"count": sum(row["pieces"] for row in of(state)), "rows": of(state)},
        lambda state=None: {"count": len({row["state"] for row in of(state)}), "rows": of(state)},
        lambda state=None: {"count": 2, "rows": ["a", "a", "b"]},
        lambda state=None: {"count": 2, "rows": [{"done": True}, {"done": False}, {"done": True}]},
        lambda state=None: {"count": 1, "rows": [{"done": True}, {"done": False}, {"done": True}]},
        lambda state=None: {"count": 2, "rows": [{"done": None}, {"done": "May"}, {"done": "June"}]},
        lambda state=None: {"count": 5, "rows": [{"lines": [1, 2]}, {"lines": [1, 2, 3]}]} if state else OF_LINES,
        lambda state=None: {"count": 5, "rows": [[1, 2], [1, 2, 3]]} if state else {"count": 2, "rows": [[1], [2]]},
        lambda state=None: {"count": 2, "rows": of(state), "hints": []},
        lambda state=None: {"count": 2, "total": 3, "rows": of(state)},
        lambda state=None: {"count": 2, "errors": [1, 2] if state is None else [1, 2, 3, 4]},
        lambda state=None: {"count": 2 if state is None else 9, "errors": [1, 2] if state is None else [1]},
        lambda state=None: {"count": 9, "rows": of(state)},  # never theirs
        lambda state=None: {"count": 30 if state else 7, "rows": [{"id": i} for i in range(20)] if state else ROWS},
        lambda state=None: {"count": 7 if state is None else 9, "rows": ROWS if state is None else []},
        lambda state=None: {"size": 2, "rows": of(state)},
        lambda state=None: {"count": True, "rows": ROWS},
        lambda state=None: {"count": -1, "rows": ROWS},
        lambda state=None: {"total": 3, "rows": ROWS},
        lambda state=None: {"count": 2.5, "rows": of(state)},
        lambda state=None: {"count": 2},
        lambda state=None: of(state),
    ],
)
def test_a_count_may_be_of_something_else(act: Callable[..., Any]) -> None:
    """All pages, pieces, what differs, what is done, what rows hold; a part of the rows that says so, or is a round number."""
    assert told(act, {"state": "open"}, STATE, name="list_rows", good=({},)) is None


@pytest.mark.parametrize(
    ("about", "properties"),
    [
        ("The first rows, and how many there are.", STATE),
        ("At most five rows.", STATE),
        ("", {"state": {**STATE["state"], "description": "which rows, up to ten"}}),
        ("", {"state": {**STATE["state"], "description": "all, without the others"}}),
        ("", {**STATE, "limit": SIZE}),
        ("", {**STATE, "page": SIZE}),
        ("", {**STATE, "max_results": SIZE}),
        ("", {**STATE, "count": SIZE}),
    ],
)
def test_a_part_of_the_rows_may_be_counted_as_a_whole(about: str, properties: dict[str, Any]) -> None:
    """As a parameter or a description says."""
    act = lambda state=None: {"count": len(ROWS), "rows": of(state)}  # noqa: E731
    assert told(act, {"state": "open"}, properties, about=about, good=({},)) is None


def test_a_count_of_what_differs_may_be_lower() -> None:
    """As its description says."""
    act = lambda state=None: {"count": 2, "rows": of(state)}  # noqa: E731
    assert told(act, {"state": "open"}, STATE, good=({},)) is not None
    assert told(act, {"state": "open"}, STATE, about="How many rows are new.", good=({},)) is None


def test_rows_that_come_and_go_are_no_evidence() -> None:
    """A list that somebody else changes meanwhile is counted right the second time."""
    seen: list[int] = []
    act = lambda state=None: seen.append(1) or {"count": len(of(state)) - (len(seen) == 1), "rows": of(state)}  # noqa: E731
    assert told(act, {"state": "open"}, STATE, good=({},)) is None
    assert len(seen) == 2


def test_one_row_that_is_counted_as_one_is_little_evidence() -> None:
    """Of a tool that does not list, a number may be one by chance."""
    act = lambda state=None: {"count": 1, "found": [[1]] if state is None else [[1], [2, 3], [4]]}  # noqa: E731
    assert told(act, {"state": "open"}, STATE, name="pick", good=({},)) is None


def test_a_tool_that_shows_none_costs_no_further_call() -> None:
    """Where 0 gives nothing all is well; and nothing is sent that the schema forbids."""
    asked: list[Any] = []

    def first(text: str, n: int = 5) -> list[str]:
        asked.append(text)
        return text.split()[:n]

    assert told(first, {"text": "a", "n": 0}, {"text": TEXT, "n": SIZE}, name="show") is None
    assert len(asked) == 1
    assert told(lines, {"text": "a", "count": 0}, {"text": {**TEXT, "maxLength": 5}, "count": SIZE}, name="x") is None
