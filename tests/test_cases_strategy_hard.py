"""`from_schema` for schemas that chance rarely meets: values of both labels, none filtered away, and quickly built."""

from __future__ import annotations

import base64
import contextlib
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st

from pytest_toolcheck.cases.strategy import from_schema
from pytest_toolcheck.cases.strategy_draw import Drawer
from pytest_toolcheck.cases.strategy_nodes import Dead, Exhausted, SchemaGraph

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


MATCHES = {"contains": {"const": 1}, "minContains": 0, "maxContains": 1}


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


def test_encoded_texts_can_be_decoded() -> None:
    """No label says so, for `jsonschema` checks no encodings, but nothing else reaches what a tool does with the bytes."""
    for text in drawn(from_schema({"type": "string", "contentEncoding": "base64"})):
        base64.b64decode(text, validate=True)


def test_what_a_dynamic_reference_names_is_drawn() -> None:
    """Not only the few values that are known of the schema: what is drawn follows the reference, as it follows any."""
    part = {"type": "object", "required": ["n"], "additionalProperties": False}
    part |= {"$dynamicAnchor": "node", "properties": {"n": {"type": "integer", "minimum": 10_000}}}
    for reference in ("$dynamicRef", "$ref"):
        found = drawn(from_schema({"$defs": {"node": part}, reference: "#node"}), count=30)
        assert len({value["n"] for value in found}) > 10, reference


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
    endless = {"required": ["x"], "properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}}
    values = drawn(from_schema({"type": "object", **endless}, label=label)) if label == "invalid" else []
    assert not any(isinstance(value, dict) and "x" in value for value in values)
    assert label == "invalid" or from_schema({"type": "object", **endless}).is_empty


def a_tool(part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": part}, "required": ["x"]}


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "multiples": ({**INTEGER, "multipleOf": 7, "minimum": 10, "maximum": 500}, "multipleOf"),
    "a count of matches": ({"type": "array", "items": INTEGER, "contains": {"minimum": 5}, "minContains": 2}, "minContains"),
    "all different, as many as there are": (
        {"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True, "minItems": 2}, "uniqueItems",
    ),
    "a count of members": ({"type": "object", "additionalProperties": INTEGER, "minProperties": 2}, "minProperties"),
    "a member beside another": (
        {"type": "object", "properties": {"a": INTEGER, "b": INTEGER}, "minProperties": 1, "dependentRequired": {"a": ["b"]}},
        "dependentRequired",
    ),
    "what is refused": ({**TEXT, "not": {"const": "root"}}, "not"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_each_keyword_alone_is_broken(name: str) -> None:
    """Among the invalid values, of 150 at most, are such as break this keyword and nothing else."""
    part, keyword = BROKEN[name]
    judge = jsonschema.Draft202012Validator(a_tool(part))
    found = (
        {error.validator for error in judge.iter_errors(value)}
        for count in (20, 150)  # the first of these are the same
        for value in drawn(_invalid(part), count=count)
    )
    assert {keyword} in found


def _invalid(part: dict[str, Any]) -> Any:
    return from_schema(a_tool(part), label="invalid")


@pytest.mark.parametrize(("accepted", "smallest"), [((50, 500), 50), ((0, 500), 15)], ids=["high", "bound"])
def test_a_number_that_is_no_multiple_is_shrunk(accepted: tuple[int, int], smallest: int) -> None:
    """A tool that takes what is no multiple of seven, within its bounds, is shown the smallest such number."""

    def is_taken(value: Any) -> bool:
        number = value.get("x") if isinstance(value, dict) else None
        is_whole = isinstance(number, int) and not isinstance(number, bool)
        return is_whole and max(10, accepted[0]) <= number <= accepted[1] and number % 7 != 0

    part = {**INTEGER, "multipleOf": 7, "minimum": 10, "maximum": 500}
    quick = settings(max_examples=500, database=None, suppress_health_check=list(HealthCheck))
    assert find(_invalid(part), is_taken, settings=quick, random=Random(0)) == {"x": smallest}


DRAFT7 = "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("items", [[INTEGER], [INTEGER, TEXT], [{}, {"type": "null"}]], ids=str)
def test_lists_of_items_as_in_draft_7_are_broken(items: list[dict[str, Any]]) -> None:
    """Of a list in which each place has a schema of its own, also alone and behind a `not`: labels as `jsonschema` says."""
    for schema in ({"$schema": DRAFT7, "items": items}, {"$schema": DRAFT7, "not": {"items": items}}):
        judge = jsonschema.Draft7Validator(schema)
        for label in ("valid", "invalid"):
            values = drawn(from_schema(schema, label=label), count=40)  # type: ignore[arg-type]
            assert values
            assert {judge.is_valid(value) for value in values} == {label == "valid"}


@pytest.mark.parametrize("pattern", [r"^\p{Script=Greek}+$", "["])
def test_names_by_an_expression_that_nobody_here_knows(pattern: str) -> None:
    """Nobody can judge an object with members then: values of other types are drawn, and no invalid ones invented."""
    schema = {"patternProperties": {pattern: INTEGER}, "maxLength": 3}
    assert all(not isinstance(value, dict) or not value for value in drawn(from_schema(schema)))
    assert all(isinstance(value, str) and len(value) > 3 for value in drawn(from_schema(schema, label="invalid")))


def test_names_by_an_expression_that_only_ecma_262_knows() -> None:
    """What `jsonschema` itself cannot compile is translated: members are drawn, and broken where they are named so."""
    schema = {"type": "object", "patternProperties": {r"^\p{Letter}+$": INTEGER}}
    valid, invalid = (drawn(from_schema(schema, label=label), count=100) for label in ("valid", "invalid"))
    named = [{name: item for name, item in value.items() if name.isalpha()} for value in valid]
    assert any(named)
    assert all(isinstance(item, int) for value in named for item in value.values())
    broken = [value for value in invalid if isinstance(value, dict)]
    assert broken
    assert all(any(name.isalpha() for name in value) for value in broken)


def test_what_few_cases_break_is_broken() -> None:
    """Of a schema that takes nearly everything, the invalid values are found behind many valid ones."""
    judge = jsonschema.Draft202012Validator(MATCHES)
    values = drawn(from_schema(MATCHES, label="invalid"))
    assert values
    assert not any(map(judge.is_valid, values))


def test_a_branch_is_drawn_where_no_other_holds() -> None:
    """Of a million numbers the first branch alone takes nineteen: these are drawn, not met by chance or remembered."""
    parts = ((0, 1_000_000), (0, 499_990), (500_010, 1_000_000))
    graph = SchemaGraph({"oneOf": [{"type": "integer", "minimum": low, "maximum": high} for low, high in parts]})
    found = set[Any]()

    @settings(max_examples=40, database=None, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        with contextlib.suppress(Dead, Exhausted):
            found.add(Drawer(graph, data.draw).value((graph.root,)))

    draw()
    assert len(found) > 2
    assert all(499_990 < value < 500_010 for value in found)
