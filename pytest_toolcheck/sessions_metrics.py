"""What a session manager counts, where its module offers that: held against the sessions that were opened, used and closed."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any, Final

from .scenario import ToolContext, ToolPlan
from .sessions_managers import ModuleManager
from .sessions_scenarios import SessionScenario, fill
from .spec.model import PythonTarget

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
    target = plan.spec.target
    if not isinstance(target, PythonTarget):
        return False
    names = {target.module, (plan.tool.call or "").rpartition(":")[0]} - {""}
    modules = [m for name, m in list(sys.modules.items()) if name in names or _is_copy(name, target.module)]
    return any(callable(getattr(module, name, None)) for module in modules for name in FUNCTIONS)


def _is_copy(name: str, file: str) -> bool:
    stem = file.rpartition("/")[2].removesuffix(".py")
    return file.endswith(".py") and name.startswith(f"{stem}_toolcheck_")


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
        manager.close(handles[0])
        told += ", one session closed"
        now = _counts(scenario, manager, before)
        _expect(scenario, now, told, opened=count, open=count - 1, closed=1, expired=0)
        if scenario.promise.idle_timeout_s is not None and scenario.promise.limit is not None:
            manager.wait(scenario.idle_s * 1.001)
            fill(scenario, manager)  # the expired ones make room: now at the latest a manager finds out that they are
            told += f", the others left to expire, and {scenario.limit} opened in their place"
            now = _counts(scenario, manager, before)
            _expect(scenario, now, told, expired=count - 1, open=scenario.limit, opened=count + scenario.limit)


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
    scenario: SessionScenario, manager: ModuleManager, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the counts by name; those that only grow, since `before`."""
    told = scenario.must("a look at its metrics", lambda: manager.metrics(FUNCTIONS))
    if dataclasses.is_dataclass(told) and not isinstance(told, type):
        told = {each.name: getattr(told, each.name) for each in dataclasses.fields(told)}
    elif hasattr(told, "_asdict"):
        told = told._asdict()
    elif not isinstance(told, Mapping):
        told = getattr(told, "__dict__", {})
    numbers = {str(name): value for name, value in told.items() if type(value) in (int, float)}
    growing = {name for meaning in ("opened", "closed", "expired", "calls") for name in _NAMES[meaning]}
    return {name: value - ((before or {}).get(name, 0) if name in growing else 0) for name, value in numbers.items()}
