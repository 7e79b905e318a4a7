"""What makes runs inside tests quicker, and changes nothing that they show: there are thousands of them."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import pluggy._manager
import pytest
from _pytest.fixtures import FixtureFunctionDefinition, FixtureManager


def find_fixtures_once(patch: pytest.MonkeyPatch) -> None:
    """Look through each plugin for fixtures once: pytest unwraps every name of every plugin, a third of an empty run.

    A plugin that a test wrote is a new module, so it is looked through as ever.
    """
    look_through = FixtureManager.parsefactories
    seen: WeakKeyDictionary[Any, ModuleType | None] = WeakKeyDictionary()

    def parsefactories(self: FixtureManager, *args: Any, **named: Any) -> None:
        plugin = named.get("holder")
        if plugin is None or isinstance(plugin, type):
            look_through(self, *args, **named)
            return
        key = plugin if isinstance(plugin, ModuleType) else type(plugin)
        if key not in seen:
            look_through(self, *args, **named)
            seen[key] = _fixtures_alone(key)
        elif (alone := seen[key]) is not None:
            named["holder"] = alone if key is plugin else plugin
            look_through(self, *args, **named)

    patch.setattr(FixtureManager, "parsefactories", parsefactories)


def _fixtures_alone(plugin: ModuleType | type) -> ModuleType | None:
    """Return a module of the same name that holds the fixtures of the plugin; None where it has none."""
    alone = ModuleType(plugin.__name__)
    names = [name for name in dir(plugin) if type(getattr(plugin, name, None)) is FixtureFunctionDefinition]
    for name in names:
        setattr(alone, name, getattr(plugin, name))
    return alone if names else None


def find_hooks_at_once(patch: pytest.MonkeyPatch) -> None:
    """A function of a module is a hook as it stands: pluggy asks the module's type first, in ten times the time."""
    look_up = pluggy._manager._static_hook_attr

    def find(plugin: object, name: str) -> tuple[object, Any] | None:
        if isinstance(plugin, ModuleType) and type(found := vars(plugin).get(name)) is FunctionType:
            return found, found
        return look_up(plugin, name)

    patch.setattr(pluggy._manager, "_static_hook_attr", find)
