"""Chains: what one tool makes another reads, changes and removes. One item a chain; nothing is concluded from names alone.

The evidence: a value of the creating tool's result (or input) is accepted where a made-up one is not. A finding must come twice,
on things made afresh, so that nobody else's work on a shared service is blamed on the tools.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..checks import Finding
from ..checks.base import shorten
from ..checks.no_crash import shows_crash
from ..errors import Position
from ..parts import parts_of
from ..scenario import Scenario, ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan
from .alike import ChainAlike
from .answers import changed_beside, changed_elsewhere, is_as_before, is_emptied, mistaken
from .calls import BAD, NOT_VISIBLE
from .changes import MOST_CHANGES, Change, changes
from .lists import Listed
from .tools import Chain, chains_from
from .values import (
    plain,
    shown,
    without,
)


def chain_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the chains that begin with this tool, if its siblings make any."""
    for chain in chains_from(plan.spec, plan.tool.name, plan.siblings):
        yield ChainScenario(chain, plan.tool.position)


@dataclass(frozen=True, slots=True)
class ChainScenario:
    """Create two things, read, change and remove the first; the second must not notice."""

    chain: Chain
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.chain.id

    def run(self, ctx: ToolContext) -> None:
        fail_if_seen_twice(ctx, self.id, lambda: ChainRun(ctx, self.chain).finding())


def fail_if_seen_twice(ctx: ToolContext, item: str, look: Callable[[], Finding | None]) -> None:
    """Look, and again where something was found: what is seen once only is a warning. Raises ScenarioFailure."""
    found = look()
    if found is None:
        return
    again = look()
    if again is None or again.cause != found.cause:
        ctx.warn(f"{item}: seen once and not again: {found.message}")
        return
    ctx.emit("check.failed", attrs={"check": "chain", "message": again.message, "cause": again.cause})
    raise ScenarioFailure(again)


def proven_base(ctx: ToolContext) -> dict[str, Any]:
    """Return an input that the tool is proven to accept. Raises ScenarioSkipped where no candidate succeeded."""
    base = ctx.base()
    if base is None:
        raise ScenarioSkipped(f"no valid call of {ctx.plan.tool.name} succeeded")
    return base


