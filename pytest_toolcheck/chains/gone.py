"""What was removed is listed no more: a tool that makes, one that removes by an id, and one that lists, where none reads one thing.

Where one reads, `lifecycle` asks it. The evidence is a text that nobody has used, in a row that the list shows as it was when
its thing is removed, and accepted to be. A finding comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..checks import Finding
from ..checks.base import shorten
from ..errors import Position
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import Outcome, ToolDescription
from .lifecycle import fail_if_seen_twice, proven_base
from .lists import rows_of
from .once import BRINGS_BACK, MARKS
from .pair_values import shows
from .roles import may_be_called, required_of, role_of_tool, schema_of, words_of
from .values import denies, own_values, plain, shows_any, with_new_texts


def gone_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the list that should know no more what this tool made and another one removed."""
    made = role_of_tool(plan.description)
    if made is None or made[0] != "create":
        return
    known = [(role_of_tool(tool), tool) for tool in plan.siblings if may_be_called(plan.spec, tool)]
    removers = [tool for role, tool in known if role == ("delete", made[1]) and _one_needed(plan, tool)]
    listers = [
        tool for role, tool in known if role == ("list", made[1]) and not required_of(schema_of(plan.spec, tool))
    ]
    is_read = any(role == ("read", made[1]) for role, _ in known)
    if len(removers) == len(listers) == 1 and not is_read and not _may_mark(plan, removers[0], listers[0]):
        key = required_of(schema_of(plan.spec, removers[0]))[0]
        yield GoneScenario(plan.tool.name, removers[0].name, listers[0].name, key, made[1], plan.tool.position)


def _one_needed(plan: ToolPlan, tool: ToolDescription) -> bool:
    return len(required_of(schema_of(plan.spec, tool))) == 1


def _may_mark(plan: ToolPlan, remover: ToolDescription, lister: ToolDescription) -> bool:
    """Whether something says that what is removed is kept for a while, or shown."""
    said = " ".join(f"{' '.join(words_of(tool.name))} {tool.description}" for tool in (remover, lister))
    options = [word for name in (schema_of(plan.spec, lister) or {}).get("properties", ()) for word in words_of(name)]
    others = " ".join(" ".join(words_of(tool.name)) for tool in plan.siblings)
    return MARKS.search(f"{said} {' '.join(options)}") is not None or BRINGS_BACK.search(others) is not None


@dataclass(frozen=True, slots=True)
class GoneScenario:
    """Make, remove and list."""

    create: str
    remove: str
    lister: str
    key: str
    noun: str
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"gone[{self.create}-{self.remove}-{self.lister}]"

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        fail_if_seen_twice(ctx, self.id, lambda: self._look(ctx) or self._taken_along(ctx))

    def _look(self, ctx: ToolContext) -> Finding | None:
        base = proven_base(ctx)
        given = next(with_new_texts(ctx.plan.tool.input, base), base)
        made = ctx.call(given)
        keys = list(own_values(plain(made.value), self.key, self.noun)) if made.kind == "accepted" else []
        before = _rows_with(ctx.call_tool(self.lister, {}), given)
        if len(keys) != 1 or len(before) != 1 or not shows(before[0], keys[0]):
            raise ScenarioSkipped(f"nothing shows that {self.lister} lists what {self.create} makes")
        later = ctx.call(next(with_new_texts(ctx.plan.tool.input, base), base))  # whoever removes the newest is seen
        removed = ctx.call_tool(self.remove, {self.key: keys[0]})
        after = [_rows_with(ctx.call_tool(self.lister, {}), given) for _ in range(2)]
        named = list(own_values(plain(later.value), self.key, self.noun)) if later.kind == "accepted" else []
        if len(named) == 1:
            ctx.call_tool(self.remove, {self.key: named[0]})
        if removed.kind != "accepted" or denies(plain(removed.value), "delete"):
            return None
        if any(rows != before for rows in after):
            return None
        message = f"{self.lister} still lists {shorten(keys[0], 60)}, which {self.remove} has removed: {shorten(before[0], 120)}"
        calls = "\n".join(
            (f"{self.create} {shorten(dict(given), 160)}", f"{self.remove} {shorten(keys[0], 60)}", self.lister)
        )
        return Finding(
            "chain", message, "gone: list not updated", "what is removed is listed no more", details=(("calls", calls),)
        )

    def _taken_along(self, ctx: ToolContext) -> Finding | None:
        """Two things that were made of the same values are two: removing the one leaves the other in the list."""
        base = proven_base(ctx)
        given = next(with_new_texts(ctx.plan.tool.input, base), base)
        answers = [plain(made.value) for made in (ctx.call(given), ctx.call(given)) if made.kind == "accepted"]
        keys = list(dict.fromkeys(key for answer in answers for key in own_values(answer, self.key, self.noun)))
        rows = _rows_with(ctx.call_tool(self.lister, {}), given)
        if len(keys) != 2 or len(rows) != 2 or not all(any(shows(row, key) for row in rows) for key in keys):
            return None
        removed = ctx.call_tool(self.remove, {self.key: keys[0]})
        after = [_rows_with(ctx.call_tool(self.lister, {}), given) for _ in range(2)]
        is_left = ctx.call_tool(self.remove, {self.key: keys[1]}).kind == "accepted"
        if removed.kind != "accepted" or denies(plain(removed.value), "delete") or any(after) or is_left:
            return None
        told = f"{self.remove} of {shorten(keys[0], 60)} also removed {shorten(keys[1], 60)}, which was made of the same values"
        calls = "\n".join(
            (f"{self.create} {shorten(dict(given), 160)}, twice", f"{self.remove} {shorten(keys[0], 60)}", self.lister)
        )
        promised = "what is removed is listed no more, and nothing else"
        return Finding("chain", told, "gone: delete of another", promised, details=(("calls", calls),))


def _rows_with(listed: Outcome, given: Mapping[str, Any]) -> list[Any]:
    answer = plain(listed.value) if listed.kind == "accepted" else None
    return [row for row in rows_of(answer) if shows_any(row, given)]
