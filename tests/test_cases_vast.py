"""Inputs that must be vast, such as a million numbers: nothing is done once for each of them in Python."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolcheck.cases import generate_cases
from pytest_toolcheck.cases.fuzz import fuzz_tool
from pytest_toolcheck.checks.base import Finding
from pytest_toolcheck.checks.integral import rests_on_integral_float
from pytest_toolcheck.checks.violation import is_valid
from pytest_toolcheck.json_copy import copied, leaves
from pytest_toolcheck.spec.placeholders import fixture_names

from .function_calls import function_calls

MANY = 1_000_000
NUMBERS = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": {"type": "integer"}, "minItems": MANY}},
    "required": ["a"],
}


@pytest.fixture(scope="module")
def vast() -> dict[str, Any]:
    return {"a": [0] * MANY}


ACTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "validate": lambda value: is_valid(NUMBERS, value),
    "copy": copied,
    "placeholders": fixture_names,
    "floats for integers": lambda value: rests_on_integral_float(NUMBERS, value),
}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_a_call_costs_no_function_call_an_item(vast, action):
    """What is done about every call of a tool is not done item by item."""
    action({"a": []})  # what is compiled once is not counted
    assert function_calls(lambda: action(vast)) < 1000


def test_copies_share_nothing_that_can_be_changed():
    """A tool that changes its arguments changes nothing of the case."""
    value = {"a": [1, [2, {"b": [3]}]], "c": {"d": []}, "e": [True, None, "x", 1.5], "f": (1, [2])}
    other = copied(value)
    assert other == value
    other["a"][1][1]["b"].append(4)
    other["c"]["d"].append(5)
    other["e"].append(6)
    other["f"][1].append(7)
    assert value == {"a": [1, [2, {"b": [3]}]], "c": {"d": []}, "e": [True, None, "x", 1.5], "f": (1, [2])}


def test_leaves_are_found_at_any_depth():
    """Numbers among others, in arrays in objects, are all found, and booleans are no numbers with a fraction."""
    value = {"a": [1, 2.0, [3.5, {"b": 4.0}]], "c": 5.5, "d": [1, True, "x"], "e": [[]]}
    assert list(leaves(value, float)) == [2.0, 3.5, 4.0, 5.5]
    assert list(leaves(value, str)) == ["x"]


def test_an_object_of_thousands_of_members_is_broken_in_a_few_of_them():
    """Fuzz does not look at all members of an object that must have many, in each draw."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "object", "minProperties": 1000, "additionalProperties": {"type": "integer"}}},
        "required": ["a"],
    }
    found: list[Any] = []
    fuzz = lambda: fuzz_tool(lambda value, _: found.append(value), schema, label="invalid", max_examples=10)  # noqa: E731
    assert function_calls(fuzz) < 600_000
    assert any(len(value.get("a", ())) >= 1000 for value in found if isinstance(value.get("a"), dict))


def grid(side: int) -> dict[str, Any]:
    row = {"type": "array", "items": {"type": "integer"}, "minItems": side}
    return {
        "type": "object",
        "properties": {"g": {"type": "array", "items": row, "minItems": side}},
        "required": ["g"],
    }


@pytest.mark.parametrize(
    ("bounds", "counts"),
    [
        ({"minItems": 1500}, {1499: "invalid", 1500: "valid", 1501: "valid"}),
        ({"maxItems": 5000}, {4999: "valid", 5000: "valid", 5001: "invalid"}),
        ({"maxItems": 20_000}, {20_000: "valid", 20_001: "invalid"}),
        ({"minItems": 25_000}, {24_999: "invalid", 25_000: "valid"}),
        ({"minItems": MANY}, {MANY - 1: "invalid", MANY: "valid"}),
    ],
    ids=str,
)
def test_a_bound_of_thousands_of_items_is_met_from_either_side(bounds, counts):
    """At the bound and just outside it, however many items that takes."""
    part = {"type": "array", "items": {"type": "integer"}, **bounds}
    schema = {"type": "object", "properties": {"a": part}, "required": ["a"]}
    inputs = [(case.input.get("a"), case.label) for case in generate_cases(schema) if isinstance(case.input, dict)]
    found = {(len(a), label) for a, label in inputs if isinstance(a, list) and {*map(type, a[:1])} <= {int}}
    assert {*counts.items()} <= found


@pytest.mark.parametrize("label", ["valid", "invalid"])
def test_of_long_inputs_few_are_called(label):
    """Rows of rows, a quarter of a megabyte each input: no more than some megabytes are drawn in all."""
    sizes: list[int] = []
    result = fuzz_tool(lambda value, _: sizes.append(len(str(value))), grid(300), label=label, seed=1)
    assert result.served
    assert 3 <= result.calls == len(sizes) < 30
    assert sum(sizes) < 6_000_000


@pytest.mark.parametrize("side", [100])
def test_rows_of_rows_are_drawn(side):
    """Not number by number: an attempt that draws thousands of them comes to nothing, and takes seconds to."""
    drawn: list[Any] = []
    result = fuzz_tool(lambda value, _: drawn.append(value["g"]), grid(side), label="valid", max_examples=10, seed=1)
    assert result.calls == 10
    assert len({str(value) for value in drawn}) == 10


def test_of_long_inputs_the_shortest_that_failed_is_told(monkeypatch):
    """Shrinking ends with the text that is spent, and what failed is reported with its label and its entry."""
    monkeypatch.setattr("pytest_toolcheck.cases.fuzz._MOST_TEXT", 10_000)
    boom = Finding("no_crash", "boom", "boom")
    calls: list[Any] = []
    results: list[Any] = []
    fuzz = functools.partial(fuzz_tool, lambda value, _: calls.append(value) or boom, grid(40), label="valid", seed=1)
    assert function_calls(lambda: results.append(fuzz())) < 6_000_000
    [result] = results
    assert result.findings == (boom,)
    assert result.label == "valid"
    assert is_valid(grid(40), result.input)
    assert result.entry
    assert len(calls) < 50
