"""Fuzz draws what is nearly right: names that nearly match, numbers a hair beside a bound."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_toolcheck.cases.fuzz import fuzz_tool
from pytest_toolcheck.cases.patterns import near_misses

NAMED: dict[str, dict[str, Any]] = {
    "patternProperties": {"patternProperties": {"^[A-Z_]+$": {"type": "boolean"}}, "additionalProperties": False},
    "propertyNames": {"propertyNames": {"pattern": "^[A-Z_]+$"}, "additionalProperties": {"type": "boolean"}},
}


def drawn(part: dict[str, Any], label: Any) -> list[Any]:
    """Return the values of one parameter that fuzz sends."""
    found: list[Any] = []
    schema = {"type": "object", "properties": {"p": part}, "required": ["p"]}
    fuzz_tool(lambda value, _: found.append(value.get("p")), schema, label=label, max_examples=150, seed=1)
    return found


@pytest.mark.parametrize("part", NAMED.values(), ids=NAMED)
def test_names_that_nearly_match_are_drawn(part):
    """Invalid inputs are wrong in a name alone, with values that would be good: what a careless expression takes."""
    maps = [value for value in drawn({"type": "object", **part}, "invalid") if isinstance(value, dict) and value]
    wrong_in_a_name = [value for value in maps if all(isinstance(item, bool) for item in value.values())]
    near = {text for _, text in near_misses("^[A-Z_]+$")}
    assert len(near & {name for value in wrong_in_a_name for name in value}) >= 8


@pytest.mark.parametrize("label", ["valid", "invalid"])
def test_numbers_a_hair_beside_a_bound_are_drawn(label):
    """A program that rounds before it compares is told from one that does not, on either side."""
    numbers = drawn({"type": "number", "exclusiveMaximum": 1000, "minimum": 500}, label)
    beside = {
        n for n in numbers if isinstance(n, float) and 0 < abs(n - 1000) < 0.02 and (n < 1000) is (label == "valid")
    }
    assert len(beside) >= 2


def test_numbers_of_large_ranges_are_small_together():
    """Five cents for nine people: in 8 of 150 draws without being asked for, in 46 so; large ones stay."""
    seen: list[Any] = []
    numbers = {
        name: {"type": kind, "minimum": low, "maximum": 1_000_000}
        for name, kind, low in (("cents", "integer", 0), ("people", "integer", 1), ("rate", "number", -1_000_000))
    }
    schema = {"type": "object", "properties": numbers, "required": [*numbers]}
    fuzz_tool(lambda value, _: seen.append(value), schema, label="valid", max_examples=150, seed=1)
    small = [value for value in seen if value["cents"] < 26 and value["people"] < 26]
    assert len(small) >= 25
    assert sum(abs(value["rate"]) < 26 for value in seen) >= 8
    assert sum(value["cents"] > 50_000 for value in seen) >= 10
