"""`told_back`: what an answer tells back under a parameter's own name is what was sent, where programs spoil it without notice.

An answer may tell another value: trimmed, rounded, capped, in another time zone. Looked for is what nobody means: the hour
of one offset beside another offset, a whole number beyond 2^53 that became a float's, letters that became question marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..behaviour.leaves import leaves_of_outcome
from ..chains.roles import words_of
from ..parts import parts_of
from .base import Evidence, Finding, place_of, shorten

_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|z|[+-]\d\d:?\d\d)", re.ASCII)
_ZONE: Final = re.compile(r"zone|tz|offset|locale|region|country|city|place", re.IGNORECASE)
"""Who is told a zone beside may keep the hour and put that zone to it."""
_KEEPS_HOURS: Final = re.compile(
    r"\b(?:wall|local|naive|replac\w*|ignor\w*|drop\w*|strip\w*|time ?zones?|offsets?)\b", re.IGNORECASE
)
_EXACT: Final = 2**53
_CODECS: Final = ("ascii", "latin-1", "cp1252")


def told_back(evidence: Evidence) -> Finding | None:
    """Fail where the answer to a valid input shows a value spoilt that it shows under the parameter's name."""
    sent = evidence.case.input
    if evidence.case.label != "valid" or evidence.outcome.kind != "accepted" or not isinstance(sent, Mapping):
        return None
    leaves = leaves_of_outcome(evidence.outcome)
    for name, value in sent.items():
        found = [leaf for place, leaf in leaves.items() if words_of(place.rpartition("/")[2]) == words_of(name)]
        if len(found) == 1 and found[0] != value and (what := _spoilt(evidence, name, value, found[0])) is not None:
            message = f"{evidence.tool.name} tells {name} {shorten(value, 60)} back as {shorten(found[0], 60)}: {what}"
            return Finding(
                "told_back", message, f"told_back {name} {what}", f"what was sent ({place_of(evidence.tool, 'input')})"
            )
    return None


def _spoilt(evidence: Evidence, name: str, sent: Any, told: Any) -> str | None:
    if isinstance(sent, str) and isinstance(told, str):
        return _other_moment(evidence, sent, told) or _lost_letters(sent, told)
    return _rounded(parts_of(evidence.tool.input).get(name, {}), sent, told)


def _other_moment(evidence: Evidence, sent: str, told: str) -> str | None:
    """The same day and hour beside another offset are another moment, unless the tool is there for that."""
    one, other = _MOMENT.fullmatch(sent), _MOMENT.fullmatch(told)
    if one is None or other is None or one.groups()[:2] != other.groups()[:2]:
        return None
    names = (evidence.tool.name, *parts_of(evidence.tool.input))
    says_so = _KEEPS_HOURS.search(" ".join(_told(evidence))) is not None
    if _minutes(one[3]) == _minutes(other[3]) or says_so or any(_ZONE.search(name) for name in names):
        return None
    return "the hour of one offset beside another is another moment"


def _told(evidence: Evidence) -> Iterator[str]:
    yield from (str(part.get("description", "")) for part in parts_of(evidence.tool.input).values())


def _minutes(offset: str) -> int:
    if offset in "Zz":
        return 0
    digits = offset.replace(":", "")
    return int(digits[0] + "1") * (int(digits[1:3]) * 60 + int(digits[3:5]))


def _lost_letters(sent: str, told: str) -> str | None:
    made = {sent.encode(codec, "replace").decode(codec) for codec in _CODECS}
    return "letters became question marks" if "?" in told and told in made else None


def _rounded(part: Mapping[str, Any], sent: Any, told: Any) -> str | None:
    """Where the schema says how large a number may be, its programs can hold that."""
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in (sent, told)) or not isinstance(
        sent, int
    ):
        return None
    largest = part.get("maximum", 0)
    is_promised = isinstance(largest, int) and largest >= abs(sent) > _EXACT
    return "a whole number was made a float" if is_promised and told == float(sent) else None
