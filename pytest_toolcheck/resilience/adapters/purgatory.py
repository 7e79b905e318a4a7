"""purgatory 3.0: the state is a `Context`; its listeners hear of new states only, and late; recovery by `time.time()`.

A context is reached from a breaker of a factory, from a decorated function, or from a factory with the circuit's name.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .base import BreakerAdapter, OnChange, State, spelled


class PurgatoryAdapter(BreakerAdapter):
    """Controls a circuit of purgatory, sync or async, in memory."""

    library = "purgatory"

    @classmethod
    def knows(cls, candidate: Any) -> bool:
        """Whether it is a circuit's context."""
        from purgatory.domain.model import Context

        return isinstance(candidate, Context)

    @classmethod
    def find(cls, candidate: Any, name: str | None, scope: dict[str, Any]) -> Any:
        """Return the context that a breaker, a factory with a `name`, or a decorated function's `scope` leads to."""
        from purgatory import AsyncCircuitBreakerFactory, SyncCircuitBreakerFactory

        if cls.knows(getattr(candidate, "context", None)):
            return candidate.context
        if not isinstance(candidate, (AsyncCircuitBreakerFactory, SyncCircuitBreakerFactory)):
            return None
        known = getattr(candidate.uow.contexts, "breakers", {})
        name = name or scope.get("circuit") or (next(iter(known)) if len(known) == 1 else None)
        if name is None:
            return None
        if name not in known:
            made = candidate.get_breaker(name, scope.get("threshold"), scope.get("ttl"), scope.get("exclude"))
            context = (_finished(made) if hasattr(made, "send") else made).context
            _take_from_first_use(candidate, context)
            return context
        return known[name]

    def state(self) -> State:
        """Return the context's state."""
        return spelled(self.breaker.state)

    def trip(self) -> None:
        """Open it now."""
        from purgatory.domain.model import OpenedState

        self._force(OpenedState(self.breaker.name))

    def half_open(self) -> None:
        """Half-open it."""
        from purgatory.domain.model import HalfOpenedState

        self._force(HalfOpenedState())

    def reset(self) -> None:
        """Close it; a new closed state counts from zero."""
        from purgatory.domain.model import ClosedState

        self._force(ClosedState())

    def remaining_s(self) -> float:
        """Seconds of the wall clock until the next call is a probe."""
        return float((self.breaker.opened_at or 0.0) + self.breaker.ttl - time.time())

    def watch(self, on_change: OnChange) -> Callable[[], None]:
        """Stand in front of the context's `set_state`: that is where both the old and the new state are known."""
        original = self.breaker.set_state

        def set_state(state: Any) -> None:
            before = self.state()
            original(state)
            if self.state() != before:
                on_change(before, self.state())

        self.breaker.set_state = set_state
        return lambda: self.breaker.__dict__.pop("set_state", None) and None

    def save(self) -> Callable[[], None]:
        """Keep the context's state with its count."""
        state, fields = self.breaker._state, vars(self.breaker._state).copy()
        messages = list(self.breaker.messages)

        def put_back() -> None:
            self.breaker._state = state
            vars(state).clear()
            vars(state).update(fields)
            self.breaker.messages[:] = messages

        return put_back

    def _force(self, state: Any) -> None:
        """Set a state, and drain the messages that nobody would ever send."""
        kept = list(self.breaker.messages)
        self.breaker.set_state(state)
        self.breaker.messages[:] = kept


def _take_from_first_use(factory: Any, context: Any) -> None:
    """Let a circuit that was made before its first use have the limits that this use names."""
    original = factory.get_breaker

    def get_breaker(circuit: str, threshold: Any = None, ttl: Any = None, exclude: Any = None) -> Any:
        if circuit == context.name:
            context.threshold, context.ttl = threshold or context.threshold, ttl or context.ttl
            if vars(factory).get("get_breaker") is get_breaker:
                del factory.get_breaker
        return original(circuit, threshold, ttl, exclude)

    factory.get_breaker = get_breaker


def _finished(coroutine: Any) -> Any:
    """Run a coroutine that never waits: in memory, the factory's do not."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError(
        "the circuit is not kept in memory: use the breaker that `await factory.get_breaker(name)` returns"
    )
