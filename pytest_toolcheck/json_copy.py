"""Copies of JSON values and what stands in them, quick for arrays of a million numbers."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

_SCALARS = frozenset((str, int, float, bool, type(None)))


def copied(value: Any) -> Any:
    """Return a copy that shares no object or array with the value; what is not of JSON is copied as `deepcopy` does."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is list:
        return value[:] if _SCALARS.issuperset(map(type, value)) else [copied(item) for item in value]
    if kind is dict:
        return {name: copied(item) for name, item in value.items()}
    return copy.deepcopy(value)


def leaves(value: Any, wanted: type) -> Iterator[Any]:
    """Yield what is of the wanted type in a JSON value, at any depth."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        yield from (value,) if isinstance(value, wanted) else ()
        return
    kinds = set(map(type, value))
    if wanted not in kinds and _SCALARS.issuperset(kinds):
        return
    for item in value:
        yield from leaves(item, wanted)
