"""From the spec key `faults` to generated cases: fault in place, tool called until it fires, answer judged."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from ..checks.base import Finding, as_json, shorten
from ..errors import Position, ToolcheckError
from ..resilience.mcp_inside import inside
from ..scenario import Scenario, ScenarioFailure, ScenarioSkipped, ToolContext, ToolPlan, known_input
from ..spec.model import Dependency, Expectation, FaultPlan, PythonTarget
from ..targets.base import Outcome
from .expected import unmet
from .faults import Fault, Faults
from .grammar import parse_schedule
from .own_places import is_own_place, open_at_own_place
from .places import FaultedSession, open_faulted

MOST_CALLS: Final = 200
"""So often the tool is called, at most, until the fault fires."""
_CALLS_THAT_PASS_BY: Final = 3
"""A tool that does not use the dependency in so many calls will not use it in the next."""
_ENDING: Final = ("kill", "disconnect")
"""Faults at the target itself that take the answer away: what counts is that the call ends."""
_REAL_WAIT_S: Final = 5.0
"""So long a fault's window may be ahead in real time."""


def fault_scenarios(plan: ToolPlan) -> list[Scenario]:
    """Return a scenario for each item of the tool's `faults`, named `fault[provider:2*off -> error(ConnectionError)]`.

    Each runs in modules (or a server) of its own, so that a breaker that a fault opens stays with it; with
    `clock: virtual` in virtual time. It fails when the fault never fires, when the answer to the call that it hit is
    not the expected one, or when that takes longer than `within`.
    """
    scenarios: list[Scenario] = []
    seen: dict[str, int] = {}
    for item in plan.tool.faults:
        id_ = f"fault[{item.on}:{_readable(item.inject)}]"
        seen[id_] = seen.get(id_, 0) + 1
        unique = id_ if seen[id_] == 1 else f"{id_[:-1]} ({seen[id_]})]"
        dependency = plan.tool.depends_on.get(item.on)
        where = inside(plan) if dependency is not None and (dependency.python or dependency.files) else plan
        scenarios.append(FaultScenario(unique, where, item, item.position or plan.tool.position))
    return scenarios


def _readable(text: str) -> str:
    """Leave out what an id may not hold."""
    plain = " ".join(text.split()).replace("::", ":").replace("=", "-")
    return "".join(letter for letter in plain if letter.isprintable())


@dataclass(slots=True)
class FaultScenario:
    """One fault in place of one dependency."""

    id: str
    plan: ToolPlan
    fault: FaultPlan
    position: Position | None
    category: str = "fault"
    fixtures: Sequence[str] = ()

    @property
    def place(self) -> str:
        """Where it is promised."""
        return f"faults of {self.fault.on}" + (f" ({self.fault.position})" if self.fault.position else "")

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
        arguments = self._arguments(ctx)
        dependency = self.plan.tool.depends_on.get(self.fault.on) or Dependency(self.fault.on)
        try:
            with ExitStack() as stack:
                if self._is_virtual():
                    _enter_virtual_time(stack)
                faults = stack.enter_context(Faults(ctx.emit))
                session = self._opened(dependency, faults, stack)
                session.within_s = self.fault.within_s or 0.0
                self._call_until_it_fires(ctx, session, arguments, dependency)
        except ToolcheckError as problem:
            raise self._failure(str(problem), "cannot be tested") from problem

    def _opened(self, dependency: Dependency, faults: Faults, stack: ExitStack) -> FaultedSession:
        if is_own_place(self.fault.on, self.plan):
            place, schedule = self.fault.on, self.fault.inject
            return open_at_own_place(self.plan, place, schedule, faults, stack, is_virtual=self._is_virtual())
        return open_faulted(self.plan, dependency, self.fault.inject, faults, stack)

    def _arguments(self, ctx: ToolContext) -> dict[str, Any]:
        known = known_input(ctx)
        if known is None:
            raise self._failure("no valid call is known, so no fault can be shown: give an example", "no valid call")
        return known

    def _is_virtual(self) -> bool:
        tool = self.plan.tool
        usual = "virtual" if tool.resilience or tool.heartbeat else "real"
        return (tool.clock or usual) == "virtual" and isinstance(self.plan.spec.target, PythonTarget)

    def _call_until_it_fires(
        self, ctx: ToolContext, session: FaultedSession, arguments: dict[str, Any], dependency: Dependency
    ) -> None:
        fault = session.fault
        self._await_window(fault)
        for number in range(1, MOST_CALLS + 1):
            before = fault.fired
            outcome = ctx.call(arguments, valid=True, session=session)
            if fault.fired > before:
                self._judge(outcome, fault, number)
                return
            if outcome.kind != "accepted":
                raise self._failure(
                    f"call {number} {outcome.in_words} before any fault was in place: {_said(outcome)}", "no valid call"
                )
            if fault.hits == 0 and number >= _CALLS_THAT_PASS_BY:
                break
        never = (
            f"the fault never fired: {_place(dependency)} was called {fault.hits} times in {number} calls of the tool"
        )
        raise self._failure(
            f"{never}; nothing is shown of it", "never fired", details=(("schedule", self.fault.inject),)
        )

    def _await_window(self, fault: Fault) -> None:
        """Let the time pass until the first window opens."""
        starts = [c.numbers[0] / 1e9 for rule in parse_schedule(self.fault.inject).rules for c in rule.conditions
                  if c.name == "window"]  # fmt: skip
        if not starts:
            return
        wait_s = min(starts)
        if not self._is_virtual() and wait_s > _REAL_WAIT_S:
            raise ScenarioSkipped(f"the window of {fault} opens after {wait_s:g} s: use `clock: virtual`")
        time.sleep(wait_s)

    def _judge(self, outcome: Outcome, fault: Fault, number: int) -> None:
        took_s = outcome.duration_ns / 1e9
        limit_s = self.fault.within_s or self.plan.tool.timeout_s
        action = fault.firings[-1].action
        details = (("fault", f"{action} at call {number}"), ("answer", _said(outcome)), ("took", f"{took_s:g} s"))
        if took_s > limit_s or outcome.kind == "timed_out":
            slow = f"took {took_s:.3g} s under {action}, expected an end within {limit_s:g} s"
            raise self._failure(slow, f"{action.kind}: too slow", details=details)
        if outcome.kind == "lost" and not (action.kind in _ENDING and is_own_place(self.fault.on, self.plan)):
            raise self._failure(f"died under {action}: {_said(outcome)}", f"{action.kind}: died", details=details)
        expect = self.fault.expect or Expectation()
        if self.fault.expect is not None and (message := unmet(expect, outcome)) is not None:
            raise self._failure(f"under {action}: {message}", f"{action.kind}: another answer", details=details)

    def _failure(self, message: str, cause: str, *, details: tuple[tuple[str, str], ...] = ()) -> ScenarioFailure:
        text = f"{self.plan.tool.name}: {message}"
        return ScenarioFailure(Finding("fault", text, f"{self.fault.on}: {cause}", self.place, details=details))


def _enter_virtual_time(stack: ExitStack) -> None:
    from ..clock import active_clock, virtual_time

    if active_clock() is None:
        stack.enter_context(virtual_time())


def _place(dependency: Dependency) -> str:
    where = dependency.python or dependency.tcp or dependency.files
    return f"{dependency.name} ({where})" if where else dependency.name


def _said(outcome: Outcome) -> str:
    if outcome.error is not None:
        return shorten(f"{outcome.error.type}: {outcome.error.message}", 200)
    return shorten(as_json(outcome.value), 200)
