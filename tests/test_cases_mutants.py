"""Cases tell a schema from every schema that differs from it in one bound, one keyword, one name or one branch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_toolcheck.cases import Case, generate_cases
from pytest_toolcheck.cases.schema import Document

Schema = dict[str, Any]

PARTS: dict[str, Schema] = {
    "whole number": {"type": "integer", "minimum": 3, "maximum": 90},
    "open bounds": {"type": "integer", "exclusiveMinimum": -4, "exclusiveMaximum": 17},
    "number": {"type": "number", "minimum": 0.5, "exclusiveMaximum": 2.25},
    "large number": {"type": "integer", "minimum": 9007199254740993, "maximum": 9007199254740999},
    "multiples": {"type": "integer", "multipleOf": 7, "minimum": 10, "maximum": 50},
    "open multiples": {"type": "integer", "multipleOf": 7},
    "cents": {"type": "number", "multipleOf": 0.01, "minimum": 0.05, "maximum": 9.99},
    "tiny multiples": {"type": "number", "multipleOf": 1e-8, "minimum": 0, "maximum": 1},
    "text": {"type": "string", "minLength": 3, "maxLength": 12},
    "pattern": {"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"},
    "repeats": {"type": "string", "pattern": "^[a-f]{2,4}(/[0-5]{1,3})?$"},
    "lookahead": {"type": "string", "pattern": "^(?!tmp)[a-z]{3,6}$", "maxLength": 5},
    "format": {"type": "string", "format": "date"},
    "enum": {"enum": ["red", "green", "blue", 3, None]},
    "objects": {"enum": [{"a": 1}, {"a": 2}, [1, 2]]},
    "const": {"const": "on"},
    "null": {"const": None},
    "boolean": {"type": "boolean"},
    "two types": {"type": ["string", "null"]},
    "list": {"type": "array", "items": {"type": "string", "maxLength": 4}, "minItems": 2, "maxItems": 5},
    "set": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
    "filled set": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 2, "maxItems": 4},
    "set of objects": {
        "type": "array",
        "items": {"type": "object", "minProperties": 1},
        "uniqueItems": True,
        "minItems": 3,
    },
    "tuple": {
        "type": "array",
        "prefixItems": [{"type": "integer"}, {"enum": ["a", "b"]}],
        "items": False,
        "minItems": 2,
    },
    "contains": {"type": "array", "contains": {"type": "integer", "minimum": 5}, "minContains": 2, "maxContains": 3},
    "object": {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"type": "string"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
    "counted": {"type": "object", "minProperties": 1, "maxProperties": 3, "additionalProperties": {"type": "integer"}},
    "map": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 9}},
    "patterned": {
        "type": "object",
        "patternProperties": {"^x-": {"type": "string", "minLength": 2}, "^(?!x-)": {"type": "integer"}},
    },
    "names": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$", "maxLength": 6}},
    "dependent names": {
        "type": "object",
        "properties": {"card": {"type": "string"}, "code": {"type": "string"}},
        "dependentRequired": {"card": ["code"]},
    },
    "dependent schema": {
        "type": "object",
        "properties": {"card": {"type": "string"}, "sum": {"type": "integer"}},
        "dependentSchemas": {"card": {"properties": {"sum": {"minimum": 5}}, "required": ["sum"]}},
    },
    "any": {"anyOf": [{"type": "integer", "minimum": 10}, {"type": "string", "minLength": 2}]},
    "free text or number": {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 10}]},
    "else": {
        "type": "object",
        "properties": {"kind": {"enum": ["card", "cash"]}, "sum": {"type": "integer"}},
        "required": ["kind", "sum"],
        "if": {"properties": {"kind": {"const": "card"}}},
        "then": {"properties": {"sum": {"minimum": 5}}},
        "else": {"properties": {"sum": {"maximum": 3}}},
    },
    "overlapping": {"oneOf": [{"type": "integer", "maximum": 20}, {"type": "integer", "minimum": 10}]},
    "all": {"allOf": [{"type": "integer", "minimum": 2}, {"maximum": 40}, {"multipleOf": 2}]},
    "not": {"type": "integer", "not": {"minimum": 5, "maximum": 8}},
    "not any": {"type": "integer", "minimum": 0, "not": {"anyOf": [{"const": 3}, {"multipleOf": 10}]}},
    "if then": {
        "type": "object",
        "properties": {"kind": {"enum": ["card", "cash"]}, "number": {"type": "integer"}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "card"}}},
        "then": {"required": ["number"]},
    },
    "unevaluated": {
        "type": "object",
        "allOf": [{"properties": {"a": {"type": "integer"}}}],
        "properties": {"b": {"type": "integer"}},
        "unevaluatedProperties": False,
    },
}


def inside(part: Schema) -> Schema:
    """Return the schema of an object that holds the part beside other things."""
    others = {"name": {"type": "string"}, "id": {"type": "integer"}, "due": {"type": "string", "format": "date"}}
    return {"type": "object", "properties": {**others, "in": part}, "required": ["name", "in"]}


PLACES: dict[str, Callable[[Schema], Schema]] = {
    "parameter": lambda part: part,
    "member": lambda part: {"type": "object", "properties": {"in": part}, "required": ["in"]},
    "optional": lambda part: {"type": "object", "properties": {"in": part, "more": {"type": "integer"}}},
    "item": lambda part: {"type": "array", "items": part, "maxItems": 3},
    "behind a prefix": lambda part: {"type": "array", "prefixItems": [{"type": "null"}], "items": part},
    "map": lambda part: {"type": "object", "additionalProperties": part},
    "branch": lambda part: {"anyOf": [{"type": "object", "properties": {"a": part}, "required": ["a"]}, {"const": 0}]},
    "reference": lambda part: {"$ref": "#/$defs/part", "$defs": {"part": part}},
    "three deep": lambda part: {
        "type": "object",
        "properties": {"x": inside(inside({"type": "array", "items": part}))},
    },
    "in rows of rows": lambda part: {"type": "array", "items": inside({"type": "array", "items": inside(part)})},
    "row": lambda part: {"type": "array", "items": {"type": "object", "properties": {"cell": part}}},
}

NUMBERS = frozenset(
    (
        *(
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
        ),
        *("minProperties", "maxProperties", "minContains", "maxContains"),
    )
)
OPEN = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
TURNED = {**OPEN, **{after: before for before, after in OPEN.items()}}
INSIDE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
NAMED = ("properties", "patternProperties", "dependentSchemas")
OTHER_TYPES = frozenset(f"type or {kind}" for kind in ("null", "string", "boolean", "object", "array"))
EQUIVALENT = {
    "open multiples": {"type or number"},
    "free text or number": {"anyOf 1: type or string"},
    "large number": {"type or number"},  # no number that large has a fraction
    "multiples": {
        "type or number",
        *(f"{end} {by}" for end in ("minimum", "maximum") for by in ("+1", "-1", "turned")),
    },
    "all": {"allOf 0: type or number", "allOf 0: minimum -1", "allOf 1: maximum +1"},  # there is no multiple between
    "not": OTHER_TYPES,  # what is no number satisfies the refused bounds
    "not any": {*OTHER_TYPES, "minimum +1", "minimum turned"},
}
"""Changes that accept exactly what the true schema accepts."""


PATTERN_CHANGES = (
    *(
        ("a-f", "a-g"),
        ("a-f", "a-e"),
        ("a-f", "b-f"),
        ("a-f", "a-f0-9"),
        ("a-f", "A-Fa-f"),
        ("0-5", "0-6"),
        ("0-5", "1-5"),
    ),
    *(
        ("{2,4}", "{2,5}"),
        ("{2,4}", "{1,4}"),
        ("{2,4}", "{2,3}"),
        ("{1,3}", "{1,4}"),
        ("{1,3}", "{0,3}"),
        (")?$", ")$"),
    ),
    *(("{3}", "{3,4}"), ("{3}", "{2,3}"), ("^", ""), ("$", ""), ("A-Z", "A-Za-z"), ("-", "[-_]"), (")?$", ")*$")),
)
"""Of a pattern: what to replace, and by what."""


def mutants(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield (what was changed, schema) for each single change."""
    for key, value in schema.items():
        rest = {other: kept for other, kept in schema.items() if other != key}
        if key in NUMBERS:
            step = 1 if isinstance(value, int) else 0.25
            yield from (
                (f"{key} {by:+}", {**schema, key: value + by})
                for by in (step, -step)
                if value + by >= 0 or "imum" in key
            )
        if key == "multipleOf":
            yield from ((f"multiples {by}-fold", {**schema, key: value * by}) for by in (2, 3))
        if key == "pattern":
            yield from _patterns(schema, value)
        if key in TURNED:
            yield f"{key} turned", {**rest, TURNED[key]: value}
        if key not in ("properties", "then", "else", "contains", "if"):
            yield f"drop {key}", rest
        if key in ("enum", "required", "anyOf", "oneOf", "allOf") and len(value) > 1:
            yield from (
                (f"{key} without {at}", {**schema, key: value[:at] + value[at + 1 :]}) for at in range(len(value))
            )
        if key == "oneOf":
            yield "oneOf to anyOf", {**rest, "anyOf": value}
        if key == "type" and isinstance(value, str):
            yield from (
                (f"type or {more}", {**schema, key: [value, more]})
                for more in ("null", "string", "boolean", "number", "object", "array")
                if more != value
            )
        yield from _inside(schema, key, value)


