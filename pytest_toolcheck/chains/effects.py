"""What a tool with a verb of its own does to one thing: its reader tells of it, and another thing stays as it is.

For tools that stand in no chain: `add_comment`, `set_status` beside `get_ticket`. Two things are taken from what siblings create or
list; the tool is called about the first of them. Nothing is concluded from names: the reader must know both, and tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any, Final

from ..behaviour.leaves import Leaves, differing, is_volatile, leaves_of, same
from ..checks import Finding
from ..checks.base import shorten
from ..checks.error_text import is_report
from ..checks.violation import is_valid
from ..errors import Position
from ..learning import values_from_siblings
from ..parts import parts_of
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import Outcome
from .calls import reports_as_success
from .lifecycle import fail_if_seen_twice, proven_base
from .roles import ONLY_TELLS, may_be_called, required_of, role_of_tool, schema_of, words_of
from .tools import Chain, chains_from
from .values import further_values, made_up, members_of, plain, unused_name, with_new_texts

_ID: Final = re.compile(r"(?:^|_)(?:id|uuid|guid|key|number|code|slug|sku|ref|handle|path)$")
_ADDS: Final = frozenset(["append", "prepend", "extend", "push"])
_FEWEST: Final = 4
"""A shorter text stands in an answer by chance."""
_MOST_WAYS: Final = 4
_MOST_MEMBERS: Final = 8
_MOST_THINGS: Final = 6
_FEW: Final = 3


def effect_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield what follows a tool that changes a thing which another one reads, unless a chain follows it already."""
    if may_have_effects(plan) and (found := _reader(plan)) is not None:
        yield EffectScenario(plan.tool.name, *found, plan.tool.position)


def may_have_effects(plan: ToolPlan) -> bool:
    """Whether a tool may change a thing that it is told of: nothing says that it only reads, or only tells what would be."""
    role = (role_of_tool(plan.description) or ("",))[0]
    promises = plan.tool.annotations
    is_reading = role in ("read", "list") or promises.read_only or (plan.description.source or "").startswith("GET ")
    options = parts_of(plan.tool.input)
    names = (plan.tool.name, *(name for name, part in options.items() if part.get("type") == "boolean"))
    words = (word for name in names for word in words_of(name))
    return not is_reading and role != "delete" and not any(ONLY_TELLS.match(word) for word in words)


def is_name_of_one(name: str) -> bool:
    """Whether a parameter's name says that it names one thing."""
    return _ID.search("_".join(words_of(name))) is not None


def _reader(plan: ToolPlan) -> tuple[str, str] | None:
    """Return the one tool that reads what this tool is told of, and the parameter that names it in both."""
    schema = schema_of(plan.spec, plan.description)
    required = required_of(schema)
    found = []
    for tool in (each for each in plan.siblings if each.name != plan.tool.name):
        needed = required_of(schema_of(plan.spec, tool))
        is_reader = (role_of_tool(tool) or ("",))[0] == "read" and may_be_called(plan.spec, tool)
        if is_reader and len(needed) == 1 and needed[0] in required and is_name_of_one(needed[0]):
            found.append((tool.name, needed[0]))
    if len(found) != 1 or plan.tool.name in _followed(plan):
        return None
    return found[0]


def _followed(plan: ToolPlan) -> set[str | None]:
    """Return the tools that chains follow."""
    chains: list[Chain] = [
        chain for tool in plan.siblings for chain in chains_from(plan.spec, tool.name, plan.siblings)
    ]
    return {name for chain in chains for name in (chain.create, chain.update)}


@dataclass(frozen=True, slots=True)
class EffectScenario:
    """Change the first of two things; the reader tells of it, and the second one is as before. A finding must come twice."""

    tool: str
    reader: str
    key: str
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"chain[{self.tool}-{self.reader}]"

    def run(self, ctx: ToolContext) -> None:
        fail_if_seen_twice(ctx, self.id, lambda: Effects(ctx, self.reader, self.key).finding())


