"""What a place for faults is to `Faults`: something that asks, for each hit, what is to happen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

from .errors import FaultError
from .kinds import KINDS, POINTS, Action
from .schedule import Schedule

Direction = Literal["request", "response"]
BOTH_WAYS: Final = ("http", "tcp", "stdio")
_OF_ANSWERS: Final = frozenset({"truncate", "corrupt", "oversize", "slow_stream", "noise", "reorder"})
_HTTP_REQUESTS: Final = frozenset({"delay", "hang", "error", "rate_limit", "drop", "disconnect", "duplicate"})


class Ask(Protocol):
    """Called by a point once for each hit; `seen` is what the point itself knows of the call (its tool)."""

    def __call__(self, direction: Direction | None = None, seen: Mapping[str, Any] | None = None) -> Action | None:
        """Return what is to happen, None: nothing."""


class FaultPoint(Protocol):
    """A place for faults."""

    @property
    def kind(self) -> str:
        """Its kind, a key of `POINTS`."""

    @property
    def name(self) -> str:
        """Its name in messages and in the log."""

    def prepare(self, action: Action, /) -> None:
        """Raise FaultError where this action cannot be carried out here."""

    def on(self) -> None:
        """Begin to ask."""

    def off(self) -> None:
        """Be as before. Idempotent."""


def direction_of(kind: str, schedule: Schedule, wanted: str | None) -> Direction | None:
    """Return the direction that a fault listens to: its own, or the usual one of its kinds. Raises FaultError."""
    if kind not in BOTH_WAYS:
        if wanted is not None:
            raise FaultError(f"{POINTS[kind]} has no direction: direction={wanted!r} is for {_listed()}")
        return None
    if wanted not in (None, "request", "response"):
        raise FaultError(f"direction={wanted!r}: expected 'request' (to the server) or 'response' (from it)")
    kinds = {action.kind for action in schedule.actions()}
    usual: Direction = "response" if kinds <= _OF_ANSWERS else "request"
    chosen: Direction = usual if wanted is None else wanted  # type: ignore[assignment]
    if kind == "http":
        _check_http(kinds, chosen)
    return chosen


def _check_http(kinds: set[str], direction: Direction) -> None:
    fitting = _HTTP_REQUESTS if direction == "request" else _OF_ANSWERS | {"delay"}
    if wrong := sorted(kinds - fitting):
        possible = ", ".join(each for each in KINDS if each in fitting and "http" in KINDS[each].points)
        raise FaultError(f"{wrong[0]!r} does nothing to the {direction} of {POINTS['http']}; possible: {possible}")


def _listed() -> str:
    return ", ".join(POINTS[each] for each in BOTH_WAYS)
