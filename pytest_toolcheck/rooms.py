"""Which rooms have hooks of their own: each is registered when the first test in need of it was collected."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_ROOM_OF_MARKER = {
    "virtual_time": "clock.hooks",
    "interleave": "clock.interleave_hooks",
}


def register_rooms(config: pytest.Config, used: Iterable[str]) -> None:
    """Register the hooks behind the markers that are used in this run."""
    for name in sorted({_ROOM_OF_MARKER[marker] for marker in used if marker in _ROOM_OF_MARKER}):
        module = import_module(f"pytest_toolcheck.{name}")
        if not config.pluginmanager.is_registered(module):
            config.pluginmanager.register(module, f"toolcheck-{name}")
