"""pybreaker 1.4: a listener sees each change; recovery is measured by `datetime.now(UTC)`, so on the wall clock."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from .base import BreakerAdapter, OnChange, State, spelled


class PybreakerAdapter(BreakerAdapter):
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

    def trip(self) -> None:
        """Open it now."""
        self.breaker.open()

    def half_open(self) -> None:
        """Half-open it."""
        self.breaker.half_open()

    def reset(self) -> None:
        """Close it; that resets the count."""
        self.breaker.close()

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

    def save(self) -> Callable[[], None]:
        """Keep the storage's fields; a storage that other processes share is only set back to its state."""
        storage, state = self.breaker._state_storage, self.breaker._state
        fields = vars(storage).copy()

        def put_back() -> None:
            vars(storage).update(fields)
            self.breaker._state = state

        return put_back
