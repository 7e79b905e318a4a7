"""What is added for one owner is not listed for another: `add_note(owner, text)`, `list_notes(owner)`. One item a pair of tools.

The evidence is a text that nobody has used, which the list shows for the owner that it was added for, and for one of whom
nobody has heard: any other, and one whose name begins alike. A finding comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..behaviour.fresh_values import begun_alike
from ..behaviour.switches import HAS_AN_EFFECT
from ..checks import Finding
from ..checks.base import shorten
from ..checks.violation import is_valid
from ..errors import Position
from ..parts import part_of
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import ToolDescription
from .lifecycle import fail_if_seen_twice, proven_base
from .pair_values import shows
from .roles import may_be_called, required_of, role_of_tool, schema_of, words_of
from .values import new_key, unused_name

_WORDS: Final = (
    "query search text term keyword q filter format lang language locale order sort fields view unit title name content body "
    "prefix path pattern folder directory"
)
_NO_OWNER: Final = frozenset(_WORDS.split())
"""Of these two different ones may rightly list the same thing."""
_SENDS: Final = frozenset(["post", "send", "push", "append", "record", "log", "publish", "say", "submit", "note"])
"""Verbs that add something, where they stand first."""
_TELLING: Final = 4
_AS_LETTERS: Final = str.maketrans("0123456789", "abcdefghij")
_LONGEST: Final = 12
"""As long as a name that nobody has used."""
_OF_ALL: Final = re.compile(
    r"\b(?:every(?:one|body)?|shared|public|global|all users|whoever|regardless|viewer|as seen by)\b", re.IGNORECASE
)


def apart_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the lists that show for one owner what this tool adds for it."""
    noun = adds(plan.description)
    if noun is None or _OF_ALL.search(plan.description.description or ""):
        return
    for tool in plan.siblings:
        needed = required_of(schema_of(plan.spec, tool))
        if not _may_list(tool, noun) or len(needed) != 1 or not may_be_called(plan.spec, tool):
            continue
        if _is_owner(plan, tool, needed[0]):
            yield ApartScenario(plan.tool.name, tool.name, needed[0], plan.tool.position)


def adds(tool: ToolDescription) -> str | None:
    """Return the noun of a tool that adds something, "" where it has only a verb that does; None where it adds nothing."""
    role = role_of_tool(tool)
    if role is not None:
        return role[1] if role[0] == "create" else None
    return "" if not _SENDS.isdisjoint(words_of(tool.name)[:1]) else None


def _may_list(tool: ToolDescription, noun: str) -> bool:
    """Whether a tool lists such things by its name, or has a name that says nothing of what it does: `history(room)`."""
    role, words = role_of_tool(tool), words_of(tool.name)
    if not _SENDS.isdisjoint(words[:1]):
        return False
    if role is not None:
        return role[0] == "list" and (role[1] == noun or not noun)
    return HAS_AN_EFFECT.isdisjoint(words)


def _is_owner(plan: ToolPlan, tool: ToolDescription, name: str) -> bool:
    ours, theirs = plan.tool.input, schema_of(plan.spec, tool)
    is_text = all(_is_key(part_of(schema, name)) for schema in (ours, theirs))
    is_said = _OF_ALL.search(f"{tool.description} {part_of(theirs, name).get('description', '')}") is not None
    return (
        name in required_of(ours)
        and is_text
        and not is_said
        and _NO_OWNER.isdisjoint(words_of(name))
        and bool(_texts(ours, name))
    )


def _texts(schema: Any, owner: str) -> list[str]:
    """Return what else a thing must be given that can be told again: free texts."""
    return [name for name in required_of(schema) if name != owner and _is_free_text(part_of(schema, name))]


def _is_key(part: Mapping[str, Any]) -> bool:
    """Whether a text may be a name that nobody has used, of a pattern perhaps."""
    return part.get("type") == "string" and not any(
        word in part for word in ("enum", "const", "format", "contentEncoding")
    )


def _is_free_text(part: Mapping[str, Any]) -> bool:
    says_more = any(keyword in part for keyword in ("enum", "const", "pattern", "format", "contentEncoding"))
    return (
        part.get("type") == "string"
        and not says_more
        and part.get("maxLength", _LONGEST) >= _LONGEST >= part.get("minLength", 0)
    )


@dataclass(frozen=True, slots=True)
class ApartScenario:
    """Add for one, and list for another."""

    add: str
    lister: str
    owner: str
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"apart[{self.add}-{self.lister}]"

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        fail_if_seen_twice(ctx, self.id, lambda: self._look(ctx))

    def _look(self, ctx: ToolContext) -> Finding | None:
        base = proven_base(ctx)
        owner, other, text = self._name(ctx, base), self._name(ctx, base), unused_name()
        given = {**base, self.owner: owner, _texts(ctx.plan.tool.input, self.owner)[0]: text}
        if not is_valid(ctx.plan.tool.input or True, given) or ctx.call(given).kind != "accepted":
            raise ScenarioSkipped(f"{self.add} takes no {self.owner} that nobody has used")
        own = ctx.call_tool(self.lister, {self.owner: owner})
        if own.kind != "accepted" or not shows(own.value, text):
            raise ScenarioSkipped(f"{self.lister} does not show what {self.add} adds")
        near = begun_alike(part_of(ctx.plan.tool.input, self.owner), owner)
        for stranger in (each for each in (other, near) if each not in (None, owner)):
            if (found := self._shown_to(ctx, stranger, owner, given, text)) is not None:
                return found
        return None

    def _name(self, ctx: ToolContext, base: dict[str, Any]) -> str:
        """Return an owner of whom nobody has heard. Raises ScenarioSkipped where the schema takes none such."""
        schema, name = ctx.plan.tool.input, unused_name()
        letters = name.translate(_AS_LETTERS)
        formed = next(new_key(schema, base, self.owner, base), {}).get(self.owner, "")
        for made in (name, letters, letters.upper(), formed):
            if len(made) >= _TELLING and is_valid(schema or True, {**base, self.owner: made}):
                return str(made)
        raise ScenarioSkipped(f"no {self.owner} that nobody has used can be made")

    def _shown_to(
        self, ctx: ToolContext, other: Any, owner: str, given: Mapping[str, Any], text: str
    ) -> Finding | None:
        foreign = ctx.call_tool(self.lister, {self.owner: other})
        if foreign.kind != "accepted" or not shows(foreign.value, text):
            return None
        message = f"{self.lister} shows for {self.owner} {other} what {self.add} added for {owner}: {shorten(foreign.value, 120)}"
        calls = _told((self.add, given), (self.lister, {self.owner: other}))
        return Finding(
            "chain", message, "apart: shown to another", "each has what was added for it", details=(("calls", calls),)
        )


def _told(*calls: tuple[str, Mapping[str, Any]]) -> str:
    return "\n".join(f"{name} {shorten(dict(given), 160)}" for name, given in calls)
