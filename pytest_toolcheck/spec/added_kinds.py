"""Kinds of targets that other plugins add: a spec may name them, and their maker opens them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ADDED_KINDS: dict[str, Callable[[Any], Any]] = {}
"""From the kind to what makes a `targets.base.Target` of a spec."""


def add_kind(name: str, make: Callable[[Any], Any]) -> Callable[[], None]:
    """Let specs name this kind of target; return what takes it back."""
    before = ADDED_KINDS.get(name)
    ADDED_KINDS[name] = make

    def take_back() -> None:
        ADDED_KINDS.pop(name, None)
        if before is not None:
            ADDED_KINDS[name] = before

    return take_back
