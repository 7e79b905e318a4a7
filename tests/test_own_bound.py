"""A refusal that asks for what the value is contradicts itself; one that asks for more, or of something else, accuses nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.checks.own_bound import told_bound

from .behaviour_lab import findings_of

KEPT: list[tuple[str, str, Any]] = [
    ("number: expected a whole number from 0", "number", 7),
    ("quantity must be at least 0", "quantity", 5),
    ("Quantity must be greater than zero.", "quantity", 5),
    ("quantity must be >= 0, got 5", "quantity", 5),
    ("Error executing tool f: count must be between 1 and 100", "count", 50),
    ('{"detail": "max results must be at most 50"}', "max_results", 5),
    ('{"error": {"code": "bad_request", "message": "maxResults must not exceed 50"}}', "maxResults", 5),
    ("n must not be negative", "n", 1),
    ("n must be a positive integer", "n", 1),
    ("n should be 1..10 (inclusive)", "n", 5),
    ("ValueError: 'n' must be at least 1 and at most 10", "n", 5),
    ("n cannot be less than 1", "n", 2),
    ("n must be 1 or more", "n", 2),
    ("name must be at least 3 characters long", "name", "abcde"),
    ("name must not be empty", "name", "a"),
    ("tags must have at most 5 items", "tags", ["a"]),
]
NOT_KEPT: list[tuple[str, str, Any]] = [
    ("quantity must be at least 0", "quantity", -1),
    ("quantity must be at least 0", "quantity", 0),  # at an end, which may be outside
    ("n must be between 1 and 10", "n", 10),
    ("n must be between 10 and 1", "n", 5),
    ("n must be positive, got 0", "n", 4),  # of another one
    ("n must be at least 1", "n", 2.5),
    ("n must be at least 1", "n", True),
    ("n must be at least 1", "n", 2**63),
    ("balance must be at least 0", "amount", 5),
    ("number of seats must be at least 0", "number", 4),
    ("word count must be at least 3", "count", 5),
    ("quantity must be at least 10 in total", "quantity", 20),
    ("duration must be at least 1 second", "duration", 500),
    ("pin must be at least 4 digits", "pin", 12345),
    ("n must be at least 3 when mode is fast", "n", 5),
    ("n must be at least 1; sku is unknown", "n", 4),
    ('{"errors": ["n must be at least 1", "sku is not one of these"]}', "n", 4),
    ("n must be at least 1,000", "n", 5),
    ("n must be at most 10%", "n", 5),
    ("n must be less than m", "n", 5),
    ("n must be an even number", "n", 5),
    ("n must be a number", "n", 5),
    ("n is less than 10", "n", 5),  # what is wrong, and no bound
    ("name must be at least 3 characters", "name", "   ab"),
    ("tags must have at least 2 items", "tags", ["a", "a", "a"]),
]
ORDER = """
TOTAL = [0]
def order(quantity, pack=1):
    if type(quantity) is not int or type(pack) is not int: raise TypeError("whole numbers")
    if quantity < 0 or pack < 1: raise ValueError("quantity must be at least 0, pack at least 1")
    BODY
    return {"total": quantity * pack}
"""
BODIES = [
    ("if quantity not in (0, 1): raise ValueError('quantity must be at least 0')", True),
    ("if quantity > 1: raise ValueError('quantity must be at least 0 packs of what is there')", False),
    ("if quantity > 1: raise ValueError('there are no more')", False),
    ("if quantity * pack > 20: raise ValueError('total must be at most 20')", False),
    ("if pack > 1 and quantity > 1: raise ValueError('quantity must be at most 20')", False),  # beside another one
    (
        "TOTAL[0] += quantity\n    if TOTAL[0] > 99999: raise ValueError('quantity must be at most 99999')",
        False,  # what was called before decides
    ),
]
SPEC = """
tools:
  order:
    input: {type: object, properties: {quantity: {type: integer, minimum: 0}, pack: {type: integer, minimum: 1}}, required: [quantity]}
"""


def test_bounds_that_a_value_keeps() -> None:
    """Only a whole sentence about this one parameter is read, and the value lies inside what it asks for."""
    assert [each for each in KEPT if told_bound(*each) is None] == []
    assert [each for each in NOT_KEPT if told_bound(*each) is not None] == []


@pytest.mark.parametrize(("body", "is_wrong"), BODIES)
def test_a_refusal_that_contradicts_itself(tmp_path: Path, body: str, is_wrong: bool) -> None:
    """Said of 5, `quantity must be at least 0` is found; of sums, other parameters and earlier calls a tool may complain."""
    found = findings_of(tmp_path, ORDER.replace("BODY", body), SPEC, cases=True)
    found = [line for line in found if "accepts_valid" in line]
    assert bool(found) == is_wrong, found
    assert not is_wrong or "quantity must be at least 0" in found[0]
