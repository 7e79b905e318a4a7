"""Contradictory parts of a schema are named, with their place."""

from __future__ import annotations

import pytest

from pytest_toolcheck.cases import satisfiability
from pytest_toolcheck.cases.schema import DEFAULT_DRAFT, flaw_of
from pytest_toolcheck.lean_jsonschema import jsonschema

CLOSED = {"type": "object", "additionalProperties": False}
NEXT = {"type": "object", "required": ["next"]}
NEEDS_N = {"type": "object", "required": ["n"]}
AT_MOST_9 = {"properties": {"n": {"type": "integer", "maximum": 9}}}
AT_LEAST_10 = {"properties": {"n": {"minimum": 10}}}


@pytest.mark.parametrize(
    ("schema", "pointer", "message"),
    [
        (
            {"properties": {"a": {"type": "integer", "minimum": 5, "maximum": 3}}},
            "/properties/a",
            "minimum 5 is more than",
        ),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "", "minLength 3 is more than maxLength 2"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "", "no value can be of all these types: "),
        ({"exclusiveMinimum": 3, "maximum": 3, "type": "number"}, "", "exclusiveMinimum 3"),
        ({"minimum": 3, "exclusiveMaximum": 3, "type": "number"}, "", "exclusiveMaximum 3"),
        ({"type": "object", "required": ["b"], "additionalProperties": False}, "", "property 'b' is required"),
        ({"type": "object", "required": ["b"], "properties": {"b": False}}, "", "its schema is false"),
        ({"properties": {"e": {"enum": ["a"], "type": "integer"}}}, "/properties/e", "enum and const"),
        ({"properties": {"e": {"allOf": [{"const": 1}, {"const": 2}]}}}, "/properties/e", "enum and const"),
        ({"properties": {"e": {"not": {}}}}, "/properties/e", "not refuses every value"),
        ({"type": "integer", "multipleOf": 10, "minimum": 11, "maximum": 19}, "", "no multiple of 10 lies within"),
        ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, "", "no integer lies within the bounds"),
        ({"type": "integer", "minimum": 1, "maximum": 3, "not": {"minimum": 0}}, "", "no integer lies within"),
        ({"type": "string", "minLength": 2, "not": {"pattern": "."}}, "", "no value was found"),
        *(
            ({"properties": {"a": part}}, "/properties/a", f"more than the {limit} that are made")
            for part, limit in (
                ({"type": "array", "minItems": 1_000_001}, 1_000_000),
                ({"type": "array", "minItems": 20_001, "uniqueItems": True}, 20_000),
                ({"type": "array", "contains": {"const": 1}, "minContains": 10**9}, 20_000),
                ({"type": "object", "minProperties": 20_001}, 20_000),
                ({"type": "string", "minLength": 10**9}, 2_000_000),
            )
        ),
        ({"type": "array", "uniqueItems": True, "items": {"enum": [1, 2]}, "minItems": 3}, "", "minItems 3 is more"),
        ({"type": "object", "required": ["abc"], "propertyNames": {"maxLength": 2}}, "", "refuses its name"),
        ({"$defs": {"x/y": {"type": "array", "minItems": 2, "maxItems": 1}}}, "/$defs/x~1y", "minItems 2"),
        ({"type": "strin"}, "/type", "not a valid schema"),
        (
            {"type": "array", "uniqueItems": True, "items": {"type": "boolean"}, "minItems": 3},
            "",
            "minItems 3 is more than the different items",
        ),
        (
            {"type": "array", "items": {"type": "string"}, "contains": {"type": "integer"}},
            "",
            "no item was found that satisfies both items and contains",
        ),
        (
            {"type": "array", "contains": {"const": 1}, "minContains": 3, "maxItems": 2},
            "",
            "contains asks for 3 items, and maxItems allows 2",
        ),
        (
            {"allOf": [{**CLOSED, "properties": {name: {}}, "required": [name]} for name in "ab"]},
            "",
            "property 'a' is required, and a part of the schema forbids it",
        ),
        ({**CLOSED, "properties": {"a": {}}, "minProperties": 2}, "", "minProperties 2 is more than the 1"),
        (
            {"$ref": "#/$defs/a", "$defs": {"a": {**NEXT, "properties": {"next": {"$ref": "#/$defs/a"}}}}},
            "/$defs/a",
            "each value has to hold another of the same kind",
        ),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "/properties/a", "$ref '#/$defs/b' leads nowhere"),
        ({"properties": {"a": {"not": {"$ref": "#/gone"}}}}, "/properties/a/not", "$ref '#/gone' leads nowhere"),
        ({"if": {"anyOf": [{"$ref": "#/gone"}]}, "then": {}}, "/if/anyOf/0", "$ref '#/gone' leads nowhere"),
        (
            {"type": "array", "contains": {}, "minContains": 2, "maxContains": 1},
            "",
            "minContains 2 is more than maxContains 1",
        ),
        (
            {
                "properties": {"a": {"$ref": "#/$defs/b"}},
                "$defs": {"b": {"type": "string", "minLength": 3, "maxLength": 2}},
            },
            "/$defs/b",
            "minLength 3 is more than maxLength 2",
        ),
        (
            {
                **NEEDS_N,
                "$ref": "#/$defs/b",
                "if": {"required": ["m"]},
                "then": AT_LEAST_10,
                "else": AT_LEAST_10,
                "$defs": {"b": AT_MOST_9},
            },
            "",
            "property 'n' is required, and no value was found for it: no integer lies within the bounds 10 and 9",
        ),
        (
            {"allOf": [{"allOf": [AT_MOST_9]}, NEEDS_N], "dependentSchemas": {"n": AT_LEAST_10}},
            "",
            "no integer lies within the bounds 10 and 9",
        ),
        (
            {"oneOf": [{"type": "string"}, {"type": "string"}]},
            "",
            "each that was tried satisfies more than one of oneOf",
        ),
        ({"type": "string", "pattern": "^a{5}$", "maxLength": 4}, "", "of pattern '^a{5}$' with at most 4 characters"),
        ({"type": "string", "format": "uuid", "maxLength": 20}, "", "of format 'uuid' with at most 20 characters"),
        (
            {"type": "integer", "multipleOf": 4, "allOf": [{"multipleOf": 6}], "minimum": 1, "maximum": 11},
            "",
            "multiple of 4 and 6",
        ),
        (
            {"type": "array", "prefixItems": [True], "items": False, "minItems": 2},
            "",
            "minItems 2 is more than the 1 that",
        ),
        (
            {
                "type": "object",
                "allOf": [{"properties": {"a": True}}],
                "unevaluatedProperties": False,
                "required": ["b"],
            },
            "",
            "without unevaluatedProperties or without required there are some",
        ),
    ],
)
def test_a_contradiction_is_named_with_its_place(schema, pointer, message):
    """The innermost part that cannot be met is reported once, by its JSON Pointer, with the reason."""
    found = satisfiability(schema)
    assert [item.pointer for item in found] == [pointer]
    assert message in found[0].message


