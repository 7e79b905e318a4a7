"""pybreaker 1.4: a listener sees each change; recovery is measured by `datetime.now(UTC)`, so on the wall clock."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from .base import OnChange, State, spelled
from .stored import StoredBreakerAdapter


class PybreakerAdapter(StoredBreakerAdapter):
    """Controls a `pybreaker.CircuitBreaker`, through its public methods."""

    library = "pybreaker"

    @classmethod
    def knows(cls, candidate: Any) -> bool:
        """Whether it is a pybreaker.CircuitBreaker."""
        import pybreaker

        return isinstance(candidate, pybreaker.CircuitBreaker)

    def state(self) -> State:
        """Return what the breaker's storage says."""
        return spelled(self.breaker.current_state)

    def remaining_s(self) -> float:
        """Seconds of the wall clock until the next call is a probe."""
        opened_at = self.breaker._state_storage.opened_at
        if opened_at is None:
            return 0.0
        until = opened_at + datetime.timedelta(seconds=self.breaker.reset_timeout)
        return float((until - datetime.datetime.now(datetime.UTC)).total_seconds())

    def watch(self, on_change: OnChange) -> Callable[[], None]:
        """Add a listener."""
        import pybreaker

        class Listener(pybreaker.CircuitBreakerListener):  # type: ignore[misc,unused-ignore]
            def state_change(self, _breaker: Any, old: Any, new: Any) -> None:
                if old is not None and old.name != new.name:
                    on_change(spelled(old.name), spelled(new.name))

        listener = Listener()
        self.breaker.add_listener(listener)
        return lambda: self.breaker.remove_listener(listener)
