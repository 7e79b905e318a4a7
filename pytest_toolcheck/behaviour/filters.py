"""`filters`: a listing that is asked for one kind of rows shows rows of that kind.

A filter is what a listing may be given and its rows show under the same name: `list_tickets(status)`. The evidence is the
tool's own: a row of the kind that another listing shows, before and after. Of a text that is no choice, another value must
have been a filter first: a `path` or a `user` may say whose rows are meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..chains.roles import required_of, role_of_tool, schema_of, words_of
from ..chains.values import members_of
from ..checks.base import as_json, shorten
from ..checks.violation import is_valid
from ..parts import part_of, parts_of, with_alternatives
from ..scenario import ScenarioSkipped, ToolPlan
from .asking import Asking
from .leaves import same
from .pages import makers
from .ranges import bounds_in, pairs_in, wrong_bound, wrong_range
from .searched import text_of_search, wrong_search
from .sorting import order_in, size_beside, wrong_beginning, wrong_order
from .two_filters import go_together, look_at_pairs

if TYPE_CHECKING:
    from .promise import Trial

_MEANS_ELSE: Final = re.compile(
    r"\b(?:since|until|after|before|from|up to|at (?:least|most)|or (?:more|less|higher|lower|above|below|newer|older|later|earlier)"
    r"|than|newer|older|above|below|exclud\w*|without|all but|except|not|other|like|near|similar|sort\w*|order(?:ed)? by|convert\w*"
    r"|express\w*|translat\w*|shown? in|level)\b",
    re.IGNORECASE,
)
"""What says that other rows are meant than those that show the value."""
_HOW: Final = (
    "sort order format view fields lang language locale unit units currency timezone tz page limit offset cursor"
)
_SHOWS_OTHERWISE: Final = frozenset(_HOW.split())
"""How rows are shown, and which of them, whatever they hold."""
_MOST_FILTERS, _MOST_KINDS, _MOST_MADE, _MOST_NUMBERS = 3, 6, 12, 2


def filters_in(plan: ToolPlan) -> list[str]:
    """Return what a tool that only lists may be given, and may be a filter: choices, switches, texts, ids."""
    tool, schema = plan.tool, plan.tool.input
    lists = (role_of_tool(plan.description) or ("",))[0] == "list"
    if not lists or tool.annotations.destructive or _MEANS_ELSE.search(plan.description.description or ""):
        return []
    needed = set(required_of(schema))
    return [name for name, part in parts_of(schema).items() if name not in needed and _may_filter(name, part)]


def _may_filter(name: str, part: Mapping[str, Any]) -> bool:
    words = words_of(name)
    says_else = _MEANS_ELSE.search(str(part.get("description", ""))) or not _SHOWS_OTHERWISE.isdisjoint(words)
    kinds = {kind for each in with_alternatives(part) for kind in _types(each)}
    is_id = len(words) > 1 and words[-1] == "id"
    return not says_else and bool("enum" in part or kinds & {"string", "boolean"} or (is_id and "integer" in kinds))


def _types(part: Mapping[str, Any]) -> list[Any]:
    kinds = part.get("type")
    return ["string"] if "enum" in part else kinds if isinstance(kinds, list) else [kinds]


def filters(trial: Trial) -> None:
    """Ask for the rows of each kind that is shown; what is wrong must be so twice."""
    base = trial.ctx.base()
    if base is None:
        raise ScenarioSkipped(f"no valid call of {trial.plan.tool.name} succeeded")
    _of_kinds(trial, base)
    for look, cause in _others(trial.plan):
        asking = Asking.of(trial, base)
        found = look(asking)
        if found is not None and look(asking) is not None:
            raise trial.broken(found, cause, ("calls", asking.calls[-4:]))


def may_be_asked(plan: ToolPlan) -> bool:
    """Whether there is something to ask a listing or a search for."""
    return bool(filters_in(plan)) or next(_others(plan), None) is not None


def _others(plan: ToolPlan) -> Iterator[tuple[Callable[[Asking], str | None], str]]:
    """Yield the looks at ranges, orders and searches, each with its cause."""
    for bound in bounds_in(plan):
        yield partial(wrong_bound, bound=bound), "bound"
    for pair in pairs_in(plan):
        yield partial(wrong_range, pair=pair), "range"
    if (order := order_in(plan)) is not None:
        yield partial(wrong_order, order=order), "order"
        if (size := size_beside(plan)) is not None:
            yield partial(wrong_beginning, order=order, size=size), "first of an order"
    if (name := text_of_search(plan)) is not None:
        yield partial(wrong_search, name=name), "search"


def _of_kinds(trial: Trial, base: Mapping[str, Any]) -> None:
    asked = _Asked(Asking.of(trial, base))
    asked.fill()
    for name in filters_in(trial.plan)[:_MOST_FILTERS]:
        found = asked.wrong(name)
        if found is not None and asked.wrong(name) == found:
            raise trial.broken(found, "filter", ("calls", asked.asking.calls[-6:]))
    if (found := asked.wrong_together()) is not None:
        raise trial.broken(found, "filters together", ("calls", asked.asking.calls[-6:]))


@dataclass(slots=True)
class _Asked:
    """What a listing answered, asked for everything and for each kind."""

    asking: Asking
    listed: dict[str, list[tuple[Any, list[Any] | None]]] = field(default_factory=dict)
    """What each filter was answered alone, by its name: the kinds asked for, with their rows."""
    whole: list[Any] = field(default_factory=list)

    def fill(self) -> None:
        """Make something to list of each choice, where nothing is listed."""
        if not self._rows({}):
            for tool, arguments in islice(_of_each_kind(self.asking.trial.plan), _MOST_MADE):
                self.asking.trial.ctx.call_tool(tool, arguments)

    def wrong(self, name: str) -> str | None:
        """Return what is wrong with a filter, or None."""
        self.asking.calls.clear()
        schema = self.asking.trial.plan.tool.input
        whole = self.whole = self._rows({}) or []
        kinds = [*members_of(schema, name), *(value for row in whole for value in _values(row, name))]
        listed = {as_json(kind): (kind, self._rows({name: kind})) for kind in kinds[:_MOST_KINDS]}
        self.listed[name] = list(listed.values())
        is_filter = name in _choices(schema) or any(
            rows and all(_is_of(row, name, kind) for row in rows) for kind, rows in listed.values()
        )
        for kind, rows in listed.values():
            if not is_filter or rows is None or any(_is_of(row, name, kind) for row in rows):
                continue
            shown_by = next((given for given, row in self._shown(whole, listed, name) if _is_of(row, name, kind)), None)
            if shown_by is not None and any(_is_of(row, name, kind) for row in self._rows(shown_by) or ()):
                return (
                    f"lists {len(rows) or 'no'} rows where {name} is {shorten(kind, 60)}, and none of them has it: a row "
                    f"that has is listed where {shorten(shown_by, 100) if shown_by else 'no filter'} is given"
                )
        return None

    def wrong_together(self) -> str | None:
        """Return what is wrong with two filters together, or None; whole numbers that rows show may be filters here."""
        plan = self.asking.trial.plan
        if not go_together(plan):
            return None
        for name in _numbers(plan)[: _MOST_FILTERS - len(self.listed)] if self.listed else ():
            values = {as_json(value): value for row in self.whole for value in _values(row, name)}
            self.listed[name] = [(value, self._rows({name: value})) for value in islice(values.values(), _MOST_NUMBERS)]
        return look_at_pairs(self.listed, self._rows, _is_of, lambda row, name: bool(_values(row, name)))

    def _shown(
        self, whole: list[Any], listed: Mapping[str, tuple[Any, list[Any] | None]], name: str
    ) -> Iterator[tuple[dict[str, Any], Any]]:
        yield from (({}, row) for row in whole)
        for kind, rows in listed.values():
            yield from (({name: kind}, row) for row in rows or ())

    def _rows(self, given: Mapping[str, Any]) -> list[Any] | None:
        rows = self.asking.rows(given)
        return None if rows is None else [row for row in rows if isinstance(row, Mapping)]


def _numbers(plan: ToolPlan) -> list[str]:
    """Return the optional whole numbers beside the filters; which of them are filters their rows tell."""
    needed, filters = set(required_of(plan.tool.input)), filters_in(plan)
    parts = {name: part for name, part in parts_of(plan.tool.input).items() if name not in needed | {*filters}}
    plain = [name for name, part in parts.items() if any("integer" in _types(each) for each in with_alternatives(part))]
    return [
        name
        for name in plain
        if _SHOWS_OTHERWISE.isdisjoint(words_of(name))
        and not _MEANS_ELSE.search(str(parts[name].get("description", "")))
    ]


def _choices(schema: Any) -> set[str]:
    return {name for name, part in parts_of(schema).items() if "enum" in part or part.get("type") == "boolean"}


def _values(row: Any, name: str) -> list[Any]:
    """Return what a row shows under a name, or as a list under its plural."""
    wanted = "_".join(words_of(name))
    for key, value in row.items():
        called = "_".join(words_of(key))
        if called == wanted and isinstance(value, str | int):
            return [value]
        if called in (wanted, f"{wanted}s") and isinstance(value, list):
            return [each for each in value if isinstance(each, str)]
    return []


def _is_of(row: Any, name: str, kind: Any) -> bool:
    return any(same(value, kind) or _is_alike(value, kind) for value in _values(row, name))


def _is_alike(value: Any, kind: Any) -> bool:
    return isinstance(value, str) and isinstance(kind, str) and kind.casefold() in value.casefold()


def _of_each_kind(plan: ToolPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield calls that make something, with each member of each choice that is a filter too."""
    names = filters_in(plan)
    for at, (tool, arguments) in enumerate(makers(plan)):
        schema = schema_of(plan.spec, next(each for each in plan.siblings if each.name == tool))
        changed = dict(arguments)
        for name in names:
            members = members_of(schema, name) or (
                [True, False] if part_of(schema, name).get("type") == "boolean" else []
            )
            if members and is_valid(schema, {**changed, name: members[at % len(members)]}):
                changed[name] = members[at % len(members)]
        yield tool, changed
