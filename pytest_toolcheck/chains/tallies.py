"""A tool that counts counts what the others make and remove: `queue_size()` beside `push_job(job, priority)`. One item a pair.

The evidence: what is made of the base's values shows in the count, by one more, and in the list where there is one. Then a thing
made with another choice shows in the list and not in the count; or one that was removed is counted on. A finding comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from ..behaviour.leaves import leaves_of
from ..checks import Finding
from ..checks.base import shorten
from ..checks.violation import is_valid
from ..errors import Position
from ..parts import parts_of, with_alternatives
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import Outcome, ToolDescription
from .apart import adds
from .lifecycle import fail_if_seen_twice, proven_base
from .lists import largest_page, rows_of
from .once import MARKS
from .roles import may_be_called, required_of, role_of_tool, schema_of, words_of
from .values import all_new, keyed_values, listed_values, plain

_COUNTS: Final = frozenset(["count", "size", "total", "number", "num", "length", "many"])
_OF_A_KIND: Final = re.compile(
    r"open|active|pending|done|complet|finish|unread|read\b|new|recent|overdue|urgent|high|low|normal|fail|wait|ready|visible|public"
    r"|private|enabled|distinct|unique|group|by_|per_|tag|ever|far|lifetime|histor|created|today|since",
    re.IGNORECASE,
)
"""What says that a tool counts some of them only, or those that there have been."""
_STATES: Final = frozenset(
    [
        "status",
        "state",
        "done",
        "active",
        "archived",
        "draft",
        "hidden",
        "visible",
        "public",
        "private",
        "enabled",
        "deleted",
        "completed",
    ]
)
_MOST_CHOICES: Final = 8


def tally_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the counters of what this tool makes: they need nothing, and stand alone among the target's tools."""
    if adds(plan.description) is None:
        return
    counters = [tool for tool in plan.siblings if _counts(tool) and _is_asked(plan, tool)]
    if len(counters) != 1 or counters[0].name == plan.tool.name:
        return
    listers = [
        tool
        for tool in plan.siblings
        if (role_of_tool(tool) or ("",))[0] == "list" and _is_asked(plan, tool) and not _counts(tool)
    ]
    removers = [
        tool
        for tool in plan.siblings
        if (role_of_tool(tool) or ("",))[0] == "delete" and may_be_called(plan.spec, tool)
    ]
    yield TallyScenario(
        counters[0],
        listers[0] if len(listers) == 1 else None,
        removers[0] if len(removers) == 1 else None,
        plan.tool.position,
    )


def _counts(tool: ToolDescription) -> bool:
    return not _COUNTS.isdisjoint(words_of(tool.name)) and (role_of_tool(tool) or ("read",))[0] in ("read", "list")


def _is_asked(plan: ToolPlan, tool: ToolDescription) -> bool:
    return not required_of(schema_of(plan.spec, tool)) and may_be_called(plan.spec, tool)


@dataclass(frozen=True, slots=True)
class TallyScenario:
    """Make and remove things, and count them."""

    counter: ToolDescription
    lister: ToolDescription | None
    remover: ToolDescription | None
    position: Position | None
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"tally[{self.counter.name}]"

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        base = proven_base(ctx)
        fail_if_seen_twice(ctx, self.id, lambda: _Tally(ctx, self, base).finding())


