"""Faults at the clock: the virtual wall clock steps, as an administrator's or a time service's would."""

from __future__ import annotations

from .call import clock_to_jump
from .kinds import Action
from .point import Ask


class ClockPoint:
    """The virtual wall clock; struck when the fault is injected, and at each `fire()`."""

    kind = "clock"
    name = "the clock"

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def prepare(self, _action: Action) -> None:
        """Raise FaultError in real time."""
        clock_to_jump()

    def on(self) -> None:
        """Nothing to put in place."""

    def off(self) -> None:
        """Nothing to take out: what the wall clock showed stays as it was shown."""

    def strike(self) -> None:
        """Let the clock jump as the schedule says."""
        action = self._ask()
        if action is not None:
            clock_to_jump().step_wall(f"{action['by']:.9f}s")
