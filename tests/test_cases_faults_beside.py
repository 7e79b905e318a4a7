"""A fault is refused whatever stands beside it: every other invalid input stands in the branch of the base alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolcheck.cases import generate_cases

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["letter", "parcel"]},
        "grams": {"type": "integer", "minimum": 1, "maximum": 30_000},
        "to": {"type": "string", "maxLength": 20},
        "tracked": {"type": "boolean"},
        "insured": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        "zone": {"enum": ["home", "europe", "world"]},
    },
    "required": ["kind", "grams"],
    "if": {"properties": {"kind": {"const": "letter"}}},
    "then": {"properties": {"grams": {"maximum": 500}}},
}
CASES = [case for case in generate_cases(SCHEMA, limit=2000) if case.label == "invalid"]


def grams(given: dict[str, Any]) -> Any:
    return given.get("grams", 1)


SKIPPED: dict[str, Callable[[dict[str, Any]], bool]] = {
    "what a branch forbids, beside a switch": lambda g: (
        g.get("kind") == "letter" and grams(g) in range(501, 30_001) and g.get("tracked") is True
    ),
    "a bound, beside a switch that may be null": lambda g: grams(g) == 30_001 and g.get("insured") is True,
    "a bound, beside the last choice": lambda g: grams(g) == 0 and g.get("zone") == "world",
    "a length, beside a choice that must be made": lambda g: (
        isinstance(g.get("to"), str) and len(g["to"]) > 20 and g.get("kind") == "parcel"
    ),
    "a bound, beside a switch and a choice": lambda g: (
        grams(g) == 0 and g.get("zone") == "europe" and g.get("tracked") is True
    ),
    "a type, beside a switch": lambda g: isinstance(grams(g), str) and g.get("tracked") is True,
    "a choice that there is not, beside another": lambda g: (
        g.get("zone") not in (None, "home", "europe", "world") and g.get("kind") == "parcel"
    ),
    "what is needed, beside a switch": lambda g: "grams" not in g and g.get("tracked") is True,
}


@pytest.mark.parametrize("name", SKIPPED)
def test_a_check_that_is_passed_by_beside_another_value_is_found(name: str) -> None:
    """One case at least has the fault and stands in the branch that does not look for it."""
    assert any(SKIPPED[name](case.input) for case in CASES if isinstance(case.input, dict))


def test_they_are_few_and_differ_from_the_base_in_two_things() -> None:
    """The number of them is bounded, whatever the number of parameters; each is a fault by the schema."""
    properties = {f"p{n}": {"enum": ["a", "b", "c"]} if n % 2 else {"type": "integer", "maximum": n} for n in range(40)}
    made = generate_cases({"type": "object", "properties": properties}, limit=5000)
    beside = [case for case in made if case.category != "combination" and " beside " in case.detail]
    assert 10 < len(beside) <= 50
    assert {case.label for case in beside} == {"invalid"}


def test_a_schema_without_switches_has_none() -> None:
    """Of two numbers each fault is sent once."""
    schema = {"type": "object", "properties": {"a": {"type": "integer", "maximum": 3}, "b": {"type": "integer"}}}
    assert not [case for case in generate_cases(schema) if case.category == "boundary" and " beside " in case.detail]


@pytest.mark.parametrize("lifting", [True, False])
def test_a_switch_alone_is_turned_and_what_it_allows_is_no_fault(lifting: bool) -> None:
    """Without any choice the switches are turned all the same; beside one that lifts a bound no fault is made of it."""
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "loud": {"type": "boolean"}, "far": {"type": "boolean"}},
        "required": ["n", "far"],
        "if": {"properties": {"far": {"const": lifting}}},
        "else": {"properties": {"n": {"maximum": 9}}},
    }
    made = generate_cases(schema, examples=[{"n": 1, "far": not lifting}], limit=2000)
    cases = [case for case in made if case.category != "combination"]
    beside = [case for case in cases if " beside " in case.detail]
    assert {case.label for case in beside} == {"invalid"}
    assert any(isinstance(case.input["n"], str) and case.input.get("loud") is True for case in beside)
