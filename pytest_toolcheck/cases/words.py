"""Good values that stand in words: in descriptions, in parameter names, in error texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import islice
from typing import Any

from .bounds_in_words import numbers_asked_for
from .forms_in_words import forms_in
from .offers import items_in, lists_in, unpacked
from .patterns import matching

_MOST_ITEMS, _MOST_DIGITS = 30, 18
_QUOTED = re.compile(
    r"(?<![\w])(?:'([^'\n]{1,80})'|\"([^\"\n]{1,80})\"|`([^`\n]{1,80})`|‘([^’\n]{1,80})’|“([^”\n]{1,80})”)"
)
_EXAMPLE = re.compile(
    r"(?:e\.?\s?g\.?|for example|for instance|such as|examples?|like|default(?:s to)?|one of|use|format|values?)"
    r"\s*[:,]?\s*([^\s(),;'\"`][^(),;'\"`\n]{0,60})",
    re.IGNORECASE,
)
_ONE_OF = re.compile(
    r"\b(?:one of|must be|expected|allowed|valid (?:values|options|choices)|choose from|supported|available|known|use)"
    r"[^:\[({\n]{0,40}[:\[({]\s*([^\n\])}]{1,400})",
    re.IGNORECASE,
)
_EITHER = re.compile(
    r"\b(?:expected|must be|should be|use|choose|try|either)\s+(?:either\s+|a\s+)?"
    r"((?:[\w.-]+,\s*)*[\w.-]+,?\s+or\s+[\w.-]+)",
    re.IGNORECASE,
)
_ARE = re.compile(
    r"\b(?:values?|options?|choices?|units?|kinds?|types?|names?|modes?|formats?)\s+(?:are|is|include)\s+"
    r"((?:[\w.'\"`/-]+\s*(?:,|\||\bor\b|\band\b)\s*)+[\w.'\"`/-]+)",
    re.IGNORECASE,
)
_BULLETS = re.compile(r":[ \t]*((?:\n[ \t]*[-*\u2022][ \t]*[^\n]{1,80})+)")
_START = re.compile(r"\b(?:start|begin)s?(?:ing)? with (?:the prefix )?['\"`]?([^\s'\"`,;]{1,20})", re.IGNORECASE)
_SCHEME = re.compile(r"(?<!\w)([a-z][a-z0-9+-]{0,15}://)(?![\w])")
_DIGITS = re.compile(r"\b(\d{1,2})[- ](?:decimal )?digits?\b", re.IGNORECASE)
_LETTERS = re.compile(
    r"\b(\d|two|three)[- ](upper ?case |capital |lower ?case )?(?:letters?|characters?)\b", re.IGNORECASE
)
_STRPTIME = re.compile(r"does not match format '([^'\n]{2,40})'")
_REGEX = re.compile(r"\^[^\s]{2,80}\$")
_A_MOMENT = datetime(2024, 1, 31, 12, 30, tzinfo=UTC)
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\s*(?:-|–|to|and|\.\.)\s*(-?\d+(?:\.\d+)?)")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
_BESIDE = re.compile(
    r"[ \t]*\[type=\w+, input_value=.*, input_type=\w+\]|^[ \t]*For further information visit \S+", re.MULTILINE
)
"""What pydantic writes beside its words: what was sent once more, and where to read on. None of it is offered."""

_SHAPES: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = (
    (
        ("yyyy-mm-dd",),
        r"\bYYYY-MM-DD[T ]HH:MM(:SS)?Z?",
        ("2024-01-31T12:30:00Z", "2024-01-31T12:30:00", "2024-01-31 12:30:00"),
    ),
    (("hh:mm:ss",), r"\bHH:MM:SS\b", ("12:30:00",)),
    (("h:mm",), r"\bH?H:MM\b", ("12:30",)),
    (("yyyy-mm-dd",), r"\bYYYY-MM-DD\b", ("2024-01-31",)),
    (("yyyy/mm/dd",), r"\bYYYY/MM/DD\b", ("2024/01/31",)),
    (("yyyy",), r"\bDD[./]MM[./]YYYY\b", ("31.01.2024", "31/01/2024")),
    (("mm/dd/yyyy",), r"\bMM/DD/YYYY\b", ("01/31/2024",)),
    (("yyyy-mm",), r"\bYYYY-MM\b", ("2024-01",)),
    (("yyyy",), r"\bYYYY\b", ("2024",)),
    (("8601",), r"\bISO[ -]?8601\b.*\bduration|\bduration\b.*\bISO[ -]?8601", ("PT1H",)),
    (
        ("8601", "3339", "timestamp"),
        r"\bISO[ -]?8601\b|\bRFC ?3339\b|\btimestamp\b",
        ("2024-01-31T12:30:00Z", "2024-01-31"),
    ),
    (
        ("iana", "olson", "tz database", "zone"),
        r"\b(IANA|Olson|tz database)\b|\btime ?zone\b",
        ("Europe/London", "America/New_York", "UTC"),
    ),
    (("4217", "currency"), r"\bISO[ -]?4217\b|\bcurrency\b", ("EUR", "USD")),
    (("3166", "country code"), r"\bISO[ -]?3166\b|\bcountry code\b", ("DE", "US")),
    (("639", "language code", "bcp"), r"\bISO[ -]?639\b|\blanguage code\b|\bBCP ?47\b", ("en", "de")),
    (("uuid", "guid"), r"\bUUID\b|\bGUID\b", ("2eb8aa08-aa98-11ea-b4aa-73b441d16380",)),
    (("url", "uri"), r"\bURL\b|\bURI\b", ("https://example.com/",)),
    (("mail",), r"\be-?mail\b", ("user@example.com",)),
    (("ip",), r"\bIPv?6\b", ("::1",)),
    (("address",), r"\bIP(v4)? address\b", ("127.0.0.1",)),
    (("hex",), r"\bhex(adecimal)?\b.*\bcolou?r\b|\bcolou?r\b.*\bhex", ("#ff8800",)),
    (("64",), r"\bbase ?64\b", ("SGVsbG8=",)),
    (("json",), r"\bJSON\b", ("{}", "[]")),
    (("regular expression", "regex"), r"\bregular expression\b|\bregex\b", ("a+", ".*")),
    (("sql",), r"\bSQL\b", ("SELECT 1",)),
    (("semver", "semantic version"), r"\bsemver\b|\bsemantic version\b", ("1.2.3",)),
    (("mime", "media type"), r"\bMIME\b|\bmedia type\b", ("text/plain",)),
    (("cron",), r"\bcron\b", ("0 0 * * *",)),
)
"""Kinds of texts: of which words one is found, in small letters, wherever the expression is; good texts of that kind."""
_SMALL_I_S = {0x130: "i", 0x131: "i", 0x17F: "s"}
"""What expressions take for these letters too where capitals do not count; `lower` knows of the others."""
_NAMES: Mapping[str, tuple[Any, ...]] = {
    "timezone tz zone": ("Europe/London", "America/New_York", "UTC"),
    "datetime timestamp": ("2024-01-31T12:30:00Z", 1706704200),
    "time": ("12:30", "12:30:00", "2024-01-31T12:30:00Z"),
    "date day since until": ("2024-01-31", "2024-01-31T12:30:00Z"),
    "month": ("2024-01", 1, "January"),
    "year": (2024, "2024"),
    "url uri link href endpoint website": ("https://example.com/",),
    "email mail": ("user@example.com",),
    "host hostname domain": ("localhost", "example.com"),
    "ip address": ("127.0.0.1", "1 Main Street"),
    "port": (8080,),
    "path file filename filepath": ("README.md", "/tmp/example.txt", "example.txt"),
    "dir directory folder cwd root": (".", "/tmp"),
    "currency": ("EUR", "USD"),
    "country": ("DE", "US", "Germany"),
    "city location place": ("London", "Berlin"),
    "language lang locale": ("en", "en-US", "English"),
    "lat latitude": (52.5, "52.5"),
    "lon lng longitude": (13.4, "13.4"),
    "id uuid key identifier": ("1", 1, "abc-123", "2eb8aa08-aa98-11ea-b4aa-73b441d16380"),
    "name title label": ("example", "Alice"),
    "user username owner author": ("alice",),
    "phone tel": ("+4930123456",),
    "zip postcode postal": ("10115",),
    "colour color": ("#ff8800", "red"),
    "query search q term topic": ("example",),
    "expression formula equation": ("1 + 2", "1+2"),
    "sql": ("SELECT 1",),
    "regex pattern": (".*", "a+"),
    "version": ("1.2.3", "1.0"),
    "count limit size page number num n max top amount quantity": (1, 10, "1"),
    "text message content body prompt input": ("Hello, world.",),
    "json data payload": ("{}", {}),
    "branch ref": ("main", "HEAD"),
    "repo repository": (".", "owner/name"),
    "unit units": ("celsius", "metric"),
    "format type": ("json", "text"),
    "sku": ("ABC-1234",),
}
_BY_WORD = {word: values for words, values in _NAMES.items() for word in words.split()}


def from_text(text: str) -> list[str]:
    """Return what a description offers as values: quoted words, examples, spelled formats, ranges; likeliest first."""
    return [*_offered_by(text)]


@lru_cache(maxsize=64)
def _offered_by(text: str) -> tuple[str, ...]:
    found = quoted_in(text)
    for match in _EXAMPLE.finditer(text):
        chunk = match.group(1).strip().rstrip(".")
        found += [chunk, chunk.split(" ")[0]]
    found += _of_kinds_in(text)
    for match in _RANGE.finditer(text):
        found += match.groups()
    found += _NUMBER.findall(text)
    return tuple(dict.fromkeys(word.strip() for word in found if word.strip()))


def _of_kinds_in(text: str) -> Iterator[str]:
    """Yield texts of the kinds that have a name: an e-mail, an IP address."""
    small = (text if text.isascii() else text.translate(_SMALL_I_S)).lower()
    for words, shape, values in _SHAPES:
        for word in words:
            if word in small:
                if _shape(shape)(text):
                    yield from values
                break


@cache
def _shape(shape: str) -> Callable[[str], Any]:
    """Return the search for a shape, compiled when a text may hold it: of most kinds no text ever tells."""
    is_any_case = shape.startswith(r"\b(I") or shape[2:3].islower()
    return re.compile(shape, re.IGNORECASE if is_any_case else 0).search


def numbers_in(text: str) -> list[str]:
    """Return the numbers that a text names, each once."""
    return list(dict.fromkeys(_NUMBER.findall(text)))


def quoted_in(text: str) -> list[str]:
    """Return what stands in quotes."""
    return [next(group for group in match.groups() if group is not None) for match in _QUOTED.finditer(text)]


def from_name(name: str) -> list[Any]:
    """Return what is usual for a parameter of this name; the last word of the name counts most."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    joined = "".join(words)
    found: list[Any] = []
    for word in [joined, *reversed(words)]:
        found.extend(_BY_WORD.get(word) or _BY_WORD.get(word.removesuffix("s"), ()))
    return found


