"""A tool that only reads takes nothing away: what it answered it answers again."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

BOX = '''
box = {"a": 1, "b": 2, "c": 3}
calls = []
def peek(name: str = "a") -> int:
    """Look into the box."""
    if type(name) is not str: raise TypeError
    LOOK
'''
SPEC = "tools: {peek: {annotations: {read_only: true}, input: {type: object, properties: {name: {enum: [a, b, c]}}, required: [name]}}}\n"
TAKES = "refuses from then on"
LOOKS = [
    ("if name not in box: raise ValueError('nothing there')\n    return box.pop(name)", True),
    ("calls.append(name)\n    if calls.count(name) > 2: raise ValueError('nothing there')\n    return 1", True),
    ("return box[name]", False),
    ("calls.append(name)\n    if len(calls) > 3: raise ValueError('rate limit reached')\n    return box[name]", False),
    ("calls.append(name)\n    if len(calls) % 2: raise ValueError('not now')\n    return box[name]", False),
    ("calls.append(name)\n    if len(calls) > 3: raise ValueError('try again later')\n    return box[name]", False),
    ("if name == 'c': raise ValueError('c is nothing')\n    return box[name]", False),
]


@pytest.mark.parametrize(("look", "is_accused"), LOOKS)
def test_reading_takes_nothing_away(tmp_path: Path, look: str, is_accused: bool) -> None:
    """Refused by every further equal call; not what is asked too often, or refused now and then."""
    found = [
        line for line in findings_of(tmp_path, BOX.replace("LOOK", look), SPEC, check="read_only") if TAKES in line
    ]
    assert len(found) == is_accused
