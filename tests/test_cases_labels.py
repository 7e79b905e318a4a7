"""Labels are those of `jsonschema`, whatever the schema; generation is total and deterministic on random schemas."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pytest_toolcheck.cases import Validity, generate_cases, label_of, satisfiability
from pytest_toolcheck.cases.schema import Document

DRAFT = jsonschema.Draft202012Validator
NAMES = st.sampled_from(["a", "b", "c d", "é", ""])
COUNTS = st.integers(0, 4)
NUMBERS = st.one_of(st.integers(-9, 9), st.sampled_from([0.1, 0.5, -2.5, 1e3, 2.0]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.sampled_from(["", "x", "é", "1", "a-b"]))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
TYPES = st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null"])


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A schema of up to four keywords."""
    lists = st.lists(inner, min_size=1, max_size=3)
    choices: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "multipleOf": st.sampled_from([1, 2, 0.5, 0.1, 3]),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBERS),
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), COUNTS),
        **dict.fromkeys(("minContains", "maxContains"), COUNTS),
        "pattern": st.sampled_from(["^a", "[0-9]+", "^[A-Z]{2}$", "x|y"]),
        "format": st.sampled_from(["date", "ipv4", "email", "uuid", "unknown"]),
        "uniqueItems": st.booleans(),
        **dict.fromkeys(("properties", "dependentSchemas"), st.dictionaries(NAMES, inner, max_size=3)),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "d$", "."]), inner, max_size=2),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), lists),
        **dict.fromkeys(
            ("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"), inner
        ),
        **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems"), inner),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2),
        "$ref": st.just("#/$defs/shared"),
    }
    chosen = st.lists(st.sampled_from(sorted(choices)), max_size=4, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: choices[name] for name in names}))


SCHEMAS = st.recursive(st.booleans() | keywords(st.booleans()), keywords, max_leaves=5)
DOCUMENTS = st.builds(lambda schema, shared: {**schema, "$defs": {"shared": shared}}, keywords(SCHEMAS), SCHEMAS)

slow_ok = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def said_by_jsonschema(schema: Any, value: Any) -> str:
    return "valid" if DRAFT(schema, format_checker=DRAFT.FORMAT_CHECKER).is_valid(value) else "invalid"


@given(DOCUMENTS, VALUES)
@slow_ok
def test_labels_of_any_value_for_any_schema(schema, value):
    """The compiled schema labels every value as `jsonschema` does."""
    assume(not Document(schema).is_endless)
    assert label_of(schema, value) == said_by_jsonschema(schema, value)


@given(DOCUMENTS)
@slow_ok
def test_cases_of_any_schema(schema):
    """Cases of a random schema are rightly labelled, unique, within the limit, and the same when made again."""
    cases = list(generate_cases(schema, limit=80))
    assert len(cases) <= 80
    assert len({case.id for case in cases}) == len(cases)
    assert len({json.dumps(case.input, sort_keys=True) for case in cases}) == len(cases)
    if not Document(schema).is_endless:  # of others `jsonschema` says nothing, it recurses
        for case in cases:
            assert case.label == said_by_jsonschema(schema, case.input), case
    assert cases == list(generate_cases(json.loads(json.dumps(schema)), limit=80))


@given(DOCUMENTS)
@slow_ok
def test_a_schema_with_valid_cases_is_not_called_contradictory_as_a_whole(schema):
    """What some case satisfies is not said to be unsatisfiable."""
    if any(case.label == "valid" for case in generate_cases(schema, limit=50)):
        assert "" not in {item.pointer for item in satisfiability(schema) if "no value" in item.message}


