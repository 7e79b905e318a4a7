"""`filters`: two filters that hold alone and not together are found; what is said of one that wins, or of either, accuses nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

ROWS = """
ROWS = [{'id': n, 'kind': ['bug', 'idea'][n % 2], 'state': ['open', 'shut', 'open'][n % 3], 'year': 1990 + n % 4} for n in range(12)]
"""
BOTH = "return [r for r in ROWS if kind in (None, r['kind']) and state in (None, r['state']) and year in (None, r['year'])]"
FIRST_WINS = "if kind: return [r for r in ROWS if r['kind'] == kind]\n    " + BOTH
EITHER = "if kind and state: return [r for r in ROWS if r['kind'] == kind or r['state'] == state]\n    " + BOTH
NONE = "if kind and state: return []\n    " + BOTH
YEAR = "if kind and year: return [r for r in ROWS if r['kind'] == kind or r['year'] == year]\n    " + BOTH
CASES = [
    (BOTH, "Tickets by kind and state.", None),
    (FIRST_WINS, "Tickets by kind and state.", "of another state"),
    (FIRST_WINS, "Tickets of a kind, or else in a state.", None),
    (FIRST_WINS, "Tickets by kind and state; where a kind is given, state is ignored.", None),
    (EITHER, "Tickets by kind and state.", "of another"),
    (EITHER, "Tickets of this kind or in this state.", None),
    (NONE, "Tickets by kind and state.", "lists no rows where"),
    (YEAR, "Tickets.", "year is"),
    ("if kind and state: raise ValueError('one filter at a time')\n    " + BOTH, "Tickets.", None),
    (BOTH.replace("[r", "[r", 1).replace("]\n", "]") + "[:2]", "Tickets.", None),
    ("return [r for r in ROWS if kind in (None, r['kind'])]", "Tickets, with their state.", None),  # state is no filter
    (f"rows = (lambda: [r for r in ROWS if kind in (None, r['kind'])])()\n    ROWS.reverse()\n    {BOTH}", "Tickets.", None),
]  # fmt: skip


@pytest.mark.parametrize(("body", "said", "told"), CASES)
def test_two_filters_hold_together(tmp_path: Path, body: str, said: str, told: str | None) -> None:
    """The evidence is what each of the two lists alone."""
    code = f'{ROWS}\ndef list_tickets(kind=None, state=None, year=None):\n    """{said}"""\n    {body}\n'
    found = findings_of(tmp_path, code, SPEC)
    assert len(found) == (told is not None), found
    assert told is None or (": filters: " in found[0] and told in found[0])


@pytest.mark.parametrize("said", ["of this year", "at least one of kind and year holds"])
def test_what_is_said_of_a_whole_number_is_believed(tmp_path: Path, said: str) -> None:
    """A year that is said to hold beside the kind or without it is no filter that has to hold together with it."""
    code = f"{ROWS}\ndef list_tickets(kind=None, state=None, year=None):\n    {YEAR}\n"
    spec = SPEC.replace("year: {type: integer}", f"year: {{type: integer, description: {said}}}")
    assert len(findings_of(tmp_path, code, spec)) == (said == "of this year")


SPEC = """
tools:
  list_tickets:
    input:
      type: object
      properties: {kind: {enum: [bug, idea]}, state: {enum: [open, shut]}, year: {type: integer}}
      additionalProperties: false
    variations: {categories: [repeat]}
"""
