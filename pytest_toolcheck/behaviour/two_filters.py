"""Two filters together: rows that are listed under both are of both kinds, and one that either shows is not lost.

The evidence is what each filter lists alone: rows of the kind asked for and no others, though there are others.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..checks.base import as_json, shorten
from ..scenario import ToolPlan

_EITHER: Final = re.compile(r"\b(?:or|either|any of|one of)\b", re.IGNORECASE)
_ONE_WINS: Final = re.compile(
    r"\b(?:instead|ignor\w+|preceden\w+|overrid\w+|priority over|only one|unless|exclusive|fall\w* back|rather than)\b",
    re.IGNORECASE,
)
_MOST_PAIRS: Final = 4

Rows = list[Any]
IsOf = Callable[[Any, str, Any], bool]


def go_together(plan: ToolPlan) -> bool:
    """Whether nothing says that a row of either kind will do, or that one filter stands back behind another."""
    said = plan.description.description or ""
    return not _EITHER.search(said) and not _ONE_WINS.search(f"{said} {as_json(plan.tool.input)}")


@dataclass(frozen=True, slots=True)
class Kind:
    """What is asked of one filter, and what it lists alone."""

    name: str
    value: Any
    rows: Rows


def pairs_of(kinds: Mapping[str, list[tuple[Any, Rows | None]]], is_of: IsOf) -> Iterator[tuple[Kind, Kind]]:
    """Yield kinds of two filters each of which lists a row that the other one does not want, those first that share a row."""
    exact = [
        Kind(name, value, rows)
        for name, listed in kinds.items()
        for value, rows in listed
        if rows and all(is_of(row, name, value) for row in rows)
    ]
    found = [
        (one, other)
        for one, other in itertools.combinations(exact, 2)
        if one.name != other.name and (_leaves_out(one, other, is_of) or _leaves_out(other, one, is_of))
    ]
    seen: set[tuple[str, str]] = set()
    for one, other in sorted(found, key=lambda pair: not _shared(*pair)):
        if (names := (one.name, other.name)) not in seen:
            seen.add(names)
            yield one, other


def _leaves_out(one: Kind, other: Kind, is_of: IsOf) -> bool:
    return any(not is_of(row, other.name, other.value) for row in one.rows)


def _shared(one: Kind, other: Kind) -> list[str]:
    texts = {as_json(row) for row in other.rows}
    return [text for row in one.rows if (text := as_json(row)) in texts]


def wrong_together(
    one: Kind, other: Kind, rows: Rows | None, is_of: IsOf, shows: Callable[[Any, str], bool]
) -> str | None:
    """Return what is wrong with the rows that both filters together list; None too where they are refused together."""
    if rows is None:
        return None
    asked = f"{one.name} is {shorten(one.value, 40)} and {other.name} is {shorten(other.value, 40)}"
    for kind in (one, other):
        strange = next((row for row in rows if shows(row, kind.name) and not is_of(row, kind.name, kind.value)), None)
        if strange is not None:
            return f"lists rows of another {kind.name} where {asked}, though alone each filter holds: {shorten(strange, 120)}"
    if not rows and (lost := _shared(one, other)):
        return f"lists no rows where {asked}, though each filter alone lists {shorten(lost[0], 120)}"
    return None


def look_at_pairs(
    kinds: Mapping[str, list[tuple[Any, Rows | None]]],
    ask: Callable[[Mapping[str, Any]], Rows | None],
    is_of: IsOf,
    shows: Callable[[Any, str], bool],
) -> str | None:
    """Ask for pairs of kinds; return what is wrong, once it is so again when all is asked anew."""
    for one, other in itertools.islice(pairs_of(kinds, is_of), _MOST_PAIRS):
        both = {one.name: one.value, other.name: other.value}
        if wrong_together(one, other, ask(both), is_of, shows) is None:
            continue
        again = [Kind(kind.name, kind.value, ask({kind.name: kind.value}) or []) for kind in (one, other)]
        if not all(kind.rows and all(is_of(row, kind.name, kind.value) for row in kind.rows) for kind in again):
            continue
        if (found := wrong_together(again[0], again[1], ask(both), is_of, shows)) is not None:
            return found
    return None
