"""Refusals that speak of how values stand to each other: vectors that differ in length, shares that do not add up.

No schema can say so, and the refusal need not name the parameters. Each number, choice or switch that is new in the
input must be accepted beside other values: else it is its own bound that is wrong, whatever the refusal says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from .base import Evidence, said_of
from .told_relation import accepted, changed_members, ends

_MOST_NEW, _MOST_CORNERS = 4, 8
_OF_ITEMS = re.compile(
    r"\b(?:differ(?:s|ent|ing)?|mismatch\w*|unequal|identical|distinct|overlap\w*|conflict\w*|contradict\w*|ragged|jagged"
    r"|same (?:length|size|number|count|shape|dimensions?|day|time|place|position|point)|equal (?:length|size|number)s?"
    r"|add(?:s|ed)? up|sum(?:s|med)?(?: up)? to|(?:non-?)?singular|invertible|square matri\w+|(?:be|is|not) (?:square|rectangular)"
    r"|ascending|descending|(?:un)?sorted|in order|(?:in|de)creasing|monotonic\w*|collinear|degenerate|all (?:be )?(?:zero|equal)"
    r"|(?:each|every|one) \w+ (?:\w+ )?(?:needs?|per|for (?:each|every))|twice|duplicates?|circle|circular|cycl\w+)\b",
    re.IGNORECASE,
)
"""What is said of the items of an array, or of two arrays."""
_OF_VALUES = re.compile(
    rf"{_OF_ITEMS.pattern}|\b(?:same|incompatible|together|combin\w+|mutually|total|divisible|divided|evenly|triangles?|roots?"
    r"|parallel|vertical|insufficient|enough|than there (?:is|are)|there (?:is|are) (?:only|no|\d+)|outside|beyond|past|exceed\w*|leaves?"
    r"|other than|another|(?:not|never) (?:be )?(?:equal|alike)"
    r"|at least one(?: of)?|nothing to|too (?:large|big|small|far|many|few|long|short)|equations?"
    r"|th(?:is|ese|e) \w+ allows?|after|before|below|above|impossible|physical\w*)\b",
    re.IGNORECASE,
)
"""What is said of numbers, choices and switches; each is asked about beside other values."""


def speaks_of_a_relation(evidence: Evidence) -> bool:
    """Whether a refusal speaks of how values stand to each other, and none of the new ones is refused by itself."""
    value, said = evidence.case.input, said_of(evidence)
    if not isinstance(value, Mapping) or not evidence.known_good or not _OF_VALUES.search(said):
        return False
    good = evidence.known_good[-1]
    of_items = _OF_ITEMS.search(said) is not None
    if not of_items and len(value) < 2:
        return False
    new = [name for name in value if name not in good or good[name] != value[name]]
    return all(
        (of_items and isinstance(value[name], list | dict)) or _is_taken_elsewhere(evidence, name)
        for name in new[:_MOST_NEW]
    )


def _is_taken_elsewhere(evidence: Evidence, name: str) -> bool:
    """Whether the value is accepted beside others than those that stand beside it."""
    return any(accepted(evidence, other) for other in _beside_others(evidence, name))


def _beside_others(evidence: Evidence, name: str) -> Iterator[dict[str, Any]]:
    value, schema = evidence.case.input, evidence.tool.input
    parts = schema.get("properties", {}) if isinstance(schema, dict) else {}
    yield from ({**good, name: value[name]} for good in evidence.known_good if name in good)
    known = [good[name] for good in evidence.known_good[-1:] if name in good]
    yield from ({**value, other: each} for each in known for other in value if other != name)  # the two exchanged
    others = {other: [*ends(parts.get(other))] for other in value if other != name}
    for at in (0, -1):
        yield {**value, **{other: found[at] for other, found in others.items() if found}}
    both = {other: found for other, found in others.items() if len(found) > 1}
    for chosen in islice(product(*both.values()), _MOST_CORNERS):  # many rows on small pages
        yield {**value, **dict(zip(both, chosen, strict=True))}
    for other in others:
        yield from changed_members(value, other, parts.get(other))
        yield from ({**value, other: moved} for moved in _moved(value[other], parts.get(other)))


def _moved(inner: Any, part: Any) -> Iterator[dict[str, Any]]:
    """Yield an object with one number of it at either of its bounds: another point."""
    properties = part.get("properties") if isinstance(part, dict) else None
    if isinstance(inner, Mapping) and isinstance(properties, dict):
        yield from ({**inner, name: end} for name in inner for end in ends(properties.get(name)))
