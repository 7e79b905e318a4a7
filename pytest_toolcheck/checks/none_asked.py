"""Whoever asks for 0 gets none: `lines[-0:]` and `items[:n or None]` are all of them.

A limit of 0 means none at all to many tools, and "no limit" to many others. So the answers to 1 and 2 must be that long,
0 must be what the schema itself begins with, and nobody may say that it means something of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..chains.roles import SIZES, words_of
from ..parts import parts_of
from .base import Evidence, Finding, place_of, plain
from .violation import is_valid

_HOW_MANY: Final = frozenset(
    [
        "count",
        "n",
        "k",
        "top",
        "top_n",
        "top_k",
        "last",
        "last_n",
        "first",
        "first_n",
        "tail",
        "head",
        "lines",
        "num",
        "how_many",
    ]
)
"""Of a limit, by these names or others, 0 is often "no limit": see `_AT_MOST`."""
_AT_MOST: Final = re.compile(r"\bat most\b|\bno more than\b|\bhow many\b|\bnumber of\b", re.IGNORECASE)
_OF_ITS_OWN: Final = re.compile(
    r"\b(?:zero|unlimited|no limit|all|every\w*|whole|entire|disable\w*|default\w*|auto\w*|falsy|omit\w*)\b"
    r"|(?<![\d.-])0(?![\d.])(?! ?(?:to|-|\u2013|and|\.\.))",
    re.IGNORECASE,
)
"""What says that 0 means something of its own."""
_LINES: Final = "one\ntwo\nthree\nfour"
_ROWS: Final = 4


def none_asked(evidence: Evidence) -> Finding | None:
    """Fail where 0 rows are asked for and more come than where 1 is."""
    sent, schema = evidence.case.input, evidence.tool.input
    if not isinstance(sent, Mapping) or evidence.retry is None:
        return None
    parts = parts_of(schema)
    names = [name for name, value in sent.items() if type(value) is int and value == 0 and name in parts]
    names = [name for name in names if _says_how_many(evidence, name, parts[name])]
    if len(names) != 1 or not _length(evidence.outcome.value):
        return None
    [name] = names
    for given in (dict(sent), *_longer(schema, parts, sent)):
        lengths = [_asked(evidence, {**given, name: number}) for number in (0, 1, 2)]
        if lengths[1:] == [1, 2] and (lengths[0] or 0) > 2:
            return Finding(
                "counted",
                f"{evidence.tool.name} answers {lengths[0]} where {name} is 0, 1 where it is 1, 2 where it is 2",
                f"counted {name} 0",
                f"none where none are asked for ({place_of(evidence.tool, f'input/properties/{name}', 'input')})",
            )
    return None


def _says_how_many(evidence: Evidence, name: str, part: Mapping[str, Any]) -> bool:
    called, said = "_".join(words_of(name)), f"{part.get('title', '')} {part.get('description', '')}"
    kinds = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
    begins_with_none = any(each.get("minimum") == 0 for each in kinds) and part.get("default") != 0
    is_size = called in _HOW_MANY or (
        (called in SIZES or called.startswith("max_")) and _AT_MOST.search(said) is not None
    )
    return begins_with_none and is_size and not _OF_ITS_OWN.search(f"{said} {evidence.about}")


def _asked(evidence: Evidence, given: dict[str, Any]) -> int | None:
    assert evidence.retry is not None
    outcome = evidence.retry(given)
    return _length(outcome.value) if outcome.kind == "accepted" else None


def _length(value: Any) -> int | None:
    """Return how many rows an answer has: of a list, of the one list in an object, or lines of a text."""
    answer = plain(value)
    if isinstance(answer, Mapping):
        lists = [each for each in answer.values() if isinstance(each, list)]
        texts = [each for each in answer.values() if isinstance(each, str)] if not lists else []
        answer = lists[0] if len(lists) == 1 else texts[0] if len(texts) == 1 else None
    if isinstance(answer, str):
        return len(answer.splitlines())
    return len(answer) if isinstance(answer, list) else None


def _longer(schema: Any, parts: Mapping[str, Mapping[str, Any]], sent: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the input with several lines in each free text, or several items in each array."""
    for name, part in parts.items():
        value = sent.get(name)
        if part.get("type") == "string" and not {"enum", "const", "pattern", "format"} & {*part}:
            longer: Any = _LINES
        elif isinstance(value, list) and value:
            item = value[0]
            longer = [item + at for at in range(_ROWS)] if type(item) is int else [item] * _ROWS
        else:
            continue
        if is_valid(schema, given := {**sent, name: longer}):
            yield given
