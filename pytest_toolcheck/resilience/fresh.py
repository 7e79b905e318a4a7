"""A fresh copy of a target's modules for one scenario: breakers live in module globals, and each test needs its own.

While it lasts, the modules of the target's folder and of the dependencies are imported anew; afterwards `sys.modules`
and `sys.path` are as before, with the very same module objects. Modules of installed packages (the standard library,
site-packages) are kept as they are, unless the target itself is one.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ..spec.model import PythonTarget
from .again import ImportedAgain
from .mcp_inside import offer_tools
from .own_modules import Named, Remaining, home_of, only_users, users_modules
from .swap import ReferenceProblem


@dataclass(frozen=True, slots=True)
class Fresh:
    """The target's module, imported anew, and what stands in `sys.modules` beside it."""

    module: ModuleType
    remaining: Remaining

    def modules(self) -> list[ModuleType]:
        """Return all modules of the user that have been imported anew."""
        return [module for _, module in only_users(self.remaining.imported_since())]


@contextmanager
def fresh_modules(target: PythonTarget, *, spec_path: Path, dependencies: Sequence[str] = ()) -> Iterator[Fresh]:
    """Import the target's module anew and hand it over. `dependencies` are references (`pkg.mod:attr`).

    A `.py` target is imported under its file's name, so that `orders:quote` names a function of `orders.py`.
    Raises ReferenceProblem when something cannot be imported.
    """
    path_before, modules_before = list(sys.path), dict(sys.modules)
    folders = _folders(target.module, tuple(target.path), spec_path)
    sys.path[:0] = folders
    sys.path.append(str(spec_path.parent))
    _look_anew((*folders, str(spec_path.parent)))
    name = module_name(target)
    undo: Callable[[], None] | None = None
    remaining = Remaining(modules_before)
    try:
        roots = {name.partition(".")[0]} | {reference.partition(":")[0].partition(".")[0] for reference in dependencies}
        _forget(roots, name.partition(".")[0])
        remaining = Remaining(modules_before)
        with ImportedAgain():
            module = _imported(name)
            undo = offer_tools(target, module, spec_path=spec_path)
            yield Fresh(module, remaining)
    finally:
        if undo is not None:
            undo()
        fresh = remaining.imported_since()
        _end_pools(only_users(fresh))
        _put_back(modules_before, fresh)
        sys.path[:] = path_before


def module_name(target: PythonTarget) -> str:
    """Return the name under which the target's module is imported: dotted, or its file's stem."""
    return Path(target.module).stem if target.module.endswith(".py") else target.module


def home_module(reference: str, module: ModuleType) -> ModuleType:
    """Return the module in which `attr` or `other.module:attr` is looked up. Raises ReferenceProblem."""
    name = reference.rpartition(":")[0]
    return _imported(name) if name else module


def resolved(reference: str, module: ModuleType) -> Any:
    """Return what `attr`, `Class.method` or `other.module:attr` names, `module` being the target's. Raises ReferenceProblem."""
    found: Any = home_module(reference, module)
    for part in reference.rpartition(":")[2].split("."):
        if not hasattr(found, part):
            raise ReferenceProblem(f"{getattr(found, '__name__', found)} has no {part!r}")
        found = getattr(found, part)
    return found


@functools.cache
def _folders(module: str, path: tuple[str, ...], spec_path: Path) -> tuple[str, ...]:
    here = spec_path.resolve().parent
    folders = [str((here / folder).resolve()) for folder in path]
    if module.endswith(".py"):
        folders.append(str((here / module).resolve().parent))
    return tuple(folders)


def _look_anew(folders: tuple[str, ...]) -> None:
    """Forget which files these folders held: a file of the user's may be a moment old."""
    below = tuple(folder + os.sep for folder in folders)
    for at, finder in list(sys.path_importer_cache.items()):
        if at in folders or at.startswith(below):
            if finder is None:
                del sys.path_importer_cache[at]
            elif hasattr(finder, "invalidate_caches"):
                finder.invalidate_caches()


def _forget(roots: set[str], target_root: str) -> None:
    """Drop the modules of `roots`, and all modules of the user that stand beside the target's."""
    home = home_of(target_root)
    doomed = {name for name in sys.modules if target_root in name and name.partition(".")[0] == target_root}
    for name, _module in users_modules():
        root = name.partition(".")[0]
        if root in roots or (home is not None and home_of(root) == home):
            doomed.add(name)
    for name in doomed:
        del sys.modules[name]


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise ReferenceProblem(f"cannot import {name} afresh: {type(error).__name__}: {error}") from error


def _end_pools(fresh: list[Named]) -> None:
    """Let the worker threads of pools in module globals go: the next world has its own."""
    futures = sys.modules.get("concurrent.futures")
    if futures is None:
        return
    for _name, module in fresh:
        for value in list(vars(module).values()):
            if isinstance(value, futures.ThreadPoolExecutor):
                value.shutdown(wait=False, cancel_futures=True)


def _put_back(before: dict[str, ModuleType], fresh: list[Named]) -> None:
    for name, _module in only_users(fresh):
        if name not in before:
            del sys.modules[name]
    for name in [name for name, _module in fresh if name in before]:
        sys.modules[name] = before[name]
    for name in [name for name in before if name not in sys.modules]:
        sys.modules[name] = before[name]
