"""Schema coverage: which goals there are, when one is met, what is reported."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_toolcheck.cases import generate_cases
from pytest_toolcheck.cases.coverage import SchemaCoverage
from pytest_toolcheck.cases.strategy import from_schema


def missing_after(schema, *inputs):
    """Record (input, label) pairs and return what is still missing."""
    coverage = SchemaCoverage(schema)
    for value, label in inputs:
        coverage.record(value, label)
    return coverage.report().missing


def test_a_range_wants_both_ends_and_both_outsides():
    """A bounded integer has its two bounds, the two values just outside, its type and a wrong type."""
    schema = {"type": "integer", "minimum": 1, "maximum": 9}
    assert sorted(missing_after(schema)) == [
        "(input): maximum 9, at it (valid)",
        "(input): maximum 9, just outside (invalid)",
        "(input): minimum 1, at it (valid)",
        "(input): minimum 1, just outside (invalid)",
        "(input): type integer (valid)",
        "(input): wrong type (invalid)",
    ]
    every = [(1, "valid"), (9, "valid"), (0, "invalid"), (10, "invalid"), ("x", "invalid")]
    assert missing_after(schema, *every) == []


@pytest.mark.parametrize(
    ("schema", "at", "outside"),
    [
        ({"type": "integer", "exclusiveMinimum": 3}, 4, 3),
        ({"type": "integer", "maximum": 2.5}, 2, 3),
        ({"type": "number", "exclusiveMaximum": 1}, 0.5, 1),
        ({"type": "number", "minimum": 0.5}, 0.5, 0.25),
        ({"type": "string", "minLength": 2}, "ab", "a"),
        ({"type": "array", "maxItems": 1}, [0], [0, 0]),
        ({"type": "object", "minProperties": 1}, {"a": 1}, {}),
    ],
)
def test_bounds_are_met_at_them_and_just_outside(schema, at, outside):
    """Each bound is met by the value at it as valid, and by the one beyond it as invalid; not the other way round."""
    kind = ("type", "wrong type")
    assert [text for text in missing_after(schema, (at, "valid"), (outside, "invalid")) if "type" not in text] == []
    swapped = missing_after(schema, (at, "invalid"), (outside, "valid"))
    assert len([text for text in swapped if not any(word in text for word in kind)]) == 2


def test_far_outside_is_not_just_outside():
    """A value far beyond the bound does not meet the goal."""
    schema = {"type": "integer", "minimum": 1}
    assert "(input): minimum 1, just outside (invalid)" in missing_after(schema, (-50, "invalid"))


def test_members_and_near_misses():
    """Each member is a goal; breaking a single member is none; 1 is not true."""
    schema = {"enum": [1, "a", None]}
    assert len(missing_after(schema)) == 4
    assert "(input): member 1 (valid)" in missing_after(schema, (True, "invalid"))
    assert missing_after(schema, (1, "valid"), ("a", "valid"), (None, "valid"), (True, "invalid")) == []


def test_members_that_the_schema_refuses_are_no_goals():
    """A member that its own schema forbids cannot be reached, and is not counted."""
    assert "member 'x'" not in " ".join(missing_after({"enum": [1, "x"], "type": "integer"}))


def test_presence_and_absence():
    """Optional parameters are wanted present and absent, required ones left out once."""
    schema = {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"], "additionalProperties": False}
    missing = missing_after(schema, ({"a": 1}, "valid"), ({}, "invalid"))
    assert "(input): b present (valid)" in missing
    assert "(input): b absent (valid)" not in missing
    assert "(input): a left out (invalid)" not in missing
    assert "(input): an additional property (invalid)" in missing


def test_branches_are_counted_apart():
    """Each branch of anyOf, and each side of a condition, is a goal; a value meets the branch that it satisfies."""
    schema = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    missing = missing_after(schema, (1, "valid"))
    assert "(input): anyOf/0 (valid)" not in missing
    assert "(input): anyOf/1 (valid)" in missing
    sides = {"if": {"type": "integer"}, "then": {"minimum": 0}, "else": {"type": "string"}}
    assert "(input): else (valid)" in missing_after(sides, (1, "valid"))


def test_nested_places_through_references():
    """Goals of a referenced, recursive schema are counted once and met at any depth."""
    schema = {
        "$ref": "#/$defs/n",
        "$defs": {"n": {"type": "object", "properties": {"next": {"$ref": "#/$defs/n"}, "v": {"enum": ["a"]}}}},
    }
    assert any("member 'a'" in text for text in missing_after(schema))
    deep = {"next": {"next": {"v": "a"}}}
    assert not any("member 'a'" in text for text in missing_after(schema, (deep, "valid")))


def test_pairs_of_parameters():
    """Two switches have four pairs; each valid input meets one; an invalid one meets none."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}},
        "required": ["a", "b"],
    }

    def pairs(*inputs):
        return sorted(text for text in missing_after(schema, *inputs) if text.startswith("pair"))

    assert len(pairs()) == 4
    assert len(pairs(({"a": True, "b": False}, "valid"))) == 3
    assert "pair a true, b false" not in pairs(({"a": True, "b": False}, "valid"))
    assert len(pairs(({"a": True, "b": 1}, "invalid"))) == 4