def allowed_in(text: str) -> list[str]:
    """Return the values that an error text lists as allowed ("one of: a, b")."""
    text, found = unpacked(_BESIDE.sub("", text))
    for match in _ONE_OF.finditer(text):
        found += [part.strip(" '\"`.") for part in re.split(r",|;|\||\bor\b|\band\b", match.group(1))]
    for match in (*_EITHER.finditer(text), *_ARE.finditer(text)):
        found += [part.strip(" .'\"`") for part in re.split(r",|\||\bor\b|\band\b", match.group(1))]
    for match in _BULLETS.finditer(text):
        found += [line.strip(" \t-*\u2022'\"`") for line in match.group(1).splitlines()]
    found += lists_in(text)
    return list(dict.fromkeys(word for word in found if word))


def from_refusal(text: str) -> list[str]:
    """Return what an error text offers as values: what it lists as allowed, then its quoted words, kinds of text, numbers."""
    text, allowed = unpacked(_BESIDE.sub("", text))[0], allowed_in(text)
    found = [*allowed, *shaped(text), *quoted_in(text), *_of_kinds_in(text)]
    found += [*islice(items_in(text), _MOST_ITEMS), *forms_in(text)]
    found += [*from_text(text), *numbers_asked_for(text)]
    return list(dict.fromkeys(word for word in found if word))