class ChainRun(ChainAlike):
    """One pass through a chain."""

    def finding(self) -> Finding | None:
        """Carry the chain out; return what is wrong, or None. Raises ScenarioSkipped without evidence."""
        base = proven_base(self._ctx)
        options = {*parts_of(self._schemas.get(self._chain.lister or ""))} - {*self._chain.shared}
        listed = Listed(self._chain.lister, self._list, marks=self._may_mark() or bool(options), selects=bool(options))
        first, self._offered = self._create(base)
        second, also_offered = self._create(base, self._offered)
        if self._chain.is_by_key and self._is_named_alike(self._offered, base):
            raise ScenarioSkipped(f"nothing shows that {self._chain.create} makes what {self._chain.read} reads")
        if self._is_named_alike(
            self._offered, also_offered
        ):  # there is one thing, made twice: what it is now came last
            first, self._offered = second, also_offered
        listed.look()
        key = self._key_of(first, self._offered)
        if isinstance(key, Finding):
            return key
        wrong = self._made_over(first, second, self._offered, also_offered) or self._gone_by_reading(key)
        wrong = wrong or self._misread(first, self._before, self._offered)
        if wrong := wrong or self._made_again(key):
            return wrong
        self._other = next((other for other in self._others(second, also_offered) if other != key), None)
        wrong = self._another(key, also_offered) or self._said(listed.missing(key, self._other))
        wrong = wrong or self._updated(key, listed) or self._deleted(key, listed)
        wrong = wrong or self._one_more(base, second, also_offered, listed) or self._with_options(base)
        wrong = wrong or self._each_value() or self._kept_whole(base) or self._kept_exact(base)
        wrong = wrong or self._null_takes_away(base)
        wrong = wrong or self._kept_moment(base) or self._key_as_given(base, key) or self._apart_though_alike(base)
        for made in (key, self._other) if wrong is not None else (self._other,):
            self._cleared(made)
        return wrong

    def _said(self, wrong: tuple[str, str] | None) -> Finding | None:
        return self._wrong(f"{self._chain.lister} {wrong[0]}", wrong[1]) if wrong is not None else None

    def _another(self, key: Any, also_offered: Mapping[str, Any]) -> Finding | None:
        """Two things that were made differently must not be answered alike, where the answer shows what differs."""
        if self._other is None:
            return None
        beside = plain(self._read(self._other, log=False).value)
        self._beside = beside
        if without(self._before, key) != without(beside, self._other):
            return None
        given = {name: value for name, value in self._offered.items() if name != self._chain.key}
        values = {name: (value, also_offered.get(name)) for name, value in given.items()}
        if self._before == beside:
            values[self._chain.key] = (key, self._other)
        name = mistaken(self._before, values, self._ctx.base() or {})
        if name is None:
            return None
        text = (
            f"{self._chain.read} answers {shorten(key, 60)} and {shorten(self._other, 60)} alike, with the same {name}"
        )
        return self._wrong(text, "read of another")

    def _updated(self, key: Any, listed: Listed) -> Finding | None:
        asked: set[str] = set()
        not_seen: Finding | None = None
        while self._chain.update is not None and len(asked) < MOST_CHANGES:
            change = next((each for each in self._changes(key) if each.name not in asked), None)
            if change is None:
                break
            asked.add(change.name)
            wrong = self._updated_in(key, change, listed)
            if wrong is not None and wrong.cause == NOT_VISIBLE and not self._is_seen_to_change:
                not_seen = not_seen or wrong
            elif wrong is not None:
                return wrong
        if not_seen is not None and self._is_seen_to_change:
            return not_seen
        for change in (
            islice(self._changes(key, to_nothing=True), MOST_CHANGES) if asked and self._chain.is_by_name else ()
        ):
            if (wrong := self._updated_in(key, change, listed)) is not None:
                return wrong
        return None

    def _changes(self, key: Any, *, to_nothing: bool = False) -> Iterator[Change]:
        update, create = (self._schemas.get(tool or "") for tool in (self._chain.update, self._chain.create))
        about = self._about(self._chain.update or "", key)
        return changes(update or {}, create, self._before, self._offered, about, to_nothing=to_nothing)

    def _updated_in(self, key: Any, change: Change, listed: Listed) -> Finding | None:
        name, new_value, arguments, is_choice = change
        outcome = self._call(self._chain.update or "", arguments)
        if outcome.kind in BAD:
            return self._wrong(f"{self._chain.update} {outcome.kind} on what {self._chain.create} made", "update fails")
        if outcome.kind != "accepted":
            return None
        self._accepted_change = arguments
        found, was = self._read(key), self._before
        if found.kind != "accepted":
            return None
        self._before = now = plain(found.value)
        old, new = (shown(answer, name, self._offered.get(name)) for answer in (was, now))
        if was == now if isinstance(was, str) else old == new:
            text = f"{self._chain.update} was accepted, and {self._chain.read} still answers {name} {shorten(old, 60)}"
            return self._wrong(text, "update not visible")
        self._is_seen_to_change = True
        given = {**arguments, name: new_value}
        return self._too_much(name, key, given, None if is_choice else was) or self._said(
            listed.outdated(key, name, old, new_value)
        )

    def _too_much(self, name: str, key: Any, arguments: Mapping[str, Any], was: Any) -> Finding | None:
        """Whether the update changed what it was not asked to: another parameter, or the other thing."""
        schemas = [self._schemas[tool] for tool in (self._chain.update, self._chain.create) if tool is not None]
        asked = (name, self._chain.key) if self._chain.is_by_name else (*arguments, self._chain.key)
        also = changed_beside(was, self._before, arguments, asked, schemas, self._offered) if was is not None else None
        if was is not None and also is None:
            also = changed_elsewhere(was, self._before, self._set_elsewhere(), arguments[name])
        if also is not None:
            text = f"{self._chain.update} of {name} also changed {also[0]} from {shorten(also[1], 60)} to {shorten(also[2], 60)}"
            return self._wrong(text, "update of another field")
        if self._other is None:
            return None
        beside = self._read(self._other)
        seen = shown(plain(beside.value), name, arguments[name])
        if beside.kind == "accepted" and seen == arguments[name] != shown(self._beside, name, arguments[name]):
            text = f"{self._chain.update} of {shorten(key, 60)} also changed {shorten(self._other, 60)}"
            return self._wrong(text, "update of another")
        return None

    def _deleted(self, key: Any, listed: Listed) -> Finding | None:
        other = self._other
        if self._chain.delete is None:
            return None
        listed.look()
        outcome = self._call(self._chain.delete, self._about(self._chain.delete, key))
        if outcome.kind in BAD:
            return self._wrong(f"{self._chain.delete} {outcome.kind} on what {self._chain.create} made", "delete fails")
        if outcome.kind != "accepted":
            return None
        after = self._read(key)
        if after.kind in BAD and self._miss.kind not in BAD:
            return self._wrong(f"{self._chain.read} {after.kind} on what {self._chain.delete} deleted", "read fails")
        left = plain(after.value)
        if self._is_there(after, key) and (is_as_before(self._before, left) or is_emptied(self._before, left)):
            text = f"{self._chain.read} still answers {shorten(key, 60)} after {self._chain.delete} was accepted"
            return self._wrong(text, "read after delete")
        beside = self._read(other) if other is not None else None
        if beside is not None and beside.kind not in BAD and not self._is_there(beside, other):
            text = f"{self._chain.delete} of {shorten(key, 60)} also removed {shorten(other, 60)}"
            return self._wrong(text, "delete of another")
        still = self._said(listed.stale(key)) if not self._is_there(after, key) else None
        return still or self._deleted_again(key) or self._revived(key)

    def _deleted_again(self, key: Any) -> Finding | None:
        """A thing that is gone may be deleted again, or that is refused; nothing breaks by it."""
        again = self._call(self._chain.delete or "", self._about(self._chain.delete or "", key))
        said = again.error.message if again.error else ""
        if again.kind in BAD or (again.kind == "refused" and shows_crash(said, again.noise)):
            text = f"{self._chain.delete} {BAD[0] if again.kind == 'refused' else again.kind} on what it had deleted before"
            return self._wrong(text, "delete fails")
        if again.kind == "accepted" or not self._is_reported_as_success(self._chain.delete or "", again):
            return None
        text = f"{self._chain.delete} of what it had deleted before reports an error as a success (isError false)"
        return self._wrong(f"{text}: {shorten(again.value, 100)}", "error as success")

    def _revived(self, key: Any) -> Finding | None:
        """An update that was accepted before is made once more: what is gone must not come back by it.

        Where who makes a thing also names it, an update may be meant to make it.
        """
        if self._accepted_change is None or self._chain.key in self._offered or self._is_there(self._read(key), key):
            return None
        if self._call(self._chain.update or "", self._accepted_change).kind != "accepted":
            return None
        if not self._is_there(self._read(key), key):
            return None
        text = f"{self._chain.update} of {shorten(key, 60)} brings back what {self._chain.delete} deleted"
        return self._wrong(text, "update brings back")
