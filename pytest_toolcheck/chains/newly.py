"""What is made after a list was asked for is listed as well: `add_task(title)`, `list_tasks()`. One item a pair of tools.

A list that was remembered at its first call misses all later rows. Whether it misses a row because it shows a page or another
kind, two new beginnings tell: where a row is made first, the list shows it; where the list is asked for first, it never does.
A finding comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from ..checks import Finding
from ..checks.base import shorten
from ..errors import Position
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import Outcome, Session
from .lifecycle import fail_if_seen_twice
from .lists import rows_of
from .roles import may_be_called, required_of, role_of_tool, schema_of
from .values import plain, shows_any, with_new_texts

if TYPE_CHECKING:
    from ..execute import RunningScenario

_NOT_AT_ONCE: Final = re.compile(
    r"\b(?:cach\w*|ttl|refresh\w*|delay\w*|eventual\w*|snapshots?|index\w*|async\w*|later|background|seconds?|minutes?|hours?|daily"
    r"|queue\w*|draft\w*|pending|commit\w*|publish\w*|approv\w*|start-?up|begin\w*)\b",
    re.IGNORECASE,
)
"""What says that a list may be of an earlier moment."""


def newly_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the list that should know what this tool makes."""
    made = role_of_tool(plan.description)
    if made is None or made[0] != "create" or _NOT_AT_ONCE.search(plan.description.description or ""):
        return
    for tool in plan.siblings:
        is_list = role_of_tool(tool) == ("list", made[1]) and not required_of(schema_of(plan.spec, tool))
        if is_list and may_be_called(plan.spec, tool) and not _NOT_AT_ONCE.search(tool.description or ""):
            yield NewlyScenario(plan.tool.name, tool.name, plan.tool.position)
            return


@dataclass(frozen=True, slots=True)
class NewlyScenario:
    """List, make and list."""

    create: str
    lister: str
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"newly[{self.create}-{self.lister}]"

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        fail_if_seen_twice(ctx, self.id, lambda: self._look(cast("RunningScenario", ctx)))

    def _look(self, ctx: RunningScenario) -> Finding | None:
        from ..behaviour.order import begun_anew
        from ..behaviour.promise import Trial

        if ctx.base() is None:
            raise ScenarioSkipped(f"no valid call of {self.create} succeeded")
        if self._is_shown(ctx, ctx.session, lists_first=True) is not False:
            return None
        for lists_first in (False, True):
            with begun_anew(Trial("newly", ctx)) as session:
                if session is None or session is ctx.session:
                    raise ScenarioSkipped(f"{self.lister} cannot be asked where nothing was made")
                if self._is_shown(ctx, session, lists_first=lists_first) is not (not lists_first):
                    return None
        message = f"{self.lister} never lists what {self.create} made after it was asked for the first time, and lists what was made before"
        calls = "\n".join((self.lister, f"{self.create} {shorten(ctx.base(), 160)}", self.lister))
        return Finding(
            "chain", message, "newly: list not updated", "what is made is listed", details=(("calls", calls),)
        )

    def _is_shown(self, ctx: RunningScenario, session: Session, *, lists_first: bool) -> bool | None:
        """Whether what is made in a session is listed there; None where a tool refuses, or nothing new can be told."""
        schema, base = ctx.plan.tool.input, ctx.base() or {}
        given = next(with_new_texts(schema, base), None)
        if given is None or (lists_first and self._list(ctx, session) is None):
            return None
        if ctx.call(given, valid=True, session=session).kind != "accepted":
            return None
        listed = [self._list(ctx, session) for _ in range(2)]
        return None if None in listed else any(shows_any(row, given) for rows in listed for row in rows or ())

    def _list(self, ctx: RunningScenario, session: Session) -> list[Any] | None:
        from ..behaviour.siblings import ask_sibling

        outcome: Outcome = ask_sibling(ctx.plan, self.lister, session)
        return rows_of(plain(outcome.value)) if outcome.kind == "accepted" else None
