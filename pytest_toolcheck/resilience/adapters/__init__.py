"""Adapters to breaker libraries: which there are, and which one fits an object."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from .answers import knows
from .base import BreakerAdapter, State

__all__ = ["BreakerAdapter", "State", "find_adapter", "known_libraries", "register_adapter"]

AdapterClass = type[BreakerAdapter]
_BUILT_IN: Final = {
    "pybreaker": "PybreakerAdapter",
    "circuitbreaker": "CircuitbreakerAdapter",
    "aiobreaker": "AiobreakerAdapter",
    "purgatory": "PurgatoryAdapter",
}
_DEPTH: Final = 4
_registered: list[AdapterClass] = []


def register_adapter(adapter: AdapterClass) -> Callable[[], None]:
    """Make `breakers.control()` ask this adapter, before those that come with us; return what takes it back."""
    if not (isinstance(adapter, type) and issubclass(adapter, BreakerAdapter)):
        raise TypeError(f"a breaker adapter is a subclass of BreakerAdapter, not {adapter!r}")
    _registered.append(adapter)
    return lambda: _registered.remove(adapter)


def known_libraries() -> list[str]:
    """Return the names of the libraries that can be controlled."""
    return [*(adapter.library or adapter.__name__ for adapter in _registered), *_BUILT_IN]


def find_adapter(
    candidate: Any, *, name: str | None = None, extra: Iterable[AdapterClass] = ()
) -> BreakerAdapter | None:
    """Return an adapter for the breaker that `candidate` is or leads to (a decorated function, a factory), or None."""
    adapters = list(_adapters(extra))
    for found, scope in _within(candidate, _DEPTH):
        for adapter in adapters:
            if knows(adapter, found):
                return adapter(found)
            find = getattr(adapter, "find", None)
            inner = find(found, name, scope) if find is not None else None
            if inner is not None:
                return adapter(inner)
    return None


def _adapters(extra: Iterable[AdapterClass]) -> Iterator[AdapterClass]:
    for adapter in (*extra, *reversed(_registered)):
        if not adapter.library or adapter.library in sys.modules or adapter in _registered:
            yield adapter
    for library, name in _BUILT_IN.items():
        if library in sys.modules:
            yield getattr(importlib.import_module(f".{library}", __name__), name)


def _within(candidate: Any, depth: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield an object, then what a function closes over, wraps or is bound to, with the names it has there."""
    waiting: list[tuple[Any, dict[str, Any], int]] = [(candidate, {}, depth)]
    seen: set[int] = set()
    while waiting:
        value, scope, left = waiting.pop(0)
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield value, scope
        if left and callable(value) and not isinstance(value, type):
            inner = _scope_of(value)
            waiting.extend((each, inner, left - 1) for each in inner.values())


def _scope_of(function: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is not None and cells:
        for name, cell in zip(code.co_freevars, cells, strict=False):
            try:
                found[name] = cell.cell_contents
            except ValueError:
                continue  # a name that is not bound yet
    for name in ("__self__", "__wrapped__", "__func__"):
        if (inner := getattr(function, name, None)) is not None:
            found[name] = inner
    return found
