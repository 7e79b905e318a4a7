"""What virtual time refuses or finds.

VirtualTimeError (AssertionError)   a test that cannot go on in virtual time
├── VirtualDeadlock                 nothing is left that could wake it
└── VirtualLivelock                 it runs on and on while the clock stands still
"""

from __future__ import annotations

from collections.abc import Sequence


class VirtualTimeError(AssertionError):
    """A test that cannot go on in virtual time."""


class VirtualDeadlock(VirtualTimeError):
    """Everything waits, and no timer, thread, socket or child is left that could wake any of it.

    `waiting` are the places that wait, the test's own first.
    """

    def __init__(self, reason: str, waiting: Sequence[str] = ()) -> None:
        self.reason = reason
        first = f"{waiting[0]} waits for ever: " if waiting else ""
        listed = [f"  {each}" for each in waiting]
        text = f"deadlock in virtual time: {first}{reason}"
        super().__init__("\n".join([f"{text}; pending:", *listed] if listed else [text]))


class VirtualLivelock(VirtualTimeError):
    """The same instant lasts for ever: code runs on without ever waiting for the clock."""