class Effects:
    """One look at what the tool does."""

    def __init__(self, ctx: ToolContext, reader: str, key: str) -> None:
        self._ctx, self._reader, self._key = ctx, reader, key
        self._steps: list[str] = []

    def finding(self) -> Finding | None:
        """Return what is wrong, or None. Raises ScenarioSkipped without evidence."""
        base = proven_base(self._ctx)
        mine, other = self._two(base[self._key])
        for given in islice(self._ways({**base, self._key: mine}), _MOST_WAYS):
            if (wrong := self._followed(given, mine, other)) is not None:
                return wrong
        return self._mapped({**base, self._key: mine}) or self._toggled({**base, self._key: mine})

    def _mapped(self, base: dict[str, Any]) -> Finding | None:
        """Whether of the choice that a tool is named after (`set_status`) one member is read as another, the others as set."""
        tool = self._ctx.plan.tool
        verb, *nouns = words_of(tool.name)
        for name in parts_of(tool.input) if verb == "set" else ():
            members = [each for each in members_of(tool.input, name) if isinstance(each, str)][:_MOST_MEMBERS]
            if name == self._key or not {*words_of(name)} <= {*nouns} or len(members) < _FEW:
                continue
            given = ({**base, name: member} for member in members)
            read = {way[name]: self._read_then(way, f"/{name}") for way in given if is_valid(tool.input or True, way)}
            seen = {member: now for member, now in read.items() if now is not None}
            wrong = [member for member, now in seen.items() if now != member]
            if len(wrong) == 1 and len(seen) >= _FEW and seen[wrong[0]] in members:
                text = f"{self._reader} answers {name} {seen[wrong[0]]}, {tool.name} was given {wrong[0]}"
                return self._wrong(text, "effect of another choice")
        return None

    def _toggled(self, base: dict[str, Any]) -> Finding | None:
        """Whether a switch is as it was set, and the contrary once the same call is made again."""
        tool = self._ctx.plan.tool
        switches = [name for name, part in parts_of(tool.input).items() if part.get("type") == "boolean"]
        for name, value in product(switches[:_FEW], (True, False)):
            if is_valid(tool.input or True, given := {**base, name: value}):
                seen = [self._read_then(given, f"/{name}") for _ in range(2)]
                if seen[0] is value and seen[1] is not value and isinstance(seen[1], bool):
                    text = f"{self._reader} answers {name} {shorten(seen[1], 9)} once {tool.name} was given {shorten(value, 9)} again"
                    return self._wrong(text, "effect of an equal call")
        return None

    def _read_then(self, given: dict[str, Any], place: str) -> Any:
        """Return what stands there once the tool has accepted the call; None where it refuses, or nothing does."""
        outcome = self._note(self._ctx.plan.tool.name, given, self._ctx.call(given))
        is_done = outcome.kind == "accepted" and not is_report(outcome)
        return (self._read(given[self._key], log=True) or {}).get(place) if is_done else None

    def _two(self, mine: Any) -> tuple[Any, Any]:
        """Return what names two things that the reader knows and tells apart; the second is None where there is but one."""
        others = [value for value in self._named() if type(value) is type(mine) and value != mine]
        before = self._read(mine)
        if others and (before is None or len(parts_of(self._ctx.plan.tool.input)) == 1):  # a cancelled one was proven
            mine, before = others[0], self._read(others[0])
        if before is None or self._read(made_up(mine)) is not None:
            raise ScenarioSkipped(f"nothing shows that {self._reader} knows what {self._ctx.plan.tool.name} is told of")
        others.reverse()  # the newest first: what takes too much away takes that, or all
        return mine, next((other for other in others if other != mine and self._tells_apart(mine, before, other)), None)

    def _named(self) -> list[Any]:
        """Return what names further things: one more is made where one alone was found."""
        found: dict[Any, None] = {}
        for _ in range(2):
            if len(found) < _FEW:
                found |= dict.fromkeys(
                    islice(values_from_siblings(self._of_reader(), self._key, self._ctx.call_tool), _MOST_THINGS)
                )
        return list(found)

    def _of_reader(self) -> ToolPlan:
        """Return the reader as the tool that wants a value: what it reads says more of what is made than what is done to it."""
        plan = self._ctx.plan
        reader = next(tool for tool in plan.siblings if tool.name == self._reader)
        tool = replace(plan.tool, name=reader.name, input=schema_of(plan.spec, reader), values={})
        siblings = tuple(
            other for other in plan.siblings if other.name != plan.tool.name
        )  # what removes things makes none
        return replace(plan, tool=tool, description=reader, siblings=siblings)

    def _tells_apart(self, mine: Any, before: Leaves, other: Any) -> bool:
        """Whether these are two things, and not two names of one: the answers show each its own name, in one place."""
        beside = self._read(other) or {}
        return any(same(name, mine) and same(beside.get(place), other) for place, name in before.items())

    def _ways(self, base: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield calls that change something: with new texts, with other members, numbers and switches."""
        schema = self._ctx.plan.tool.input
        parts = parts_of(schema)
        if set(base) == {self._key}:
            yield base
        texts = {name: value for name, value in base.items() if name != self._key}
        alone = {name: unused_name() for name, value in texts.items() if isinstance(value, str)}
        adding = [alone] if _ADDS & {*words_of(self._ctx.plan.tool.name)} else []
        for given in (*adding, *with_new_texts({"properties": parts}, texts)):
            if is_valid(schema or True, new := {**given, self._key: base[self._key]}):
                yield new
        for name in (name for name in parts if name != self._key and name in base):
            value = base[name]
            others = [not value] if isinstance(value, bool) else further_values(schema, name, value)
            yield from ({**base, name: other} for other in others if is_valid(schema or True, {**base, name: other}))

    def _followed(self, given: dict[str, Any], mine: Any, other: Any) -> Finding | None:
        before, beside = self._read(mine), self._read(other) if other is not None else None
        outcome = self._note(self._ctx.plan.tool.name, given, self._ctx.call(given))
        if before is None or outcome.kind != "accepted" or is_report(outcome):
            return None
        told, after = leaves_of(plain(outcome.value)), self._read(mine, log=True)
        asked = [value for name, value in given.items() if name != self._key and not isinstance(value, bool)]
        now = self._read(other, log=True) if beside is not None else None
        if beside is not None and now is None:
            return self._wrong(
                f"{self._ctx.plan.tool.name} of {shorten(mine, 60)} also removed {shorten(other, 60)}",
                "removes another",
            )
        if after is None:
            return self._reported(given)
        wrong = self._dropped(before, after, mine, asked) or self._forgotten(before, told, after, asked)
        return wrong or self._spread((before, after), (beside, now), (mine, other), asked)

    def _reported(self, given: dict[str, Any]) -> Finding | None:
        """Whether a tool that has ended a thing reports an error as a success when it is asked to again."""
        tool, again = self._ctx.plan.tool.name, self._note(self._ctx.plan.tool.name, given, self._ctx.call(given))
        if again.kind != "accepted" or not reports_as_success(self._ctx.plan, tool, again):
            return None
        text = f"{tool} of what is gone reports an error as a success (isError false): {shorten(again.value, 100)}"
        return self._wrong(text, "error as success")

    def _dropped(self, before: Leaves, after: Leaves, mine: Any, asked: list[Any]) -> Finding | None:
        """Whether a tool that adds to a text has put what was added in the place of what was there."""
        for place, old in before.items() if _ADDS & {*words_of(self._ctx.plan.tool.name)} else ():
            new = after.get(place)
            if not isinstance(old, str) or not isinstance(new, str) or len(old) < _FEWEST:
                continue
            if new in asked and old not in new:
                tool, now = self._ctx.plan.tool.name, f"{self._reader} answers {place} {shorten(new, 60)}"
                return self._wrong(
                    f"{tool} of {shorten(mine, 60)} dropped what was there: {now}", "what was there is dropped"
                )
        return None

    def _forgotten(self, before: Leaves, told: Leaves, after: Leaves, asked: list[Any]) -> Finding | None:
        """Whether the answer shows the thing with what was asked for, and the reader knows nothing of it: all is as it was."""
        if differing([before, after]) or not _is_same_kind(told, after):
            return None
        new = next((place for place in differing([after, told]) if _is_one_of(told.get(place), asked)), None)
        if new is None:
            return None
        text = (
            f"{self._ctx.plan.tool.name} answers {new} {shorten(told[new], 60)}, and {self._reader} still answers "
            f"{shorten(after[new], 60) if new in after else 'nothing there'}"
        )
        return self._wrong(text, "effect not visible")

    def _spread(
        self,
        mine: tuple[Leaves, Leaves],
        theirs: tuple[Leaves | None, Leaves | None],
        names: tuple[Any, Any],
        asked: list[Any],
    ) -> Finding | None:
        """Whether another thing has changed in the same way; each pair is what was read before and after."""
        if theirs[0] is None or theirs[1] is None:
            return None
        own, others = differing(mine), differing([theirs[0], theirs[1]])
        for place in others:
            value = theirs[1].get(place)
            is_asked = _is_one_of(value, asked) or (not asked and _is_state(place, value))
            if place in own and is_asked and same(mine[1].get(place), value):
                first, second = (shorten(name, 60) for name in names)
                text = f"{self._ctx.plan.tool.name} of {first} also changed {second}: {place}"
                return self._wrong(text, "effect on another")
        return None

    def _read(self, key: Any, *, log: bool = False) -> Leaves | None:
        given = {self._key: key}
        outcome = self._ctx.call_tool(self._reader, given)
        if log:
            self._note(self._reader, given, outcome)
        if outcome.kind != "accepted" or is_report(outcome):
            return None
        answer = plain(outcome.value)
        return leaves_of(answer) if isinstance(answer, Mapping) else None

    def _note(self, name: str, given: Mapping[str, Any], outcome: Outcome) -> Outcome:
        said = outcome.value if outcome.kind == "accepted" else outcome.error.message if outcome.error else ""
        self._steps.append(f"{name} {shorten(dict(given), 200)} -> {outcome.kind} {shorten(said, 200)}")
        return outcome

    def _wrong(self, message: str, cause: str) -> Finding:
        promised = "what a tool answers of a thing its reader answers too, and other things stay as they are"
        return Finding("chain", message, f"chain: {cause}", promised, details=(("calls", "\n".join(self._steps)),))


def _is_state(place: str, value: Any) -> bool:
    """Whether a value is a word or a switch, and not about the moment of the call."""
    return isinstance(value, (str, bool)) and not is_volatile(place, [value], telemetry=True)


def _is_one_of(value: Any, asked: list[Any]) -> bool:
    return any(same(value, each) for each in asked)


def _is_same_kind(told: Leaves, after: Leaves) -> bool:
    """Whether two answers are about the same thing in the same form: the same members, and the same ids."""
    tops = [{place.removesuffix("#").split("/")[1] for place in leaves if "/" in place} for leaves in (told, after)]
    ids = [place for place in after if _ID.search("_".join(words_of(place.rpartition("/")[2])))]
    return tops[0] == tops[1] and bool(ids) and all(told.get(place) == after[place] for place in ids)
