"""A refusal that says in words of its own that a text divides by nothing: `expression: division by zero` to `8/0-1`.

What an interpreter writes without such words in front is its own crash, whatever was sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..json_copy import leaves

if TYPE_CHECKING:
    from .base import Evidence

_DIVIDES: Final = re.compile(r"[/:%\u00f7] ?0+(?:\.0*)?(?![\d.])")
_TOLD: Final = re.compile(
    r"(?:^|\"|tool \w+: )(?P<front>[A-Za-z_][\w ]{0,40}): (?:division|modulo) by zero\.?\s*(?:\"|$)", re.MULTILINE
)
_OF_SERVERS: Final = re.compile(r"error|exception|fail|traceback|internal|crash|\btool\b", re.IGNORECASE)
"""What stands in front without anybody having written it for this."""


def tells_of_a_divisor(evidence: Evidence, message: str) -> bool:
    """Whether a text that was sent divides by 0, and the refusal says so behind a word of its own."""
    told = _TOLD.search(message)
    if told is None or _OF_SERVERS.search(told["front"]):
        return False
    return any(_DIVIDES.search(text) for text in leaves(evidence.case.input, str))
