"""What Python refuses to make out of values that are allowed: `int("1.5")` of an amount, the hour 24 of a sum of minutes.

Texts may be refused in these words where a schema leaves them open. Where a pattern spells out what may stand there, or
where each value is accepted by itself, it is the code that went wrong.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ..parts import part_of
from .base import Evidence, said_of, shorten
from .violation import is_valid

_CONVERTED: Final = re.compile(
    r"^(?:invalid literal for int\(\) with base \d+|could not convert string to float): (['\"])(?P<text>.+)\1$",
    re.DOTALL,
)
_DECIMAL: Final = re.compile(r"[-+]?\d+\.\d+", re.ASCII)
_SPELLS_OUT: Final = re.compile(r"\)\?|\||\)\{0,")
"""An optional part or a choice: whoever writes one means texts with it and texts without it."""
_NO_TIME: Final = re.compile(
    r"(?:^|: )(?:hour must be in 0\.\.23|(?:minute|second) must be in 0\.\.59|month must be in 1\.\.12)(?:, not -?\d+)?$"
)
_PARTS: Final = re.compile(r"hour|minute|second|month|date|day|year|time", re.IGNORECASE)
_MOST_CHANGED: Final = 4


def is_allowed_by_its_pattern(evidence: Evidence, said: str) -> bool:
    """Whether Python's word on a text that it could not convert is on one that a pattern, with its parts, spells out."""
    found = _CONVERTED.match(said.strip())
    given = evidence.case.input
    if found is None or not isinstance(given, dict):
        return False
    return any(
        isinstance(value, str)
        and found["text"] in value
        and _spells_out(part_of(evidence.tool.input, name), found["text"])
        for name, value in given.items()
    )


def _spells_out(part: dict[str, Any], text: str) -> bool:
    pattern = part.get("pattern")
    if not isinstance(pattern, str) or not (pattern.startswith("^") and pattern.endswith("$")):
        return False
    return bool(_SPELLS_OUT.search(pattern)) or _DECIMAL.fullmatch(text) is not None


def refuses_a_time_it_made(evidence: Evidence) -> str | None:
    """Return the promise that is broken where values make no time together, and each is accepted beside a known-good input.

    Not where a caller may give the parts of a time himself: hour 23 and minute 60 are his affair.
    """
    given, schema = evidence.case.input, evidence.tool.input
    if not isinstance(given, dict) or not isinstance(schema, dict) or evidence.retry is None:
        return None
    numbers = [name for name, value in given.items() if isinstance(value, int | float)]
    if not _NO_TIME.search(said_of(evidence).strip()) or any(name in _named_parts(schema) for name in numbers):
        return None
    for good in evidence.known_good:
        changed = [name for name in given if name not in good or good[name] != given[name]]
        alone = [{**good, name: given[name]} for name in changed]
        if not 1 < len(changed) <= _MOST_CHANGED or not all(is_valid(schema, each) for each in alone):
            continue
        if all(evidence.retry(each).kind == "accepted" for each in alone):
            return (
                f"each value is accepted beside a known-good input: {shorten(alone[0], 100)}, {shorten(alone[1], 100)}"
            )
    return None


def _named_parts(schema: dict[str, Any]) -> set[str]:
    """Return the numbers that are an hour or a month by name, and none of so many hours: `hour`, not `hours`."""
    return {name for name in schema.get("properties", {}) if _PARTS.search(name) and not name.lower().endswith("s")}
