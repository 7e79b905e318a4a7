"""Texts that a pattern spells out and Python cannot convert, and times that code made of allowed values, are the code's fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

AMOUNT = r"^[0-9]{1,6}(\.[0-9]{1,2})?$"
VERSION = r"^[0-9]{1,3}\.[0-9]{1,3}(-[a-z]{1,8})?$"
TEXTS = [
    (AMOUNT, "return int(text)", "invalid literal for int()"),
    (AMOUNT, "return round(float(text) * 100)", None),
    (AMOUNT, "if '.' in text: raise ValueError('whole amounts only')\n    return int(text)", None),
    (VERSION, "major, minor = (int(part) for part in text.split('.'))\n    return minor", "invalid literal for int()"),
    (VERSION, "major, minor = (int(part) for part in text.split('-')[0].split('.'))\n    return minor", None),
    ("^[0-9a-z]{1,8}$", "return int(text)", None),  # ids of which only some are known
    ("[0-9]+|none", "return int(text)", None),  # says nothing of the rest of the text
    (r"^\S{1,20}$", "return float(text)", None),
]
CLOCK = """
from datetime import time
def ends_at(start, minutes=30, limit=100000):
    if type(minutes) is not int or type(limit) is not int: raise TypeError("whole numbers")
    hour, minute = map(int, start.split(":"))
    total = hour * 60 + minute + minutes
    BODY
"""
SUM = "return time(total // 60, total % 60).isoformat()"
BODIES = [
    (SUM, "hour must be in 0..23"),
    (SUM.replace("// 60", "// 60 % 24"), None),
    (f"if total >= 1440: raise ValueError('ends on another day')\n    {SUM}", None),
    (SUM.replace("total // 60, total % 60", "hour, minute"), None),
]


@pytest.mark.parametrize(("pattern", "body", "told"), TEXTS)
def test_what_a_pattern_spells_out_is_converted(tmp_path: Path, pattern: str, body: str, told: str | None) -> None:
    """Python's own word on an optional part is a crash; of loose patterns, and in the tool's words, it is a refusal."""
    code = f"def parse(text):\n    if type(text) is not str: raise TypeError('a text')\n    {body}\n"
    found = findings_of(
        tmp_path, code, _spec("parse", f"text: {{type: string, pattern: '{pattern}'}}", "text"), cases=True
    )
    found = [line for line in found if "valid_call" not in line and "rejects_invalid" not in line]
    assert bool(found) == (told is not None), found
    assert told is None or (": no_crash: " in found[0] and told in found[0])


@pytest.mark.parametrize(("body", "told"), BODIES)
def test_a_time_that_code_made_of_allowed_values_is_its_fault(tmp_path: Path, body: str, told: str | None) -> None:
    """Each value is accepted alone; what the tool refuses in its own words, and texts that are no time, accuse nobody."""
    start = "start: {type: string, pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$'}"
    properties = f"{start}, minutes: {{type: integer, minimum: 1, maximum: 720}}"
    found = findings_of(tmp_path, CLOCK.replace("BODY", body), _spec("ends_at", properties, "start"), cases=True)
    found = [line for line in found if "rejects_invalid" not in line]
    assert bool(found) == (told is not None), found
    assert told is None or (": accepts_valid: " in found[0] and told in found[0])


def _spec(tool: str, properties: str, required: str) -> str:
    return f"""
tools:
  {tool}:
    input: {{type: object, properties: {{{properties}}}, required: [{required}], additionalProperties: false}}
    variations: {{categories: [optional, boundary, pattern, combination]}}
"""
