"""Values that a parameter's own schema shows, refused in Python's own words of a conversion: nobody wrote that refusal.

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
    r"|non-hexadecimal number found in fromhex\(\) .*|badly formed hexadecimal UUID string)",
    re.DOTALL,
)
_CONTRARY = re.compile(
    r"\b(?:not?|n't|never|without|except|unless|instead|rather|refus\w+|reject\w+|invalid|unsupported|errors?|fails?|old|form(?:at)?s?|like)\b",
    re.IGNORECASE,
)
"""What may stand in a sentence that quotes what is not to be sent, or the letters of a form."""
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
        if not isinstance(given, str) or given not in _shown(part) or not _is_alone(evidence, name):
            continue
        if not any(accepted(evidence, other) for other in _beside_others(value, name, parts)):
            place = place_of(evidence.tool, f"input/properties/{name}", "input")
            return f"{name} {shorten(given, 60)}, which its schema itself shows ({place}), is taken"
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
