"""Regions of a schema that few values lie in: what is looked for where all ordinary values are refused."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_toolcheck.cases import generate_cases, satisfiability
from pytest_toolcheck.cases.found_together import found_together

SMALL = {"type": "integer", "minimum": 0, "maximum": 3}
ALL_BUT_ONE = [
    {"properties": {"a": {"const": a}, "b": {"const": b}}} for a in range(4) for b in range(4) if (a, b) != (2, 3)
]
ONE_OR_TWO_TEXTS = {"type": "array", "contains": {"type": "string"}, "minContains": 0, "maxContains": 2}
NARROW: dict[str, dict[str, Any]] = {
    "one pair of sixteen": {"properties": {"a": SMALL, "b": SMALL}, "required": ["a", "b"], "not": {"anyOf": ALL_BUT_ONE}},
    "names that an expression refuses": {
        "propertyNames": {"pattern": "^[a-z]{2}$", "not": {"pattern": "^[a-y]"}}, "minProperties": 3,
    },
    "an address in a network": {"properties": {"x": {"type": "string", "format": "ipv4", "pattern": r"^10\..*\.255$"}}, "required": ["x"]},
    "few of a kind among more": {
        "properties": {"x": {**ONE_OR_TWO_TEXTS, "items": {"type": ["string", "integer"]}, "minItems": 3}}, "required": ["x"],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", NARROW)
def test_a_narrow_region_is_hit(name: str) -> None:
    """Within a hundred calls there are cases of both labels, as `jsonschema` judges them, and nothing is called contradictory."""
    schema = {"type": "object", **NARROW[name]}
    judge = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    cases = [*generate_cases(schema, limit=100)]
    assert {judge.is_valid(case.input) for case in cases} == {True, False}
    assert all(judge.is_valid(case.input) == (case.label == "valid") for case in cases)
    assert satisfiability(schema) == []


PIECES = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", "a{1,2}", "(a|bb)", "b*", "(ab)+", "a?", r"\d"])
EXPRESSIONS = st.builds(
    lambda first, parts, last: first + "".join(parts) + last,
    st.sampled_from(["", "^"]), st.lists(PIECES, max_size=3), st.sampled_from(["", "$"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(EXPRESSIONS, max_size=2), st.lists(EXPRESSIONS, max_size=1), st.integers(0, 2), st.integers(0, 3))
def test_texts_are_found_where_there_are_some(wanted: list[str], refused: list[str], low: int, more: int) -> None:
    """Each text is one that Python's own search takes; where a text of a few letters would be one, some are found."""

    def fits(text: str) -> bool:
        are_found = all(re.search(pattern, text) for pattern in wanted)
        return low <= len(text) <= low + more and are_found and not any(re.search(pattern, text) for pattern in refused)

    found = [*found_together(wanted, refused, low, low + more)]
    assert all(map(fits, found))
    known = [""]
    for _ in range(low + more):
        known += [text + char for text in known for char in "ab0"]
    assert bool(found) or not any(map(fits, known))


def test_what_no_automaton_knows_makes_no_text() -> None:
    """A reference back, a lookahead and what is no expression are left to others; thousands of repeats are no hang."""
    for pattern in (r"(a)\1", "(?=a)a", "(", "(a{900}){900}", r"\ba"):
        assert [*found_together([pattern, "a"], [], 0, None)] == []


def test_a_branch_that_is_meant_to_be_none_is_no_contradiction() -> None:
    """TypeScript's `undefined` is written `{"not": {}}`; as all that is allowed it is told."""
    assert satisfiability({"properties": {"x": {"anyOf": [{"not": {}}, {"type": "string"}]}}}) == []
    assert satisfiability({"properties": {"x": {"oneOf": [{"not": True}, {"type": "string"}]}}}) == []
    [told] = satisfiability({"properties": {"x": {"anyOf": [{"not": {}}]}}})
    assert told.pointer == "/properties/x"
