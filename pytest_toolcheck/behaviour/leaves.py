"""Answers taken apart into leaves, and which leaves say nothing: instants, durations, tokens, telemetry."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from ..targets.base import Outcome

MISSING: Final = "<missing>"
Leaves = dict[str, Any]

_VOLATILE_WORDS: Final = frozenset(
    [
        "time",
        "date",
        "datetime",
        "timestamp",
        "ts",
        "now",
        "at",
        "elapsed",
        "duration",
        "took",
        "latency",
        "uptime",
        "age",
        "expires",
        "expiry",
        "modified",
        "updated",
        "nonce",
        "trace",
        "span",
        "rid",
        "token",
        "etag",
        "pid",
        "random",
        "ms",
        "us",
        "ns",
        "seconds",
        "started",
        "finished",
    ]
)
_TELEMETRY_WORDS: Final = frozenset(
    [
        "hits",
        "misses",
        "requests",
        "request",
        "calls",
        "served",
        "accessed",
        "seen",
        "metrics",
        "stats",
        "usage",
        "cpu",
        "memory",
        "load",
        "cached",
        "cache",
    ]
)
_LOOKS_TIMED: Final = re.compile(r"\d{4}-\d\d-\d\d|\b\d{1,2}:\d\d(:\d\d)?\b|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? ")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_EPOCH_UNITS: Final = (1, 10**3, 10**6, 10**9)
_NEAR_NOW_S: Final = 400 * 86400


def leaves_of(value: Any) -> Leaves:
    """Return all leaves by JSON Pointer; the size of an array or object stands under its pointer and `#`."""
    return dict(_walk(value, ""))


def leaves_of_outcome(outcome: Outcome) -> Leaves:
    """As `leaves_of` for what a call answered; a refusal is a leaf by its kind: its words may say anything."""
    if outcome.kind != "accepted":
        return {"(outcome)": outcome.kind}
    return {"(outcome)": "accepted", **leaves_of(_read(outcome.value))}


def _read(value: Any) -> Any:
    """Return a result with the JSON that stands as a text in its only member: so MCP servers wrap what a tool spelled out."""
    text = value.get("result") if isinstance(value, Mapping) and len(value) == 1 else None
    if not isinstance(text, str) or text.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return {"result": json.loads(text)}
    except (ValueError, RecursionError):
        return value


def _walk(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield f"{pointer}#", len(value)
        for key, item in value.items():
            yield from _walk(item, f"{pointer}/{key}")
    elif isinstance(value, list | tuple):
        yield f"{pointer}#", len(value)
        for index, item in enumerate(value):
            yield from _walk(item, f"{pointer}/{index}")
    else:
        yield pointer, value


def is_volatile(pointer: str, values: Sequence[Any], *, telemetry: bool) -> bool:
    """Whether a leaf is about the moment of the call. `telemetry`: counters of calls say nothing either."""
    words = words_of(pointer)
    if words & _VOLATILE_WORDS or (telemetry and words & _TELEMETRY_WORDS):
        return True
    return any(map(_looks_timed, values))


def words_of(pointer: str) -> set[str]:
    """Return the words of which the names in a pointer are made."""
    return {word.lower() for word in _WORD.findall(pointer)}


def _looks_timed(value: Any) -> bool:
    if isinstance(value, str):
        return _LOOKS_TIMED.search(value) is not None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    now = time.time()
    return any(abs(value / unit - now) < _NEAR_NOW_S for unit in _EPOCH_UNITS)


def is_ignored(pointer: str, ignored: Collection[str]) -> bool:
    """Whether the spec's `ignore` names this leaf or something above it."""
    path = pointer.removesuffix("#")
    return any(path == name or path.startswith(f"{name}/") for name in ignored)


def differing(many: Sequence[Leaves]) -> dict[str, list[Any]]:
    """Return the leaves that are not the same in all, with their values."""
    pointers = dict.fromkeys(pointer for one in many for pointer in one)
    columns = {pointer: [one.get(pointer, MISSING) for one in many] for pointer in pointers}
    return {pointer: values for pointer, values in columns.items() if not all(same(values[0], v) for v in values)}


def same(first: Any, second: Any) -> bool:
    """Whether two leaves are the same JSON; NaN is itself, 1 is not true."""
    if isinstance(first, bool) != isinstance(second, bool):
        return False
    return bool(first == second) or (first != first and second != second)
