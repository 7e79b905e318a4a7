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


AMOUNT = {"type": "number", "minimum": 0, "maximum": 10000, "multipleOf": 0.01}
PLAIN = {"type": "number", "minimum": 0, "maximum": 10000}


def paid(
    act: Any, part: Any = AMOUNT, *, name: str = "amount", about: str = "Pay.", category: Any = "example"
) -> tuple[str | None, list[Any]]:
    """Return what is found in the answers of a tool that is given an amount, and what it was sent."""
    sent: list[Any] = []

    def call(value: Any) -> Outcome:
        sent.append(value[name])
        answer = act(value[name])
        return Outcome("refused", 1) if answer is None else Outcome("accepted", 1, value=answer)

    tool = ToolSpec(name="pay", input={"type": "object", "properties": {name: part}, "required": [name]})
    case = Case("id", {name: 1}, "valid", category, "", "base")
    found = OUTCOME_CHECKS["told_back"](Evidence(tool, case, call({name: 1}), retry=call, about=about))
    return (None if found is None else found.message), sent


@pytest.mark.parametrize(
    ("act", "part", "name"),
    [
        (lambda amount: {"cents": int(amount * 100)}, AMOUNT, "amount"),
        (lambda amount: {"cents": int(amount * 100)}, AMOUNT, "width"),
        (lambda amount: {"cents": int(amount * 100)}, PLAIN, "unitPrice"),
        (lambda amount: {"paid": int(amount * 100) / 100}, AMOUNT, "amount"),
        (lambda amount: {"row": {"id": 1, "amount": int(amount * 100) / 100}}, AMOUNT, "amount"),
        (lambda amount: {"cents": int(amount * 100)}, {"anyOf": [AMOUNT, {"type": "null"}]}, "amount"),
    ],
)
def test_a_hundredth_that_is_lost(act: Any, part: Any, name: str) -> None:
    """Of an amount that floats are not exactly, in hundredths or as it was sent."""
    message, sent = paid(act, part, name=name)
    assert message is not None
    assert "19.99: one hundredth is lost" in message
    assert len(sent) == 4  # the base, two amounts, and one that floats are exactly


@pytest.mark.parametrize(
    ("act", "part", "more"),
    [
        (lambda amount: {"cents": round(amount * 100)}, AMOUNT, {}),
        (lambda amount: {"cents": round(amount * 100) - 1}, AMOUNT, {}),  # a fee
        (lambda amount: {"cents": int(amount * 100)}, PLAIN, {"name": "width"}),
        (lambda amount: {"cents": int(amount * 100)}, {"type": "integer"}, {}),
        (lambda amount: {"cents": int(amount * 100)}, AMOUNT, {"about": "Cents, rounded down."}),
        (lambda amount: {"cents": int(amount * 100)}, {**AMOUNT, "description": "whole cents count"}, {}),
        (lambda amount: {"cents": int(amount * 100)}, {**AMOUNT, "minimum": 40, "maximum": 65}, {}),  # little to go by
        (lambda amount: {"cents": int(amount * 100)}, AMOUNT, {"category": "boundary"}),
        (lambda amount: {"stock": 1998}, AMOUNT, {}),
        (lambda amount: {"cents": str(int(amount * 100))}, AMOUNT, {}),
        (lambda amount: {"id": 1998 if amount == 19.99 else 250}, AMOUNT, {}),
        (lambda amount: {"price": round(amount * 0.99, 2)}, AMOUNT, {}),
        (lambda amount: None if amount == 19.99 else {"cents": int(amount * 100)}, AMOUNT, {}),
        (lambda amount: None if amount == 2.5 else {"cents": int(amount * 100)}, AMOUNT, {}),
    ],
)
def test_an_amount_may_become_another(act: Any, part: Any, more: dict[str, Any]) -> None:
    """A fee, a discount, what says that it is rounded, numbers that are there by chance, amounts that are refused."""
    assert paid(act, part, **more)[0] is None
