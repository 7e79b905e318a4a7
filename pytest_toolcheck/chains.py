"""Chains: what one tool makes another reads, changes and removes. One item a chain; nothing is concluded from names alone.

The evidence: a value of the creating tool's result (or input) is accepted where a made-up one is not. A finding must come twice,
on things made afresh, so that nobody else's work on a shared service is blamed on the tools.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .chain_roles import Chain, chain_from, schema_of, words_of
from .checks import Finding
from .checks.base import shorten
from .checks.violation import is_valid
from .errors import Position
from .scenario import Scenario, ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan
from .targets.base import Outcome

_VARIED = 5
_BAD = ("crashed", "timed_out", "lost")


def chain_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the chain that begins with this tool, if its siblings make one."""
    chain = chain_from(plan.spec, plan.tool.name, plan.siblings)
    if chain is not None:
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

    def finding(self) -> Finding | None:
        """Carry the chain out; return what is wrong, or None. Raises ScenarioSkipped without evidence."""
        first, offered = self._create()
        second, _ = self._create()
        key = self._key_of(first, offered)
        if isinstance(key, Finding):
            return key
        others = [*self._candidates(second), *self._fitting(values_in_text(second))]
        other = next((k for k in others if k != key and self._is_there(self._read(k), k)), None)
        wrong = self._updated(key) or self._deleted(key, other)
        if other is not None and self._chain.delete is not None and wrong is None:
            self._call(self._chain.delete, {self._chain.key: other})
        return wrong

    def _create(self) -> tuple[Any, Mapping[str, Any]]:
        base = self._ctx.base()
        if base is None:
            raise ScenarioSkipped(f"no valid call of {self._chain.create} succeeded")
        for arguments in (base, *islice(varied(self._schemas[self._chain.create], base), _VARIED)):
            outcome = self._call(self._chain.create, arguments)
            if outcome.kind == "accepted":
                return _plain(outcome.value), arguments
            self._steps.pop()
            if outcome.kind != "refused":
                break
        return None, base

    def _key_of(self, result: Any, offered: Mapping[str, Any]) -> Any:
        """Return the value that names the new thing, proven: it is read, and a made-up one is not."""
        named = list(self._candidates(result))
        candidates = named + [offered[name] for name in (self._chain.key,) if name in offered]
        candidates += self._fitting(values_in_text(result))
        for candidate in candidates:
            self._miss = self._read(made_up(candidate), log=False)
            self._missing_key = made_up(candidate)
            found = self._read(candidate)
            if found.kind in _BAD and self._miss.kind not in _BAD:
                return self._wrong(f"{self._chain.read} {found.kind} on what {self._chain.create} made", "read fails")
            if self._is_there(found, candidate):
                self._before = _plain(found.value)
                return candidate
        is_id = words_of(self._chain.key)[-1:] in (["id"], ["uuid"])
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
        return self._fitting(keyed_values(result, self._chain.key))

    def _fitting(self, values: Iterable[Any]) -> Iterator[Any]:
        """Yield the values in the form that the reader's schema takes."""
        schema = self._schemas[self._chain.read]["properties"][self._chain.key]
        for value in values:
            for form in (value, str(value), int(value) if str(value).isdecimal() else value):
                if is_valid(schema, form):
                    yield form
                    break

    def _read(self, key: Any, *, log: bool = True) -> Outcome:
        return self._call(self._chain.read, {self._chain.key: key}, log=log)

    def _is_there(self, outcome: Outcome, key: Any) -> bool:
        """Whether an answer differs from the one about a thing that does not exist; an echo of the key does not count."""
        if outcome.kind != "accepted":
            return False
        if self._miss.kind != "accepted":
            return self._miss.kind == "refused"
        said = json.dumps(_plain(outcome.value), default=str).replace(str(key), "\0")
        unsaid = json.dumps(_plain(self._miss.value), default=str).replace(str(self._missing_key), "\0")
        return said != unsaid

    def _updated(self, key: Any) -> Finding | None:
        change = self._change(key)
        if change is None or self._chain.update is None:
            return None
        name, arguments = change
        outcome = self._call(self._chain.update, arguments)
        if outcome.kind in _BAD:
            return self._wrong(f"{self._chain.update} {outcome.kind} on what {self._chain.create} made", "update fails")
        if outcome.kind != "accepted":
            return None
        found = self._read(key)
        old, new = _leaf(self._before, name), _leaf(_plain(found.value), name)
        if found.kind == "accepted" and old == new:
            text = f"{self._chain.update} was accepted, and {self._chain.read} still answers {name} {shorten(old, 60)}"
            return self._wrong(text, "update not visible")
        self._before = _plain(found.value)
        return None

    def _change(self, key: Any) -> tuple[str, dict[str, Any]] | None:
        """Return a parameter whose value the reader shows, and the arguments that change it."""
        schema: Any = self._schemas.get(self._chain.update or "") or {}
        for name, inner in schema.get("properties", {}).items():
            old = _leaf(self._before, name)
            if name == self._chain.key or not isinstance(old, (str, int)) or isinstance(old, bool) or "enum" in inner:
                continue
            known = {n: _leaf(self._before, n) for n in schema.get("required", ()) if n not in (name, self._chain.key)}
            new = old + 1 if isinstance(old, int) else f"{old} changed"
            arguments = {**known, self._chain.key: key, name: new}
            if is_valid(schema, arguments):
                return name, arguments
        return None

    def _deleted(self, key: Any, other: Any) -> Finding | None:
        if self._chain.delete is None:
            return None
        outcome = self._call(self._chain.delete, {self._chain.key: key})
        if outcome.kind in _BAD:
            return self._wrong(f"{self._chain.delete} {outcome.kind} on what {self._chain.create} made", "delete fails")
        if outcome.kind != "accepted":
            return None
        after = self._read(key)
        if self._is_there(after, key) and _plain(after.value) == self._before:  # a tombstone differs: no accusation
            text = f"{self._chain.read} still answers {shorten(key, 60)} after {self._chain.delete} was accepted"
            return self._wrong(text, "read after delete")
        beside = self._read(other) if other is not None else None
        if beside is not None and beside.kind not in _BAD and not self._is_there(beside, other):
            text = f"{self._chain.delete} of {shorten(key, 60)} also removed {shorten(other, 60)}"
            return self._wrong(text, "delete of another")
        return None

    def _call(self, name: str, arguments: Mapping[str, Any], *, log: bool = True) -> Outcome:
        if name == self._ctx.plan.tool.name:
            outcome = self._ctx.call(arguments)
        else:
            outcome = self._ctx.call_tool(name, arguments)
        said = outcome.value if outcome.kind == "accepted" else outcome.error.message if outcome.error else ""
        if log:
            self._steps.append(f"{name} {shorten(dict(arguments), 200)} -> {outcome.kind} {shorten(said, 200)}")
        return outcome

    def _wrong(self, message: str, cause: str) -> Finding:
        steps = "\n".join(self._steps)
        promised = "what is created can be read, what is changed shows, what is deleted is gone, and nothing else is"
        return Finding("chain", message, f"chain: {cause}", promised, details=(("calls", steps),))