def _patterns(schema: Schema, pattern: str) -> Iterator[tuple[str, Schema]]:
    """Yield the schema with a class, a repeat or an anchor of the pattern changed."""
    for old, new in PATTERN_CHANGES:
        if old in pattern:
            yield f"pattern {new} for {old}", {**schema, "pattern": pattern.replace(old, new, 1)}


def _inside(schema: Schema, key: str, value: Any) -> Iterator[tuple[str, Schema]]:
    if key in INSIDE and isinstance(value, dict):
        yield from ((f"{key}: {name}", {**schema, key: changed}) for name, changed in mutants(value))
    if key in LISTED:
        for at, part in enumerate(value):
            for name, changed in mutants(part):
                yield f"{key} {at}: {name}", {**schema, key: [*value[:at], changed, *value[at + 1 :]]}
    if key in NAMED:
        for name, part in value.items():
            yield from ((f"{name}: {n}", {**schema, key: {**value, name: changed}}) for n, changed in mutants(part))


def whole(part: Schema) -> Schema:
    """Return the schema of a tool with the part as a parameter beside another."""
    definitions = part.get("$defs", {})
    inner = {key: value for key, value in part.items() if key != "$defs"}
    properties = {"it": inner, "other": {"type": "boolean"}}
    return {"type": "object", "properties": properties, "required": ["it"], "$defs": definitions}


@pytest.mark.parametrize("name", PARTS)
def test_every_single_change_of_a_schema_is_seen(name: str) -> None:
    """In each place, some case has another label under the changed schema than under the true one."""
    for place, placed in PLACES.items():
        rest, asked = generate_cases(whole(placed(PARTS[name]))), []
        alive = {change for change, part in mutants(PARTS[name]) if not is_seen(whole(placed(part)), asked, rest)}
        assert alive <= EQUIVALENT.get(name, set()), place
        assert {case.label for case in asked} == {"valid", "invalid"}, place


def is_seen(changed: dict[str, Any], asked: list[Case], rest: Iterator[Case]) -> bool:
    """Whether some case has another label under a changed schema; they are made only until one has, and put first then.

    What sees one change sees others.
    """
    accepts = Document(changed).accepts
    for at, case in enumerate(asked):
        if accepts(case.input) != (case.label == "valid"):
            asked.insert(0, asked.pop(at))
            return True
    for case in rest:
        asked.append(case)
        if accepts(case.input) != (case.label == "valid"):
            asked.insert(0, asked.pop())
            return True
    return False
