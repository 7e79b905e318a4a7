"""`pages`: what a listing shows page by page is what it shows at once: nothing twice, nothing left out, no row too many.

The evidence is the tool's own: one long page, answered alike before and after. A tool whose long page does not begin
with its short one orders in a way that nobody is told, and is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..cases import base_candidates
from ..chains.lists import rows_of
from ..chains.roles import SIZES, makes_by_setting, may_be_called, role_of_tool, schema_of, words_of
from ..chains.values import all_new, plain, with_new_texts
from ..checks.base import as_json
from ..checks.violation import is_valid
from ..parts import part_of, parts_of
from ..scenario import ScenarioSkipped, ToolPlan

if TYPE_CHECKING:
    from .promise import Trial

_LAST: Final = frozenset(["last", "recent", "latest", "tail", "num_results", "top_k", "top_n", "last_n"])
"""So many of the newest, or best."""
_COUNTS: Final = frozenset(["count", "n", "k", "top", "lines", "num"])
"""As `_LAST`, of a tool whose name says that it lists the newest or best: `recent_orders(count)`, `tail_log(lines)`."""
_OF_THE_LAST: Final = frozenset(["last", "recent", "latest", "tail", "newest", "top", "list"])
_OF_TIME: Final = re.compile(
    r"second|minute|hour|\bday|week|month|year|period|window|since|within|version|commit|below|up to|less than|under",
    re.IGNORECASE,
)
"""What says that the last of something else are meant than rows."""
_OF_ALL: Final = re.compile(r"\b(?:0|zero|all|every|everything|unlimited|no limit|whole)\b", re.IGNORECASE)
_NONE_FOR_NOUGHT: Final = re.compile(
    r"\b(?:none|nothing|no \w+) (?:for|if|when|where|at|with) (?:it is |zero|0\b)|\b0\b[^.,;]{0,20}\b(?:none|nothing)\b",
    re.IGNORECASE,
)
_OF_ELSE_THAN_NONE: Final = re.compile(r"\bdefault|\ball\b|every|unlimited|no limit|\bauto|whole", re.IGNORECASE)
"""What says that a limit of 0 is none."""
_OF_ELSE: Final = re.compile(
    r"\b(?:per|each|char\w*|bytes?|length|depth|groups?|categor\w+|parallel|concurren\w+)\b", re.IGNORECASE
)
"""What says that a limit is one of something else than rows."""
_SKIPS: Final = frozenset(["offset", "skip", "start", "start_index", "from_index"])
_PAGES: Final = frozenset(["page", "page_number"])
_CURSORS: Final = frozenset(["cursor", "after", "page_token", "next_token", "starting_after", "continuation", "token"])
_NEXT: Final = frozenset(["next", "cursor", "after", "continuation"])
_TOTALS: Final = frozenset(
    ["total", "total_count", "totalCount", "total_items", "totalItems", "total_results", "totalResults"]
)
_OF_THE_PAGE: Final = re.compile(
    r"\bpage'?s?\b|\breturned\b|\bshown\b|\bhere\b|this (?:answer|response|result)", re.IGNORECASE
)
"""What may say that a total is of the rows that are shown."""
_LONGEST: Final = 100
_ENOUGH: Final = 4
_MADE: Final = 7
_MOST_CALLS: Final = 3 * _MADE
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _Names:
    """What the parameters of a listing are called: how many rows, and where they begin."""

    size: str
    place: str | None = None
    is_page: bool = False
    is_cursor: bool = False
    means_all: bool = True
    """Whether 0 may mean all of them."""


def names_in(plan: ToolPlan) -> _Names | None:
    """Return how a tool that only lists is asked for a page; None where it is none."""
    tool, schema = plan.tool, plan.tool.input
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    only_reads = tool.annotations.read_only or (role_of_tool(plan.description) or ("",))[0] == "list"
    if not isinstance(properties, Mapping) or not only_reads or tool.annotations.destructive:
        return None
    parts = {name: _without_null(part) for name, part in parts_of(schema).items()}
    called = {"_".join(words_of(name)): name for name in parts}
    whole = {word: name for word, name in called.items() if parts[name].get("type") == "integer"}
    last = _sizes_of_the_last(plan, parts)
    sizes = [whole[word] for word in whole if word in SIZES] or [whole[word] for word in whole if word in last]
    if len(sizes) != 1:
        return None
    places = {word: name for word, name in called.items() if word in _SKIPS | _PAGES | _CURSORS}
    if len(places) != 1:
        return _Names(sizes[0], means_all=_means_all(plan, sizes[0]))
    ((word, place),) = places.items()
    return _Names(sizes[0], place, word in _PAGES, word in _CURSORS)


def _sizes_of_the_last(plan: ToolPlan, properties: Mapping[str, Any]) -> frozenset[str]:
    """Return what else says how many rows, in a tool that lists the newest or the best; none where days or hours are meant."""
    told = f"{plan.description.description} {[part.get('description') for part in properties.values() if isinstance(part, Mapping)]}"
    if _OF_TIME.search(f"{told} {' '.join(properties)}"):
        return frozenset()
    return _LAST | (_COUNTS if _OF_THE_LAST & {*words_of(plan.tool.name)} else frozenset())


def _means_all(plan: ToolPlan, name: str) -> bool:
    """Whether 0 rows may mean all: of a limit it often does, of the last so many it does where somebody says so."""
    said = plan.tool.input["properties"][name].get("description") if isinstance(plan.tool.input, dict) else None
    if _NONE_FOR_NOUGHT.search(str(said)):
        return False
    is_limit = "_".join(words_of(name)) in SIZES
    return is_limit or _OF_ALL.search(f"{plan.description.description} {said}") is not None


def pages(trial: Trial) -> None:
    """Compare short pages with a long one; what is wrong must be so twice."""
    names, base = names_in(trial.plan), trial.ctx.base()
    if names is None or base is None:
        raise ScenarioSkipped(f"no valid call of {trial.plan.tool.name} succeeded")
    listing = _Listing(trial, names, base)
    listing.fill()
    found = listing.wrong()
    if found is not None and listing.wrong() == found:
        message, cause = found
        raise trial.broken(message, cause, ("at once", listing.whole), ("calls", listing.asked[-6:]))


@dataclass(slots=True)
class _Listing:
    trial: Trial
    names: _Names
    base: Mapping[str, Any]
    asked: list[Any] = field(default_factory=list)
    whole: list[Any] = field(default_factory=list)

    def fill(self) -> None:
        """Make things to list with siblings that create, where there are few. Raises ScenarioSkipped where none helps."""
        if len(self._all()) <= _ENOUGH:
            made = (
                self.trial.ctx.call_tool(*each).kind == "accepted"
                for each in islice(makers(self.trial.plan), _MOST_CALLS)
            )
            for _ in islice(filter(None, made), _MADE):
                pass
        if len(self._all()) < _ENOUGH:
            raise ScenarioSkipped(f"{self.trial.plan.tool.name} lists fewer than {_ENOUGH} rows")

    def wrong(self) -> tuple[str, str] | None:
        """Return what is wrong, and its cause; None too where the long page changes, or has equal rows."""
        self.asked.clear()
        self.whole = self._all()
        texts = [as_json(row) for row in self.whole]
        if len(set(texts)) < max(len(texts), _ENOUGH):
            return None
        found = self._miscounted() or self._not_as_many(texts) or self._not_none()
        found = found or self._misplaced(texts) or self._taken_off(texts) or self._mistotalled()
        return found if [as_json(row) for row in self._all()] == texts else None

    def _miscounted(self) -> tuple[str, str] | None:
        """Say by how much each short page is too long or too short."""
        if self.names.place is None and len(self.whole) >= self._most() - 1:
            return None  # the numbers below a limit are one less
        sizes = [size for size in range(1, _ENOUGH + 1) if self._is_allowed({self.names.size: size})]
        by = {len(self._rows({self.names.size: size}) or ()) - size for size in sizes[1:]}  # one row at least, some say
        if len(sizes) < _ENOUGH or len(self.whole) <= _ENOUGH or len(by) != 1 or (off := by.pop()) not in (-1, 1):
            return None
        return f"lists {abs(off)} {'more' if off > 0 else 'less'} than {self.names.size} says", "size"

    def _not_as_many(self, texts: list[str]) -> tuple[str, str] | None:
        """Say that all sizes are answered alike, or that the usual one is answered with fewer rows where small ones are exact."""
        name, sizes = self.names.size, range(1, _ENOUGH + 1)
        if len(texts) <= _ENOUGH or "_".join(words_of(name)) not in SIZES or _OF_ELSE.search(f"{self._part(name)}"):
            return None
        answers = [self._answer({name: size}) for size in (self._most(), *sizes)]
        shown = [[as_json(row) for row in rows_of(answer)] for answer in answers[1:]]
        if len({as_json(answer) for answer in answers}) == 1:
            return f"lists {len(texts)} rows whatever {name} says", "ignored"
        usual = self._part(name).get("default")
        if not isinstance(usual, int) or any(rows != texts[:size] for rows, size in zip(shown, sizes, strict=True)):
            return None
        rows = [as_json(row) for row in self._rows({name: usual}) or ()]
        if rows and len(rows) < min(usual, len(texts)) and rows == texts[: len(rows)]:
            return f"lists {len(rows)} of {len(texts)} rows where {name} is {usual}", "usual"
        return None

    def _not_none(self) -> tuple[str, str] | None:
        """Say that the last 0 rows are some: of a list, `rows[-0:]` are all; of a limit, `limit or 10` are as many as without it."""
        name = self.names.size
        rows = self._rows({name: 0}) if not self.names.means_all or _allows_none(self._part(name)) else None
        if not rows or (self.names.means_all and not self._is_taken_for_default(rows)):
            return None
        return f"lists {len(rows)} rows where {name} is 0", "none"

    def _is_taken_for_default(self, rows: list[Any]) -> bool:
        """Whether 0 rows are neither none nor all: as many as where nothing is said, in a listing whose limit is exact."""
        usual, texts = self._rows({}) or [], [as_json(row) for row in self.whole]
        is_exact = [as_json(row) for row in self._rows({self.names.size: 1}) or ()] == texts[:1]
        return is_exact and len(rows) == len(usual) < len(texts)

    def _misplaced(self, texts: list[str]) -> tuple[str, str] | None:
        """Say where the second of two pages is not what follows the first."""
        for size in (1, 2, 3):
            first = self._answer({self.names.size: size})
            if first is None or [as_json(row) for row in rows_of(first)] != texts[:size]:
                continue
            place = self._next(first, size)
            second = self._rows({self.names.size: size, self.names.place: place}) if place is not None else None
            shown, expected = [as_json(row) for row in second or ()], texts[size : 2 * size]
            is_whole = len(shown) == size or (len(expected) == size > 1 and _is_run(shown, texts))
            if is_whole and set(shown) <= set(texts) and shown != expected:
                repeats = not set(shown).isdisjoint(texts[:size])
                how = "shows rows of the first again" if repeats else "leaves out rows that follow the first"
                return f"{how} on its second page ({self.names.place}: {as_json(place)})", "page"
        return None

    def _taken_off(self, texts: list[str]) -> tuple[str, str] | None:
        """Say that an offset takes as many rows off each page: `rows[offset:limit]`."""
        names, steps = self.names, (0, 1, 2)
        if names.place is None or names.is_page or names.is_cursor or len(texts) < _ENOUGH + max(steps):
            return None
        for step in steps:
            shown = self._rows({names.size: _ENOUGH, names.place: step})
            if shown is None or [as_json(row) for row in shown] != texts[step:_ENOUGH]:
                return None
        return f"lists {_ENOUGH - step} rows where {names.size} is {_ENOUGH} and {names.place} is {step}", "page"

    def _mistotalled(self) -> tuple[str, str] | None:
        """Say where the total is the number of rows that are shown, in a listing whose pages follow each other."""
        if self.names.place is None or _OF_THE_PAGE.search(
            f"{self.trial.plan.description.description} {as_json(self.trial.plan.tool.output)}"
        ):
            return None
        seen: dict[int, str] = {}
        for size in (1, 2, self._most()):
            answer = self._answer({self.names.size: size})
            rows = [] if answer is None else rows_of(answer)
            seen |= {len(rows): key for key, value in _members(answer) if key in _TOTALS and value == len(rows)}
        if set(seen) != {1, 2, len(self.whole)}:
            return None
        return (
            f"says that {seen[1]} is 1 where {self.names.size} is 1, and {len(self.whole)} where more are shown",
            "total",
        )

    def _next(self, first: Any, size: int) -> Any:
        """Return where the second page begins; None where nobody can say."""
        name = self.names.place
        if name is None or not self._is_allowed({self.names.size: size}):
            return None
        if self.names.is_cursor:
            told = [value for key, value in _members(first) if set(words_of(key)) & _NEXT and value is not None]
            return told[0] if len(told) == 1 and "/" not in str(told[0]) else None
        part = self._part(name)
        begins = part.get("minimum", part.get("default"))
        begins = (1 if self.names.is_page else 0) if begins is None else begins
        return begins + (1 if self.names.is_page else size) if begins in (0, 1) else None

    def _all(self) -> list[Any]:
        return self._rows({self.names.size: self._most()}) or []

    def _most(self) -> int:
        most = self._part(self.names.size).get("maximum", _LONGEST)
        return min(int(most), _LONGEST) if isinstance(most, (int, float)) else _LONGEST

    def _part(self, name: str) -> Mapping[str, Any]:
        return _without_null(part_of(self._schema, name))

    def _rows(self, given: Mapping[str | None, Any]) -> list[Any] | None:
        answer = self._answer(given)
        return None if answer is None or isinstance(answer, str) else rows_of(answer)

    def _answer(self, given: Mapping[str | None, Any]) -> Any:
        kept = {key: value for key, value in self.base.items() if key not in (self.names.size, self.names.place)}
        arguments = {**kept, **{key: value for key, value in given.items() if key is not None}}
        if not is_valid(self._schema, arguments):
            return None
        outcome = self.trial.ctx.call(arguments, valid=True)
        self.asked.append(arguments)
        return plain(outcome.value) if outcome.kind == "accepted" else None

    def _is_allowed(self, given: Mapping[str, Any]) -> bool:
        return is_valid(self._schema, {**self.base, **given})

    @property
    def _schema(self) -> Any:
        return self.trial.plan.tool.input


def _allows_none(part: Mapping[str, Any]) -> bool:
    """Whether a schema says that 0 may be asked for, and nobody that it stands for something else."""
    return part.get("minimum") == 0 and not _OF_ELSE_THAN_NONE.search(str(part.get("description", "")))


def _is_run(shown: list[str], texts: list[str]) -> bool:
    """Whether these are rows that follow each other, fewer or more than a page has."""
    at = texts.index(shown[0]) if shown and shown[0] in texts else -1
    return at >= 0 and texts[at : at + len(shown)] == shown


def makers(plan: ToolPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield calls of siblings that create something to list: each with texts that nobody has used."""
    for tool in plan.siblings:
        makes = (role_of_tool(tool) or ("",))[0] == "create" or makes_by_setting(tool)
        if makes and may_be_called(plan.spec, tool):
            schema = schema_of(plan.spec, tool)
            for candidate in islice(base_candidates(schema or {"type": "object"}), _TRIES):
                for make in (all_new, _with_new_texts):  # of a form that is told, few may be known: currencies
                    yield from ((tool.name, make(schema, candidate)) for _ in range(_MADE))


def _with_new_texts(schema: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return dict(next(with_new_texts(schema, arguments), arguments))


def _without_null(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a parameter is that may be null as well."""
    branches = [each for each in part.get("anyOf", ()) if isinstance(each, Mapping) and each.get("type") != "null"]
    return (
        {**branches[0], **{key: value for key, value in part.items() if key != "anyOf"}}
        if len(branches) == 1
        else dict(part)
    )


def _members(answer: Any) -> Iterator[tuple[str, Any]]:
    """Yield the plain members of an answer and of an object in it; rows are none."""
    for key, value in answer.items() if isinstance(answer, Mapping) else ():
        if isinstance(value, Mapping):
            yield from _members(value)
        elif not isinstance(value, (list, bool)):
            yield key, value