@pytest.mark.parametrize(
    "schema",
    [
        True,
        False,
        {},
        {"type": "object", "properties": {"a": False}},
        {"type": "integer", "minimum": 3, "maximum": 3},
        {"type": "array", "items": {"$ref": "#"}},
        {"type": "object", "patternProperties": {"^x": {}}, "required": ["x1"], "additionalProperties": False},
    ],
)
def test_what_can_be_met_has_no_finding(schema):
    """Tight schemas, and `false` written on purpose, are no contradictions."""
    assert satisfiability(schema) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {f"p{at}": {"type": "string", "pattern": f"^[a-z]{{3}}-{at}$"} for at in range(100)}},
        {
            "type": "object", "properties": {"a": False, "b": {"type": "string"}}, "minProperties": 3,
            "dependentRequired": {"b": ["a"]},
        },
        {"type": "object", "minProperties": 3, "patternProperties": {"[0-9]$": False}},
        {"type": "integer", "exclusiveMaximum": -1, "multipleOf": 0.01},
        {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 5, "multipleOf": 0.75},
        {"minContains": 2, "maxContains": 1},
        {"type": "array", "items": {"enum": [1, True, "1"]}, "uniqueItems": True, "minItems": 3},
        {"type": "array", "items": {"enum": [[0], [False], {"a": 1}, {"a": True}]}, "uniqueItems": True, "minItems": 4},
        {
            "type": "array", "maxItems": 2,
            "allOf": [
                {"contains": {"type": "string", "pattern": "^a"}}, {"contains": {"type": "string", "pattern": "z$"}},
                {"contains": {"type": "integer"}},
            ],
        },
        {
            "$defs": {"few": {"not": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.075}}},
            "patternProperties": {
                "b": {
                    "allOf": [{"$ref": "#/$defs/few"}, {"type": "string", "pattern": "[0-9]+"}],
                    "oneOf": [{"$ref": "#/$defs/few", "type": "boolean"}, {"type": "string", "minLength": 0}],
                }
            },
        },
    ],
    ids=["a part behind many others", "names that need others", "names without digits", "whole hundredths", "whole quarters", "nothing to contain", "1 and true", "1 and true inside", "three contained in two", "many of no type"],
)  # fmt: skip
def test_what_is_hard_to_meet_is_no_contradiction(schema):
    """That the tries went to other parts, or that the first names do not do, is no finding."""
    assert satisfiability(schema) == []


