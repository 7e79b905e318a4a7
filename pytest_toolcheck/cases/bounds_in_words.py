"""Numbers that a text asks for: inside a range that it names, beyond a bound."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

_NUMBER = r"(-?\d{1,15}(?:\.\d{1,9})?)"
_ABOVE = re.compile(
    rf"\b(?:greater|more|larger|higher|above|over|exceed)\b[^\d\n-]{{0,20}}{_NUMBER}|>\s*{_NUMBER}", re.IGNORECASE
)
_BELOW = re.compile(
    rf"\b(?:less|fewer|smaller|lower|below|under)\b[^\d\n-]{{0,20}}{_NUMBER}|<\s*{_NUMBER}", re.IGNORECASE
)
_ANY = re.compile(rf"(?<![\w.]){_NUMBER}(?![\w]|\.\d)")
_MOST_NUMBERS = 4


def numbers_asked_for(text: str) -> Iterator[str]:
    """Yield numbers between each two that the text names, then those next to a bound that it excludes."""
    named = sorted({float(number) for number in _ANY.findall(text)})[:_MOST_NUMBERS]
    for low, high in itertools.combinations(named, 2):
        yield _spelled((low + high) / 2)
        yield _spelled(float(int((low + high) / 2)))
    for pattern, step in ((_ABOVE, 1), (_BELOW, -1)):
        for match in pattern.finditer(text):
            yield _spelled(float(match[1] or match[2]) + step)


def _spelled(number: float) -> str:
    return str(int(number)) if number.is_integer() else f"{number:.9f}".rstrip("0")
