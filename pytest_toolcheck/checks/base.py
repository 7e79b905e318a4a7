"""What a check returns: a finding, with all that a reader needs to judge it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise.

    `message` stands alone on one line. `cause` groups findings that have one reason: equal causes are one bug.
    `promised` says what was promised and where (spec or schema place).
    """

    check: str
    message: str
    cause: str
    promised: str = ""
    severity: Literal["failure", "warning"] = "failure"
    details: tuple[tuple[str, str], ...] = field(default=())
