"""aiobreaker 1.2: a listener sees each change; recovery is measured by `utcnow()`, so on the wall clock."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from .base import OnChange, State, spelled
from .stored import StoredBreakerAdapter


class AiobreakerAdapter(StoredBreakerAdapter):
    """Controls an `aiobreaker.CircuitBreaker`, through its public methods."""

    library = "aiobreaker"

    @classmethod
    def knows(cls, candidate: Any) -> bool:
        """Whether it is an aiobreaker.CircuitBreaker."""
        import aiobreaker  # type: ignore[import-untyped,unused-ignore]

        return isinstance(candidate, aiobreaker.CircuitBreaker)

    def state(self) -> State:
        """Return what the breaker's storage says."""
        return spelled(self.breaker.current_state.name)

    def remaining_s(self) -> float:
        """Seconds of the wall clock until the next call is a probe; the library keeps naive UTC."""
        opened_at = self.breaker._state_storage.opened_at
        if opened_at is None:
            return 0.0
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        return float((opened_at + self.breaker.timeout_duration - now).total_seconds())

    def watch(self, on_change: OnChange) -> Callable[[], None]:
        """Add a listener."""
        import aiobreaker

        class Listener(aiobreaker.CircuitBreakerListener):  # type: ignore[misc,unused-ignore]
            def state_change(self, breaker: Any, old: Any, new: Any) -> None:  # noqa: ARG002 - the library's signature
                if old is not None and old.state is not new.state:
                    on_change(spelled(old.state.name), spelled(new.state.name))

        listener = Listener()
        self.breaker.add_listener(listener)
        return lambda: self.breaker.remove_listener(listener)