def test_a_loop_that_nothing_refers_to_is_named_and_hinders_nothing():
    """A definition that refers to itself is a finding by its own path; the rest of the schema has cases."""
    from pytest_toolcheck.cases import generate_cases

    schema = {"type": "object", "$defs": {"loop": {"anyOf": [{"$ref": "#/$defs/loop"}]}}, "required": ["a"]}
    assert [str(item)[:37] for item in satisfiability(schema)] == ["/$defs/loop: a reference leads back t"]
    assert {case.label for case in generate_cases(schema, limit=20)} == {"valid", "invalid"}


def test_property_names_that_refer_to_themselves_end():
    """A schema whose `propertyNames` refers back to itself is served, not followed for ever."""
    from pytest_toolcheck.cases import generate_cases

    shared = {"propertyNames": {"$ref": "#/$defs/shared"}, "minProperties": 1}
    schema = {"$defs": {"shared": shared}, "$ref": "#/$defs/shared", "type": "object"}
    assert {case.label for case in generate_cases(schema)} == {"valid", "invalid"}


@pytest.mark.parametrize("bound", ["exclusiveMinimum", "exclusiveMaximum"])
@pytest.mark.parametrize("number", [1e20, -1e20, 2**60, 972783798187987123879878123.18878137, 1e308])
def test_one_open_bound_is_no_contradiction_however_large(bound: str, number: float) -> None:
    """A number so large that one more or less is the same number, alone or beside a bound on the other side."""
    other = {"minimum": -1.5e308} if bound == "exclusiveMaximum" else {"maximum": 1.5e308}
    for more in ({}, other):
        assert satisfiability({"properties": {"n": {"type": "number", bound: number, **more}}}) == []


@pytest.mark.parametrize(
    "draft", ["Draft6Validator", "Draft7Validator", "Draft201909Validator", "Draft202012Validator"]
)
@pytest.mark.parametrize(
    "schema",
    [5, {"type": "strin"}, {"pattern": "("}, {"allOf": [{"not": 3}]}, {"properties": {"a": {"minLength": -1}}}],
)
def test_what_is_no_schema_is_told_as_jsonschema_tells_it(schema, draft):
    """The message is that of the draft's own schema."""
    kind = getattr(jsonschema, draft)
    with pytest.raises(jsonschema.SchemaError) as told:
        kind.check_schema(schema)
    assert flaw_of(schema, kind).message == told.value.message


def test_of_a_schema_that_is_one_jsonschema_is_not_asked(monkeypatch):
    """It would take longer than all else that is said of a tool's description."""
    monkeypatch.setattr(DEFAULT_DRAFT, "check_schema", None)
    assert flaw_of({"type": "object", "properties": {"a": CLOSED, "b": NEXT}}, DEFAULT_DRAFT) is None
