"""Bugs that need one or two parameters at certain values: every such pair is met with default settings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_toolcheck.cases import generate_cases

Test = Callable[[Any], bool]

TEXT = {"type": "string", "minLength": 2, "maxLength": 60}
CHOICE = {"enum": ["red", "green", "blue"]}
FLAG = {"type": "boolean"}
TAGS = {"type": "array", "items": {"type": "string"}, "maxItems": 5}
PAGE = {"type": "integer", "minimum": 1}
SHARE = {"type": "number", "minimum": 0, "maximum": 100}
COUNT = {"type": "integer", "minimum": 1, "maximum": 250}
ANY_NUMBER = {"type": "number"}
NULLABLE = {"type": ["integer", "null"], "minimum": 0}

TOOLS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "two free numbers": ({"a": ANY_NUMBER, "b": ANY_NUMBER}, ("a", "b")),
    "a search": (
        {"query": TEXT, "page": PAGE, "size": COUNT, "sort": CHOICE, "down": FLAG, "tags": TAGS, "low": NULLABLE},
        ("query",),
    ),
    "an order": ({"count": COUNT, "note": TEXT, "gift": FLAG, "discount": SHARE, "colour": CHOICE}, ("count",)),
    "free numbers and texts": ({"head": ANY_NUMBER, "tail": ANY_NUMBER, "path": {"type": "string"}}, ("path",)),
    "rows": ({"values": TAGS, "share": SHARE, "left": PAGE, "right": PAGE}, ("values", "share")),
}


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def kinds_of(schema: dict[str, Any]) -> Iterator[tuple[str, Test]]:
    """Yield the kinds of values that a program may treat apart, by what their schema says."""
    kinds = schema.get("type", ())
    if "enum" in schema:
        yield from ((repr(member), lambda v, member=member: v == member) for member in schema["enum"])
    elif kinds == "boolean":
        yield from (("true", lambda v: v is True), ("false", lambda v: v is False))
    elif kinds == "string":
        low, high = schema.get("minLength", 0), schema.get("maxLength")
        yield "shortest", lambda v: len(v) == low
        yield "longer", lambda v: len(v) > low
        if high is not None:
            yield "longest", lambda v: len(v) == high
    elif kinds == "array":
        yield from (("none", lambda v: v == []), ("one", lambda v: len(v) == 1), ("several", lambda v: len(v) > 1))
    else:
        yield from _kinds_of_numbers(schema)
        if "null" in kinds:
            yield "null", lambda v: v is None


def _kinds_of_numbers(schema: dict[str, Any]) -> Iterator[tuple[str, Test]]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None:
        yield "least", lambda v: is_number(v) and v == low
    else:
        yield from (("nought", lambda v: v == 0), ("negative", lambda v: is_number(v) and v < 0))
    if high is None:
        yield "large", lambda v: is_number(v) and v > 100
    else:
        middle = (low + high) / 2
        yield "most", lambda v: is_number(v) and v == high
        yield "upper part", lambda v: is_number(v) and middle < v < high
        yield "lower part", lambda v: is_number(v) and low < v <= middle
    if schema["type"] == "number" and high is None:
        yield "fraction", lambda v: is_number(v) and v != int(v)


def bugs_of(properties: dict[str, Any], required: tuple[str, ...]) -> list[tuple[str, str, Test]]:
    found: list[tuple[str, str, Test]] = []
    for name, schema in properties.items():
        if name not in required:
            found.append((name, "absent", lambda given, name=name: name not in given))
        for kind, test in kinds_of(schema):
            found.append((name, kind, lambda given, name=name, test=test: name in given and test(given[name])))
    return found


@pytest.mark.parametrize("name", TOOLS)
def test_every_pair_of_kinds_of_values_is_met(name: str) -> None:
    """Whatever two parameters have to be for a bug to show, a valid case has both so."""
    properties, required = TOOLS[name]
    schema = {"type": "object", "properties": properties, "required": list(required)}
    inputs = [case.input for case in generate_cases(schema) if case.label == "valid"]
    bugs = bugs_of(properties, required)
    shown = {bug[:2]: {at for at, given in enumerate(inputs) if bug[2](given)} for bug in bugs}
    never = [
        (left, right)
        for left, right in itertools.combinations(shown, 2)
        if left[0] != right[0] and not shown[left] & shown[right]
    ]
    assert never == []


@pytest.mark.parametrize(
    ("schema", "shows"),
    [
        ({"type": "number"}, lambda v: 10 < v < 100),
        ({"type": "integer"}, lambda v: 256 < v < 1000),
        *(
            ({"type": "integer", "minimum": 1, "maximum": 250}, lambda v, at=at: 25 * at < v <= 25 * (at + 1))
            for at in range(10)
        ),
        ({"type": "string"}, lambda v: v[:1] == "{" and "}" in v),
        ({"type": "string"}, lambda v: v[:1] == "["),
        ({"type": "string"}, lambda v: v.count("'") > 1),
    ],
)
def test_every_tenth_of_a_range_and_what_texts_hold_is_met(schema: dict[str, Any], shows: Test) -> None:
    """A bug that one part of a range shows, or a text that spells JSON or quotes twice, is met."""
    root = {"type": "object", "properties": {"it": schema}, "required": ["it"]}
    assert any(shows(case.input["it"]) for case in generate_cases(root) if case.label == "valid")
