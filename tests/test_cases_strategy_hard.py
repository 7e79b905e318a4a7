"""`from_schema` for schemas that chance rarely meets: values of both labels, none filtered away, and quickly built."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from pytest_toolcheck.cases.strategy import from_schema

INTEGER = {"type": "integer"}
TEXT = {"type": "string"}
HARD: dict[str, dict[str, Any]] = {
    "three patterns and a length": {
        "type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "z$"}, {"pattern": "[0-9]{2}"}, {"minLength": 6}],
    },
    "asked for ahead": {"type": "string", "pattern": r"^(?=.*\d)(?=.*[a-z]).{4,8}$"},
    "refused ahead": {"type": "string", "pattern": "^(?!admin)[a-z]{3,8}$"},
    "asked for behind": {"type": "string", "pattern": r"(?<=\$)\d+$"},
    "a format and a pattern": {"type": "string", "format": "email", "pattern": r"@example\.com$"},
    "a short address": {"type": "string", "format": "uri", "maxLength": 12},
    "a long host": {"type": "string", "format": "hostname", "minLength": 60},
    "a long text": {"type": "string", "minLength": 20_000},
    "a long list": {"type": "array", "items": INTEGER, "minItems": 1000},
    "many members": {"type": "object", "additionalProperties": INTEGER, "minProperties": 500},
    "a letter of each": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]$"}, "uniqueItems": True, "minItems": 26},
    "behind the prefix": {
        "type": "array", "prefixItems": [TEXT, TEXT], "items": INTEGER, "contains": {"const": 42}, "maxContains": 1, "maxItems": 4,
    },
    "all but the shortest": {
        "type": "object", "properties": {"a": {"const": 1}}, "required": ["a"], "not": {"const": {"a": 1}},
    },
    "nought, twice": {"type": "number", "minimum": -0.0, "maximum": 0},
}  # fmt: skip


def drawn(strategy: Any, *, count: int = 15) -> list[Any]:
    found: list[Any] = []

    @seed(0)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
    )
    @given(strategy)
    def draw(value: Any) -> None:
        found.append(value)

    draw()
    return found


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("label", ["valid", "invalid"])
def test_values_of_both_labels_come_without_being_filtered(name: str, label: Any) -> None:
    """Hypothesis' check on filtering is on, and every value is what `jsonschema` says."""
    judge = jsonschema.Draft202012Validator(HARD[name], format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    values = drawn(from_schema(HARD[name], label=label))
    assert values
    assert all(judge.is_valid(value) == (label == "valid") for value in values)


def test_drawn_values_may_be_changed_by_whoever_draws_them() -> None:
    """What is known is handed out as copies: a value that a test changes is not changed for the next."""
    strategy = from_schema(HARD["many members"])
    for value in drawn(strategy):
        value.clear()
    assert all(len(value) >= 500 for value in drawn(strategy))


@pytest.mark.parametrize("label", ["valid", "invalid"])
def test_what_cannot_be_decided_has_no_label(label: Any) -> None:
    """A reference to nothing, met by some values only: those that do not meet it are drawn; no end, and there is none."""
    schema = {"properties": {"x": {"$ref": "#/$defs/none"}, "y": INTEGER}, "required": ["y"], "type": "object"}
    values = drawn(from_schema(schema, label=label))
    assert not any(isinstance(value, dict) and "x" in value and value.get("y") == 1 for value in values)
    endless = {"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert from_schema(endless, label=label).is_empty
