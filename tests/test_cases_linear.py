"""A parameter more costs a bounded number of cases, and a bounded number of values tried: neither multiplies."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.cases.plan import cases_of
from pytest_toolcheck.cases.schema import Document

PARTS: dict[str, dict[str, Any]] = {
    "string": {"type": "string", "minLength": 1, "maxLength": 9},
    "number": {"type": "number", "minimum": 0, "multipleOf": 0.5},
    "boolean": {"type": "boolean"},
    "enum": {"enum": ["a", "b", "c"]},
    "array": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
    "object": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
    "branches": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
}
COUNTS = (1, 2, 5, 6, 10, 29, 30, 60)
MOST_CASES, MOST_TRIED = 140, 250
"""What one parameter may add."""


def made(part: dict[str, Any], count: int, limit: int) -> tuple[list[Case], int]:
    """Return the cases of so many parameters of one kind, half of them required, and how many values were tried."""
    names = [f"p{number}" for number in range(count)]
    schema = {"type": "object", "properties": dict.fromkeys(names, part), "required": names[::2]}
    document = Document(schema)
    return list(cases_of(document, limit=limit)), document.effort


@pytest.mark.parametrize("kind", PARTS)
def test_a_parameter_adds_cases_and_work_linearly(kind):
    """Without a limit, from one parameter to sixty: never more than so many cases and tries for each that is added."""
    before, tried_before, count_before = 0, 0, 0
    for count in COUNTS:
        cases, tried = made(PARTS[kind], count, limit=100_000)
        added = count - count_before
        assert len(cases) - before <= MOST_CASES * added, count
        assert tried - tried_before <= MOST_TRIED * added, count
        before, tried_before, count_before = len(cases), tried, count


@pytest.mark.parametrize("kind", PARTS)
def test_sixty_parameters_share_the_limit(kind):
    """With the default limit every one of sixty parameters has cases of both labels."""
    cases, _ = made(PARTS[kind], 60, limit=1000)
    assert len(cases) <= 1000
    for label in ("valid", "invalid"):
        reached = {case.pointer.split("/")[1] for case in cases if case.label == label and case.pointer}
        assert reached >= {f"p{number}" for number in range(60)}, label
