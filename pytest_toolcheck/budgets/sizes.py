"""Inputs of a wanted size: a proven input with one parameter made larger, within its schema."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from typing import Any

from .clocks import MeterError
from .growth import FEWEST_SIZES, doubling_sizes

LARGEST = {"array": 4096, "string": 65536, "integer": 4096, "number": 4096}
"""The largest size to try where the schema names no bound."""
_BOUNDS = {"array": ("minItems", "maxItems"), "string": ("minLength", "maxLength")}


def size_range(schema: Any, parameter: str) -> tuple[int, int]:
    """Return the smallest (at least 1) and largest size of a parameter of an input schema.

    Raises MeterError where it has no size, or where its schema leaves no room to grow in.
    """
    part = _schema_of(schema, parameter)
    kind = _kind(part, parameter)
    lowest, highest = _BOUNDS.get(kind, ("minimum", "maximum"))
    low = max(int(part.get(lowest, 1)), 1)
    largest = max(LARGEST[kind], low * 2**FEWEST_SIZES)
    high = max(min(int(part.get(highest, largest)), largest), low)
    if listed := [keyword for keyword in ("enum", "const") if keyword in part]:
        raise MeterError(f"growth over {parameter!r}: its schema lists its values ({listed[0]}), so it cannot grow")
    if (doubling := len(doubling_sizes(low, high))) < FEWEST_SIZES:
        raise MeterError(
            f"growth over {parameter!r}: {doubling} sizes that double lie within its {lowest} and {highest}, "
            f"{low} to {high}, and {FEWEST_SIZES} are needed"
        )
    return low, high


def has_largest(schema: Any, parameter: str) -> bool:
    """Whether a schema says how large a parameter may be: then it promises that so much is taken."""
    part = _schema_of(schema, parameter)
    return _BOUNDS.get(_kind(part, parameter), ("minimum", "maximum"))[1] in part


def input_of_size(schema: Any, base: Mapping[str, Any], parameter: str, size: int) -> dict[str, Any]:
    """Return a copy of `base` in which `parameter` has the size: so many items or characters, or that number."""
    kind = _kind(_schema_of(schema, parameter), parameter)
    arguments = copy.deepcopy(dict(base))
    arguments[parameter] = _value(kind, _schema_of(schema, parameter), base.get(parameter), size)
    return arguments


def copied_bytes(value: Any) -> int:
    """Return how much memory a copy of a JSON value takes: its arrays and objects, since nothing else is copied."""
    if isinstance(value, Mapping):
        return sys.getsizeof(value) + sum(map(copied_bytes, value.values()))
    return sys.getsizeof(value) + sum(map(copied_bytes, value)) if isinstance(value, list) else 0


def _value(kind: str, part: Mapping[str, Any], sample: Any, size: int) -> Any:
    if kind == "array":
        return _items(part, sample, size)
    if kind == "string":
        text = sample if isinstance(sample, str) and sample else "a"
        return (text * (size // len(text) + 1))[:size]
    return size if kind == "integer" else float(size)


def _items(part: Mapping[str, Any], sample: Any, size: int) -> list[Any]:
    found = part.get("items")
    items: Mapping[str, Any] = found if isinstance(found, dict) else {}
    kind = items.get("type")
    if kind in ("integer", "number") and "enum" not in items:
        low, high = int(items.get("minimum", 0)), int(items.get("maximum", 2**31 - 1))
        return [low + (index * 7919) % (high - low + 1) for index in range(size)]
    known = sample if isinstance(sample, list) and sample else ["a"]
    if part.get("uniqueItems") and kind == "string":
        return [f"{known[0]}{index}" for index in range(size)]
    return [copy.deepcopy(known[index % len(known)]) for index in range(size)]


def _schema_of(schema: Any, parameter: str) -> Mapping[str, Any]:
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    part = properties.get(parameter)
    part = _resolved(schema, part)
    if isinstance(part, dict) and "type" not in part:  # may be left out, or null
        branches = [_resolved(schema, one) for key in ("anyOf", "oneOf") for one in part.get(key, ())]
        part = next((one for one in branches if isinstance(one, dict) and one.get("type") in LARGEST), part)
    if not isinstance(part, dict):
        known = ", ".join(properties) or "none"
        raise MeterError(f"growth over {parameter!r}: the input schema has no such parameter; it has: {known}")
    return part


def _resolved(schema: Mapping[str, Any], part: Any) -> Any:
    if isinstance(part, dict) and isinstance(part.get("$ref"), str):
        return _referenced(schema, part["$ref"])
    return part


def _referenced(schema: Mapping[str, Any], reference: str) -> Any:
    part: Any = schema
    for step in reference.removeprefix("#/").split("/"):
        part = part.get(step) if isinstance(part, dict) else None
    return part


def _kind(part: Mapping[str, Any], parameter: str) -> str:
    kinds = part.get("type")
    found = next((kind for kind in ([kinds] if isinstance(kinds, str) else kinds or []) if kind in LARGEST), None)
    if found is None:
        raise MeterError(f"growth over {parameter!r}: its type is {kinds!r}, expected one of {', '.join(LARGEST)}")
    return str(found)
