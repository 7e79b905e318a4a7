"""Texts nearly of the form that a description shows: of `1-5` the ends exchanged, equal, left out, far apart, nought."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

_NUMBER = re.compile(r"\d+")
_SIGN = re.compile(r"(?<=\w)[^\w\s](?=\w)")
_PLACES = re.compile(r"\d+|[A-Za-z]+")
_DATE = re.compile(r"\d{4}(?P<rest>[-/.](?:0[1-9]|1[0-2])[-/.](?:0[1-9]|1\d|2[0-8]|3[01])(?:[T ].*)?)")
_FAR_YEARS = ("2999", "1900")
_FAR = "1000"
_LONGEST, _MOST = 40, 16
_ZEROS = 4
"""So many of its numbers are made 0, each by itself: a divisor, a width."""


def has_form(text: str) -> bool:
    """Whether the text is made of parts: a number and a sign or letters beside it, no words of a sentence."""
    return len(text) <= _LONGEST and " " not in text and bool(_NUMBER.search(text)) and not text.isdecimal()


def far_dates(text: str) -> list[str]:
    """Return for a date what is to come, and what is long past; nothing for another text."""
    date = _DATE.fullmatch(text)
    return [] if date is None else [f"{year}{date['rest']}" for year in _FAR_YEARS]


def near_forms(text: str) -> list[str]:
    """Return texts close to one that has a form, the most telling first, without itself."""
    return [*islice((near for near in dict.fromkeys(_near(text)) if near != text), _MOST)]


def _near(text: str) -> Iterator[str]:
    numbers = list(_NUMBER.finditer(text))
    first, last = numbers[0], numbers[-1]
    yield from far_dates(text)
    if first is not last:
        yield _put(_put(text, last, first[0]), first, last[0])
        yield _put(text, last, first[0])
    yield from (_put(text, last, _FAR), *(_put(text, number, "0") for number in numbers[:_ZEROS]))
    sign = _SIGN.search(text)
    if sign is not None:
        yield from (text[: sign.end()], text[sign.start() :], text[: sign.start()])
        yield from (_put(text, sign, sign[0] * 2), _put(text, sign, f" {sign[0]} "), f"{text}{sign[0]}")
        yield f"{text}{text[sign.start() :]}"
    parts = list(_PLACES.finditer(text))
    yield from (text[: parts[-1].start()], text[parts[0].end() :], text + text, text.swapcase())
    yield "".join(part[0] for part in reversed(parts))
    if len(parts) > 3:  # `1h30m` as `30m1h`
        yield text[parts[2].start() :] + text[: parts[2].start()]


def _put(text: str, place: re.Match[str], other: str) -> str:
    return text[: place.start()] + other + text[place.end() :]
