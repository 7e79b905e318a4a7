"""What a tool does to one thing it does to no other, as a list shows that is all there is to read: `complete_task` beside `list_tasks`.

Three things are made, and the tool is called about the second: a row of another thing that changes as its own does is a finding,
which must come twice. Where a tool reads one thing, `effects` follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from ..behaviour.leaves import Leaves, differing, is_volatile, leaves_of, same
from ..behaviour.pages import makers
from ..checks import Finding
from ..checks.base import shorten
from ..checks.violation import is_valid
from ..errors import Position
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from .effects import is_name_of_one, may_have_effects
from .lifecycle import fail_if_seen_twice
from .lists import rows_of
from .roles import may_be_called, required_of, role_of_tool, schema_of, words_of
from .values import plain

_THREE: Final = 3
_MOST_MADE: Final = 12


def row_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield what follows a tool that changes one of the things that a list shows, and nothing else reads."""
    keys = [name for name in required_of(plan.tool.input) if is_name_of_one(name)]
    if len(keys) != 1 or not may_have_effects(plan) or (role_of_tool(plan.description) or ("",))[0] == "create":
        return
    known = [(role_of_tool(tool), tool) for tool in plan.siblings if may_be_called(plan.spec, tool)]
    nouns = {role[1] for role, _ in known if role is not None and role[0] == "create"}
    listers = [
        tool
        for role, tool in known
        if role in [("list", n) for n in nouns] and not required_of(schema_of(plan.spec, tool))
    ]
    is_read = any(role is not None and role[0] == "read" and role[1] in nouns for role, _ in known)
    if len(nouns) == len(listers) == 1 and not is_read:
        yield RowsScenario(plan.tool.name, listers[0].name, keys[0], plan.tool.position)


@dataclass(frozen=True, slots=True)
class RowsScenario:
    """Change the second of three things, and look at the rows of all."""

    tool: str
    lister: str
    key: str
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"rows[{self.tool}-{self.lister}]"

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        fail_if_seen_twice(ctx, self.id, lambda: self._look(ctx))

    def _look(self, ctx: ToolContext) -> Finding | None:
        base = ctx.base()
        first = self._rows(ctx) if base is not None else {}
        made = (ctx.call_tool(*each).kind == "accepted" for each in islice(makers(ctx.plan), _MOST_MADE))
        list(islice(filter(None, made), _THREE))
        before = self._rows(ctx)
        new = [key for key in before if key not in first]
        if base is None or len(new) < _THREE:
            raise ScenarioSkipped(f"nothing shows that {self.lister} lists what {self.tool} is told of")
        given = {**base, self.key: new[1]}
        if not is_valid(ctx.plan.tool.input or True, given) or ctx.call(given).kind != "accepted":
            return None
        after = self._rows(ctx)
        own = differing([before[new[1]], after.get(new[1], {})])
        for other in (key for key in before if key != new[1] and key in after):
            for place in differing([before[other], after[other]]):
                if place in own and _is_state(place, after[new[1]].get(place), after[other].get(place)):
                    message = f"{self.tool} of {shorten(new[1], 60)} also changed {shorten(other, 60)}: {place}"
                    calls = f"{self.tool} {shorten(given, 160)}\n{self.lister} {shorten(dict(after[other]), 160)}"
                    promised = "what is done to one thing is done to no other"
                    return Finding("chain", message, "rows: effect on another", promised, details=(("calls", calls),))
        return None

    def _rows(self, ctx: ToolContext) -> dict[Any, Leaves]:
        """Return the rows by what the tool's own parameter, or `id`, names."""
        listed = ctx.call_tool(self.lister, {})
        rows = rows_of(plain(listed.value)) if listed.kind == "accepted" else []
        found: dict[Any, Leaves] = {}
        for row in rows:
            named = (
                [row[key] for key in row if words_of(key) in (words_of(self.key), ["id"])]
                if isinstance(row, Mapping)
                else []
            )
            if len(named) == 1 and isinstance(named[0], str | int):
                found[named[0]] = leaves_of(row)
        return found


def _is_state(place: str, own: Any, other: Any) -> bool:
    """Whether both are now the same word or switch, and not about the moment of the call."""
    return isinstance(own, str | bool) and same(own, other) and not is_volatile(place, [own], telemetry=True)
