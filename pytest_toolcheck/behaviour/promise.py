"""One behavioural promise of one tool as a scenario, and what all of them need."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ..checks.base import Finding, as_json, place_of, shorten
from ..errors import Position
from ..scenario import ScenarioSkipped, ToolContext, ToolPlan
from ..spec.model import McpTarget, PythonTarget
from ..targets.base import Outcome, Session
from .anew import fresh_tools
from .mixed import mixed_arrays
from .siblings import windows_of
from .state import Watch

if TYPE_CHECKING:
    from ..execute import RunningScenario

MOST_INPUTS = 8
SLOW_S = 0.3
"""A tool that takes longer is repeated with one input only."""


@dataclass(frozen=True, slots=True)
class BehaviourScenario:
    """Carries one promise out; `act` raises what `Trial.broken` returns."""

    id: str
    check: str
    category: str
    act: Callable[[Trial], None]
    position: Position | None
    fixtures: Sequence[str] = ()

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        self.act(Trial(self.check, cast("RunningScenario", ctx)))


@dataclass(slots=True)
class Trial:
    """A running promise."""

    check: str
    ctx: RunningScenario
    _other: Session | None = None

    @property
    def plan(self) -> ToolPlan:
        """The tool that is tried."""
        return self.ctx.plan

    @property
    def options(self) -> Mapping[str, Any]:
        """What the spec says under `checks: {this_check: {…}}`."""
        wanted = self.plan.tool.checks.get(self.check)
        return wanted if isinstance(wanted, Mapping) else {}

    @property
    def is_written(self) -> bool:
        """Whether the spec itself asks for it, not only the target's own hints."""
        keys = self.plan.tool.key_positions
        return f"/annotations/{self.check}" in keys or f"/checks/{self.check}" in keys

    def inputs(self, most: int = MOST_INPUTS) -> Iterator[tuple[dict[str, Any], Outcome]]:
        """Yield different inputs that the tool has just accepted, with its answer. Raises ScenarioSkipped without one."""
        seen: set[str] = set()
        for value in self._candidates():
            if len(seen) >= most or (text := as_json(value)) in seen:
                continue
            outcome = self.ctx.call(value, valid=True, observe=True)
            if outcome.kind != "accepted":
                continue
            seen.add(text)
            yield value, outcome
            if outcome.duration_ns > SLOW_S * 1e9:
                return
        if not seen:
            raise ScenarioSkipped(f"no valid call of {self.plan.tool.name} succeeded")

    def _candidates(self) -> Iterator[dict[str, Any]]:
        from ..scenarios import cases_of

        variations = dataclasses.replace(self.plan.tool.variations, categories=None)
        tool = dataclasses.replace(self.plan.tool, variations=variations)
        cases = cases_of(dataclasses.replace(self.plan, tool=tool), seed=0)
        if (base := self.ctx.base()) is not None:
            yield base
            yield from mixed_arrays(base, cases, self.plan.tool.input if self.plan.tool.input is not None else True)
        told: set[str] = set()
        valid = [case for case in cases if case.label == "valid"]
        for case in sorted(valid, key=lambda case: case.category in ("unicode", "size", "number")):
            place = (
                f"{case.category} {case.pointer}" if case.category not in ("enum", "example", "boundary") else case.id
            )
            if place not in told and len(told) < MOST_INPUTS * 3:
                told.add(place)
                yield self.ctx.rebased(case).input

    @contextmanager
    def fresh_session(self) -> Iterator[Session]:
        """A session whose state no earlier call has touched, where there is one: a new process, newly loaded modules."""
        spec = self.plan.spec
        if isinstance(spec.target, PythonTarget):
            with fresh_tools(spec) as session:
                yield session or self.ctx.session
        else:
            if self._other is None and isinstance(spec.target, McpTarget) and spec.target.command:
                self._other = self.ctx.open_session()  # one for all inputs: a server costs as much as hundreds of calls
            yield self._other or self.ctx.session

    def watch(self, about: Mapping[str, Any], answer: Any, session: Session) -> Watch:
        """Return what looks at the state around calls with the arguments `about`, whose answer was `answer`."""
        ctx, told = self.ctx, dict(answer) if isinstance(answer, Mapping) else {}
        windows = windows_of(self.plan, server=ctx.server, open_scratch=ctx.open_session)
        return Watch(
            session,
            windows,
            {**told, **about},
            paths=tuple(self.options.get("paths", ())),
            folder=self.plan.spec.path.resolve().parent,
            ignored=tuple(self.options.get("ignore", ())),
        )

    def broken(self, message: str, cause: str, *details: tuple[str, Any]) -> Exception:
        """Return the failure that says how the promise is broken."""
        tool = self.plan.tool
        place = place_of(tool, f"annotations/{self.check}", f"checks/{self.check}")
        promised = f"{self.check} ({place})" if self.is_written else f"{self.check}, as the target says of the tool"
        shown = tuple((title, shorten(value, 1200)) for title, value in details)
        finding = Finding(self.check, f"{tool.name} {message}", f"{self.check} {cause}", promised, details=shown)
        self.ctx.report(finding)
        return self.ctx.fail((finding,))
