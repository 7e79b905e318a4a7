"""What a generator found in one tool; the same value for ours and for its peers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Found:
    """What was said of one tool, and after how many calls."""

    calls: int = 0
    cases: int = 0
    accepted: int = 0
    first: int | None = None
    """The number of calls made when the first finding came; None without one, or where the peer does not tell."""
    findings: tuple[str, ...] = ()

    def add(self, finding: str, *, call: int | None = None) -> None:
        """Add a finding made at this call."""
        self.findings += (finding,)
        if call is not None:
            self.first = call if self.first is None else min(self.first, call)

    def within(self, budget: int) -> Found:
        """Return what was found with the first `budget` calls; a finding whose call is not known stays."""
        late = self.first is not None and self.first > budget
        return Found(
            min(self.calls, budget), self.cases, self.accepted, *((None, ()) if late else (self.first, self.findings))
        )


FoundIn = dict[tuple[str, str], Found]
"""By side ("buggy", "correct") and tool."""