def test_the_report_adds_up():
    """Covered and missing make the total; the event's attributes are JSON and bounded."""
    schema = {"type": "object", "properties": {f"p{n}": {"enum": list(range(8))} for n in range(6)}}
    coverage = SchemaCoverage(schema)
    coverage.record({"p0": 1, "p1": 2}, "valid")
    report = coverage.report()
    assert report.covered + len(report.missing) == report.total
    assert report.percent == pytest.approx(100 * report.covered / report.total)
    attrs = json.loads(json.dumps(coverage.as_attrs()))
    assert len(attrs["missing"]) == 50
    assert attrs["missing_unlisted"] == len(report.missing) - 50


@pytest.mark.parametrize("schema", [True, False, {}])
def test_a_schema_without_goals_is_covered(schema):
    """Nothing to exercise is fully exercised."""
    assert SchemaCoverage(schema).report().percent == 100


def test_generated_cases_cover_an_ordinary_schema():
    """What the generator makes for an ordinary tool reaches every goal: none is unreachable."""
    schema = {
        "type": "object",
        "properties": {
            "sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
            "count": {"type": "integer", "minimum": 1, "maximum": 250},
            "gift": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 3, "uniqueItems": True},
            "priority": {"enum": ["low", "high"]},
        },
        "required": ["sku", "count"],
        "additionalProperties": False,
    }
    coverage = SchemaCoverage(schema)
    for case in generate_cases(schema, limit=1000):
        coverage.record(case.input, case.label)
    assert coverage.report().missing == []


MIXED = {"anyOf": [{"type": "integer", "minimum": 2}, {"type": "array", "items": {"enum": [1, "a"]}, "maxItems": 2}]}
INPUTS = st.lists(
    st.tuples(from_schema(MIXED), st.just("valid"))
    | st.tuples(from_schema(MIXED, label="invalid"), st.just("invalid")),
    max_size=6,
)


@given(INPUTS)
@settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_recording_only_ever_adds(inputs):
    """Whatever is recorded, in any order, coverage never falls and never exceeds the total."""
    coverage = SchemaCoverage(MIXED)
    before = coverage.report().covered
    for value, label in inputs:
        coverage.record(value, label)
        report = coverage.report()
        assert before <= report.covered <= report.total
        assert report.covered + len(report.missing) == report.total
        before = report.covered


def test_a_reference_that_leads_nowhere_else_ends():
    """What `not` refuses may refer to nothing but itself: there are goals, and they are found in no time."""
    schema = {
        "not": {"$ref": "#/$defs/a"},
        "type": "object",
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
    }
    assert "(input): type object (valid)" in SchemaCoverage(schema).report().missing


def test_of_one_of_each_branch_is_wanted_alone_and_none():
    """Two at once are as wrong as none; a branch that accepts everything leaves no value that breaks a single one."""
    low, high = {"type": "integer", "minimum": 3}, {"type": "integer", "maximum": 10}
    schema = {"oneOf": [low, high]}
    alone = [(11, "valid"), (2, "valid")]
    assert {"(input): oneOf/0 (valid)", "(input): oneOf/1 (valid)"} <= set(missing_after(schema))
    assert {"(input): oneOf/0 (valid)", "(input): oneOf/1 (valid)"}.isdisjoint(missing_after(schema, *alone))
    for broken in (5, "x"):
        assert "(input): oneOf broken (invalid)" in missing_after(schema, *alone)
        assert "(input): oneOf broken (invalid)" not in missing_after(schema, (broken, "invalid"))
    assert missing_after({"oneOf": [True]}) == ["(input): oneOf/0 (valid)"]
    assert "(input): oneOf broken (invalid)" in missing_after({"oneOf": [{"type": "integer"}, True]})
