"""Parameters that do not go together, as the refusal says: 98 chosen of 5, a quality for what is no JPEG.

The refusal names two parameters, or choices of theirs, and either of them changed alone is accepted: then neither has
a wrong bound. Where only one of the two makes a difference, the refusal is that one's affair, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .base import Evidence, said_of
from .violation import is_valid

_MOST_CHOICES = 6


def says_what_clashes(evidence: Evidence) -> bool:
    """Whether two named parameters are refused together, and each is accepted with the other changed."""
    value, schema = evidence.case.input, evidence.tool.input
    if evidence.retry is None or not isinstance(value, Mapping) or not isinstance(schema, dict):
        return False
    properties, said = schema.get("properties"), said_of(evidence)
    parts = properties if isinstance(properties, dict) else {}
    named = [name for name in value if any(_stands_in(said, word) for word in _words_for(name, parts.get(name)))]
    if not 1 < len(named) <= _MOST_CHOICES:
        return False
    return (
        sum(any(accepted(evidence, other) for other in changed_members(value, name, parts.get(name))) for name in named)
        > 1
    )


def _stands_in(said: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) is not None


def _words_for(name: str, part: Any) -> Iterator[str]:
    yield name
    yield from (member for member in _members(part) if isinstance(member, str) and member)


def _members(part: Any) -> list[Any]:
    members = part.get("enum") if isinstance(part, dict) else None
    return members if isinstance(members, list) else []


def changed_members(value: Mapping[str, Any], name: str, part: Any) -> Iterator[dict[str, Any]]:
    """Yield the input with another value of one parameter: at its ends, another choice, or without it."""
    options = _members(part)[:_MOST_CHOICES] if _members(part) else [*ends(part)]
    options += [not value[name]] if isinstance(value[name], bool) else []
    yield from ({**value, name: option} for option in options if option != value[name])
    yield {key: inner for key, inner in value.items() if key != name}


def ends(part: Any) -> Iterator[int | float]:
    """Yield the bounds of a number, the upper one first."""
    branches = [part, *(part.get("anyOf") or ())] if isinstance(part, dict) else []
    for keyword in ("maximum", "minimum"):
        for branch in branches:
            end = branch.get(keyword) if isinstance(branch, dict) else None
            if isinstance(end, int | float):
                yield end


def accepted(evidence: Evidence, value: dict[str, Any]) -> bool:
    """Whether a valid input is accepted when the tool is called with it."""
    is_allowed = is_valid(evidence.tool.input if evidence.tool.input is not None else True, value)
    return is_allowed and evidence.retry is not None and evidence.retry(value).kind == "accepted"
