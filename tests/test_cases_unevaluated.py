"""What `unevaluated*` and its neighbours accept, compiled: the answers of `jsonschema` for random schemas and values."""

from __future__ import annotations

from random import Random
from typing import Any

import jsonschema
import pytest

from pytest_toolcheck.cases.schema import Document

NAMES = "abcx"
LEAVES: list[Any] = [True, False, {}, {"type": "string"}, {"type": "integer"}, {"const": 1}, {"minimum": 2}]
KEYWORDS = (
    *("properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "unevaluatedProperties"),
    *("unevaluatedItems", "unevaluatedItems", "allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"),
    *("prefixItems", "items", "contains", "$ref", "$dynamicRef", "not", "required", "minContains", "maxContains"),
)


def random_schema(random: Random, depth: int = 0) -> Any:
    return random.choice(LEAVES) if depth > 3 else random_object(random, depth)


def random_object(random: Random, depth: int) -> dict[str, Any]:
    return {word: random_value(random, word, depth + 1) for word in random.sample(KEYWORDS, random.randint(1, 3))}


def random_value(random: Random, word: str, depth: int) -> Any:
    if word in ("properties", "dependentSchemas"):
        return {name: random_schema(random, depth) for name in random.sample(NAMES, 2)}
    if word == "patternProperties":
        return {random.choice(["^a", "x$", "b|c"]): random_schema(random, depth)}
    if word in ("allOf", "anyOf", "oneOf", "prefixItems"):
        return [random_schema(random, depth) for _ in range(random.randint(1, 3))]
    if word in ("minContains", "maxContains"):
        return random.randint(0, 2)
    plain = {"required": [random.choice(NAMES)], "$ref": random.choice(["#/$defs/p", "#here"]), "$dynamicRef": "#any"}
    return plain[word] if word in plain else random_schema(random, depth)


def random_instance(random: Random, depth: int = 0) -> Any:
    kind = random.random()
    if depth > 2 or kind < 0.2:
        return random.choice([1, 2, 3, "", "s", None, True, 1.0])
    if kind < 0.6:
        return {name: random_instance(random, depth + 1) for name in random.sample(NAMES, random.randint(0, 3))}
    return [random_instance(random, depth + 1) for _ in range(random.randint(0, 3))]


@pytest.mark.parametrize("seed", range(4))
def test_compiled_answers_are_those_of_jsonschema(seed: int) -> None:
    """Of every random schema that is not endless, every random value gets the label that `jsonschema` gives."""
    random, compared = Random(seed), 0
    for _ in range(60):
        parts = {"p": random_object(random, 2), "q": {"$anchor": "here", **random_object(random, 2)}}
        schema = {**random_object(random, 0), "$defs": {**parts, "r": {"$dynamicAnchor": "any", "type": "object"}}}
        document = Document(schema)
        if document.is_endless:
            continue
        judge = jsonschema.Draft202012Validator(schema)
        for value in (random_instance(random) for _ in range(12)):
            compared += 1
            assert document.accepts(value) == judge.is_valid(value), (schema, value)
    assert compared > 300


def test_a_loop_inside_of_what_is_only_referred_to_is_found() -> None:
    """The reference to `p` says nothing of a member's value; the schema of that one refers to itself."""
    parts = {"p": {"properties": {"a": {"$ref": "#/$defs/q"}}}, "q": {"oneOf": [{"$ref": "#/$defs/q"}]}}
    assert Document({"allOf": [{"$ref": "#/$defs/p"}], "$defs": parts}).is_endless
    assert not Document({"allOf": [{"$ref": "#/$defs/p"}], "$defs": {**parts, "q": {"oneOf": [{}]}}}).is_endless
