"""What can go wrong with a fault, and the errors that faults themselves raise in the code under test.

ToolcheckError
└── FaultError             a fault that cannot be injected: its grammar, its kind at this point, the point itself
AssertionError
└── FaultNeverFired        a fault was injected and nothing came by: the test has shown nothing
Exception
└── RateLimited            what `rate_limit` raises at a callable where no error is named
"""

from __future__ import annotations

from ..errors import ToolcheckError


class FaultError(ToolcheckError, ValueError):
    """A fault that cannot be injected; the message says where, what was found, and what is possible."""


class FaultNeverFired(AssertionError):
    """A fault that was injected and never fired, or not as often as asserted."""


class RateLimited(Exception):
    """The dependency says: too many requests. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(message)
