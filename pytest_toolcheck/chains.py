"""Chains: what one tool makes another reads, changes and removes. One item a chain; nothing is concluded from names alone.

The evidence: a value of the creating tool's result (or input) is accepted where a made-up one is not. A finding must come twice,
on things made afresh, so that nobody else's work on a shared service is blamed on the tools.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from .chain_answers import changed_beside, is_as_before, mistaken, untrue
from .chain_lists import Listed
from .chain_roles import Chain, chains_from, role_of_tool, schema_of, words_of
from .chain_values import (
    changeable,
    denies,
    is_own,
    keyed_values,
    listed_values,
    made_up,
    own_values,
    plain,
    shown,
    values_in_text,
    varied,
    with_new_texts,
    with_options,
    without,
)
from .checks import Finding
from .checks.base import shorten
from .checks.error_text import is_report
from .checks.no_crash import shows_crash
from .checks.violation import is_valid
from .errors import Position
from .scenario import Scenario, ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan
from .targets.base import Outcome

_VARIED = 5
_BAD = ("crashed", "timed_out", "lost")


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
        found = ChainRun(ctx, self.chain).finding()
        if found is None:
            return
        again = ChainRun(ctx, self.chain).finding()
        if again is None or again.cause != found.cause:
            ctx.warn(f"{self.id}: seen once and not again: {found.message}")
            return
        ctx.emit("check.failed", attrs={"check": "chain", "message": again.message, "cause": again.cause})
        raise ScenarioFailure(again)


class ChainRun:
    """One pass through a chain."""

    def __init__(self, ctx: ToolContext, chain: Chain) -> None:
        self._ctx = ctx
        self._chain = chain
        self._schemas = {tool.name: schema_of(ctx.plan.spec, tool) for tool in ctx.plan.siblings}
        self._steps: list[str] = []
        self._offered: Mapping[str, Any] = {}
        self._other: Any = None
        self._beside: Any = None

    def finding(self) -> Finding | None:
        """Carry the chain out; return what is wrong, or None. Raises ScenarioSkipped without evidence."""
        base = self._ctx.base()
        if base is None:
            raise ScenarioSkipped(f"no valid call of {self._chain.create} succeeded")
        listed = Listed(self._chain.lister, self._list)
        first, self._offered = self._create(base)
        second, also_offered = self._create(base)
        listed.look()
        key = self._key_of(first, self._offered)
        if isinstance(key, Finding):
            return key
        if wrong := self._untrue(first, self._before, self._offered):
            return wrong
        others = [*self._candidates(second), *self._fitting(values_in_text(second))]
        self._other = next((k for k in others if k != key and self._is_there(self._read(k), k)), None)
        wrong = self._another(key, also_offered) or self._said(listed.missing(key, self._other))
        wrong = wrong or self._updated(key, listed) or self._deleted(key, listed) or self._with_options(base)
        if wrong is None and self._other is not None:
            self._cleared(self._other)
        return wrong

    def _cleared(self, key: Any) -> None:
        if self._chain.delete is not None:
            self._call(self._chain.delete, self._about(self._chain.delete, key))

    def _create(self, base: dict[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        schema = self._schemas[self._chain.create]
        shared = self._shared(base)
        for candidate in (*with_new_texts(schema, base), base, *islice(varied(schema, base), _VARIED)):
            arguments = {**candidate, **shared}
            outcome = self._call(self._chain.create, arguments)
            if outcome.kind == "accepted":
                return plain(outcome.value), arguments
            self._steps.pop()
            if outcome.kind not in ("refused", "crashed"):
                break
        return None, base

    def _shared(self, base: Mapping[str, Any]) -> dict[str, Any]:
        return {name: base[name] for name in self._chain.shared if name in base}

    def _about(self, tool: str, key: Any) -> dict[str, Any]:
        """Return the arguments with which a tool is called about one thing."""
        taken = self._schemas.get(tool)
        known = taken.get("properties", {}) if isinstance(taken, Mapping) else {}
        shared = {name: value for name, value in self._shared(self._ctx.base() or {}).items() if name in known}
        return {**shared, self._chain.key_of(tool): key}

    def _untrue(self, made: Any, read: Any, given: Mapping[str, Any]) -> Finding | None:
        found = untrue(made, read, given)
        if found is None:
            return None
        name, was, now = found
        text = f"{self._chain.read} answers {name} {shorten(now, 60)}, {self._chain.create} was given and answered {shorten(was, 60)}"
        return self._wrong(text, "read of another value")

    def _with_options(self, base: dict[str, Any]) -> Finding | None:
        """Make a third thing with every option: what it was given is read too."""
        schema = self._schemas[self._chain.create]
        given = with_options(schema, {**next(with_new_texts(schema, base), base), **self._shared(base)})
        outcome = self._call(self._chain.create, given) if given is not None else None
        if given is None or outcome is None or outcome.kind != "accepted":
            return None
        made = plain(outcome.value)
        key = next(self._candidates(made), None)
        found = self._read(key) if key is not None else None
        if found is None or not self._is_there(found, key):
            return None
        return self._untrue(made, plain(found.value), given)

    def _list(self) -> Any:
        lister = self._chain.lister or ""
        schema = self._schemas.get(lister)
        taken = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
        shared = self._shared(self._ctx.base() or {})
        outcome = self._call(lister, {name: value for name, value in shared.items() if name in taken})
        return plain(outcome.value) if outcome.kind == "accepted" else None

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
        values = {name: (value, also_offered.get(name)) for name, value in self._offered.items()}
        if self._before == beside:
            values[self._chain.key] = (key, self._other)
        name = mistaken(self._before, values, self._ctx.base() or {})
        if name is None:
            return None
        text = (
            f"{self._chain.read} answers {shorten(key, 60)} and {shorten(self._other, 60)} alike, with the same {name}"
        )
        return self._wrong(text, "read of another")

    def _key_of(self, result: Any, offered: Mapping[str, Any]) -> Any:
        """Return the value that names the new thing, proven: it is read, and a made-up one is not."""
        named = list(self._fitting(own_values(result, self._chain.key, self._noun)))
        candidates = [*self._candidates(result)] + [offered[name] for name in (self._chain.key,) if name in offered]
        candidates += self._fitting(values_in_text(result))
        for candidate in candidates:
            self._miss = self._read(made_up(candidate), log=False)
            self._missing_key = made_up(candidate)
            found = self._read(candidate)
            if found.kind in _BAD and self._miss.kind not in _BAD:
                return self._wrong(f"{self._chain.read} {found.kind} on what {self._chain.create} made", "read fails")
            if self._is_there(found, candidate):
                self._before = plain(found.value)
                return candidate
        is_id = words_of(self._chain.key)[-1:] in (["id"], ["uuid"], ["guid"], ["key"])
        if (
            len(named) == 1
            and is_id
            and self._miss.kind == "refused"
            and self._read(named[0], log=False).kind == "refused"
        ):
            text = f"{self._chain.read} refuses {shorten(named[0], 60)}, which {self._chain.create} has just returned"
            return self._wrong(text, "read refuses")
        raise ScenarioSkipped(f"nothing that {self._chain.create} returns is shown to be what {self._chain.read} takes")

    def _candidates(self, result: Any) -> Iterator[Any]:
        key = self._chain.key
        return self._fitting([*keyed_values(result, key, self._noun), *listed_values(result, key, self._noun)])

    @property
    def _noun(self) -> str:
        role = next((role_of_tool(tool) for tool in self._ctx.plan.siblings if tool.name == self._chain.read), None)
        return role[1] if role is not None else ""

    def _fitting(self, values: Iterable[Any]) -> Iterator[Any]:
        """Yield the values in the form that the reader's schema takes."""
        schema = self._schemas[self._chain.read]["properties"][self._chain.key]
        for value in values:
            for form in (value, str(value), int(value) if str(value).isdecimal() else value):
                if is_valid(schema, form):
                    yield form
                    break

    def _read(self, key: Any, *, log: bool = True) -> Outcome:
        return self._call(self._chain.read, self._about(self._chain.read, key), log=log)

    def _is_there(self, outcome: Outcome, key: Any) -> bool:
        """Whether an answer differs from the one about a thing that does not exist; an echo of the key does not count."""
        if outcome.kind != "accepted":
            return False
        if self._miss.kind != "accepted":
            return self._miss.kind == "refused"
        return without(plain(outcome.value), key) != without(plain(self._miss.value), self._missing_key)

    def _updated(self, key: Any, listed: Listed) -> Finding | None:
        change = self._change(key)
        if change is None or self._chain.update is None:
            return None
        name, new_value, arguments = change
        outcome = self._call(self._chain.update, arguments)
        if outcome.kind in _BAD:
            return self._wrong(f"{self._chain.update} {outcome.kind} on what {self._chain.create} made", "update fails")
        if outcome.kind != "accepted":
            return None
        found, was = self._read(key), self._before
        if found.kind != "accepted":
            return None
        self._before = now = plain(found.value)
        old, new = (shown(answer, name, self._offered.get(name)) for answer in (was, now))
        if was == now if isinstance(was, str) else old == new:
            text = f"{self._chain.update} was accepted, and {self._chain.read} still answers {name} {shorten(old, 60)}"
            return self._wrong(text, "update not visible")
        given = {**arguments, name: new_value}
        return self._too_much(name, key, given, was) or self._said(listed.outdated(key, name, old, new_value))

    def _too_much(self, name: str, key: Any, arguments: Mapping[str, Any], was: Any) -> Finding | None:
        """Whether the update changed what it was not asked to: another parameter, or the other thing."""
        schemas = [self._schemas[tool] for tool in (self._chain.update, self._chain.create) if tool is not None]
        also = changed_beside(was, self._before, arguments, (name, self._chain.key), schemas, self._offered)
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

    def _change(self, key: Any) -> tuple[str, Any, dict[str, Any]] | None:
        """Return a parameter whose value the reader shows, a new value, and the arguments that change it."""
        update = self._chain.update or ""
        schema: Any = self._schemas.get(update) or {}
        about = self._about(update, key)
        for name, inner, outer in changeable(schema, self._schemas[self._chain.create]):
            old = shown(self._before, name, self._offered.get(name))
            if name in about or not isinstance(old, (str, int)) or isinstance(old, bool) or "enum" in inner:
                continue
            if not is_own(old, self._offered.get(name)):
                continue
            known = {
                n: shown(self._before, n, self._offered.get(n))
                for n in schema.get("required", ())
                if n not in (name, outer) and n not in about
            }
            new = old + 1 if isinstance(old, int) else f"changed {old}"
            arguments = {**known, **about, **({outer: {name: new}} if outer is not None else {name: new})}
            if is_valid(schema, arguments):
                return name, new, arguments
        return None

    def _deleted(self, key: Any, listed: Listed) -> Finding | None:
        other = self._other
        if self._chain.delete is None:
            return None
        listed.look()
        outcome = self._call(self._chain.delete, self._about(self._chain.delete, key))
        if outcome.kind in _BAD:
            return self._wrong(f"{self._chain.delete} {outcome.kind} on what {self._chain.create} made", "delete fails")
        if outcome.kind != "accepted":
            return None
        after = self._read(key)
        if after.kind in _BAD and self._miss.kind not in _BAD:
            return self._wrong(f"{self._chain.read} {after.kind} on what {self._chain.delete} deleted", "read fails")
        if self._is_there(after, key) and is_as_before(self._before, plain(after.value)):
            text = f"{self._chain.read} still answers {shorten(key, 60)} after {self._chain.delete} was accepted"
            return self._wrong(text, "read after delete")
        beside = self._read(other) if other is not None else None
        if beside is not None and beside.kind not in _BAD and not self._is_there(beside, other):
            text = f"{self._chain.delete} of {shorten(key, 60)} also removed {shorten(other, 60)}"
            return self._wrong(text, "delete of another")
        still = self._said(listed.stale(key)) if not self._is_there(after, key) else None
        return still or self._deleted_again(key)

    def _deleted_again(self, key: Any) -> Finding | None:
        """A thing that is gone may be deleted again, or that is refused; nothing breaks by it."""
        again = self._call(self._chain.delete or "", self._about(self._chain.delete or "", key))
        said = again.error.message if again.error else ""
        if again.kind in _BAD or (again.kind == "refused" and shows_crash(said, again.noise)):
            text = f"{self._chain.delete} {_BAD[0] if again.kind == 'refused' else again.kind} on what it had deleted before"
            return self._wrong(text, "delete fails")
        return None

    def _call(self, name: str, arguments: Mapping[str, Any], *, log: bool = True) -> Outcome:
        if name == self._ctx.plan.tool.name:
            outcome = self._ctx.call(arguments)
        else:
            outcome = self._ctx.call_tool(name, arguments)
        if outcome.kind == "accepted" and (is_report(outcome) or denies(plain(outcome.value))):
            outcome = replace(outcome, kind="refused")
        said = outcome.value if outcome.kind == "accepted" else outcome.error.message if outcome.error else ""
        if log:
            self._steps.append(f"{name} {shorten(dict(arguments), 200)} -> {outcome.kind} {shorten(said, 200)}")
        return outcome

    def _wrong(self, message: str, cause: str) -> Finding:
        steps = "\n".join(self._steps)
        promised = "what is created can be read, what is changed shows, what is deleted is gone, and nothing else is"
        return Finding("chain", message, f"chain: {cause}", promised, details=(("calls", steps),))
