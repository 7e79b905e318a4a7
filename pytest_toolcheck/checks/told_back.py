"""`told_back`: what an answer tells back under a parameter's own name is what was sent, where programs spoil it without notice.

An answer may tell another value: trimmed, rounded, capped, in another time zone. Looked for is what nobody means: the hour
of one offset beside another offset, a whole number beyond 2^53 that became a float's, letters that became question marks,
the default in the place of `false` or 0 (`notify or True`), a hundredth less (`int(19.99 * 100)`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..behaviour.leaves import leaves_of_outcome
from ..chains.roles import words_of
from ..parts import parts_of
from .base import Evidence, Finding, place_of, shorten
from .hundredths import lost_hundredth
from .moments import is_hour_moved, may_move_hours
from .violation import is_valid

_OF_NOUGHT: Final = re.compile(
    r"\b(?:zero|always|forced?|overrid\w*|falls? back|fallback|ignored|cannot|may be|default\w*|auto\w*|unlimited|none)\b"
    r"|(?<![\d.-])0(?![\d.])(?! ?(?:to|-|\u2013|and|\.\.))|\bfalse\b",
    re.IGNORECASE,
)
"""What says that these mean something of their own."""
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
    return _without_a_hundredth(evidence)


def _without_a_hundredth(evidence: Evidence) -> Finding | None:
    lost = lost_hundredth(evidence)
    if lost is None:
        return None
    name, sent, told = lost
    message = f"{evidence.tool.name} answers {told} where {name} is {sent}: one hundredth is lost"
    return Finding(
        "told_back", message, f"told_back {name} hundredth", f"what was sent ({place_of(evidence.tool, 'input')})"
    )


def _spoilt(evidence: Evidence, name: str, sent: Any, told: Any) -> str | None:
    if isinstance(sent, str) and isinstance(told, str):
        return _other_moment(evidence, sent, told) or _lost_letters(sent, told)
    part = parts_of(evidence.tool.input).get(name, {})
    return _rounded(part, sent, told) or _taken_for_left_out(evidence, name, part, told)


def _other_moment(evidence: Evidence, sent: str, told: str) -> str | None:
    """The same day and hour beside another offset are another moment, unless the tool is there for that."""
    names = (evidence.tool.name, *parts_of(evidence.tool.input))
    if not is_hour_moved(sent, told) or may_move_hours(names, " ".join(_told(evidence))):
        return None
    return "the hour of one offset beside another is another moment"


def _taken_for_left_out(evidence: Evidence, name: str, part: Mapping[str, Any], told: Any) -> str | None:
    """Where `false` or 0 was sent, and the default is told, while another number is told as it was sent."""
    given, default = evidence.case.input, part.get("default")
    is_other = default is True or (isinstance(default, int | float) and default > 1)
    is_nought = is_other and type(given[name]) is type(default) and given[name] in (False, 0)
    said = f"{evidence.about} {part.get('description', '')}"
    if (
        not is_nought
        or told != default
        or type(told) is not type(default)
        or evidence.retry is None
        or _OF_NOUGHT.search(said)
    ):
        return None
    others = [given[name]] if isinstance(default, bool) else [given[name], 1]
    for value in others:
        if not is_valid(evidence.tool.input or True, asked := {**given, name: value}):
            return None
        again = leaves_of_outcome(evidence.retry(asked))
        found = [leaf for place, leaf in again.items() if words_of(place.rpartition("/")[2]) == words_of(name)]
        if found != [value or default]:
            return None
    return "the default stands in for what was sent"


def _told(evidence: Evidence) -> Iterator[str]:
    yield from (str(part.get("description", "")) for part in parts_of(evidence.tool.input).values())


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
