"""A moment is read as that moment, in whichever time zone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.lifecycle import chain_scenarios

from .behaviour_lab import findings_of

EVENTS = '''
from datetime import datetime, timezone
from typing import Annotated
from pydantic import Field
kept = {}
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
def create_event(title: str, start: Moment) -> dict:
    """Create an event."""
    moment = datetime.fromisoformat(start.upper().replace("Z", "+00:00"))
    if moment.tzinfo is None: raise ValueError("an offset is missing")
    kept[len(kept) + 1] = {"title": title, "start": moment.MADE.isoformat()}
    return {"id": len(kept)}
def get_event(id: int) -> dict:
    """Get an event."""
    if id not in kept: raise ValueError("no such event")
    return {"id": id, **kept[id]}
'''
WRONG = "replace(tzinfo=timezone.utc)"


@pytest.mark.parametrize(
    ("made", "is_found"),
    [
        (WRONG, True),
        ("astimezone(timezone.utc)", False),
        ("astimezone()", False),
        ("replace(second=0)", False),
        ("replace(tzinfo=None)", False),
        ("replace(hour=0, minute=0, tzinfo=timezone.utc)", False),
    ],
)
def test_the_hour_beside_another_offset_is_another_moment(tmp_path: Path, made: str, is_found: bool) -> None:
    """What is told in another zone, without one, or as the beginning of its day, was meant so."""
    found = findings_of(tmp_path, EVENTS.replace("MADE", made), "", room=chain_scenarios)
    assert len(found) == is_found, found
    assert not found or "12:30:00+00:00 where create_event was given 2031-07-15T12:30:00+05:30" in found[0]


@pytest.mark.parametrize("year", [2031, 2021])
def test_a_moment_to_come_or_one_long_past_is_enough(tmp_path: Path, year: int) -> None:
    """A tool that refuses one of the two is judged by the other."""
    only = f'if moment.year != {year} and "05:30" in start: raise ValueError("not then")'
    code = EVENTS.replace("MADE", WRONG).replace("    kept[len", f"    {only}\n    kept[len")
    [found] = findings_of(tmp_path, code, "", room=chain_scenarios)
    assert f"given {year}-07-15T12:30:00+05:30" in found


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("Create an event.", "Create an event; the offset is ignored, the hour counts."),
        ("start: Moment", "start: Moment, zone: str = 'UTC'"),
        ("Get an event.", "Get an event, in local time."),
    ],
)
def test_zones_that_somebody_speaks_of(tmp_path: Path, wanted: str, made: str) -> None:
    """Whoever says that the hour is kept may keep it."""
    code = EVENTS.replace("MADE", WRONG)
    assert wanted in code
    assert findings_of(tmp_path, code.replace(wanted, made), "", room=chain_scenarios) == []
