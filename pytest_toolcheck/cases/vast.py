"""Arrays that are long because they must be: one item fewer is cheap to make, and wrong."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from .changes import Change, Path

_LONG, _MOST = 1000, 3


def one_too_few(base: Any) -> Iterator[Change]:
    """Yield the base with one item fewer in an array that is long; in a few places."""
    for path, value in islice(_shortened(base, ()), _MOST):
        yield Change("boundary" if len(path) == 1 else "nested", path, "one item fewer", value)


def _shortened(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list):
        if len(value) > _LONG:
            yield path, value[:-1]
        for inner in value[:1]:  # the others are of its kind
            yield from ((place, [changed, *value[1:]]) for place, changed in _shortened(inner, (*path, 0)))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from ((place, {**value, name: changed}) for place, changed in _shortened(inner, (*path, name)))
