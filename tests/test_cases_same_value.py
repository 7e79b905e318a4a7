"""Schemas that refer to themselves for one and the same value: what does not hang on that is served all the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from pytest_toolcheck.cases import Validity, generate_cases, satisfiability
from pytest_toolcheck.cases.schema import Document
from pytest_toolcheck.cases.strategy import from_schema

ITSELF = {"a": {"$ref": "#/$defs/a"}}
TEXT = {"type": "string"}
TREE = {"anyOf": [{"$ref": "#/$defs/n"}, {**TEXT, "maxLength": 3}, {"type": "array", "items": {"$ref": "#/$defs/n"}}]}
SERVED: dict[str, dict[str, Any]] = {
    "a branch": {"type": "object", "properties": {"x": {"anyOf": [TEXT, {"$ref": "#/$defs/a"}]}, "y": TEXT}, "$defs": ITSELF},
    "the first branch": {
        "type": "object", "properties": {"x": {"anyOf": [{"$ref": "#/$defs/a"}, TEXT]}, "y": TEXT}, "$defs": ITSELF,
    },
    "itself among others": {"type": "object", "properties": {"x": {"$ref": "#/$defs/n"}, "y": TEXT}, "$defs": {"n": TREE}},
    "through another": {
        "type": "object", "properties": {"x": {"$ref": "#/$defs/n"}, "y": TEXT}, "required": ["x"],
        "$defs": {"n": {"anyOf": [{"$ref": "#/$defs/m"}, TEXT]}, "m": {"allOf": [{"$ref": "#/$defs/n"}, {"minLength": 3}]}},
    },
    "draft 7": {
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "definitions": {"n": {"oneOf": [{"$ref": "#/definitions/n"}]}},
        "properties": {"x": {"anyOf": [{"$ref": "#/definitions/n"}, TEXT]}, "y": TEXT},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SERVED)
def test_the_other_branches_are_served(name: str) -> None:
    """There are cases of both labels, texts where a branch takes texts; the flaw is told all the same."""
    schema = SERVED[name]
    cases = [*generate_cases(schema)]
    assert {case.label for case in cases} == {"valid", "invalid"}
    assert any(case.label == "valid" and isinstance(case.input.get("x"), str) for case in cases)
    assert not any(isinstance(case.input, dict) and case.input.get("x") == 1 for case in cases), (
        "nobody can say of that"
    )
    assert "leads back to itself" in str(satisfiability(schema)[0])


@pytest.mark.parametrize(
    ("schema", "value", "label"),
    [
        ({"anyOf": [{"$ref": "#"}, TEXT]}, "x", "valid"),
        ({"allOf": [{"$ref": "#"}, TEXT]}, 1, "invalid"),
        ({"if": {"$ref": "#"}, "then": TEXT, "else": TEXT}, 1, "invalid"),
        ({"type": "array", "items": {"$ref": "#/$defs/n"}, "$defs": {"n": TREE}}, [["abc", []]], "valid"),
        (
            {"anyOf": [True, {"$ref": "#"}], "properties": {"n": TEXT}, "unevaluatedProperties": False},
            {"n": ""},
            "valid",
        ),
        (
            {"anyOf": [True, {"$ref": "#"}], "properties": {"n": TEXT}, "unevaluatedProperties": False},
            {"m": ""},
            "invalid",
        ),
    ],
)
def test_a_label_that_does_not_hang_on_it_is_given(schema: dict[str, Any], value: Any, label: str) -> None:
    """Whatever the reference that comes back says, the value is that."""
    assert Validity(schema).label_of(value) == label
    assert Document(schema).accepts(value) == (label == "valid")


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"anyOf": [{"$ref": "#"}, TEXT]}, 1),
        ({"allOf": [{"$ref": "#"}, TEXT]}, "x"),
        ({"oneOf": [{"$ref": "#"}, TEXT]}, "x"),
        ({"not": {"$ref": "#"}}, 1),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "contains": {}, "allOf": [{"$ref": "#"}]}, 1),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "allOf": [{"$ref": "#"}]}, 1),
        ({"anyOf": [TEXT, {"$ref": "#"}, {"$schema": "http://json-schema.org/draft-04/schema#"}]}, ""),
    ],
)
def test_what_hangs_on_it_is_undecided(schema: dict[str, Any], value: Any) -> None:
    """So is what only `jsonschema` could judge, which would not come to an end."""
    with pytest.raises(RecursionError):
        Document(schema).accepts(value)


def test_what_does_not_meet_it_is_served() -> None:
    """A member that refuses what it accepts can never be decided; inputs without that member can."""
    schema = {"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"not": {"$ref": "#/$defs/a"}}}}
    cases = [*generate_cases(schema)]
    assert cases
    assert not any(isinstance(case.input, dict) and "x" in case.input for case in cases)
    assert "leads back to itself" in str(satisfiability(schema)[0])


def test_schemas_that_all_lead_to_each_other_are_no_hang() -> None:
    """Among thirteen there are billions of ways: none is gone, nothing is labelled, and it is told."""
    names = [f"d{number}" for number in range(13)]
    parts = {
        name: {"anyOf": [{"$ref": f"#/$defs/{other}"} for other in names if other != name] + [{"const": name}]}
        for name in names
    }
    schema = {"$defs": parts, "$ref": "#/$defs/d0"}
    assert [*generate_cases(schema)] == []
    assert from_schema(schema).is_empty
    assert len(satisfiability(schema)) == len(names)


@pytest.mark.parametrize("name", SERVED)
def test_values_are_drawn(name: str) -> None:
    """The strategy takes other branches too, although the first choice is always the one that comes back."""
    document, found = Document(SERVED[name]), list[Any]()

    @settings(max_examples=20, database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(from_schema(SERVED[name]))
    def draw(value: Any) -> None:
        assert document.accepts(value)
        found.append(value)

    draw()
    assert any(isinstance(value.get("x"), str) for value in found)
