"""What values must be to each other and no schema can say: a correct tool that says so in its refusal is not accused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome

DIGIT = {"type": "integer", "minimum": 0, "maximum": 9}
ROWS = {"type": "integer", "minimum": 1, "maximum": 9}
DIGITS = {"type": "array", "items": DIGIT, "minItems": 1, "maxItems": 4}
POINT = {"type": "object", "properties": {"x": DIGIT}, "required": ["x"], "additionalProperties": False}
SWITCH = {"type": "boolean"}
DEGREES = {"type": "number", "minimum": -20, "maximum": 90}
SCALE = {"enum": ["C", "K"]}

Accepts = Callable[[Mapping[str, Any]], bool]


def is_accused(schemas: dict[str, Any], value: Any, good: Any, said: str, accepts: Accepts) -> bool:
    def retry(given: Mapping[str, Any]) -> Outcome:
        return Outcome("accepted", 1) if accepts(given) else Outcome("refused", 1, error=CallError("ValueError", said))

    schema = {"type": "object", "properties": schemas, "required": [*schemas], "additionalProperties": False}
    evidence = Evidence(
        tool=ToolSpec(name="tool", input=schema),
        case=Case("id", value, "valid", "combination", "", "1"),
        outcome=retry(value),
        known_good=(good,),
        retry=retry,
    )
    assert evidence.outcome.kind == "refused", "a row that shows nothing"
    return OUTCOME_CHECKS["accepts_valid"](evidence) is not None


RELATIONS: list[tuple[dict[str, Any], Any, Any, str, Accepts]] = [
    ({"n": DIGIT, "k": DIGIT}, {"n": 2, "k": 9}, {"n": 5, "k": 3}, "cannot choose more than there are",
     lambda v: v["k"] <= v["n"]),
    ({"a": DIGITS, "b": DIGITS}, {"a": [1], "b": [1, 2]}, {"a": [1], "b": [1]}, "the vectors differ in length",
     lambda v: len(v["a"]) == len(v["b"])),
    ({"m": DIGITS}, {"m": [2, 1]}, {"m": [1, 2]}, "levels must be in ascending order", lambda v: v["m"] == sorted(v["m"])),
    ({"p": POINT, "q": POINT}, {"p": {"x": 1}, "q": {"x": 1}}, {"p": {"x": 0}, "q": {"x": 1}}, "the line is vertical",
     lambda v: v["p"] != v["q"]),
    ({"total": DIGIT, "page": DIGIT}, {"total": 3, "page": 9}, {"total": 3, "page": 1}, "page 9 is past the end: there are 3",
     lambda v: v["page"] <= v["total"]),
    ({"total": DIGIT, "size": ROWS, "page": DIGIT}, {"total": 4, "size": 2, "page": 7}, {"total": 4, "size": 2, "page": 1},
     "page 7 is past the end", lambda v: v["page"] * v["size"] <= v["total"]),
    ({"balance": DIGIT, "amount": DIGIT}, {"balance": 3, "amount": 9}, {"balance": 3, "amount": 1}, "9 exceeds 3",
     lambda v: v["amount"] <= v["balance"]),
    ({"mail": SWITCH, "sms": SWITCH}, {"mail": False, "sms": False}, {"mail": True, "sms": False},
     "choose at least one channel", lambda v: v["mail"] or v["sms"]),
    ({"value": DEGREES, "unit": SCALE}, {"value": -20, "unit": "K"}, {"value": -20, "unit": "C"}, "below absolute zero",
     lambda v: v["unit"] == "C" or v["value"] >= 0),
    ({"source": SCALE, "target": {"type": "string"}}, {"source": "K", "target": "K"}, {"source": "C", "target": "K"},
     "target must be a scale other than source", lambda v: v["source"] != v["target"]),
]  # fmt: skip


@pytest.mark.parametrize(("schemas", "value", "good", "said", "accepts"), RELATIONS)
def test_a_relation_that_the_refusal_speaks_of_accuses_nobody(
    schemas: dict[str, Any], value: Any, good: Any, said: str, accepts: Accepts
) -> None:
    """Each value is fine beside others; that they do not go together is told by the refusal, and by no schema."""
    assert not is_accused(schemas, value, good, said, accepts)
    assert is_accused(schemas, value, good, "not supported", accepts), "a refusal that speaks of no relation"


WRONG_BOUNDS: list[tuple[dict[str, Any], Any, Any, str, Accepts]] = [
    ({"n": DIGIT, "k": DIGIT}, {"n": 9, "k": 9}, {"n": 9, "k": 3}, "cannot choose more than there are",
     lambda v: v["k"] < 9),
    ({"items": DIGITS, "at": DIGIT}, {"items": [1, 2], "at": 9}, {"items": [1, 2], "at": 3}, "9 is too large",
     lambda v: v["at"] < 9),
    ({"total": DIGIT, "page": DIGIT}, {"total": 9, "page": 9}, {"total": 9, "page": 1}, "page 9 is past the end",
     lambda v: v["page"] < 9),
    ({"mail": SWITCH}, {"mail": False}, {"mail": True}, "choose at least one channel", lambda v: v["mail"]),
    ({"value": DEGREES, "unit": SCALE}, {"value": -20, "unit": "C"}, {"value": 5, "unit": "C"}, "value must be above -20",
     lambda v: v["value"] > -20),
]  # fmt: skip


@pytest.mark.parametrize(("schemas", "value", "good", "said", "accepts"), WRONG_BOUNDS)
def test_a_value_that_is_refused_beside_any_other_is_accused_whatever_is_said(
    schemas: dict[str, Any], value: Any, good: Any, said: str, accepts: Accepts
) -> None:
    """It is its own bound that is wrong; words about others excuse nothing."""
    assert is_accused(schemas, value, good, said, accepts)
