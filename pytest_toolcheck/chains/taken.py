"""What can be had once is had once: under another spelling too, and by those who ask at the same moment. One item a tool.

The evidence is the tool's own: it refuses an equal second call, and says that something is taken. The value that decides is
the one that is refused again beside other values that are all new. A finding comes twice.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..behaviour.fresh_values import makers_for, new_value
from ..checks import Finding
from ..checks.base import as_json, shorten
from ..checks.violation import is_valid
from ..errors import Position
from ..events import new_rid
from ..parts import part_of
from ..scenario import Scenario, ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import Outcome, Request
from .lifecycle import fail_if_seen_twice, proven_base
from .roles import role_of_tool, words_of
from .values import plain, shown, unused_name

_TAKEN: Final = re.compile(
    r"\b(?:already|taken|exist(?:s|ed|ing)|duplicates?|in use|reserved|booked|occupied|sold|claimed|assigned|registered"
    r"|there is (?:such )?an?)\b",
    re.IGNORECASE,
)
_CONFLICT: Final = 409
"""RFC 9110, 15.5.10: a conflict with what is there."""
_SAYS_SO: Final = re.compile(
    r"\b(?:request|idempoten\w*|nonce|replay\w*|rate|limit|too (?:many|often|fast)|today|now)\b", re.IGNORECASE
)
"""What says that the call itself is the one that came twice, or came too soon."""
_VERBS: Final = (
    "reserve book claim register assign allocate take join rent hire lend borrow buy sell order lock enroll sign open start "
    "schedule"
)
_GIVES_OUT: Final = frozenset(_VERBS.split())
_AT_ONCE: Final = 6
_ROUNDS: Final = 4
_BELIEVED: Final = 2
_NEW: Final = 4
"""So many new inputs are tried until one is accepted."""
_SIDE_BY_SIDE: Final = ("mcp", "http", "websocket")

Input = dict[str, Any]


def taken_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the one item of a tool that may give out, or make, something that can be had once."""
    promises = plan.tool.annotations
    role = (role_of_tool(plan.description) or ("",))[0]
    is_meant = role == "create" or not _GIVES_OUT.isdisjoint(words_of(plan.tool.name))
    if is_meant and not (promises.read_only or promises.idempotent or promises.destructive):
        yield TakenScenario(plan.tool.position)


@dataclass(frozen=True, slots=True)
class TakenScenario:
    """Ask for one thing twice, in other spellings, and at once."""

    position: Position | None
    id: str = "taken"
    category: str = "chain"
    fixtures: tuple[str, ...] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        base = proven_base(ctx)
        fail_if_seen_twice(ctx, self.id, lambda: _Look(ctx, base).finding())


class _Look:
    def __init__(self, ctx: ToolContext, base: Input) -> None:
        self._ctx, self._base = ctx, base
        self._schema: Any = ctx.plan.tool.input
        self._chance = random.Random(unused_name())
        self._steps: list[str] = []

    def finding(self) -> Finding | None:
        """Return what is wrong, or None. Raises ScenarioSkipped where nothing new is accepted."""
        for _ in range(_NEW):
            given = self._new()
            answer = self._call(given)
            if answer.kind != "accepted":
                continue
            if not self._is_taken(self._call(given)):
                return None  # it may be had as often as it is asked for
            name = next((name for name in given if self._is_taken(self._call(self._new({name: given[name]})))), None)
            return self._spelled_otherwise(name, given, answer) or self._at_once(name)
        raise ScenarioSkipped(f"no input of {self._ctx.plan.tool.name} that nobody has used is accepted")

    def _spelled_otherwise(self, name: str | None, given: Input, answer: Outcome) -> Finding | None:
        """Whether a name that is taken is given out again, when blanks are around it or its letters are capitals.

        The tool itself says that both are one name: it says back what was taken before.
        """
        value = given.get(name) if name is not None else None
        if name is None or not isinstance(value, str) or shown(plain(answer.value), name) != value:
            return None
        for other in (f" {value} ", f"{value} ", value.upper(), value.lower()):
            again = self._new({name: other})
            if other == value or not is_valid(self._schema, again):
                continue
            found = self._call(again)
            if found.kind == "accepted" and shown(plain(found.value), name) == value:
                what = f"takes {shorten(as_json(other), 60)}, says back {shorten(as_json(value), 60)}, and refuses that as taken"
                return self._wrong(f"{what} when it is given as such", "another spelling")
        return None

    def _at_once(self, name: str | None) -> Finding | None:
        """Whether several of those get it who ask for it at the same moment."""
        if self._ctx.plan.spec.target.kind not in _SIDE_BY_SIDE:
            return None
        several = 0
        for _ in range(_ROUNDS):
            wanted = self._new()
            alike = [self._new({name: wanted[name]}) if name is not None else wanted for _ in range(_AT_ONCE)]
            outcomes = self._ctx.session.call_concurrently([self._request(each) for each in alike])
            had = sum(outcome.kind == "accepted" for outcome in outcomes)
            if had == 0 or not self._is_taken(self._call(alike[0])):
                return None
            several += had > 1
            self._steps.append(f"{_AT_ONCE} at once about {shorten(wanted, 160)} -> {had} accepted")
        if several < _BELIEVED:
            return None
        return self._wrong(
            f"accepts several of {_AT_ONCE} calls at once for what can be had once: a second call after the first is refused",
            "had twice",
        )

    def _request(self, given: Input) -> Request:
        tool = self._ctx.plan.tool
        return Request(tool, given, new_rid(), tool.timeout_s, valid=True)

    def _new(self, kept: Mapping[str, Any] | None = None) -> Input:
        """Return the base with new texts and numbers, but for what is kept."""
        made = dict(self._base)
        for name, known in self._base.items():
            part = part_of(self._schema, name)
            values = (new_value(maker, part, known, self._chance) for maker in makers_for(part, known))
            value = next((each for each in values if each is not None), None)
            if value is not None and is_valid(self._schema, {**made, name: value}):
                made[name] = value
        return {**made, **(kept or {})}

    def _call(self, given: Input) -> Outcome:
        outcome = self._ctx.call(given)
        said = outcome.value if outcome.kind == "accepted" else outcome.error.message if outcome.error else ""
        self._steps.append(f"{shorten(given, 160)} -> {outcome.kind} {shorten(said, 160)}")
        return outcome

    def _is_taken(self, outcome: Outcome) -> bool:
        error = outcome.error if outcome.kind == "refused" else None
        if error is None or _SAYS_SO.search(error.message) is not None:
            return False
        return error.code == _CONFLICT or _TAKEN.search(error.message) is not None

    def _wrong(self, what: str, cause: str) -> Finding:
        promised = "what is refused as taken is given out once"
        calls = "\n".join(self._steps[-12:])
        return Finding(
            "chain", f"{self._ctx.plan.tool.name} {what}", f"taken: {cause}", promised, details=(("calls", calls),)
        )
