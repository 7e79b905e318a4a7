"""Inputs that a tool's description shows: `convert(value='#ff0000', source='hex')`, `{"value": "#ff0000", "source": "hex"}`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..checks.violation import is_valid

_VALUE: Final = (
    r"'(?P<single>[^'\n]*)'|\"(?P<double>[^\"\n]*)\"|(?P<plain>-?\d+(?:\.\d+)?\b|true\b|false\b|\[[^\[\]\n]*\])"
)
_MOST: Final = 4
_LIST: Final = re.compile(r":\s*((?:[\w#-]{2,20},\s+){2,}[\w#-]{2,20})\s*(?:[.;)]|\Z)")
"""`First band: Black, Brown, Red`."""
_MOST_ROWS: Final = 3
_DECIDES: Final = ("const", "enum", "pattern", "format", "default")


def shown_inputs(schema: Any, text: str | None, base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the base with the values that one line of the text assigns to two parameters or more, at most four such inputs.

    One that is assigned alone may stand for itself: `value='x'` is no input, and is tried as a word of the description.
    """
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not text or not isinstance(properties, Mapping) or len(properties) < 2:
        return []
    names = "|".join(sorted(map(re.escape, properties), key=len, reverse=True))
    assigned = re.compile(rf"(?<![\w./$-])[\"'`]?(?P<name>{names})[\"'`]?\s*[=:]\s*(?:{_VALUE})", re.IGNORECASE)
    lines = (dict(_assigned(assigned, line, properties)) for line in text.splitlines())
    found = [{**base, **line} for line in lines if len(line) > 1]
    return [each for each in found if is_valid(schema, each)][:_MOST]


def rows_alike(schema: Any, base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the base with one word for all free texts that are needed, of those that any of their descriptions lists.

    The next one's may only say: "same as the first".
    """
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    parts = properties if isinstance(properties, Mapping) else {}
    free = [name for name in base if _is_free(parts.get(name))]
    if len(free) < 2:
        return []
    lists = (match[1].split(",") for name in free for match in _LIST.finditer(str(parts[name].get("description", ""))))
    words = next(lists, [])[:_MOST_ROWS]
    rows = [{**base, **dict.fromkeys(free, word.strip())} for word in words]
    return [row for row in rows if is_valid(schema, row)]


def _is_free(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "string" and not any(key in part for key in _DECIDES)


def _assigned(pattern: re.Pattern[str], line: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for match in pattern.finditer(line):
        if (name := match["name"]) in properties:
            yield name, _read(match, properties[name])


def _read(match: re.Match[str], part: Any) -> Any:
    text = next(match[kind] for kind in ("single", "double", "plain") if match[kind] is not None)
    if match["plain"] is None or (isinstance(part, Mapping) and part.get("type") == "string"):
        return text
    try:
        return json.loads(text.lower() if text.lower() in ("true", "false") else text.replace("'", '"'))
    except ValueError:
        return text
