"""What a failing input can do without: Hypothesis's shrinking leaves a member or an item now and then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def without_needless(value: Any, *, fails: Callable[[Any], bool]) -> Any:
    """Return `value` without the members and items, at any depth, without which it fails as well; it is not changed."""
    for place in _places(value):
        if fails(smaller := _without(value, place)):
            value = smaller
    for place in _places(value):
        value = _with(value, place, without_needless(value[place], fails=_inside(value, place, fails)))
    return value


def _inside(value: Any, place: Any, fails: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda item: fails(_with(value, place, item))


def _places(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value) - 1, -1, -1)) if isinstance(value, list) else []


def _without(value: Any, place: Any) -> Any:
    copy = value.copy()
    del copy[place]
    return copy


def _with(value: Any, place: Any, item: Any) -> Any:
    copy = value.copy()
    copy[place] = item
    return copy
