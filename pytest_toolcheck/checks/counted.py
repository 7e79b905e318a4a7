"""`counted`: an answer has as many rows as it says itself, and none where none are asked for.

A number may count something else than the rows beside it: all pages, what differs, the pieces of an order. So it must be
named as theirs, or be theirs in another answer, and nothing in the rows or the descriptions may explain it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..chains.roles import SIZES, required_of, role_of, singular, words_of
from ..parts import parts_of
from .base import Evidence, Finding, as_json, place_of, plain
from .none_asked import none_asked

_ROWS: Final = frozenset(
    ["item", "result", "row", "entry", "record", "data", "match", "hit", "value", "element", "object", "list", "found"],
)
"""What a list of anything may be called, in the singular."""
_PARTS: Final = re.compile(
    r"error|warning|fail|skip|miss|invalid|reject|duplicat|note|message|suggest|alternativ|tag|path|step|change|hint|facet",
    re.IGNORECASE,
)
"""Lists beside which a number counts something else."""
_TOTALS: Final = frozenset(["total", "total_count", "total_items", "total_results", "total_rows", "total_records"])
_OF_ELSE: Final = re.compile(
    r"distinct|unique|different|\bnew\b|\bopen\b|\bactive\b|visible|pieces|quantit|without|except|excluding|groups?\b|at least",
    re.IGNORECASE,
)
_OF_A_PART: Final = re.compile(
    r"\bfirst\b|at most|up to|\btop\b|limit|\bpage|sample|preview|in all|overall|total|\blast\b|newest|best|most|some of|subset|before",
    re.IGNORECASE,
)
_MORE: Final = re.compile(
    r"trunc|more|next|cursor|page|limit|offset|shown|returned|omit|remain|hidden|partial|rest|last|first|top",
    re.IGNORECASE,
)
"""Members of an answer, or parameters, that say that there are more rows than are shown."""
_ROUND: Final = 5
_MOST_CONTROLS: Final = 2


def counted(evidence: Evidence) -> Finding | None:
    """Fail where the answer to a valid input shows another number of rows than it says, or some where none were asked for."""
    if evidence.case.label != "valid" or evidence.outcome.kind != "accepted":
        return None
    return none_asked(evidence) or _miscounted(evidence)


def _miscounted(evidence: Evidence) -> Finding | None:
    """Fail where the one number that counts the one list of an answer is another than its length, twice."""
    found = _count_in(evidence, evidence.outcome.value)
    if found is None or evidence.retry is None:
        return None
    name, count, rows_name, rows = found
    is_wrong = _is_too_low(evidence, found) if count < len(rows) else _is_too_high(evidence, found)
    if count == len(rows) or not is_wrong:
        return None
    again = _count_in(evidence, plain(evidence.retry(evidence.case.input).value))
    if again is None or again[1] - len(again[3]) != count - len(rows):
        return None
    return Finding(
        "counted",
        f"{evidence.tool.name} answers {name} {count} beside {len(rows)} {rows_name}",
        f"counted {name} {rows_name}",
        f"a count of what is listed beside it ({place_of(evidence.tool, 'checks/counted')})",
    )


_Counted = tuple[str, int, str, list[Any]]
"""The name of a number and the number, the name of a list and its rows."""


def _count_in(evidence: Evidence, value: Any) -> _Counted | None:
    """Return the one number in an answer that may count its one list; None where there are more, or what was sent is called so."""
    answer = plain(value)
    if not isinstance(answer, Mapping):
        return None
    lists = [(key, rows) for key, rows in answer.items() if isinstance(rows, list)]
    if len(lists) != 1 or not isinstance(lists[0][0], str):
        return None
    [(rows_name, rows)] = lists
    names = {*_names_for(rows_name), "count"} | _TOTALS
    counts = [
        (key, number)
        for key, number in answer.items()
        if isinstance(number, int) and not isinstance(number, bool) and number >= 0 and _joined(key) in names
    ]
    if len(counts) != 1 or {_joined(counts[0][0])} & {_joined(name) for name in parts_of(evidence.tool.input)}:
        return None
    return (*counts[0], rows_name, rows)


def _is_too_low(evidence: Evidence, found: _Counted) -> bool:
    """Whether a count leaves out rows that are shown, and is not one of what differs among them."""
    name, count, rows_name, rows = found
    if _OF_ELSE.search(_said(evidence)) or count in _explained(rows):
        return False
    is_of_them = _joined(name) in _names_for(rows_name)
    lists = (role_of(evidence.tool.name) or ("",))[0] == "list" and _is_of_rows(evidence, rows_name)
    if is_of_them or (lists and _joined(name) != "total"):
        return True
    return not _PARTS.search(rows_name) and _is_exact_elsewhere(evidence, name)


def _is_too_high(evidence: Evidence, found: _Counted) -> bool:
    """Whether a count is of more rows than are shown, though no parameter, member or description speaks of a part of them."""
    name, count, rows_name, rows = found
    is_part = len(rows) >= 2 * _ROUND and len(rows) % _ROUND == 0
    if is_part or not rows or _joined(name) in _TOTALS or _PARTS.search(rows_name):
        return False
    answer, parameters = plain(evidence.outcome.value), parts_of(evidence.tool.input)
    if any(_MORE.search(str(key)) or _joined(str(key)) in SIZES for key in (*answer, *parameters)):
        return False
    said = " ".join((_said(evidence), *_descriptions(evidence.tool.input)))
    if _OF_A_PART.search(said) or _OF_ELSE.search(said) or count in _explained(rows):
        return False
    return _is_exact_elsewhere(evidence, name)


def _is_exact_elsewhere(evidence: Evidence, name: str) -> bool:
    """Whether the number is the length of the list where another input is answered."""
    sent, needed = evidence.case.input, required_of(evidence.tool.input)
    alone = {key: sent[key] for key in needed if key in sent} if isinstance(sent, Mapping) else {}
    inputs = [alone, *(dict(good) for good in evidence.known_good[:_MOST_CONTROLS])]
    for other in [each for each in inputs if as_json(each) != as_json(sent)]:
        outcome = evidence.retry(other) if evidence.retry is not None else None
        found = _count_in(evidence, outcome.value) if outcome is not None and outcome.kind == "accepted" else None
        if found is not None and found[0] == name and found[1] == len(found[3]) > 1:
            return True
    return False


def _explained(rows: list[Any]) -> set[float]:
    """Return what else may be counted: rows that differ, in a whole or a member, those with a mark, the sum of a member."""
    numbers: set[float] = {len({as_json(row) for row in rows})}
    objects = [row for row in rows if isinstance(row, Mapping)]
    for key in {key for row in objects for key in row}:
        values = [row.get(key) for row in objects]
        numbers.add(len({as_json(value) for value in values}))
        if any(value is None or isinstance(value, bool) for value in values):
            numbers |= {sum(map(bool, values)), len(values) - sum(map(bool, values))}
        numbers.add(sum(value for value in values if isinstance(value, int | float)))
        numbers.add(sum(len(value) for value in values if isinstance(value, list)))
    return numbers | {sum(len(row) for row in rows if isinstance(row, list))}


def _names_for(rows_name: str) -> set[str]:
    """Return what the number of the rows of a list is called: `order_count` of `orders`."""
    own = _joined(rows_name)
    return {f"{singular(own)}_count", f"{own}_count", f"num_{own}", f"n_{own}", f"number_of_{own}", f"total_{own}"}


def _is_of_rows(evidence: Evidence, rows_name: str) -> bool:
    one = singular(_joined(rows_name))
    return one in _ROWS or one in {singular(word) for word in words_of(evidence.tool.name)}


def _said(evidence: Evidence) -> str:
    return " ".join((evidence.about, evidence.tool.name, *_descriptions(evidence.tool.output)))


def _descriptions(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from (str(text) for key, text in schema.items() if key == "description")
        for part in schema.values():
            yield from _descriptions(part)


def _joined(name: str) -> str:
    return "_".join(words_of(name))
