"""What an answer tells back under a parameter's name is not another moment, a float's digits or question marks."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence, Finding
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import Outcome

TEXT: dict[str, Any] = {"type": "string"}
LARGE = {"type": "integer", "maximum": 2**63 - 1}


SWITCH = {"type": "boolean", "default": True}
LEVEL = {"type": "integer", "minimum": 0, "maximum": 9, "default": 3}


@pytest.mark.parametrize(
    ("schema", "said", "answers", "is_found"),
    [
        (SWITCH, "", lambda value: value or True, True),
        (SWITCH, "", lambda value: value, False),
        (SWITCH, "told unless said otherwise", lambda value: True, True),
        ({**SWITCH, "default": False}, "", lambda value: True, False),
        (SWITCH, "always on for guests", lambda value: True, False),
        (LEVEL, "", lambda value: value or 3, True),
        (LEVEL, "0 for the usual level", lambda value: value or 3, False),
        (LEVEL, "", lambda value: 3, False),  # the level that it has
        (LEVEL, "", lambda value: max(value, 1), False),
        ({**LEVEL, "default": 1}, "", lambda value: max(value, 1), False),
        ({"type": "integer", "minimum": 0}, "", lambda value: value or 3, False),
    ],
)
def test_a_default_in_the_place_of_nothing(schema: dict[str, Any], said: str, answers: Any, is_found: bool) -> None:
    """`false` and 0 are values; what a description says of them, and an answer that is the same for all, accuse nobody."""
    value = 0 if schema["type"] == "integer" else False
    case = Case("id", {"part": value}, "valid", "boundary", "/part", "")
    tool = ToolSpec(name="book", input={"type": "object", "properties": {"part": {**schema, "description": said}}})
    outcome = Outcome("accepted", 1, value={"id": 1, "part": answers(value)})
    retry = lambda sent: Outcome("accepted", 1, value={"id": 2, "part": answers(sent["part"])})  # noqa: E731
    assert (OUTCOME_CHECKS["told_back"](Evidence(tool, case, outcome, retry=retry)) is not None) == is_found


def judged(
    sent: dict[str, Any], value: Any, *, label: Any = "valid", name: str = "add_meeting", **more: Any
) -> Finding | None:
    schema = {"type": "object", "properties": {"at": TEXT, "n": LARGE, "text": TEXT, **more}}
    case = Case("id", sent, label, "format", "/at", "")
    return OUTCOME_CHECKS["told_back"](
        Evidence(ToolSpec(name=name, input=schema), case, Outcome("accepted", 1, value=value))
    )


INDIA = {"at": "2024-01-31T12:30:00+05:30"}
EXACT = {"n": 2**53 + 1}


@pytest.mark.parametrize(
    ("sent", "value", "told"),
    [
        (
            INDIA,
            {"id": 1, "at": "2024-01-31T12:30:00+00:00"},
            "add_meeting tells at 2024-01-31T12:30:00+05:30 back as 2024-01-31T12:30:00+00:00",
        ),
        (INDIA, {"id": 1, "at": "2024-01-31 12:30:00Z"}, "the hour of one offset beside another is another moment"),
        (INDIA, {"at": "2024-01-31T12:30:00-05:30"}, "another moment"),
        ({"at": "2024-01-31T12:30:00Z"}, {"meeting": {"at": "2024-01-31T12:30:00-05:00"}}, "another moment"),
        (EXACT, {"n": 2**53}, "a whole number was made a float"),
        (EXACT, {"n": float(2**53)}, "a whole number was made a float"),
        ({"text": "Grüße Łódź"}, {"text": "Gr??e ??d?"}, "letters became question marks"),
        ({"text": "Grüße Łódź"}, {"text": "Grüße ?ód?"}, "letters became question marks"),
    ],
)
def test_a_value_that_is_spoilt(sent: dict[str, Any], value: Any, told: str) -> None:
    """Wherever in the answer it stands, if once."""
    found = judged(sent, value)
    assert found is not None
    assert told in found.message


@pytest.mark.parametrize(
    ("sent", "value", "more"),
    [
        (INDIA, {"at": "2024-01-31T07:00:00+00:00"}, {}),
        (INDIA, {"at": "2024-01-31T12:30:00+0530"}, {}),
        (INDIA, {"at": "2024-01-31T12:30:00"}, {}),
        (INDIA, {"start": "2024-01-31T12:30:00Z"}, {}),
        (INDIA, {"at": "2024-01-31T12:30:00Z"}, {"timezone": TEXT}),
        (INDIA, {"at": "2024-01-31T12:30:00Z"}, {"name": "replace_offset"}),
        (INDIA, {"at": "2024-01-31T12:30:00Z"}, {"at": {**TEXT, "description": "wall clock, its offset is dropped"}}),
        (INDIA, {"at": "2024-01-31T12:30:00Z"}, {"label": "invalid"}),
        (INDIA, [{"at": "2024-01-31T12:30:00Z"}, {"at": "2024-01-31T12:30:00+05:30"}], {}),
        ({"at": "2024-01-31T12:30:00Z"}, {"at": "2024-01-31T12:30:00+00:00"}, {}),
        (EXACT, {"n": 2**53}, {"n": {"type": "integer"}}),
        (EXACT, {"n": 2**53 + 2}, {}),
        ({"n": 7}, {"n": 7.0}, {}),
        ({"text": "Grüße?"}, {"text": "Grusse?"}, {}),
        ({"text": "what?"}, {"text": "WHAT?"}, {}),
        ({"text": " Łódź "}, {"text": "Łódź"}, {}),
    ],
)
def test_a_value_that_is_told_otherwise(sent: dict[str, Any], value: Any, more: dict[str, Any]) -> None:
    """The same moment, other names, zones that are spoken of, several of a name, numbers that nobody promised to hold, other letters."""
    assert judged(sent, value, **more) is None
