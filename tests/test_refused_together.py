"""What is allowed alone and makes no sense together may be refused: no tool is accused of that."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_toolcheck.checks.together import may_be_refused_together

from .specs import run, write_tool

ORDERED = {"low": 1, "high": 5, "n": 2}


@pytest.mark.parametrize(
    ("value", "good", "may"),
    [
        ({"low": 7, "high": 5}, {"low": 1, "high": 5}, True),
        ({"low": 5, "high": 5}, {"low": 1, "high": 5}, True),
        ({"low": 5, "high": 5}, {"low": 0, "high": 0}, False),
        ({"low": 7, "high": 5}, {"low": 6, "high": 5}, False),
        ({"low": 7, "high": 5}, {"low": 0, "high": 0}, True),
        ({"low": 5, "high": 5}, {"low": 6, "high": 5}, False),
        ({"spans": [{"start": 1, "end": 0}]}, {"spans": [{"start": 0, "end": 0}]}, True),
        ({"low": 1, "high": 5}, {"low": 1, "high": 5}, False),
        ({"min_price": 9, "max_price": 1}, {}, True),
        ({"minPrice": 9, "maxPrice": 1}, {}, True),
        ({"minPrice": 9, "max_stock": 1}, {}, False),
        ({"start": "2024-02-01", "end": "2024-01-01"}, {}, True),
        ({"from_row": True, "to_row": False}, {}, False),
        ({"range": {"from": 3, "to": 1}}, {}, True),
        ({"ranges": [{"from": 1, "to": 3}, {"from": 3, "to": 1}]}, {}, True),
        ({"year": 2023, "month": 2, "day": 29}, {}, True),
        ({"year": 2024, "month": 2, "day": 29}, {}, False),
        ({"month": 4, "day": 31}, {}, True),
        ({"day": 31}, {}, False),
        ({"birth_year": 2023, "birth_month": 2, "birth_day": 30}, {}, True),
    ],
)
def test_what_belongs_together_by_name(value: dict[str, Any], good: dict[str, Any], may: bool) -> None:
    """Reversed ends and days that no month has; a known-good input that is like that shows that the tool takes it."""
    assert may_be_refused_together(value, [good] if good else []) is may


CODE = '''
from typing import Annotated
from pydantic import Field

Price = Annotated[int, Field(ge=0, le=99)]

def search(min_price: Price, max_price: Price) -> list[int]:
    """Search by price."""
    for value in (min_price, max_price):
        if type(value) is not int or not 0 <= value <= MOST: raise ValueError("a price is 0 to 99")
    if min_price > max_price: raise ValueError("min_price must not be above max_price")
    return [min_price, max_price]
'''


@pytest.mark.parametrize(("most", "failed"), [(99, False), (98, True)])
def test_a_range_that_is_upside_down_accuses_nobody(pytester: pytest.Pytester, most: int, failed: bool) -> None:
    """The correct tool passes; one that refuses the highest price is found by a range that is in order."""
    write_tool(pytester, CODE.replace("MOST", str(most)), "defaults: {variations: {fuzz: 0}}\n")
    result = run(pytester, "--toolcheck-log=off")
    assert bool(result.parseoutcomes().get("failed")) is failed
    if failed:
        result.stdout.fnmatch_lines(["*accepts_valid: search refused a valid input *: a price is 0 to 99"])
