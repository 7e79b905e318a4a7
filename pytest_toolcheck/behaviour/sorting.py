"""Rows come in the order that is asked for: `sort_by` names a member that they show, `descending` or `order` which end is first.

Numbers are compared as numbers; plain words in whatever case. Where no direction is asked for, either will do.
A few rows are the first of them: whoever cuts before sorting lists others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..chains.roles import SIZES, role_of_tool, words_of
from ..checks.base import shorten
from ..parts import part_of, parts_of
from ..scenario import ToolPlan
from .pages import names_in

if TYPE_CHECKING:
    from .asking import Asking

_KEYS: Final = frozenset(["sort", "sort_by", "order_by", "sorted_by", "sort_key", "sort_field"])
_DIRECTIONS: Final = frozenset(
    ["order", "direction", "sort_order", "sort_direction", "dir", "sort_dir", "order_direction"]
)
_DOWN: Final = frozenset(["desc", "descending", "reverse", "reversed", "sort_desc"])
_WORDS: Final = {"asc": False, "ascending": False, "desc": True, "descending": True}
_MEANS_MORE: Final = re.compile(
    r"\b(?:pinned|group\w*|within|first|featured|relevan\w+|promot\w+|priorit\w+|then by|random|shuffl\w+)\b",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(r"(?!(?:the|an?) )[a-z0-9 ]+", re.IGNORECASE)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?", re.ASCII)
_NAMES: Final = "name title author owner city country label username slug filename surname lastname"
_OF_WORDS: Final = frozenset(_NAMES.split())
"""Not `priority` or `size`: high comes before low, and S before M."""
_OF_OTHERS: Final = re.compile(
    r"\b(?:newest|latest|pages?|recent\w*|last|best|top|most (?!\d)|sampl\w+|candidates?|before (?:they are )?sort\w*|chosen)\b",
    re.IGNORECASE,
)
"""What says which rows a few of them are, whatever their order."""
_FEWEST: Final = 3
_ENOUGH: Final = 5
_LONGEST: Final = 100
_SHORT: Final = 2
_MOST_MEMBERS: Final = 4


@dataclass(frozen=True, slots=True)
class Order:
    """The parameter that names a member, its choices, and what asks for either direction: `{"order": "desc"}`."""

    name: str
    members: tuple[str, ...]
    directions: tuple[tuple[Mapping[str, Any], bool], ...]


def order_in(plan: ToolPlan) -> Order | None:
    """Return how a tool that only lists is asked for an order; None where it is not, or says more of it."""
    parts = parts_of(plan.tool.input)
    called = {"_".join(words_of(name)): name for name in parts}
    keys = [name for word, name in called.items() if word in _KEYS]
    if (role_of_tool(plan.description) or ("",))[0] != "list" or len(keys) != 1 or plan.tool.annotations.destructive:
        return None
    members = [each for each in _enum(parts[keys[0]]) if isinstance(each, str)]
    if not members or _MEANS_MORE.search(f"{plan.description.description} {parts[keys[0]].get('description', '')}"):
        return None
    return Order(keys[0], tuple(members[:_MOST_MEMBERS]), tuple(_directions(called, parts)))


def _directions(called: Mapping[str, str], parts: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    for word, name in called.items():
        if word in _DOWN and parts[name].get("type") == "boolean":
            yield from (({name: is_down}, is_down) for is_down in (False, True))
        elif word in _DIRECTIONS:
            known = [each for each in _enum(parts[name]) if isinstance(each, str)]
            yield from (({name: each}, _WORDS[each.lower()]) for each in known if each.lower() in _WORDS)


def _enum(part: Mapping[str, Any]) -> list[Any]:
    kinds = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
    return next((each["enum"] for each in kinds if isinstance(each.get("enum"), list)), [])


def wrong_order(asking: Asking, order: Order) -> str | None:
    """Return what is wrong with an order, or None."""
    for member in order.members:
        for given, is_down in ((None, None), *order.directions):
            asked = {order.name: member, **(given or {})}
            values = _values(asking.filled(asked), member)
            if len({*values}) >= _FEWEST and not _is_in_order(values, is_down):
                return f"lists {member} {shorten(values, 100)} where {shorten(asked, 80)} is asked for"
    return None


def wrong_beginning(asking: Asking, order: Order, size: str) -> str | None:
    """Return what is wrong with the first rows of an order, or None. Of a list, what its end is may be meant."""
    most = min(part_of(asking.trial.plan.tool.input, size).get("maximum", _LONGEST), _LONGEST)
    for member in order.members:
        for given, _ in order.directions or (({}, None),):
            asked = {order.name: member, **given}
            ways = [{**asked, size: rows} for rows in (most, _SHORT)]
            asking.filled(ways[0], enough=_ENOUGH)
            whole, short = (_values(asking.rows(way) or [], member) for way in ways)
            if _is_other_beginning(short, whole):
                again = [_values(asking.rows(way) or [], member) for way in (ways[1], *ways, ways[1])]
                if again != [short, whole, short, short]:
                    continue
                first = f"{shorten(whole[:_SHORT], 80)} are the first where {size} is {most}"
                return f"lists {member} {shorten(short, 80)} where {shorten({**asked, size: _SHORT}, 80)} is asked for, and {first}"
    return None


def _is_other_beginning(short: list[Any], whole: list[Any]) -> bool:
    """Whether two rows stand in the whole, in neither end of it."""
    is_told = len({*whole}) == len(whole) >= _ENOUGH and len(short) == _SHORT and {*short} <= {*whole}
    return is_told and short not in (whole[:_SHORT], whole[-_SHORT:], whole[-_SHORT:][::-1])


def size_beside(plan: ToolPlan) -> str | None:
    """Return the limit that a sorted listing takes beside; None where something says which rows it leaves."""
    names = names_in(plan)
    said = [plan.description.description, *(part.get("description") for part in parts_of(plan.tool.input).values())]
    if names is None or "_".join(words_of(names.size)) not in SIZES or _OF_OTHERS.search(" ".join(map(str, said))):
        return None
    return names.size


def _values(rows: list[Any], member: str) -> list[Any]:
    """Return what the rows show under a name; nothing where one of them does not, or where kinds are mixed or signs have no place."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return []
    keys = [key for key in rows[0] if words_of(key) == words_of(member)]
    values = [row.get(keys[0]) for row in rows] if len(keys) == 1 else []
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        return values
    form = _PLAIN if _OF_WORDS & {*words_of(member)} else _INSTANT
    return values if all(isinstance(each, str) and form.fullmatch(each) for each in values) else []


def _is_in_order(values: list[Any], is_down: bool | None) -> bool:
    ways = (
        [[each.casefold() for each in values], values, [_natural(each) for each in values]]
        if isinstance(values[0], str)
        else [values]
    )
    return any(
        each == sorted(each, reverse=down)
        for each in ways
        for down in ([False, True] if is_down is None else [is_down])
    )


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in re.findall(r"\d+|\D+", text)]
