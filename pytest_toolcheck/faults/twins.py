"""Which copies of a module there are: a `.py` target is loaded for each spec, under a name of its own.

What a test names as `shop:quote` is meant in all of them: in the one that the test imports, and in the tool's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any

from ..resilience.swap import Place, ReferenceProblem, locate

_OF_A_SPEC = "_toolcheck_"


def module_names(name: str) -> list[str]:
    """Return the names of a module and its copies; without its own where nobody has imported that, but a copy."""
    module = sys.modules.get(name)
    stem = name.partition(_OF_A_SPEC)[0]
    copy = f"{stem}{_OF_A_SPEC}"
    alike = [each for each in list(sys.modules) if each == stem or each.startswith(copy)]
    if module is not None:
        file = _file_of(name)
        return [name, *(each for each in alike if each != name and _file_of(each) == file)]
    found = _origin(name) if alike else None
    return [each for each in alike if _file_of(each) == found] or [name]


def places_of(reference: str | Callable[..., Any]) -> list[Place]:
    """Return where a callable stands, in each copy of its module. Raises ReferenceProblem."""
    if isinstance(reference, str):
        module, _, path = reference.partition(":")
        first = [] if module in module_names(module) else [f"{module_names(module)[0]}:{path}"]
        places = [locate(first[0] if first else reference)]
    else:
        places = [locate(reference)]
        module, path = getattr(reference, "__module__", "") or "", getattr(reference, "__qualname__", "")
    shown = reference if isinstance(reference, str) else places[0].reference
    for name in module_names(module) if "<locals>" not in path and module else ():
        with contextlib.suppress(ReferenceProblem):
            places.append(locate(f"{name}:{path}"))
    return [dataclasses.replace(place, reference=shown) for place in _different(places)]


def objects_of(reference: str) -> list[Any]:
    """Return what an attribute holds, in each copy of its module; [] where there is no such thing."""
    module, _, path = reference.partition(":")
    found: list[Any] = []
    for name in module_names(module) if module and path else ():
        with contextlib.suppress(ImportError, AttributeError):
            value: Any = importlib.import_module(name)
            for part in path.split("."):
                value = getattr(value, part)
            found.append(value)
    return found


def with_copies(value: Any) -> list[Any]:
    """Return an object with its copies: what stands under its name in the copies of the module that holds it."""
    for stem in {each.partition(_OF_A_SPEC)[0]: None for each in list(sys.modules) if _OF_A_SPEC in each}:
        for module in module_names(stem):
            for attribute, held in list(vars(sys.modules[module]).items()) if module in sys.modules else ():
                if held is value:
                    others = [each for each in objects_of(f"{module}:{attribute}") if each is not value]
                    return [value, *others]
    return [value]


def _different(places: list[Place]) -> list[Place]:
    """Leave out what is the same function once more; bound methods are the same if their object is."""
    seen: list[tuple[Any, Any]] = []
    left: list[Place] = []
    for place in places:
        key = (getattr(place.target, "__func__", place.target), getattr(place.target, "__self__", None))
        if not any(key[0] is one and key[1] is other for one, other in seen):
            seen.append(key)
            left.append(place)
    return left


def _file_of(name: str) -> str | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    return os.path.realpath(file) if file else None


def _origin(name: str) -> str | None:
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return os.path.realpath(found.origin) if found is not None and found.origin else None
