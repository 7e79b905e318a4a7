"""Each value that a thing may be given is the one that is read; one that means another, or has another name, accuses nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.lifecycle import chain_scenarios

from .behaviour_lab import findings_of

EVENTS = '''
import itertools
from typing import Annotated, Literal
from pydantic import Field
kept, ids = {}, itertools.count(1)
Start = Annotated[int, Field(ge=0, le=1439, description="minute of the day")]
Colour = Literal["red", "green", "blue", "auto"]
def add_event(title: str, start: Start = 540, colour: Colour = "blue", tags: list[str] = []) -> dict:
    """Put it in."""
    KEEP
    kept[key := f"ev{next(ids)}"] = {"title": title, "start": start, "colour": colour, "tags": tags}
    return {"event_id": key}
def get_event(event_id: str) -> dict:
    if event_id not in kept: raise ValueError(f"no event {event_id}")
    return {"event_id": event_id, **kept[event_id]}
'''
FAULTY = {
    "nought": ("start = start or 540", "add_event was given start 0, and get_event answers 540"),
    "the largest": ("start = min(start, 1438)", "add_event was given start 1439, and get_event answers 1438"),
    "a member": (
        'colour = "red" if colour == "green" else colour',
        "add_event was given colour green, and get_event answers red",
    ),
    "a list of all": (
        "ALL.extend(tags); tags = ALL",
        "get_event shows in tags of one thing what add_event was given for another",
    ),
    "a list for the next": ("tags = tags or ALL; ALL[:] = tags", "get_event shows in tags of one thing what"),
}
ALIAS = EVENTS.replace('"red", "green"', '"gray", "grey"')
CORRECT = {
    "plain": (EVENTS, ""),
    "asks for one": (EVENTS, 'colour = "blue" if colour == "auto" else colour'),
    "another name": (ALIAS, 'colour = "gray" if colour == "grey" else colour'),
    "told": (EVENTS.replace("minute of the day", "minute of the day; 0: unset"), "start = start or 540"),
    "told of the tool": (
        EVENTS.replace("Put it in.", "Put it in; what is too late is clamped."),
        "start = min(start, 1438)",
    ),
    "a place among few": (EVENTS.replace("start", "position"), "position = min(position, 700)"),
    "all alike": (EVENTS, "start = 540"),
    "usual tags": (EVENTS, 'tags = [*tags, "all"]'),
}


def _in(folder: Path, code: str, keep: str) -> list[str]:
    return findings_of(
        folder, code.replace("KEEP", keep).replace("kept, ids =", "ALL, kept, ids = [],"), "", room=chain_scenarios
    )


@pytest.mark.parametrize("name", FAULTY)
def test_one_value_that_becomes_another(name: str, tmp_path: Path) -> None:
    """Where others are kept."""
    keep, told = FAULTY[name]
    [found] = _in(tmp_path, EVENTS, keep)
    assert told in found


@pytest.mark.parametrize("name", CORRECT)
def test_values_that_are_meant_to(name: str, tmp_path: Path) -> None:
    """Names of one thing, what asks for another, what is told, what nobody shows to be kept."""
    assert [each for each in _in(tmp_path, *CORRECT[name]) if name != "all alike" or "whatever" not in each] == []
