"""The form that a refusal asks for: so many characters of a kind, an ending, an expression, a well-known kind of text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .patterns import matching

_KIND = r"or more|ascii|upper ?case|lower ?case|capital|hex\w*|alphanumeric"
_LENGTH = re.compile(
    rf"\b(\d{{1,3}})[- ]?(?:(?:{_KIND}) )*(?:characters?|chars?|letters?|symbols?|digits?)\b"
    r"|\blength (?:of |must be |should be |is )?(?:exactly |at least )?(\d{1,3})\b",
    re.IGNORECASE,
)
_HEX = re.compile(r"\bhex", re.IGNORECASE)
_ENDING = re.compile(
    r"\bend(?:s|ing)? (?:with|in|on) (?:the (?:suffix|extension) )?['\"`]?([^\s'\"`,;]{1,20})", re.IGNORECASE
)
_EXTENSION = re.compile(r"(?<![\w.])(\.[a-z][a-z0-9]{1,4})\b")
_SLASHED = re.compile(r"/((?:[^/\n\\]|\\.){3,80})/")
_QUOTED_PATTERN = re.compile(
    r"(?:pattern|match\w*|regex\w*|expression)\s*:?\s*['\"`]([^'\"`\n]{3,80})['\"`]", re.IGNORECASE
)
_PAIRED = re.compile(r"(?<![\w=])[\w.-]+=[\w.-]+(?![\w=])")
_GROUPED = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])")
_KNOWN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\bISO\b[^\n]{0,20}\bdate\b", ("2024-01-31",)),
    (r"\bMM:SS\b", ("12:30",)),
    (r"\bupper ?case\b|\bcapital letters\b|\bcapitals\b", ("EXAMPLE", "AB")),
    (r"\blower ?case\b", ("example",)),
    (r"\bnot be (?:an )?absolute\b|\bbe relative\b|\brelative path", ("example.txt",)),
    (r"\babsolute\b", ("/tmp/example.txt",)),
    (r"\bcomma[- ]separated\b", ("1,2", "a,b")),
    (r"\blat\w*\s*,\s*lo?ng?\w*\b", ("52.5,13.4",)),
    (r"\bfirst (?:name )?and (?:the )?last name\b|\bfull name\b", ("Alice Smith",)),
    (r"\bE\.164\b|\binternational (?:phone|format)", ("+4930123456",)),
    (r"\bIBAN\b", ("DE89370400440532013000",)),
    (r"\bBIC\b|\bSWIFT\b", ("DEUTDEFF",)),
    (r"\bISBN\b", ("9780306406157",)),
    (r"\bMAC address", ("00:1a:2b:3c:4d:5e",)),
    (r"\b(?:credit )?card number\b", ("4111111111111111",)),
    (r"\byear\b", ("2024",)),
    (r"\bpower of (?:two|2)\b", ("8", "64", "1024")),
    (r"\bprime\b", ("7", "101")),
    (r"\btwo words\b", ("hello world",)),
    (r"\bkebab[- ]?case\b|\bslug\b", ("an-example",)),
    (r"\bsnake[_ ]?case\b", ("an_example",)),
    (r"\bCamelCase\b|\bPascalCase\b", ("AnExample",)),
)  # fmt: skip
"""Kinds of texts that have a name."""


def forms_in(text: str) -> Iterator[str]:
    """Yield texts of the forms that a refusal names."""
    for match in (*_QUOTED_PATTERN.finditer(text), *_SLASHED.finditer(text)):
        if re.search(r"[\\\[\]+*?{}^$]", match[1]):
            yield from matching(match[1])[:1]
    for match in _ENDING.finditer(text):
        yield f"example{match[1].rstrip('.')}"
    for known, values in _KNOWN:
        if re.search(known, text, 0 if known.startswith(r"\bCamel") else re.IGNORECASE):
            yield from values
    yield from (f"example{match[1]}" for match in _EXTENSION.finditer(text))
    yield from (match[0] for match in _PAIRED.finditer(text))
    yield from (match[0].replace(",", "") for match in _GROUPED.finditer(text))
    for match in _LENGTH.finditer(text):
        yield from _of_length(int(match[1] or match[2]), is_hex=_HEX.search(text) is not None)


def _of_length(count: int, *, is_hex: bool) -> Iterator[str]:
    for alphabet in (
        ("0123456789abcdef",) if is_hex else ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "1234567890")
    ):
        yield (alphabet * (count // len(alphabet) + 1))[:count]
