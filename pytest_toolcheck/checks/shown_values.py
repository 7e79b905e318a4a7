"""Values that a parameter's schema shows, and usual ones of its format, refused in Python's own words: nobody wrote that refusal.

A text may have rules that no schema states. But what the schema gives as an example, or its description quotes, is meant
to be taken; and `invalid literal for int()` is what code says that did not foresee it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..cases.words import quoted_in
from .base import Evidence, place_of, said_of, shorten
from .told_relation import accepted, changed_members, ends

_CONVERSION = re.compile(
    r"(?:Error (?:executing|calling|running) tool \S+: )?(?:invalid literal for int\(\) with base \d+: .*"
    r"|could not convert string to float: .*"
    r"|Invalid literal for Fraction: .*|Invalid isoformat string: .*|(?:not enough|too many) values to unpack .*"
    r"|time data .* does not match format .*|unconverted data remains: .*"
    r"|non-hexadecimal number found in fromhex\(\) .*|badly formed hexadecimal UUID string)",
    re.DOTALL,
)
_CONTRARY = re.compile(
    r"\b(?:not?|n't|never|without|except|unless|instead|rather|refus\w+|reject\w+|invalid|unsupported|errors?|fails?|old|form(?:at)?s?|like)\b",
    re.IGNORECASE,
)
"""What may stand in a sentence that quotes what is not to be sent, or the letters of a form."""
_USUAL_MOMENT = re.compile(
    r"[12]\d{3}-\d\d-\d\d(?:T\d\d:[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))?",
)
"""A date, and a date and time of the kinds that other programs write: with and without a fraction, `Z` or an offset."""
_USUAL = {
    "date": _USUAL_MOMENT,
    "date-time": _USUAL_MOMENT,
    "ipv4": re.compile(r"\d{1,3}(?:\.\d{1,3}){3}"),
    "ipv6": re.compile(r"[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}
"""By format what is written so everywhere: an address has no other form, whatever a tool takes it for."""
_SAID_OF_LENGTH = frozenset(["pattern", "minLength", "maxLength"])
_FORM = re.compile(r"UTC|GMT|YY|%|second|zone|offset|form(?:at)?\b|like|such as|e\.g\.", re.IGNORECASE)
"""What says which moments are meant."""
_MOST_CHOICES = 6
_MADE_OF_DIGITS = re.compile(r"#[0-9a-fA-F]{3,8}|(?=.*\d)[\w.,:#+%/ -]{1,40}")
_PLACEHOLDER = re.compile(r"([YMDHSNXymdhsnx])\1")


def refuses_what_it_shows(evidence: Evidence) -> str | None:
    """Return the promise that is broken; None where no shown value is refused so, or it goes with other values beside it."""
    schema, value = evidence.tool.input, evidence.case.input
    if (
        not isinstance(schema, dict)
        or not isinstance(value, Mapping)
        or not _CONVERSION.fullmatch(said_of(evidence).strip())
    ):
        return None
    parts = schema.get("properties", {})
    for name, given in value.items():
        part = parts.get(name)
        if not isinstance(given, str) or not _is_meant(part, given) or not _is_alone(evidence, name):
            continue
        if not any(accepted(evidence, other) for other in _beside_others(value, name, parts)):
            place = place_of(evidence.tool, f"input/properties/{name}", "input")
            return f"{name} {shorten(given, 60)}, {_how_meant(part, given)} ({place}), is taken"
    return None


def _beside_others(value: Mapping[str, Any], name: str, parts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the input with another parameter at its ends, another choice, left out, or given where it was left out."""
    for other in (each for each in parts if each != name):
        if other in value:
            yield from changed_members(value, other, parts[other])
        else:
            members = parts[other].get("enum", ()) if isinstance(parts[other], Mapping) else ()
            yield from ({**value, other: each} for each in (*ends(parts[other]), *members[:_MOST_CHOICES]))


def _is_alone(evidence: Evidence, name: str) -> bool:
    """Whether a known-good input has the same values beside it."""
    rest = {key: inner for key, inner in evidence.case.input.items() if key != name}
    return any({key: inner for key, inner in good.items() if key != name} == rest for good in evidence.known_good)


def _is_meant(part: Any, given: str) -> bool:
    return given in _shown(part) or _is_usual(part, given)


def _how_meant(part: Mapping[str, Any], given: str) -> str:
    return (
        "which its schema itself shows"
        if given in _shown(part)
        else f"a usual {_usual_format(part, given)}, as its schema asks for"
    )


def _is_usual(part: Any, given: str) -> bool:
    return _usual_format(part, given) is not None


def _usual_format(part: Any, given: str) -> str | None:
    """Return the format that a text is a usual one of: the part's own, or one of its branches'."""
    if not isinstance(part, Mapping):
        return None
    branches = [
        part,
        *(each for word in ("anyOf", "oneOf") for each in part.get(word, ()) if isinstance(each, Mapping)),
    ]
    if any(_SAID_OF_LENGTH & {*each} or _FORM.search(str(each.get("description", ""))) for each in branches):
        return None
    named = (each["format"] for each in branches if isinstance(each.get("format"), str))
    return next((name for name in named if name in _USUAL and _USUAL[name].fullmatch(given)), None)


def _shown(part: Any) -> set[str]:
    return set(_values(part)) if isinstance(part, Mapping) else set()


def _values(part: Mapping[str, Any]) -> Iterator[str]:
    examples = part.get("examples")
    yield from (each for each in (examples if isinstance(examples, list) else ()) if isinstance(each, str))
    if isinstance(part.get("default"), str):
        yield part["default"]
    for sentence in re.split(r"[.;](?:\s|$)|\n", str(part.get("description", ""))):
        if not _CONTRARY.search(sentence):
            quoted = (each for each in quoted_in(sentence) if _MADE_OF_DIGITS.fullmatch(each))
            yield from (each for each in quoted if not _PLACEHOLDER.search(each))
