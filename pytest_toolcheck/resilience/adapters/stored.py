"""pybreaker and aiobreaker, which share their origin: forced by the same methods, kept in the same storage."""

from __future__ import annotations

from collections.abc import Callable

from .base import BreakerAdapter


class StoredBreakerAdapter(BreakerAdapter):
    """What both of their adapters do in the same way."""

    def trip(self) -> None:
        """Open it now."""
        self.breaker.open()

    def half_open(self) -> None:
        """Half-open it."""
        self.breaker.half_open()

    def reset(self) -> None:
        """Close it; that resets the count."""
        self.breaker.close()

    def save(self) -> Callable[[], None]:
        """Keep the storage's fields; a storage that other processes share is only set back to its state."""
        storage, state = self.breaker._state_storage, self.breaker._state
        fields = vars(storage).copy()

        def put_back() -> None:
            vars(storage).update(fields)
            self.breaker._state = state

        return put_back
