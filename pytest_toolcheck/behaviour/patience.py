"""How long a promise is tried, in the tool's own time: what the machine makes calls wait for is not counted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..targets.base import Outcome


class Patience:
    """So many calls as fit into `limit_s` seconds where each takes as long as the quickest of them.

    Seconds of a clock would cut a search off at another place on a busy machine, or on a slow one, and hide what it finds.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_ns, self._calls, self._quickest_ns = limit_s * 1e9, 0, math.inf

    def note(self, outcome: Outcome, *, calls: int = 1) -> None:
        """Count calls that took as long as this one."""
        self._calls += calls
        self._quickest_ns = min(self._quickest_ns, outcome.duration_ns)

    @property
    def is_over(self) -> bool:
        """Whether they have taken longer than they may."""
        return self._calls > 0 and self._calls * self._quickest_ns > self._limit_ns
