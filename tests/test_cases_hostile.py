"""Schemas that generators hang on, give up on or get wrong: both labels wherever both exist, and every label right."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from pytest_toolcheck.cases import generate_cases, satisfiability
from pytest_toolcheck.cases.explosive import LONGEST, TooLong, is_explosive, searcher
from pytest_toolcheck.cases.patterns import matching
from pytest_toolcheck.cases.strategy import from_schema

INTEGER: dict[str, Any] = {"type": "integer"}
STRING: dict[str, Any] = {"type": "string"}
OBJECT: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "integer", "minimum": 1}, "key": {"type": "string", "format": "uuid"}},
    "required": ["id", "key"],
    "additionalProperties": False,
}


def set_of(items: dict[str, Any], least: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "uniqueItems": True, "minItems": least}


def chain(levels: int) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "integer", "minimum": 3}
    for _ in range(levels):
        part = {"type": "object", "properties": {"x": part}, "required": ["x"]}
    return part


def bush(levels: int) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "integer", "minimum": 3}
    for _ in range(levels):
        part = {"type": "object", "properties": {"x": part, "y": part}, "required": ["x", "y"]}
    return part


SERVED: dict[str, Any] = {
    "a length of a million": {"type": "string", "minLength": 1_000_000},
    "five thousand items": {"type": "array", "items": INTEGER, "minItems": 5000},
    "bounds no float can hold": {"type": "integer", "minimum": -(10**400), "maximum": 10**400},
    "fractions between such": {"type": "number", "minimum": -(10**400), "maximum": 10**400},
    "password": {"type": "string", "pattern": r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[a-zA-Z\d]{8,}$"},
    "three asked for ahead": {"type": "string", "pattern": "^(?=.*[A-Z])(?=.*[0-9])(?=.*[!@#]).{8,}$"},
    "three patterns": {"allOf": [{"pattern": "[0-9]{3}"}, {"pattern": "[A-Z]{3}"}, {"pattern": "^x"}], **STRING},
    "no letters": {"type": "string", "minLength": 1, "not": {"pattern": "[a-zA-Z ]"}},
    "an expression that explodes": {"type": "string", "pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"},
    "another": {"type": "string", "pattern": "^(a+)+$", "maxLength": 5000},
    "a hit behind the prefix": {
        "type": "array", "prefixItems": [INTEGER], "contains": {"const": "x"}, "unevaluatedItems": False,
    },
    "fifty numbers that differ": set_of({"type": "integer", "minimum": 1, "maximum": 60}, 50),
    "twenty codes that differ": set_of({"type": "string", "pattern": "^[A-Z]{3}$"}, 20),
    "twelve rows that differ": set_of(OBJECT, 12),
    "forty texts that differ": set_of(STRING, 40),
    "a letter of each": {**set_of({"type": "string", "pattern": "^[a-z]$"}, 26), "maxItems": 26},
    "two that are contained": {**set_of(STRING, 1), "allOf": [{"contains": {"const": c}} for c in "ab"], "maxItems": 2},
    "behind the prefixes of two": {
        "type": "array", "minItems": 3, "unevaluatedItems": {"type": "null"},
        "allOf": [{"prefixItems": [STRING, INTEGER]}, {"prefixItems": [True, {"minimum": 5}]}],
    },
    "names of a kind, at least three": {
        "type": "object", "minProperties": 3, "propertyNames": {"pattern": "^[a-z]{2,4}$"},
        "patternProperties": {"^x": {"type": "boolean"}}, "additionalProperties": {"type": "string", "minLength": 3},
    },
    "thousands of members": {"type": "object", "minProperties": 3000, "additionalProperties": INTEGER},
    "all but the shortest": {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"], "not": {"const": {"a": 1}}},
    "no member from nought on": {
        "type": "object", "properties": {"a": INTEGER}, "required": ["a"], "not": {"properties": {"a": {"minimum": 0}}},
    },
    "a sign asked for behind": {"type": "string", "pattern": r"(?<=\$)\d+$"},
    "a short address": {"type": "string", "format": "uri", "maxLength": 12},
    "thirty deep": chain(30),
    "four thousand leaves": bush(12),
}  # fmt: skip


@pytest.mark.parametrize("name", SERVED)
def test_both_labels_are_met(name: str) -> None:
    """As a parameter beside another: valid and invalid cases, labels as `jsonschema` says."""
    properties = {"it": SERVED[name], "flag": {"type": "boolean"}}
    schema = {"type": "object", "properties": properties, "required": ["it"]}
    cases = list(generate_cases(schema))
    assert {case.label for case in cases} == {"valid", "invalid"}
    if "explodes" not in name and name != "another":
        judge = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
        most = 8 if "thousand" in name else 20
        for case in cases[:: max(1, len(cases) // most)]:
            assert judge.is_valid(case.input) == (case.label == "valid"), case.id


def test_inputs_that_are_long_each_are_few() -> None:
    """Where the smallest valid input has thousands of leaves, the inputs together stay within some megabytes."""
    cases = list(generate_cases(bush(12)))
    assert 20 <= len(cases) < 500
    assert sum(len(str(case.input)) for case in cases) < 10_000_000


KINDS = [f"k{number}" for number in range(30)]
CONDITIONS: dict[str, Any] = {
    "of a value": lambda kind: {"properties": {"kind": {"const": kind}}},
    "of a value that is there": lambda kind: {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
    "of a list": lambda kind: {"properties": {"kind": {"enum": [kind]}}},
}


def of_kind(kind: str) -> dict[str, Any]:
    return {"properties": {f"of {kind}": {"type": "integer", "minimum": 3}}, "required": [f"of {kind}"]}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_of_thirty_conditions_is_met(condition: str) -> None:
    """Thirty `if`s in a row, one a kind: a valid and an invalid case of each kind."""
    rules = [{"if": CONDITIONS[condition](kind), "then": of_kind(kind)} for kind in KINDS]
    schema = {"type": "object", "properties": {"kind": {"enum": KINDS}}, "required": ["kind"], "allOf": rules}
    cases = list(generate_cases(schema))
    assert {case.input["kind"] for case in cases if case.label == "valid"} == {*KINDS}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_each_of_thirty_branches_is_met(keyword: str) -> None:
    """Thirty objects told apart by a constant: valid cases of each, and its own bound broken."""
    branches = [{"type": "object", **of_kind(kind), "additionalProperties": False} for kind in KINDS]
    schema = {"type": "object", "properties": {"it": {keyword: branches}}, "required": ["it"]}
    cases = list(generate_cases(schema))
    assert {name for case in cases if case.label == "valid" for name in case.input["it"]} == {f"of {k}" for k in KINDS}


def test_a_million_items_are_served_once() -> None:
    """An array that must be that long is met by one valid case, and the tool's other parameters by invalid ones."""
    long = {"type": "array", "items": INTEGER, "minItems": 1_000_000}
    schema = {"type": "object", "properties": {"it": long, "flag": {"type": "boolean"}}, "required": ["it"]}
    cases = list(generate_cases(schema))
    valid = [case.input for case in cases if case.label == "valid"]
    assert [len(value["it"]) for value in valid] == [1_000_000]
    assert len(cases) > 10
    short = [case for case in cases if case.label == "invalid" and case.detail != "one item fewer"]
    assert len(short) == len(cases) - 2
    assert max(len(str(case.input)) for case in short) < 1000


