"""What is changed for one is not changed for another of whom nobody has heard: `change_settings(user, theme)`, `get_settings(user)`.

A reader that answers for whoever is named shows defaults for most; where a tool changes these (`settings.setdefault(user, DEFAULTS)`),
it changes them for all. The evidence: the value that was set is shown for its own key and, from then on, for one that nobody
has set anything for. A finding comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from ..checks import Finding
from ..checks.base import shorten
from ..checks.violation import is_valid
from ..errors import Position
from ..parts import part_of, parts_of, with_alternatives
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import ToolDescription
from .lifecycle import fail_if_seen_twice, proven_base
from .roles import may_be_called, required_of, role_of_tool, schema_of, words_of
from .values import new_key, plain, shown

_WORDS: Final = (
    "token session request trace correlation auth password secret format lang language locale unit currency timezone tz version"
    " reason note comment by actor admin author editor"
)
_NO_OWNER: Final = frozenset(_WORDS.split())
"""Who asks or how, and not about whom."""
_OF_ALL: Final = re.compile(
    r"\b(?:every(?:one|body)?|shared?|public|global(?:ly)?|all|common|default for|whoever|regardless|same for|last set"
    r"|team|server|instance)\b",
    re.IGNORECASE,
)
_MOST: Final = 3
_TRIES: Final = 8
"""Of keys of one letter some are alike."""


def stranger_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the readers that show for one key what this tool changes for it."""
    changes = role_of_tool(plan.description)
    if changes is None or changes[0] not in ("update", "create") or _OF_ALL.search(plan.description.description or ""):
        return
    for tool in plan.siblings:
        needed = required_of(schema_of(plan.spec, tool))
        if role_of_tool(tool) != ("read", changes[1]) or len(needed) != 1 or not may_be_called(plan.spec, tool):
            continue
        if _is_owner(plan, tool, needed[0]) and _values(plan.tool.input, needed[0]):
            yield StrangerScenario(plan.tool.name, tool.name, needed[0], plan.tool.position)


def _is_owner(plan: ToolPlan, tool: ToolDescription, name: str) -> bool:
    parts = [part_of(schema, name) for schema in (plan.tool.input, schema_of(plan.spec, tool))]
    is_text = all(part.get("type") == "string" and "enum" not in part and "format" not in part for part in parts)
    said = " ".join((tool.description or "", *(str(part.get("description", "")) for part in parts)))
    is_needed = name in required_of(plan.tool.input)
    return is_needed and is_text and _OF_ALL.search(said) is None and _NO_OWNER.isdisjoint(words_of(name))


def _values(schema: Any, owner: str) -> dict[str, list[Any]]:
    """Return choices, switches and bounded numbers, each with two values at least that tell one setting from another."""
    found = ((name, _of_part(part)) for name, part in parts_of(schema).items() if name != owner)
    return {name: values for name, values in found if len(values) > 1}


def _of_part(part: Mapping[str, Any]) -> list[Any]:
    for each in with_alternatives(part):
        if isinstance(each.get("enum"), list):
            return [member for member in each["enum"] if member is not None]
        if each.get("type") == "boolean":
            return [True, False]
        ends = [each.get("maximum"), each.get("minimum")]
        if each.get("type") in ("integer", "number") and all(isinstance(end, int | float) for end in ends):
            return list(dict.fromkeys(ends))
    return []


@dataclass(frozen=True, slots=True)
class StrangerScenario:
    """Change something for one, and read it for another."""

    changer: str
    reader: str
    owner: str
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"strangers[{self.changer}-{self.reader}]"

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        fail_if_seen_twice(ctx, self.id, lambda: self._look(ctx))

    def _look(self, ctx: ToolContext) -> Finding | None:
        base = proven_base(ctx)
        one, other = self._nobodies(ctx.plan.tool.input, base)
        for name, values in islice(_values(ctx.plan.tool.input, self.owner).items(), _MOST):
            before = self._read(ctx, other, name)
            if before is None or self._read(ctx, one, name) != before:
                continue
            value = next(each for each in values if each != before)
            given = {**base, self.owner: one, name: value}
            if not is_valid(ctx.plan.tool.input or True, given) or ctx.call(given).kind != "accepted":
                continue
            if self._read(ctx, one, name) != value or self._read(ctx, other, name) != value:
                continue
            message = (
                f"{self.reader} answers {name} {shorten(value, 60)} for {self.owner} {other}, {shorten(before, 60)} before "
                f"{self.changer} was given {shorten(given, 120)}"
            )
            return Finding("chain", message, "strangers: changed for another", "each has what was set for it")
        return None

    def _nobodies(self, schema: Any, base: Mapping[str, Any]) -> list[Any]:
        """Return two keys that nobody has used. Raises ScenarioSkipped where the schema takes none such."""
        tried = (next(new_key(schema, base, self.owner, base), {}).get(self.owner) for _ in range(_TRIES))
        made = list(dict.fromkeys(key for key in tried if key is not None))
        if len(made) > 1:
            return made[:2]
        raise ScenarioSkipped(f"no {self.owner} that nobody has used can be made")

    def _read(self, ctx: ToolContext, key: Any, name: str) -> Any:
        outcome = ctx.call_tool(self.reader, {self.owner: key})
        answer = plain(outcome.value) if outcome.kind == "accepted" else None
        return shown(answer, name) if isinstance(answer, Mapping) else None
