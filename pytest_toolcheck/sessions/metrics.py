"""What a session manager counts, where its module offers that: held against the sessions that were opened, used and closed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from ..scenario import ToolContext, ToolPlan
from .managers import ModuleManager, Refused, offers
from .scenarios import SessionScenario, fill

FUNCTIONS: Final = ("session_metrics", "session_stats", "get_session_metrics", "metrics", "get_metrics")
"""The functions of a module that tell its counts, the first that it has: a mapping, or an object with these attributes."""
_NAMES: Final = {
    "opened": ("opened", "created", "total_opened", "total_created", "sessions_opened", "sessions_created"),
    "closed": ("closed", "total_closed", "sessions_closed"),
    "expired": ("expired", "total_expired", "sessions_expired"),
    "calls": ("calls", "total_calls", "call_count"),
    "open": ("open", "active", "current", "open_sessions", "active_sessions", "current_sessions"),
    "running": ("running", "in_flight", "calls_running", "active_calls"),
    "limit": ("limit", "max_sessions"),
}
_SESSIONS: Final = 3


def offers_metrics(plan: ToolPlan) -> bool:
    """Tell whether the tool's module, as far as it is imported, has such a function."""
    return offers(plan, FUNCTIONS)


def counts_are_right(scenario: SessionScenario, ctx: ToolContext) -> None:
    """Open some, call in them, close one, let the others expire: after each step the counts are those of what was done."""
    with ModuleManager(scenario.plan, ctx, scenario.arguments(ctx)) as manager:
        before = _counts(scenario, manager)
        count = min(_SESSIONS, scenario.promise.limit or _SESSIONS)
        handles = [scenario.must(f"session {number + 1}", manager.open) for number in range(count)]
        for handle in (*handles, handles[0]):
            scenario.must("a call", lambda handle=handle: manager.call(handle))  # type: ignore[misc]
        told = f"{count} sessions were opened and {count + 1} calls made"
        now = _counts(scenario, manager, before)
        _expect(scenario, now, told, opened=count, open=count, calls=count + 1, closed=0, expired=0, running=0)
        if manager.can_be_slowed:
            during = _counts(scenario, manager, before, handle=handles[0])
            _expect(scenario, during, f"{told}, and while one more is under way", running=1)
        for again in ("", " twice"):
            with suppress(Refused):  # a second close may say why it does nothing
                manager.close(handles[0])
            now = _counts(scenario, manager, before)
            _expect(scenario, now, f"{told}, one session closed{again}",
                    opened=count, open=count - 1, closed=1, expired=0)  # fmt: skip
        told += ", one session closed"
        if scenario.promise.idle_timeout_s is not None and scenario.promise.limit is not None:
            manager.wait(scenario.idle_s * 1.001)
            fill(scenario, manager)  # the expired ones make room: now at the latest a manager finds out that they are
            told += f", the others left to expire, and {scenario.limit} opened in their place"
            now = _counts(scenario, manager, before)
            wanted = {"expired": count - 1, "open": scenario.limit, "opened": count + scenario.limit}
            _expect(scenario, now, told, **wanted)
            with suppress(Refused):
                manager.open()
            now = _counts(scenario, manager, before)
            _expect(scenario, now, f"{told}, and one more refused", **wanted)


def looking_keeps_nothing(scenario: SessionScenario, ctx: ToolContext) -> None:
    """A look at the counts is no activity: a session that is idle expires all the same."""
    with ModuleManager(scenario.plan, ctx, scenario.arguments(ctx)) as manager:
        handle = scenario.must("a session", manager.open)
        manager.wait(0.6 * scenario.idle_s)
        _counts(scenario, manager)
        manager.wait(0.6 * scenario.idle_s)
        with suppress(Refused):
            manager.call(handle)
            message = (
                f"a session lives after {1.2 * scenario.idle_s:g} s of idleness, because somebody looked at the metrics"
            )
            raise scenario.broken(message, "kept by a look")


def _expect(scenario: SessionScenario, now: Mapping[str, Any], told: str, **wanted: int) -> None:
    wanted |= {} if scenario.promise.limit is None else {"limit": scenario.limit}
    for meaning, value in wanted.items():
        for name in _NAMES[meaning]:
            if name in now and now[name] != value and not _means_busy(name, now, value):
                message = f"its metrics say {name} {now[name]:g} after {told}, expected {value}"
                raise scenario.broken(message, f"wrong {name}")


def _means_busy(name: str, now: Mapping[str, Any], count: int) -> bool:
    """Beside a count of idle ones, `active` are those with a call under way."""
    return name.startswith("active") and "idle" in now and now[name] == 0 and now["idle"] == count


def _counts(
    scenario: SessionScenario, manager: ModuleManager, before: Mapping[str, Any] | None = None, *, handle: Any = None
) -> dict[str, Any]:
    """Return the counts by name, with a `handle` in the middle of a call in it; those that only grow, since `before`."""
    told = scenario.must("a look at its metrics", lambda: manager.metrics(FUNCTIONS, during_call_of=handle))
    if dataclasses.is_dataclass(told) and not isinstance(told, type):
        told = {each.name: getattr(told, each.name) for each in dataclasses.fields(told)}
    elif hasattr(told, "_asdict"):
        told = told._asdict()
    elif not isinstance(told, Mapping):
        told = getattr(told, "__dict__", {})
    numbers = {str(name): value for name, value in told.items() if type(value) in (int, float)}
    growing = {name for meaning in ("opened", "closed", "expired", "calls") for name in _NAMES[meaning]}
    return {name: value - ((before or {}).get(name, 0) if name in growing else 0) for name, value in numbers.items()}
