"""A search finds a row by a word that the row shows: one with a capital letter too, where it finds rows by small ones.

The evidence is the tool's own: of the same member of rows, words in small letters find theirs, or words with a capital once
they are written in small letters or without it, and words with a capital do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..chains.roles import may_be_called, required_of, role_of_tool, schema_of, words_of
from ..chains.values import unused_name
from ..checks.base import as_json, shorten
from ..checks.violation import is_valid
from ..parts import parts_of
from ..scenario import ToolPlan

if TYPE_CHECKING:
    from .asking import Asking

_SEARCHES: Final = frozenset(["search", "find", "query", "lookup"])
_TEXTS: Final = frozenset(["query", "q", "text", "term", "terms", "keyword", "keywords", "search", "needle", "phrase"])
_MEANS_MORE: Final = re.compile(
    r"\b(?:regex\w*|regular|glob|pattern|sql|semantic\w*|embedding\w*|vector\w*|similar\w*|fuzzy|lower ?case\w*"
    r"|small letters|tags?|synonym\w*"
    r"|exact\w*|case[- ]sensitive|natural language|prefix|begin\w*|starts?)\b",
    re.IGNORECASE,
)
_LETTERS: Final = ("e", "a", "o", "i", "n", "t", "s", "r")
_LITTLE: Final = (
    "this that with from into over under about their there these those then than your have will what when where which"
)
_COMMON: Final = frozenset(_LITTLE.split())
_WORD: Final = re.compile(r"(?<![\w'])[A-Za-z][a-z]{3,}(?![\w'])")
_LARGE: Final = ("Harbour", "Lantern", "Village", "Orchard", "Station", "Cabinet", "Theatre")
_SMALL: Final = ("garden", "meadow", "candle", "bridge", "window", "ladder", "carpet")
_MOST_ROWS, _MOST_WORDS = 40, 4
_FEWEST: Final = 2


def text_of_search(plan: ToolPlan) -> str | None:
    """Return the free text that a tool searches for, and that it cannot do without; None where it does more than that."""
    parts, needed = parts_of(plan.tool.input), required_of(plan.tool.input)
    named = [name for name in needed if "_".join(words_of(name)) in _TEXTS]
    if not _SEARCHES & {*words_of(plan.tool.name)} or len(named) != 1 or plan.tool.annotations.destructive:
        return None
    part = parts.get(named[0], {})
    says_more = any(keyword in part for keyword in ("enum", "const", "pattern", "format"))
    told = f"{plan.tool.name} {plan.description.description} {part.get('description', '')}"
    return None if says_more or part.get("type") != "string" or _MEANS_MORE.search(told) else named[0]


def wrong_search(asking: Asking, name: str) -> str | None:
    """Return what is wrong with a search, or None."""
    made = [
        asking.trial.ctx.call_tool(*each).kind == "accepted" for each in islice(_made(asking.trial.plan), _FEWEST + 1)
    ]
    rows = _some(asking, name, more=_SMALL if any(made) else ())
    for place in dict.fromkeys(place for row in rows for place, _ in _texts(row)):
        small = _tried(asking, name, place, rows, lambda word: word.islower())
        if True not in small.values():
            small = _tried(asking, name, place, rows, lambda word: word[0].isupper(), asked=str.lower)
        if True not in small.values():  # of words that all have a capital, what follows it
            tails = _tried(asking, name, place, rows, lambda word: word[0].isupper(), asked=_tail)
            small = {_tail(word): is_found for word, is_found in tails.items()}
        if True not in small.values():
            continue
        large = _tried(asking, name, place, rows, lambda word: word[0].isupper())
        if len(large) >= _FEWEST and True not in large.values():
            found = next(word for word, is_found in small.items() if is_found)
            of = f"the {place} of rows" if place else "rows"
            return f"finds nothing by {as_json([*large][:3])}, which {of} hold, and finds rows by {shorten(found.lower(), 40)}"
    return None


def _some(asking: Asking, name: str, more: tuple[str, ...] = ()) -> list[Any]:
    """Return rows that a letter or two finds, or what is known to be accepted."""
    known = asking.needed.get(name)
    queries = dict.fromkeys((*more, *([known] if isinstance(known, str) else []), *_LETTERS))
    found = {as_json(row): row for query in queries for row in asking.rows({name: query}) or ()}
    return [*found.values()][:_MOST_ROWS]


def _tried(asking: Asking, name: str, place: str, rows: list[Any], is_meant: Any, asked: Any = str) -> dict[str, bool]:
    """Return for words of a member whether each finds its row; a list that may be cut off tells of no word."""
    tried: dict[str, bool] = {}
    for row in rows:
        for word in (each for where, text in _texts(row) if where == place for each in _WORD.findall(text)):
            if len(tried) >= _MOST_WORDS or word in tried or not is_meant(word) or word.lower() in _COMMON:
                continue
            found = asking.rows({name: asked(word)})
            is_found = any(as_json(each) == as_json(row) for each in found or ())
            if is_found or found == []:
                tried[word] = is_found
    return tried


def _tail(word: str) -> str:
    return word[1:]


def _texts(row: Any) -> Iterator[tuple[str, str]]:
    if isinstance(row, str):
        yield "", row
    elif isinstance(row, Mapping):
        yield from ((key, value) for key, value in row.items() if isinstance(value, str))


def _made(plan: ToolPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield calls of siblings that create something, with texts of a word with a capital and one without in each."""
    for tool in plan.siblings:
        schema = schema_of(plan.spec, tool)
        if (role_of_tool(tool) or ("",))[0] != "create" or not may_be_called(plan.spec, tool):
            continue
        for turn in range(_FEWEST + 1):
            needed = required_of(schema)
            given = {name: _words(turn * len(needed) + at) for at, name in enumerate(needed)}
            if is_valid(schema, given):
                yield tool.name, given


def _words(at: int) -> str:
    """Return a text with two words that, of two parameters, no other is given in any turn."""
    return f"{_LARGE[at % len(_LARGE)]} {_SMALL[at % len(_SMALL)]} {unused_name()}"
