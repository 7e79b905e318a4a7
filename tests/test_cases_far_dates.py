"""Dates that only prose asks for: one to come and one long past are tried, so that ranges are reversed and births not yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.cases.near_told import far_dates, near_forms

from .behaviour_lab import findings_of

TOOL = '''
import datetime
def book(start: str, end: str = "2024-02-10") -> int:
    """Book from start to end (YYYY-MM-DD)."""
    try: first, last = datetime.date.fromisoformat(start), datetime.date.fromisoformat(end)
    except (TypeError, ValueError): raise ValueError("dates are YYYY-MM-DD") from None
    BODY
    return abs((last - first).days)
'''
FAULTY = ["if first > datetime.date.today(): raise KeyError", "return [1, 2][last < first]() if last < first else 1"]
CORRECT = [
    "pass",
    "if last < first: raise ValueError('the end is before the start')",
    "if first > datetime.date.today(): raise ValueError('that is to come')",
    "if first.year < 1970: raise ValueError('long past')",
    "if last < first: first, last = last, first",
]


@pytest.mark.parametrize("body", [*FAULTY, *CORRECT])
def test_dates_to_come_and_long_past_are_tried(tmp_path: Path, body: str) -> None:
    """Who breaks on them is found; who refuses them, or takes them, is not."""
    spec = "tools: {book: {variations: {categories: [enum, pattern]}}}\n"
    found = findings_of(tmp_path, TOOL.replace("BODY", body), spec, cases=True, room=lambda _: ())
    assert bool(found) == (body in FAULTY), found
    assert all(": no_crash: " in line for line in found)


@pytest.mark.parametrize(
    ("text", "far"),
    [
        ("2024-01-31", ["2999-01-31", "1900-01-31"]),
        ("2024/01/31", ["2999/01/31", "1900/01/31"]),
        ("2024-01-31T12:30:00Z", ["2999-01-31T12:30:00Z", "1900-01-31T12:30:00Z"]),
        ("2024-02-29", []),
        ("2024-13-01", []),
        ("31.01.2024", []),
        ("1-5", []),
    ],
)
def test_a_date_has_others_far_away(text: str, far: list[str]) -> None:
    """In the same form; not of what is no day in every year."""
    assert far_dates(text) == far
    assert near_forms(text)[: len(far)] == far