def shaped(text: str) -> Iterator[str]:
    """Yield values of the shape that a refusal asks for: a date's form, a start, so many digits or letters, an expression."""
    yield from (_A_MOMENT.strftime(match[1]) for match in _STRPTIME.finditer(text))
    for match in _START.finditer(text):
        yield from (f"{match[1].rstrip('.')}{rest}" for rest in ("example", "1"))
    yield from (f"{match[1]}example/item" for match in _SCHEME.finditer(text))
    yield from ("1234567890"[: int(match[1])].ljust(int(match[1]), "1") for match in _DIGITS.finditer(text))
    for match in _LETTERS.finditer(text):
        count = {"two": 2, "three": 3}.get(match[1].lower()) or int(match[1])
        letters = "ABCDEFGHI"[:count]
        yield letters.lower() if (match[2] or "").lower().startswith("lower") else letters
    for match in _REGEX.finditer(text):
        yield from matching(match[0])[:1]


def as_types(words: Iterable[Any]) -> Iterator[Any]:
    """Yield each word, and the number or boolean that it spells."""
    for word in words:
        yield word
        if isinstance(word, str):
            whole, point, fraction = word.removeprefix("-").partition(".")
            if _are_few_digits(whole) and (_are_few_digits(fraction) if point else True):
                yield float(word) if point else int(word)
            elif word.lower() in ("true", "false"):
                yield word.lower() == "true"


def _are_few_digits(text: str) -> bool:
    return len(text) <= _MOST_DIGITS and text.isdecimal()