class _Tally:
    def __init__(self, ctx: ToolContext, tools: TallyScenario, base: Mapping[str, Any]) -> None:
        self._ctx, self._tools, self._base = ctx, tools, base
        self._steps: list[str] = []

    def finding(self) -> Finding | None:
        """Return what is wrong, or None. Raises ScenarioSkipped where the count does not follow what is made."""
        counted, listed = self._counted(), self._listed()
        made = self._make({})
        if made is None or counted is None or self._counted() != counted + 1:
            raise ScenarioSkipped(f"{self._tools.counter.name} does not count what {self._ctx.plan.tool.name} makes")
        wrong = self._removed(made, counted) if self._tools.remover is not None else None
        follows = listed is not None and self._tools.remover is None and self._listed() == listed + 1
        return wrong or (self._chosen() if follows else None)

    def _removed(self, made: Outcome, counted: int) -> Finding | None:
        """Whether what was removed is counted on: the remover took it once, and does not know it a second time."""
        remover = self._tools.remover
        assert remover is not None
        schema = schema_of(self._ctx.plan.spec, remover)
        needed = required_of(schema)
        said = f"{remover.description} {self._tools.counter.description} {self._tools.counter.name}"
        if len(needed) != 1 or MARKS.search(said) or re.search(r"ever|far|lifetime|histor|created|since", said):
            return None
        answer = plain(made.value)
        keys = [*keyed_values(answer, needed[0]), *listed_values(answer, needed[0])]
        key = next((each for each in keys if is_valid(schema, {needed[0]: each})), None)
        if key is None or self._call(remover.name, {needed[0]: key}).kind != "accepted":
            return None
        after = self._counted()
        if self._call(remover.name, {needed[0]: key}).kind != "refused" or after != counted + 1:
            return None
        return self._wrong(f"counts {after} as before, though {remover.name} has removed one", "removed one counted")

    def _chosen(self) -> Finding | None:
        """Whether things with one value of a choice are listed and not counted."""
        names = f"{self._tools.counter.name} {self._tools.counter.description}"
        if _OF_A_KIND.search(names):
            return None
        for name, value in islice(self._choices(), _MOST_CHOICES):
            if str(value).lower() in names.lower():
                continue
            counted, listed = self._counted(), self._listed()
            made = self._make({name: value})
            if made is None or counted is None or listed is None:
                continue
            if self._listed() == listed + 1 and self._counted() == counted:
                return self._wrong(
                    f"does not count what {self._ctx.plan.tool.name} makes with {name} {shorten(value, 40)}, which is listed",
                    f"{name} not counted",
                )
        return None

    def _choices(self) -> Iterator[tuple[str, Any]]:
        for name, part in parts_of(self._ctx.plan.tool.input).items():
            if not _STATES.isdisjoint(words_of(name)):
                continue
            for each in with_alternatives(part):
                members = [True, False] if each.get("type") == "boolean" else each.get("enum")
                yield from ((name, member) for member in members or () if member is not None)

    def _make(self, more: Mapping[str, Any]) -> Outcome | None:
        given = {**all_new(self._ctx.plan.tool.input, self._base), **more}
        if not is_valid(self._ctx.plan.tool.input or True, given):
            return None
        outcome = self._call(self._ctx.plan.tool.name, given)
        return outcome if outcome.kind == "accepted" else None

    def _counted(self) -> int | None:
        answer = plain(self._call(self._tools.counter.name, {}).value)
        numbers = [value for pointer, value in leaves_of(answer).items() if not pointer.endswith("#")]
        whole = [value for value in numbers if isinstance(value, int) and not isinstance(value, bool)]
        return whole[0] if len(whole) == len(numbers) == 1 else None

    def _listed(self) -> int | None:
        if self._tools.lister is None:
            return None
        schema = schema_of(self._ctx.plan.spec, self._tools.lister)
        return len(rows_of(plain(self._call(self._tools.lister.name, largest_page(schema)).value)))

    def _call(self, name: str, given: Mapping[str, Any]) -> Outcome:
        own = name == self._ctx.plan.tool.name
        outcome = self._ctx.call(given) if own else self._ctx.call_tool(name, given)
        said = outcome.value if outcome.kind == "accepted" else outcome.error.message if outcome.error else ""
        self._steps.append(f"{name} {shorten(dict(given), 160)} -> {outcome.kind} {shorten(said, 160)}")
        return outcome

    def _wrong(self, what: str, cause: str) -> Finding:
        calls = "\n".join(self._steps[-10:])
        promised = "what is made is counted, and what is removed is not"
        return Finding(
            "chain", f"{self._tools.counter.name} {what}", f"tally: {cause}", promised, details=(("calls", calls),)
        )