@pytest.mark.parametrize(
    ("schema", "value", "label"),
    [
        ({"type": "integer"}, 1.0, "valid"),
        ({"type": "integer"}, True, "invalid"),
        ({"const": 1}, True, "invalid"),
        ({"const": 1}, 1.0, "valid"),
        ({"enum": [[1]]}, [True], "invalid"),
        ({"uniqueItems": True}, [1, True], "valid"),
        ({"uniqueItems": True}, [1, 1.0], "invalid"),
        ({"uniqueItems": True}, [{"a": [1]}, {"a": [True]}], "valid"),
        ({"uniqueItems": True}, [{"a": 1, "b": [2]}, {}, {"b": [2.0], "a": 1}], "invalid"),
        ({"uniqueItems": True}, [[], {}, "", None, 0, False], "valid"),
        ({"uniqueItems": False}, [[], []], "valid"),
        ({"maxLength": 1}, "\U0001f600", "valid"),
        ({"format": "date"}, "2023-02-29", "invalid"),
        ({"format": "ipv6"}, "::1", "valid"),
        ({"multipleOf": 0.01}, 0.07, "invalid"),
        ({"multipleOf": 3}, -9, "valid"),
        ({"multipleOf": 3}, 10**30 + 1, "invalid"),
        ({"multipleOf": 3}, 4.5, "invalid"),
        ({"multipleOf": 3}, 6.0, "valid"),
        ({"multipleOf": 3}, True, "valid"),
        ({"multipleOf": 3}, "4", "valid"),
        ({"patternProperties": {"(": False}}, {}, "valid"),
        ({"oneOf": [True, {"type": "integer"}, {"type": "null"}]}, 1, "invalid"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$anchor": "x", "type": "null"}}}, None, "valid"),
        ({"$ref": "#x", "$defs": {"a": {"$anchor": "x", "type": "null"}}}, 1, "invalid"),
    ],
)
def test_known_labels(schema, value, label):
    """The corner cases of the standard, as `jsonschema` decides them."""
    assert label_of(schema, value) == label == said_by_jsonschema(schema, value)
    assert Validity(schema).accepts(value) == (label == "valid")


def test_items_that_differ_plainly_are_not_compared_one_with_another(monkeypatch):
    """A thousand objects would be half a million comparisons; what is equal is still left to `jsonschema`."""
    asked = []
    monkeypatch.setattr("jsonschema._keywords.uniq", lambda items: asked.append(items))
    validity = Validity({"uniqueItems": True})
    assert validity.accepts([{"id": number, "tags": ["a", number]} for number in range(1000)])
    assert asked == []
    assert not validity.accepts([{"id": 1}, {"id": 1}])
    assert asked == [[{"id": 1}, {"id": 1}]]


def test_recursive_schemas_are_compiled():
    """A schema that refers to itself is compiled, and follows the value's depth."""
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}}, "additionalProperties": False}
    validity = Validity(tree)
    assert validity.accepts({"next": {"next": {}}})
    assert not validity.accepts({"next": {"next": {"x": 1}}})


def test_older_drafts_are_left_to_jsonschema():
    """In draft 4 a bound is made exclusive by a boolean, and 1.0 is no integer."""
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 3, "exclusiveMinimum": True}
    assert label_of(schema, 3) == "invalid"
    assert label_of({**schema, "type": "integer"}, 4.0) == "invalid"
    assert {case.label for case in generate_cases(schema)} == {"valid", "invalid"}


def test_a_mixed_document_is_judged_by_each_parts_own_draft():
    """A part that names another draft is decided by that draft."""
    schema = {
        "$defs": {
            "old": {
                "$id": "http://example.com/old",
                "$schema": "http://json-schema.org/draft-07/schema#",
                "prefixItems": [False],
            }
        },
        "$ref": "http://example.com/old",
    }
    assert label_of(schema, [1]) == said_by_jsonschema(schema, [1])


def test_a_part_of_another_draft_is_compiled_too(monkeypatch):
    """Draft 7's meta-schema inside a document of today's: asking `jsonschema` of it took three times as long."""
    schema = {"properties": {"of": {"$ref": "http://json-schema.org/draft-07/schema#"}}}
    monkeypatch.setattr(jsonschema.Draft7Validator, "is_valid", None)
    assert label_of(schema, {"of": {"minLength": 1}}) == "valid"
    assert label_of(schema, {"of": {"minLength": -1}}) == "invalid"


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
    ],
)
def test_a_reference_to_itself_does_not_hang(schema):
    """A schema that can never be decided has no cases, and is said to be contradictory."""
    assert list(generate_cases(schema)) == []
    assert label_of(schema, 1) == "invalid"
    assert "leads back to itself" in str(satisfiability(schema)[0])


def test_what_cannot_be_decided_has_no_case():
    """A pattern that neither Python nor we can compile leaves strings unlabelled, and everything else labelled."""
    cases = list(generate_cases({"pattern": "^\\p{Script=Greek}+$"}))
    assert cases
    assert not any(isinstance(case.input, str) for case in cases)


def test_sub_schemas_are_judged_in_their_own_scope():
    """A node below an `$id` resolves its references against that `$id`."""
    schema = {
        "$id": "http://example.com/root",
        "properties": {"a": {"$id": "inner", "$ref": "#/$defs/x", "$defs": {"x": {"type": "integer"}}}},
        "$defs": {"x": {"type": "string"}},
    }
    document = Document(schema)
    node = document.root.child(schema["properties"]["a"])
    assert document.holds((node,), 1)
    assert not document.holds((node,), "text")
    assert {
        case.label for case in generate_cases(schema) if isinstance(case.input, dict) and case.input.get("a") == 7
    } <= {"valid"}
