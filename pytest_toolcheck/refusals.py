"""What a refusal tells of the parameter that it is about: "path 'it' is outside the allowed 'docs'" was sent `path: it`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_QUOTES = "\"'`‘’“”"


def named_and_rest(message: str, sent: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return the parameters whose text a message repeats in quotes, or at its end, and the message without those texts.

    What was sent is no offer; what is left in quotes may be one, and is for these parameters.
    """
    names: list[str] = []
    for name, value in sent.items():
        if isinstance(value, str) and value and _repeated(value).search(message):
            names.append(name)
    rest = message
    for value in sorted({sent[name] for name in names}, key=len, reverse=True):
        rest = _repeated(value).sub("…", rest)
    return names, rest


def _repeated(value: str) -> re.Pattern[str]:
    text = re.escape(value)
    return re.compile(rf"(?<!\w)[{_QUOTES}]{text}[{_QUOTES}](?!\w)|(?<=: ){text}\s*$")
