"""Refusals that contradict themselves are found, whatever a correct tool says is not; nearly multiples are none of a fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence
from pytest_toolcheck.checks.error_text import only_reports
from pytest_toolcheck.scenario import ToolPlan
from pytest_toolcheck.scenarios import ValidCallScenario, cases_of
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import Outcome

from .behaviour_lab import findings_of

WEIGH = '''
FACTORS = {"g": 1, "kg": 1000, "lb": 453.6}
LENGTHS = {"mm": 1, "km": 1000000}
def weigh(amount: float, unit: str, to: str = "g") -> float:
    """Weigh something."""
    if type(unit) is not str or type(to) is not str: raise TypeError("units are texts")
    BODY
    return amount * FACTORS[unit]
'''
LISTS = 'if unit not in FACTORS: raise ValueError(f"unknown unit {unit!r}; one of: g, kg, lb, oz")'
FAULTY = {
    "listed, not known": LISTS,
    "same text": 'if unit not in FACTORS: raise ValueError("unit must be one of: g, kg, lb, oz")',
    "in brackets": 'if unit not in FACTORS: raise ValueError(f"Unit {unit} is not supported. Supported: [g, kg, lb, oz]")',
}
CORRECT = {
    "all": 'if unit not in FACTORS: raise ValueError("unit must be one of: g, kg, lb")',
    "a kind": 'if unit not in FACTORS: raise ValueError("unit must be one of: g, kg, lb, or a name")',
    "a form": 'if unit not in FACTORS: raise ValueError("unit must be one of: g, kg, lb, KG-LIKE, <unit>")',
    "another reason": "if unit == 'oz': raise ValueError('oz: not today')\n    " + LISTS,
    "goes with another": 'if unit not in FACTORS or to not in FACTORS:\n        if {unit, to} <= {*LENGTHS}: return 1.0\n        raise ValueError("one of: g, kg, lb, mm, km")',
    "one by one": 'if unit != "g": raise ValueError("one of: g")',
}


def _valid_call(plan: ToolPlan) -> Iterator[Any]:
    yield ValidCallScenario(tuple(cases_of(plan, seed=0)), None)


def _found(folder: Path, body: str) -> list[str]:
    spec = "tools: {weigh: {examples: [{input: {amount: 2, unit: g}}]}}\n"
    return findings_of(folder, WEIGH.replace("BODY", body), spec, room=_valid_call)


@pytest.mark.parametrize("name", FAULTY)
def test_a_word_that_its_own_refusal_lists_is_found(tmp_path: Path, name: str) -> None:
    """It is refused as a made-up one is, and the others of the list are not."""
    [found] = _found(tmp_path, FAULTY[name])
    assert "weigh refuses unit 'oz', which the refusal itself lists as allowed" in found


@pytest.mark.parametrize("name", CORRECT)
def test_lists_that_hold_what_they_say_accuse_nobody(tmp_path: Path, name: str) -> None:
    """Words of a kind, forms, other reasons, and words that go with another parameter's."""
    assert _found(tmp_path, CORRECT[name]) == []


MULTIPLES = [
    (0.25, 5e-324, False),
    (0.25, 1e-12, False),
    (0.01, 1.0000000001, False),
    (0.25, 0.1, True),
    (0.25, 1e-7, True),
    (5, 4.9, True),
    (5, 7, True),
    (1e-8, 1.5e-9, True),
    (1e-8, 5e-9, True),
]


@pytest.mark.parametrize(("step", "number", "is_accused"), MULTIPLES)
def test_a_number_within_the_rounding_of_a_multiple_may_be_taken(step: float, number: float, is_accused: bool) -> None:
    """Whoever divides floats needs some tolerance; pydantic has one of 1e-9."""
    schema = {"type": "object", "properties": {"n": {"type": "number", "multipleOf": step}}, "required": ["n"]}
    case = Case("id", {"n": number}, "invalid", "number", "/n", "")
    evidence = Evidence(tool=ToolSpec(name="tool", input=schema), case=case, outcome=Outcome("accepted", 1))
    assert (OUTCOME_CHECKS["rejects_invalid"](evidence) is not None) == is_accused


def _mcp(texts: list[str], structured: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": text} for text in texts]
    return {"isError": False, "content": content, "structuredContent": structured}


REPORTS = [
    (["Looked it up."], {"error": "no such city"}, True),
    ([], {"error": "no such city"}, True),
    (["one", "two"], {"success": False, "message": "no such city"}, True),
    (["done"], {"result": "Error: no such city"}, True),
    (["done"], {"result": {"error": "no such city"}}, True),
    (["Error: no such city"], {"city": "x"}, True),
    (["done"], {"result": "mild"}, False),
    (["done"], {"errors": 0, "city": "x"}, False),
    (["done"], {"error": None, "city": "x"}, False),
    (["done"], {"error": "rounded up", "value": 4, "unit": "m"}, False),
    (["done"], {"valid": False, "reason": "too short"}, False),
    (["done"], None, False),
]


@pytest.mark.parametrize(("texts", "structured", "is_accused"), REPORTS)
def test_an_error_in_structured_content_is_no_success(texts: list[str], structured: Any, is_accused: bool) -> None:
    """Also beside a text that says nothing of it."""
    good = Outcome("accepted", 1, raw=_mcp(["fine"], {"result": "mild"}))
    evidence = Evidence(
        tool=ToolSpec(name="weather", input={"type": "object"}),
        case=Case("id", {"city": "qq"}, "valid", "example", "", ""),
        outcome=Outcome("accepted", 1, raw=_mcp(texts, structured)),
        known_good=({"city": "Bern"},),
        retry=lambda _: good,
    )
    found = OUTCOME_CHECKS["error_text"](evidence)
    assert (found is not None and found.severity == "failure") == is_accused


@pytest.mark.parametrize(
    ("name", "sent", "text", "is_one"),
    [
        ("decode", {"band": "text"}, "❌ Invalid color codes:\n• Band 'text' is no digit color", True),
        ("encode", {"tolerance": 0}, "⚠️ Unknown tolerance 0.0%", True),
        ("look", {"host": "h"}, '{"error": "Name or service not known", "host": "h"}', True),
        ("look", {"host": "h"}, '{"error": "Name or service not known", "host": "other"}', False),
        ("look", {"host": "h"}, '{"error": null, "host": "h"}', False),
        ("look", {"host": "h"}, '{"host": "h", "found": false}', False),
        ("validate_json", {"text": "{"}, "❌ Invalid JSON: line 1", False),
        ("check_contrast", {"a": "#000"}, "❌ Failed to reach AA", False),
        ("run", {"action": "verify"}, "❌ Missing signature", False),
        ("builds", {}, "❌ Failed to build app\n✅ docs", False),
        ("tasks", {}, "❌ Buy milk", False),
    ],
)
def test_a_report_under_a_sign_or_beside_what_was_sent_is_no_success(
    name: str, sent: dict[str, Any], text: str, is_one: bool
) -> None:
    """Nor is it an error where the tool is to judge what it is given, or lists what failed beside what did not."""
    raw = {"isError": False, "content": [{"type": "text", "text": text}]}
    outcome = Outcome("accepted", 1, value=text, raw=raw)
    assert only_reports(ToolSpec(name), sent, outcome) is is_one
