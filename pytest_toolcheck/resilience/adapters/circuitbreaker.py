"""circuitbreaker 2.1: no listener, no way to open it but its private fields; recovery by `monotonic()`."""

from __future__ import annotations

import time
from typing import Any

from .base import BreakerAdapter, State, spelled


class CircuitbreakerAdapter(BreakerAdapter):
    """Controls a `circuitbreaker.CircuitBreaker`; a decorated function leads to it."""

    library = "circuitbreaker"
    watched = ("_state", "_opened")

    @classmethod
    def knows(cls, candidate: Any) -> bool:
        """Whether it is a circuitbreaker.CircuitBreaker."""
        import circuitbreaker  # type: ignore[import-untyped,unused-ignore]

        return isinstance(candidate, circuitbreaker.CircuitBreaker)

    def state(self) -> State:
        """Return the library's own view: an open breaker whose time is over is half-open."""
        return spelled(self.breaker.state)

    def trip(self) -> None:
        """Open it now. The instant first: the state is told from it."""
        self.breaker._opened = time.monotonic()
        self.breaker._failure_count = max(self.breaker._failure_count, self.breaker._failure_threshold)
        self.breaker._state = "open"

    def half_open(self) -> None:
        """Let its recovery time be over."""
        self.breaker._opened = time.monotonic() - self.breaker._recovery_timeout
        self.breaker._failure_count = max(self.breaker._failure_count, self.breaker._failure_threshold)
        self.breaker._state = "open"

    def reset(self) -> None:
        """Close it and forget its failures."""
        self.breaker.reset()

    def remaining_s(self) -> float:
        """Seconds until the next call is a probe; the library's `open_remaining` rounds them."""
        return float(self.breaker._opened + self.breaker._recovery_timeout - time.monotonic())
