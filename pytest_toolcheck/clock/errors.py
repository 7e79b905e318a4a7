"""What virtual time refuses or finds.

VirtualTimeError (AssertionError)   a test that cannot go on in virtual time
├── VirtualDeadlock                 nothing is left that could wake it
└── VirtualLivelock                 it runs on and on while the clock stands still
"""

from __future__ import annotations


class VirtualTimeError(AssertionError):
    """A test that cannot go on in virtual time."""


class VirtualDeadlock(VirtualTimeError):
    """Everything waits, and no timer, thread, socket or child is left that could wake any of it."""


class VirtualLivelock(VirtualTimeError):
    """The same instant lasts for ever: code runs on without ever waiting for the clock."""
