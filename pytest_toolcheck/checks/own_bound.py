"""A refusal whose own bound the refused value keeps: `quantity must be at least 0`, said of 5.

A number without both bounds, or a text, may be refused for reasons that no schema states, but then the refusal says which.
Only whole sentences are read that name one parameter and its bounds, and nothing else: no unit, sum, condition or second
reason. The value has to lie inside the bounds, not on them: words leave open whether an end belongs to a range.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from ..chains.roles import may_use_up
from ..json_copy import leaves
from .base import Evidence, as_json, said_of, shorten

_NUMBER: Final = r"(?:-?\d+(?:\.\d+)?(?!\w|[.,]\d)|zero\b)"
_LOW: Final = (
    r"(?:(?:at least|not? (?:less|fewer|smaller|lower) than|(?:greater|more|larger|higher) than(?: or equal to)?"
    rf"|above|over|from|>=?|≥) ?(?P<low>{_NUMBER})|(?P<or_more>{_NUMBER}) or (?:more|greater|above|higher|over))"
)
_HIGH: Final = (
    r"(?:(?:at most|not? (?:more|greater|larger|higher) than|(?:less|fewer|smaller|lower) than(?: or equal to)?"
    rf"|below|under|up to|<=?|≤) ?(?P<high>{_NUMBER})|(?P<or_less>{_NUMBER}) or (?:less|fewer|below|lower))"
)
_BETWEEN: Final = (
    rf"(?:between|from|(?:with)?in(?: the)?(?: range)?(?: of)?)? ?[\[(]?(?P<first>{_NUMBER}) ?(?:to|and|-|–|\.\.\.?) ?(?P<last>{_NUMBER})"
    r"[\])]?(?:,? ?\(?inclusive\)?)?"
)
_WITHOUT_NUMBERS: Final = (
    r"(?:an? )?(?:(?P<positive>positive)|(?P<no_less>non-?negative|not negative))"
    r"(?: (?:whole )?(?:number|integer|int|value))?"
)
_KIND: Final = r"(?:(?:an? )?(?:whole )?(?:numbers?|integers?|ints?|values?) )?"
_UNIT: Final = r"(?: (?:(?P<signs>char(?:acter)?s?)|(?P<items>items?|elements?|entries))(?: long)?)?"
_ASKED: Final = (rf"{_KIND}{_BETWEEN}", rf"{_KIND}(?:{_LOW}(?:,? and (?:be )?(?=.))?)?{_HIGH}?", _WITHOUT_NUMBERS)
_FORBIDDEN: Final = (
    rf"(?:be )?(?:(?:less|smaller|lower|fewer) than|below|under) (?P<low>{_NUMBER})"
    rf"|(?:be )?(?:(?:greater|more|larger|higher) than|above|over|exceed) (?P<high>{_NUMBER})"
    r"|be (?:(?P<no_less>negative)|(?P<some>empty|blank))"
)
_FRONT: Final = (
    r"(?:error (?:executing|calling|running) tool \S+: )?(?:(?:[a-z]*error|invalid \w+|validation failed): )*"
    r"(?:the )?(?:(?:parameter|field|argument|value (?:of|for)) )?"
)
_TAIL: Final = r"(?:[,;:]? \(?(?:but )?(?:got|not|was|received|given):? ?(?P<got>-?\d+)\)?)?[.!]?"
_MUST: Final = r":? ?(?:(?:must|should|has to|needs? to) (?:be|have)|expected) "
_MUST_NOT: Final = r":? ?(?:must not|should not|may not|can ?not|can't) "
_LARGEST: Final = 2**31 - 1
"""What is larger may have become another number on its way."""
_LONGEST: Final = 300
_ENDLESS: Final = float("inf")


def refuses_what_its_bound_allows(evidence: Evidence) -> str | None:
    """Return the promise that is broken; None where the refusal tells no bound that the one changed value lies inside."""
    value, retry = evidence.case.input, evidence.retry
    if retry is None or not isinstance(value, Mapping):
        return None
    for name, given in value.items():
        told = told_bound(said_of(evidence), name, given)
        good = None if told is None else _good_beside(evidence, name)
        if good is None or not _is_always_so(evidence, good):
            continue
        return f"its own refusal, {shorten(told, 120)!r}: {shorten(given, 60)} is so, and only that differs from {shorten(good, 100)}"
    return None


def told_bound(said: str, name: str, given: Any) -> str | None:
    """Return the sentence of a refusal that asks of this parameter what the value does; None where none does, or more is said."""
    text = _only_sentence(said)
    if text is None or len(text) > _LONGEST:
        return None
    matches = (pattern.fullmatch(text) for pattern in _sentences_about(name))
    parts = ({key: part for key, part in found.groupdict().items() if part} for found in matches if found is not None)
    return text if any(_lies_inside(given, each) for each in parts) else None


def _only_sentence(said: str) -> str | None:
    """Return the text, or the only one in a JSON body that is more than a word or two."""
    try:
        told = [*dict.fromkeys(leaves(json.loads(said), str))]
    except (ValueError, RecursionError):
        told = [said]
    longer = [text for text in told if len(text.split()) > 2] if len(told) > 1 else told
    return " ".join(longer[0].split()) if len(longer) == 1 else None


@cache
def _sentences_about(name: str) -> tuple[re.Pattern[str], ...]:
    words = re.split(r"[_\-\s]+|(?<=[a-z0-9])(?=[A-Z])", name)
    named = rf"{_FRONT}[\"'`]?{r'[_ -]?'.join(map(re.escape, words))}[\"'`]?"
    asked = [rf"{named}{_MUST}{each}{_UNIT}{_TAIL}" for each in _ASKED]
    return tuple(
        re.compile(each, re.IGNORECASE) for each in (*asked, rf"{named}{_MUST_NOT}(?:{_FORBIDDEN}){_UNIT}{_TAIL}")
    )


def _lies_inside(given: Any, told: Mapping[str, str]) -> bool:
    """Whether a value is within the bounds that a sentence tells, and on none of them."""
    measured = _measured(given, told)
    got = told.get("got")
    if measured is None or (got is not None and got != str(given)):
        return False
    lows = [_number(told[key]) for key in ("low", "or_more", "first") if key in told]
    highs = [_number(told[key]) for key in ("high", "or_less", "last") if key in told]
    if {"positive", "no_less", "some"} & {*told}:
        lows.append(0)
    return bool(lows or highs) and max(lows, default=-_ENDLESS) < measured < min(highs, default=_ENDLESS)


def _measured(given: Any, told: Mapping[str, str]) -> int | None:
    """Return a whole number itself, the length of a text of plain letters and digits, or of an array of different items."""
    if "signs" in told or ("some" in told and isinstance(given, str)):
        return len(given) if isinstance(given, str) and given.isascii() and given.isalnum() else None
    if "items" in told or "some" in told:
        return len(given) if isinstance(given, list) and len({*map(as_json, given)}) == len(given) else None
    is_whole = isinstance(given, int) and not isinstance(given, bool) and abs(given) <= _LARGEST
    return given if is_whole else None


def _number(text: str) -> float:
    return 0 if text.lower() == "zero" else float(text)


def _good_beside(evidence: Evidence, name: str) -> Mapping[str, Any] | None:
    """Return an accepted input that has the same values beside this parameter."""
    rest = {key: inner for key, inner in evidence.case.input.items() if key != name}
    goods = (good for good in evidence.accepted if {key: inner for key, inner in good.items() if key != name} == rest)
    return next(goods, None)


def _is_always_so(evidence: Evidence, good: Mapping[str, Any]) -> bool:
    """Whether no earlier call decides: the same is refused once more and accepted nowhere, what was accepted before still is."""
    value, retry = evidence.case.input, evidence.retry
    fresh = evidence.anew(value) if evidence.anew is not None else None
    if fresh is None and may_use_up(evidence.tool):
        return False
    if fresh is not None and fresh.kind != "refused":
        return False
    return retry is not None and retry(good).kind == "accepted" and retry(value).kind == "refused"
