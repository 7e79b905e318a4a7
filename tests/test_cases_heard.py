"""Older drafts: what a draft does not know, or does not hear beside `$ref`, keeps no values away and contradicts nothing."""

from __future__ import annotations

from random import Random
from typing import Any

import jsonschema
import pytest

from pytest_toolcheck.cases import generate_cases, satisfiability
from pytest_toolcheck.cases.heard import heard

from .random_schemas import random_schema

D7 = "http://json-schema.org/draft-07/schema#"
D2019 = "https://json-schema.org/draft/2019-09/schema"
ROW = {
    "type": "object",
    "properties": {"day": {"type": "string", "format": "date"}, "n": {"type": "integer", "minimum": 500}},
    "required": ["day", "n"],
}
REFERRED = {"$ref": "#/definitions/row"}


def with_part(part: dict[str, Any], dialect: str = D7) -> dict[str, Any]:
    members = {"type": "object", "properties": {"a": part}, "required": ["a"]}
    return {"$schema": dialect, "definitions": {"row": ROW}, **members}


SCHEMAS: dict[str, dict[str, Any]] = {
    "a type beside a reference": with_part({**REFERRED, "type": "string"}),
    "members beside a reference": with_part({**REFERRED, "required": ["z"], "additionalProperties": False}),
    "a condition beside a reference": with_part({**REFERRED, "if": True, "then": False}),
    "prefixItems": with_part({"type": "array", "items": REFERRED, "minItems": 1, "prefixItems": [{"type": "string"}]}),
    "dependentRequired": {"$schema": D7, "required": ["a"], "dependentRequired": {"a": ["b"]}, "properties": {"b": False}},
    "dependentSchemas": {"$schema": D7, "type": "object", "required": ["a"], "dependentSchemas": {"a": False}},
    "crossed counts": {"$schema": D7, "type": "array", "contains": ROW, "minContains": 3, "maxContains": 1},
    "far inside": with_part({"allOf": [{"items": [{"not": {"not": {**REFERRED, "type": "null"}}}], "minItems": 1, "type": "array"}]}),
    "prefixItems of 2019-09": with_part({"type": "array", "items": ROW, "minItems": 1, "prefixItems": [False]}, D2019),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_not_heard_contradicts_nothing(name):
    """There are inputs of both labels, each label is what `jsonschema` says, and no contradiction is told."""
    schema = SCHEMAS[name]
    validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
    cases = [*generate_cases(schema, limit=200)]
    assert {case.label for case in cases} == {"valid", "invalid"}
    assert [case for case in cases if validator.is_valid(case.input) != (case.label == "valid")] == []
    assert satisfiability(schema) == []


PLAIN = {
    "of 2020-12": {"$ref": "#/$defs/a", "type": "string", "$defs": {"a": {"prefixItems": [True]}}},
    "all heard": with_part({"items": [ROW, True], "additionalItems": False, "dependencies": {"x": ["y"]}}),
    "words beside a reference": with_part({**REFERRED, "description": "a row", "default": {"n": 500}}),
    "members of such names": {"$schema": D7, "properties": {"$ref": ROW, "type": ROW, "prefixItems": ROW}},
    "values": {"$schema": D7, "enum": [{"$ref": "#", "type": 1}, {"prefixItems": []}], "default": {"prefixItems": 1}},
    "led through": {**with_part({**REFERRED, "not": ROW}), "contains": {"$ref": "#/properties/a/not"}},
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_schema_that_is_heard_whole_is_the_same_object(name):
    """Names of members and values are no keywords; what a reference leads to is kept."""
    schema = PLAIN[name]
    assert heard(schema, jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)) is schema


def test_only_what_is_not_heard_is_left_out():
    """All else is as it was; the given schema is not changed."""
    part = {"type": "array", "items": {**REFERRED, "type": "null", "title": "x"}, "prefixItems": [1]}
    schema = with_part(part)
    made = heard(schema, jsonschema.Draft7Validator)
    assert made == with_part({"type": "array", "items": {**REFERRED, "title": "x"}})
    assert made["definitions"] is schema["definitions"]
    assert "prefixItems" in part


def test_a_schema_that_holds_itself_is_left_alone():
    """As Python objects can; whoever walks through it says so."""
    schema: dict[str, Any] = {"prefixItems": []}
    schema["not"] = schema
    assert heard(schema, jsonschema.Draft7Validator) is schema


@pytest.mark.parametrize(
    "draft", [jsonschema.Draft7Validator, jsonschema.Draft201909Validator, jsonschema.Draft6Validator]
)
def test_what_is_heard_of_random_schemas_takes_the_same_values(draft):
    """What was left out says nothing by the draft."""
    changed = 0
    for seed in range(35):
        schema = random_schema(Random(seed))
        made = heard(schema, draft)
        changed += made is not schema
        ours, theirs = draft(made), draft(schema)
        for case in generate_cases(schema, limit=10) if made is not schema else ():
            assert judged(ours, case.input) == judged(theirs, case.input), (seed, case.input)
    assert changed > 5


def judged(validator: Any, value: Any) -> object:
    try:
        return validator.is_valid(value)
    except Exception as error:  # references that lead nowhere by this draft
        return type(error)
