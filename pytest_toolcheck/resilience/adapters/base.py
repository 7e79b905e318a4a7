"""What `breakers.control()` needs to know of a kind of breaker; write a subclass for your own, as below.

class ShopAdapter(BreakerAdapter):
    library = "shop"
    watched = ("opened_at",)

    @classmethod
    def knows(cls, candidate):
        return isinstance(candidate, shop.Breaker)

    def state(self):
        return "closed" if self.breaker.opened_at is None else "open"

    def trip(self):
        self.breaker.opened_at = time.monotonic()

    def half_open(self):
        self.breaker.opened_at = time.monotonic() - self.breaker.recovers_after

    def reset(self):
        self.breaker.opened_at, self.breaker.failures = None, 0

    def remaining_s(self):
        return self.breaker.opened_at + self.breaker.recovers_after - time.monotonic()

register_adapter(ShopAdapter)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal

from ...errors import ToolcheckError

State = Literal["closed", "open", "half_open"]
OnChange = Callable[[State, State], None]
_SPELLINGS: Final[dict[str, State]] = {
    "closed": "closed",
    "open": "open",
    "opened": "open",
    "half_open": "half_open",
    "half_opened": "half_open",
}


class BreakerAdapter(ABC):
    """Controls one breaker of a library. `state`, `trip`, `half_open`, `reset`, `remaining_s` are to be written."""

    library: ClassVar[str] = ""
    """The top-level module of the library: the adapter is asked only when it has been imported. Empty: always."""
    watched: ClassVar[tuple[str, ...]] = ()
    """Attributes of the breaker whose assignment may change its state; `watch` listens to them."""

    def __init__(self, breaker: Any) -> None:
        self.breaker = breaker

    @classmethod
    @abstractmethod
    def knows(cls, candidate: Any) -> bool:
        """Whether `candidate` is a breaker of this kind. Raises nothing."""

    @abstractmethod
    def state(self) -> State:
        """Return the state. Looking changes nothing."""

    @abstractmethod
    def trip(self) -> None:
        """Open the breaker now, for its whole recovery time."""

    @abstractmethod
    def half_open(self) -> None:
        """Let the next call through as a probe."""

    @abstractmethod
    def reset(self) -> None:
        """Close the breaker, with no failures counted."""

    @abstractmethod
    def remaining_s(self) -> float:
        """Return the seconds until a probe is let through, by the breaker's own clock; asked only while it is open."""

    @property
    def name(self) -> str:
        """The breaker's name, for messages and the log."""
        return str(getattr(self.breaker, "name", None) or type(self.breaker).__name__)

    def watch(self, on_change: OnChange) -> Callable[[], None]:
        """Tell `on_change(before, after)` of every change from now on; return what ends that."""
        return watch_attributes(self, on_change)

    def save(self) -> Callable[[], None]:
        """Return what puts the breaker back as it is now."""
        fields = vars(self.breaker).copy()

        def put_back() -> None:
            vars(self.breaker).clear()
            vars(self.breaker).update(fields)

        return put_back


class UnknownState(ToolcheckError, ValueError):
    """A word that means no state of a breaker."""


def spelled(state: object) -> State:
    """Return our word for a library's word of a state. Raises UnknownState."""
    known = _SPELLINGS.get(str(state).lower().replace("-", "_"))
    if known is None:
        raise UnknownState(f"{state!r} is no state of a breaker: say 'closed', 'open' or 'half_open'")
    return known


def watch_attributes(adapter: BreakerAdapter, on_change: OnChange) -> Callable[[], None]:
    """Watch the breaker's `watched` attributes by giving this object alone a class that tells of assignments."""
    breaker = adapter.breaker
    own_class: Any = type(breaker)
    last: list[State] = [adapter.state()]

    def note() -> None:
        state = adapter.state()
        if state != last[0]:
            before, last[0] = last[0], state
            on_change(before, state)

    def assign(self: Any, name: str, value: Any) -> None:
        if name in adapter.watched:
            note()  # an open breaker may have become half-open by the clock alone
        own_class.__setattr__(self, name, value)
        if name in adapter.watched:
            note()

    breaker.__class__ = type(
        own_class.__name__, (own_class,), {"__setattr__": assign, "__module__": own_class.__module__}
    )

    def stop() -> None:
        breaker.__class__ = own_class

    return stop
