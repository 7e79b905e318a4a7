"""Which calls are under way in this process: a proxy's thread has no context, yet its faults name the call they hit."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..events import current

_FIELDS = ("rid", "tool", "sid")
_flying: dict[str, Mapping[str, Any]] = {}
_lock = threading.Lock()


@contextmanager
def in_flight(rid: str, *, tool: str | None = None, sid: str | None = None) -> Iterator[None]:
    """Note a call for as long as the block lasts."""
    with _lock:
        _flying[rid] = {"rid": rid, "tool": tool, "sid": sid}
    try:
        yield
    finally:
        with _lock:
            _flying.pop(rid, None)


def call_at_hand() -> Mapping[str, Any]:
    """Return `rid`, `tool` and `sid` of the call on whose behalf this code runs.

    It is the context's own; in a thread without one, the only call under way; {} where that cannot be said.
    """
    fields = current()
    if "rid" in fields:
        return {name: fields[name] for name in _FIELDS if name in fields}
    with _lock:
        return dict(next(iter(_flying.values()))) if len(_flying) == 1 else {}
