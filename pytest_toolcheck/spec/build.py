"""From checked plain data to the frozen values of `model.py`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..errors import Position
from ..units import parse_duration_ns, parse_duration_s, parse_share, parse_size_bytes
from .model import (
    Annotations,
    BreakerPromise,
    Budgets,
    Dependency,
    Example,
    Exemption,
    Expectation,
    FaultPlan,
    GrowthBudget,
    Heartbeat,
    Resilience,
    RetryPromise,
    SessionPromise,
    ToolSpec,
    ValueSet,
    Variations,
)

Positions = Mapping[str, Position]
"""Places of the keys of one tool, by JSON Pointer below it."""


def build_tool(name: str, raw: Mapping[str, Any], positions: Positions, own: Position | None) -> ToolSpec:
    """Make a tool from its data, the file's defaults already merged in."""
    fields: dict[str, Any] = {
        key: raw[key] for key in ("input", "output", "acceptance", "coercion", "clock") if key in raw
    }
    if "timeout" in raw:
        fields["timeout_s"] = parse_duration_s(raw["timeout"])
    return ToolSpec(
        name=name,
        call=_call(raw.get("call")),
        annotations=Annotations(**raw.get("annotations", {})),
        examples=tuple(
            _example(item, positions.get(f"/examples/{i}")) for i, item in enumerate(raw.get("examples", []))
        ),
        values=_frozen({key: _values(item) for key, item in raw.get("values", {}).items()}),
        rejects=_rejects(raw.get("rejects")),
        variations=_variations(raw.get("variations", {})),
        checks=_frozen({key: _frozen_options(item) for key, item in raw.get("checks", {}).items()}),
        budgets=_budgets(raw["budgets"]) if "budgets" in raw else None,
        sessions=_sessions(raw["sessions"]) if "sessions" in raw else None,
        depends_on=_frozen({key: Dependency(key, **item) for key, item in raw.get("depends_on", {}).items()}),
        resilience=tuple(
            _resilience(item, positions.get(f"/resilience/{i}")) for i, item in enumerate(raw.get("resilience", []))
        ),
        faults=tuple(_fault(item, positions.get(f"/faults/{i}")) for i, item in enumerate(raw.get("faults", []))),
        timeouts=tuple(
            (layer, parse_duration_s(time)) for item in raw.get("timeouts", []) for layer, time in item.items()
        ),
        validators=tuple(raw.get("validators", [])),
        heartbeat=_heartbeat(raw["heartbeat"]) if "heartbeat" in raw else None,
        marks=tuple(_as_list(raw.get("mark", []))),
        skips=_exemptions(raw, "skip", positions),
        xfails=_exemptions(raw, "xfail", positions),
        position=own,
        key_positions=_frozen(positions),
        **fields,
    )


def _call(raw: str | list[str] | None) -> str | None:
    return shlex.join(raw) if isinstance(raw, list) else raw


def _example(raw: Mapping[str, Any], position: Position | None) -> Example:
    return Example(raw["input"], raw.get("name"), _expectation(raw.get("expect")), position)


def _expectation(raw: Mapping[str, Any] | None) -> Expectation | None:
    return None if raw is None else Expectation(**raw)


def _values(raw: Mapping[str, Any]) -> ValueSet:
    return ValueSet(tuple(raw.get("valid", [])), tuple(raw.get("invalid", [])))


def _rejects(raw: Any) -> tuple[str | int, ...] | None:
    if raw is None:
        return None
    return tuple(int(item) if isinstance(item, float) else item for item in _as_list(raw))


def _variations(raw: Mapping[str, Any]) -> Variations:
    numbers = {key: int(raw[key]) for key in ("strength", "fuzz", "limit", "seed") if key in raw}
    categories = _category_names(raw["categories"]) if "categories" in raw else None
    return Variations(categories=categories, exclude=_category_names(raw.get("exclude", [])), **numbers)


def _category_names(raw: Sequence[str | None]) -> tuple[str, ...]:
    """Read the category that YAML takes for nothing where it is not quoted: `null`."""
    return tuple("null" if name is None else name for name in raw)


def _frozen_options(raw: Any) -> bool | Mapping[str, Any]:
    return _frozen(raw) if isinstance(raw, dict) else bool(raw)


def _budgets(raw: Mapping[str, Any]) -> Budgets:
    cpu, growth = raw.get("cpu", {}), raw.get("growth")
    return Budgets(
        latency=_frozen({name: parse_duration_ns(limit) for name, limit in raw.get("latency", {}).items()}),
        memory=_frozen({name: parse_size_bytes(limit) for name, limit in raw.get("memory", {}).items()}),
        cpu_time_ns=parse_duration_ns(cpu["time"]) if "time" in cpu else None,
        cpu_utilization=parse_share(cpu["utilization"]) if "utilization" in cpu else None,
        growth=None if growth is None else GrowthBudget(**growth),
        regression=parse_share(raw["regression"]) if "regression" in raw else None,
    )


def _sessions(raw: Mapping[str, Any]) -> SessionPromise:
    counts = {key: int(raw[key]) for key in ("concurrent", "calls", "limit") if key in raw}
    return SessionPromise(idle_timeout_s=_seconds(raw, "idle_timeout"), **counts)


def _resilience(raw: Mapping[str, Any], position: Position | None) -> Resilience:
    return Resilience(
        on=raw["on"],
        timeout_s=_seconds(raw, "timeout"),
        retry=_retry(raw["retry"]) if "retry" in raw else None,
        breaker=_breaker(raw["breaker"]) if "breaker" in raw else None,
        fallback=_expectation(raw["fallback"]["expect"]) if "fallback" in raw else None,
        position=position,
    )


def _retry(raw: Mapping[str, Any]) -> RetryPromise:
    delays = tuple(parse_duration_s(delay) for delay in raw.get("delays", []))
    return RetryPromise(int(raw["attempts"]), delays, tuple(raw.get("retries", [])), tuple(raw.get("gives_up_on", [])))


def _breaker(raw: Mapping[str, Any]) -> BreakerPromise:
    return BreakerPromise(int(raw["opens_after"]), parse_duration_s(raw["recovers_after"]), int(raw.get("probes", 1)))


def _fault(raw: Mapping[str, Any], position: Position | None) -> FaultPlan:
    return FaultPlan(raw["on"], raw["inject"], _expectation(raw.get("expect")), _seconds(raw, "within"), position)


def _heartbeat(raw: Mapping[str, Any]) -> Heartbeat:
    within = {"within": parse_share(raw["within"])} if "within" in raw else {}
    return Heartbeat(parse_duration_s(raw["interval"]), **within)


def _exemptions(raw: Mapping[str, Any], key: str, positions: Positions) -> tuple[Exemption, ...]:
    written = raw.get(key, [])
    if isinstance(written, dict):
        return (Exemption(**written, position=positions.get(f"/{key}")),)
    return tuple(Exemption(**item, position=positions.get(f"/{key}/{index}")) for index, item in enumerate(written))


def _seconds(raw: Mapping[str, Any], key: str) -> float | None:
    return parse_duration_s(raw[key]) if key in raw else None


def _as_list(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [raw]


def _frozen(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(raw))
