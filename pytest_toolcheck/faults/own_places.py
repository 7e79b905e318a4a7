"""Places of a fault that no dependency names: the wire to the server, its process, the clock of the tool."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack

from ..resilience.fresh import fresh_modules, module_name
from ..scenario import ToolPlan
from ..spec.model import OWN_FAULT_PLACES, McpTarget, PythonTarget
from ..targets.base import Outcome, Request
from .errors import FaultError
from .faults import Faults
from .flight import in_flight
from .places import FaultedSession, opened


class StruckSession(FaultedSession):
    """A session whose server, or whose clock, is struck just before each call, as the schedule says."""

    def call(self, request: Request) -> Outcome:
        """Strike, then make one call."""
        with in_flight(request.rid, tool=request.tool.name, sid=self.id):
            self.fault.fire()
        return super().call(request)


def is_own_place(name: str, plan: ToolPlan) -> bool:
    """Tell whether a fault is meant for the target itself."""
    return name in OWN_FAULT_PLACES and name not in plan.tool.depends_on


def open_at_own_place(
    plan: ToolPlan, place: str, schedule: str, faults: Faults, stack: ExitStack, *, is_virtual: bool
) -> FaultedSession:
    """Open a session with the fault in place; `stack` closes and heals. Raises FaultError, TargetError."""
    if place == "clock":
        return _by_clock(plan, schedule, faults, stack, is_virtual=is_virtual)
    target = plan.spec.target
    if not isinstance(target, McpTarget) or not target.command:
        raise FaultError(
            f"faults: on: {place}: that is {OWN_FAULT_PLACES[place]}; this target is {target.kind}: "
            "declare a dependency (python or tcp), or use the fixture `faults` in a test by hand"
        )
    if place == "stdio":
        fault = faults.inject(list(target.command), schedule, optional=True)
        behind = dataclasses.replace(target, command=tuple(fault.command))
        return FaultedSession(opened(dataclasses.replace(plan.spec, target=behind), stack), fault)
    if "crash_restart" in schedule:
        raise FaultError(
            "faults: on: process: a server over stdio that starts anew has lost its pipes: use kill or pause"
        )
    session = opened(plan.spec, stack)
    return StruckSession(session, faults.inject(session.process_ids()[0], schedule, optional=True, strikes_now=False))


def _by_clock(plan: ToolPlan, schedule: str, faults: Faults, stack: ExitStack, *, is_virtual: bool) -> FaultedSession:
    target = plan.spec.target
    if not isinstance(target, PythonTarget):
        raise FaultError(
            f"faults: on: clock: the clock of a {target.kind} target is another process's: it does not jump"
        )
    if not is_virtual:
        raise FaultError("faults: on: clock: only a virtual clock jumps: add `clock: virtual` to the tool")
    stack.enter_context(fresh_modules(target, spec_path=plan.spec.path))
    spec = dataclasses.replace(plan.spec, target=PythonTarget(module_name(target)))
    fault = faults.inject("clock", schedule, optional=True, strikes_now=False)
    return StruckSession(opened(spec, stack), fault, call=plan.tool.call)