def keyed_values(result: Any, key: str) -> Iterator[Any]:
    """Yield the values of a result that stand under the key, or under `id` where the key is an id."""
    wanted = ["_".join(words_of(key)), "id"] if words_of(key)[-1:] == ["id"] else ["_".join(words_of(key))]
    found = [(name, value) for name, value in _leaves(result) if not isinstance(value, bool) and value is not None]
    for name in dict.fromkeys(wanted):
        yield from dict.fromkeys(value for leaf, value in found if "_".join(words_of(leaf)) == name)


def values_in_text(result: Any) -> list[Any]:
    """Return what in a plain result may name a thing: itself, and the numbers and long words in it."""
    if not isinstance(result, (str, int)) or isinstance(result, bool):
        return []
    return list(dict.fromkeys([result, *re.findall(r"[\w-]{8,}|\d+|(?<=['\"`])[^'\"`]+(?=['\"`])", str(result))[:5]]))


_fresh = itertools.count(1)


def varied(schema: Any, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the arguments with texts and numbers that nobody has used: each of them alone, then all; what is unique may be taken."""
    number = next(_fresh) * 7919 + os.getpid() % 7919
    changed = {
        name: value + number if isinstance(value, int) else f"{value} {number}"
        for name, value in arguments.items()
        if isinstance(value, (str, int)) and not isinstance(value, bool)
    }
    alone = ({**arguments, name: value} for name, value in changed.items())
    for candidate in (*alone, {**arguments, **changed}):
        if is_valid(schema if schema is not None else True, candidate):
            yield candidate


def made_up(value: Any) -> Any:
    """Return a value of the same kind that names nothing."""
    if isinstance(value, int):
        return value + 7_919_003
    return "".join(_turned(char) for char in value) if value else "none"


def _turned(char: str) -> str:
    if char in "0123456789abcdef":
        return "fedcba9876543210"["0123456789abcdef".index(char)] if not char.isdecimal() else str(9 - int(char))
    return chr(ord(char) ^ 1) if char.isascii() and char.isalpha() and chr(ord(char) ^ 1).isalpha() else char


def _plain(value: Any) -> Any:
    """Return a result as data: the JSON in a text, and the single member `result` that servers wrap a value in."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            value = json.loads(value)
        except ValueError:
            return value
    return value["result"] if isinstance(value, dict) and set(value) == {"result"} else value


def _leaves(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and depth < 4:
        for name, inner in value.items():
            if isinstance(inner, Mapping):
                yield from _leaves(inner, depth + 1)
            elif isinstance(inner, (str, int)):
                yield name, inner


def _leaf(value: Any, name: str) -> Any:
    return next((inner for leaf, inner in _leaves(value) if leaf == name), None)
