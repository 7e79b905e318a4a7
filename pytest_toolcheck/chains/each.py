"""Each value that a chain's thing may be given is the one that is read: members, bounds, nought; and lists hold their own alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import islice
from typing import Any, Final

from ..checks import Finding
from ..checks.base import shorten
from ..checks.violation import is_valid
from ..parts import parts_of, with_alternatives
from ..targets.base import Outcome
from .options import ChainOptions
from .roles import words_of
from .values import array_shown, new_key, plain, shown, unused_name

_MOST_PARAMETERS: Final = 6
_MOST_VALUES: Final = 6
_FEWEST: Final = 2
"""So many values must be read as they were given."""
_SLOW_NS: Final = 300_000_000
_LIKE: Final = 0.6
"""Members that are spelled so much alike are names of one thing: `asc` and `ascending`, `gray` and `grey`."""
_PLACES: Final = re.compile(r"position|index|order|rank|sort|slot|offset|page|limit|version|revision", re.IGNORECASE)
"""A number of such a name may become another when there are fewer things."""
_OPEN: Final = frozenset(
    [
        "auto",
        "default",
        "any",
        "none",
        "all",
        "inherit",
        "system",
        "unknown",
        "other",
        "random",
        "latest",
        "current",
        "",
    ]
)
"""Members that ask for one of the others."""
_MEANS_ANOTHER: Final = re.compile(
    r"\b(?:alias\w*|same as|synonym\w*|stands for|means|clamp\w*|cap(?:s|ped)|at most|at least|round\w*|snap\w*|nearest|normali[sz]\w*"
    r"|convert\w*|fall(?:s)? back|unlimited|disable\w*|deprecated|legacy|zero|none|unset)\b",
    re.IGNORECASE,
)


class ChainEach(ChainOptions):
    """Makes a thing for each value."""

    def _each_value(self) -> Finding | None:
        """Whether one value alone is read as another, where others are read as they were given."""
        schema = self._schemas[self._chain.create]
        said = next((tool.description for tool in self._ctx.plan.siblings if tool.name == self._chain.create), None)
        parts = {
            name: part for name, part in parts_of(schema).items() if name not in (self._chain.key, *self._chain.shared)
        }
        closed = ((name, part, values) for name, part in parts.items() if (values := _values(name, part)))
        for name, part, values in islice(closed, _MOST_PARAMETERS):
            if _MEANS_ANOTHER.search(f"{said} {part}"):
                continue
            kept, strayed = 0, []
            for value in values:
                made, seen = self._made_with(name, value)
                if made is None or made.duration_ns > _SLOW_NS:
                    return None
                kept += seen == value
                strayed += [(value, seen)] if seen not in (None, value) and not _is_meant(value, seen, values) else []
            if kept >= _FEWEST and len(strayed) == 1:
                value, seen = strayed[0]
                given = f"{self._chain.create} was given {name} {shorten(value, 60)}"
                text = f"{given}, and {self._chain.read} answers {shorten(seen, 60)}; {kept} other values are as they were given"
                return self._wrong(text, "read of another value")
        return None

    def _made_with(self, name: str, value: Any) -> tuple[Outcome | None, Any]:
        """Return how a thing is made with a value, and what is read of it; None where that is refused, or nothing is shown."""
        made = self._made_anew({**self._offered, name: value})
        return (None, None) if made is None else (made[0], shown(made[1], name))

    def _made_anew(self, given: Mapping[str, Any]) -> tuple[Outcome, Any] | None:
        """Make one more thing, under a name of its own where its caller names it; return how, and what is read of it."""
        schema, key = self._schemas[self._chain.create], self._chain.key
        named = next(new_key(schema, given, key, self._offered), dict(given))
        if not is_valid(schema, named):
            return None
        made = self._call(self._chain.create, named)
        found = next(self._candidates(plain(made.value)), named.get(key)) if made.kind == "accepted" else None
        read = self._read(found) if found is not None else None
        return (made, plain(read.value)) if read is not None and self._is_there(read, found) else None

    def _own_lists(self, given: Mapping[str, Any]) -> Finding | None:
        """Whether a list of another thing holds what this one was `given`."""
        for name, values in given.items():
            if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
                continue
            without = {key: value for key, value in given.items() if key != name}
            others = without, {**given, name: [unused_name() for _ in values]}
            for other in others:
                made = self._made_anew(other)
                seen = array_shown(made[1], name) if made is not None else None
                if any(value in (seen or ()) for value in values):
                    whose = f"of one thing what {self._chain.create} was given for another"
                    text = f"{self._chain.read} shows in {name} {whose}: {shorten(values, 60)}"
                    return self._wrong(text, "list of another")
        return None


def _values(name: str, part: Mapping[str, Any]) -> list[Any]:
    """Return the members of a choice that say what they ask for, or whole numbers at the bounds, nought, and beside the default."""
    branches = with_alternatives(part)
    members = next((each["enum"] for each in branches if isinstance(each.get("enum"), list)), None)
    if members is not None:
        texts = [each for each in members if isinstance(each, str) and each.lower() not in _OPEN]
        return texts[:_MOST_VALUES]
    if not any(each.get("type") == "integer" for each in branches) or _PLACES.search(" ".join(words_of(name))):
        return []
    return list(dict.fromkeys(value for value in _numbers(branches) if is_valid(dict(part), value)))[:_MOST_VALUES]


def _numbers(branches: list[Mapping[str, Any]]) -> Iterator[int]:
    yield 0
    for word, steps in (("minimum", (0, 1)), ("maximum", (0, -1)), ("default", (0, 1))):
        known = next((each[word] for each in branches if isinstance(each.get(word), int)), None)
        yield from (known + step for step in steps if known is not None and not isinstance(known, bool))


def _is_meant(value: Any, seen: Any, values: list[Any]) -> bool:
    """Whether what is read may be another name of what was given: no member of the choice, or one that is spelled alike."""
    if not isinstance(value, str):
        return not isinstance(seen, int) or isinstance(seen, bool)
    return seen not in values or SequenceMatcher(None, value.lower(), str(seen).lower()).ratio() >= _LIKE