def test_twenty_thousand_different_items_are_served() -> None:
    """As many items that all differ as are ever made."""
    cases = list(generate_cases(set_of(INTEGER, 20_000), limit=3))
    assert len({*cases[0].input}) == 20_000
    assert cases[0].label == "valid"


EXPLOSIVE = ["^(a+)+$", "(x+x+)+y", r"^(\d+)*$", r"^(([a-z])+.)+[A-Z]$", r"^([\w.]+)*@", "^((ab*)+)+$"]
HARMLESS = [
    r"^[a-z]+(-[a-z]+)*$",
    r"^\w+(\.\w+)*$",
    "^(/[^/]+)+$",
    "^[A-Z]{3}-[0-9]+$",
    "(a|b)*c{2,}",
    "^([0-9]{2}:)+x$",
]


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_long_texts_are_not_searched_where_that_may_never_end(pattern: str) -> None:
    """A short text is decided; of a long one it is said that it was not looked at."""
    assert is_explosive(pattern)
    assert all(searcher(pattern)(text) for text in matching(pattern))
    with pytest.raises(TooLong):
        searcher(pattern)("a" * (LONGEST + 1))


@pytest.mark.parametrize("pattern", HARMLESS)
def test_other_expressions_are_searched_at_any_length(pattern: str) -> None:
    """A repeat within a repeat does no harm where a sign stands between two rounds."""
    assert not is_explosive(pattern)
    assert searcher(pattern)("!" * 10_000) is None


MALFORMED: list[Any] = [
    {"anyOf": [{"type": "string"}, {"minimum": 1, "maxLength": [{"type": []}]}]},
    {"not": {"minimum": 1, "contains": [{}]}},
    {"anyOf": [{"type": "string"}, {"minimum": 1, "properties": 1.5}]},
    {"type": "array", "items": {"type": "array", "items": {"type": "integer"}, "dependencies": [1]}},
    {"not": {"minimum": float("inf")}},
    {"type": "object", "properties": {"x": {"type": "number", "maximum": float("inf")}}},
]


@pytest.mark.parametrize("schema", MALFORMED, ids=str)
def test_what_is_no_schema_raises_nothing(schema: Any) -> None:
    """Neither while cases are made nor while values are drawn: what can be had without the malformed part is had."""
    for case in generate_cases(schema):
        assert case.label in ("valid", "invalid")
    assert [
        told for told in satisfiability(schema) if "not a valid schema" in told.message or "dependencies" in str(schema)
    ]
    from_schema(schema)
    from_schema(schema, label="invalid")


def test_an_enum_without_members_is_told() -> None:
    """The standard allows it; no value does. Arrays of it can still be empty."""
    schema = {"type": "array", "items": {"enum": []}}
    assert [case.input for case in generate_cases(schema) if case.label == "valid"] == [[]]
    assert satisfiability(schema)[0].pointer == "/items"
