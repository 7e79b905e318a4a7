"""Both ends of a range belong to it: a listing shows what lies on the bound that it is given, and keeps both when it is given both.

`max_price` and `min_price` say so themselves; of `start` and `end` a description has to. The evidence is a row that is shown
where the bound is one step further, and not where it is the row's own value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..chains.roles import role_of_tool, words_of
from ..checks.base import as_json, shorten
from ..parts import parts_of
from ..scenario import ToolPlan

if TYPE_CHECKING:
    from .asking import Asking

_LEAST: Final = frozenset(["min", "minimum"])
_MOST: Final = frozenset(["max", "maximum"])
_FROM: Final = frozenset(["start", "from", "since", "begin"])
_TO: Final = frozenset(["end", "to", "until", "through"])
_INCLUDED: Final = re.compile(r"\binclu(?:sive(?:ly)?|ded|ding)\b|\bboth ends\b", re.IGNORECASE)
_EXCLUDED: Final = re.compile(
    r"\bexclu\w+|\bbelow\b|\babove\b|\bless than\b|\bmore than\b|\bbefore\b|\bafter\b|\bbut not\b|\bstrictly\b",
    re.IGNORECASE,
)
_OTHERWISE: Final = "results items rows count size length chars depth age tokens distance limit pages per page"
_NOT_OF_ROWS: Final = frozenset(_OTHERWISE.split())
_DAY: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?", re.ASCII)
_MOST_ROWS: Final = 3
_FEWEST: Final = 4
"""So many values: one below the range, two in it, one above it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A parameter that is one end of a range; `about` is what rows call the value, None where it is their only day."""

    name: str
    about: str | None
    is_upper: bool


def bounds_in(plan: ToolPlan) -> list[Bound]:
    """Return the bounds of a tool that only lists, of which it is said that they belong to the range."""
    tool, said = plan.tool, plan.description.description or ""
    if (role_of_tool(plan.description) or ("",))[0] != "list" or tool.annotations.destructive:
        return []
    found = (_bound(name, part, said) for name, part in parts_of(tool.input).items())
    return [bound for bound in found if bound is not None]


def _bound(name: str, part: Mapping[str, Any], said: str) -> Bound | None:
    words = words_of(name)
    told = f"{said} {part.get('description', '')}"
    rest = [word for word in words if word not in _LEAST | _MOST | _FROM | _TO]
    if _EXCLUDED.search(told) or not _NOT_OF_ROWS.isdisjoint(words) or len(words) - len(rest) != 1:
        return None
    is_named = bool((_LEAST | _MOST) & {*words})
    if not is_named and not _INCLUDED.search(told):
        return None
    is_upper = bool((_MOST | _TO) & {*words})
    about = "_".join(rest) if is_named and rest else None
    return None if is_named and not rest else Bound(name, about, is_upper)


def pairs_in(plan: ToolPlan) -> list[tuple[Bound, Bound]]:
    """Return the two bounds of each value that has both: `min_price` and `max_price`."""
    bounds = bounds_in(plan)
    lower = {bound.about: bound for bound in bounds if not bound.is_upper and bound.about is not None}
    return [(lower[bound.about], bound) for bound in bounds if bound.is_upper and bound.about in lower]


def wrong_range(asking: Asking, pair: tuple[Bound, Bound]) -> str | None:
    """Return which bound is not kept when both are given, each of which is kept alone; None where both are."""
    low, high = pair
    rows = [row for row in asking.filled({}) if isinstance(row, Mapping)]
    values = sorted({value for row in rows for value in islice(_values(row, low), 1)}, key=lambda v: (str(type(v)), v))
    if len(values) < _FEWEST:
        return None
    bottom, top = values[len(values) // 3], values[-len(values) // 3]
    if type(bottom) is not type(top) or not bottom < top:
        return None
    given = {low.name: bottom}, {high.name: top}, {low.name: bottom, high.name: top}
    alone, other, both = [_listed(asking.rows(each), low) for each in given]
    if not alone or not other or both is None or min(alone) < bottom or max(other) > top:
        return None
    beyond = [value for value in both if not bottom <= value <= top]
    if not beyond:
        return None
    asked = f"{low.name} is {as_json(bottom)} and {high.name} is {as_json(top)}"
    return f"lists {low.about} {as_json(beyond[0])} where {asked}; each is kept alone"


def _listed(rows: list[Any] | None, bound: Bound) -> list[Any] | None:
    """Return the values of rows; None where one has none."""
    values = [next(_values(row, bound), None) if isinstance(row, Mapping) else None for row in rows or ()]
    return None if rows is None or None in values else values


def wrong_bound(asking: Asking, bound: Bound) -> str | None:
    """Return what is wrong with a bound, or None."""
    rows = [row for row in asking.filled({}) if isinstance(row, Mapping)]
    for row in rows[:_MOST_ROWS]:
        for value in _values(row, bound):
            at, beyond, short = (
                value,
                _moved(value, 1 if bound.is_upper else -1),
                _moved(value, -1 if bound.is_upper else 1),
            )
            shown = [_is_shown(asking, bound, each, row) for each in (beyond, at, short)]
            if shown[:2] == [True, False] and not shown[2]:  # beyond the range's own end nothing can be asked
                return f"does not list {shorten(row, 80)} where {bound.name} is {as_json(at)}, and does where it is {as_json(beyond)}"
    return None


def _is_shown(asking: Asking, bound: Bound, value: Any, row: Any) -> bool | None:
    rows = asking.rows({bound.name: value})
    return None if rows is None else any(as_json(each) == as_json(row) for each in rows)


def _values(row: Mapping[str, Any], bound: Bound) -> Iterator[Any]:
    """Yield the number, or the day, of a row that a bound is about."""
    days = [value for value in row.values() if isinstance(value, str) and _DAY.fullmatch(value)]
    for key, value in row.items():
        is_meant = "_".join(words_of(key)) == bound.about if bound.about is not None else days == [value]
        if is_meant and isinstance(value, str) and (found := _DAY.fullmatch(value)):
            yield found[1]
        elif is_meant and isinstance(value, int | float) and not isinstance(value, bool):
            yield value


def _moved(value: Any, by: int) -> Any:
    if not isinstance(value, str):
        return value + by
    try:
        return (date.fromisoformat(value) + timedelta(days=by)).isoformat()
    except (ValueError, OverflowError):
        return value
