"""A fresh copy of a target's modules for one scenario: breakers live in module globals, and each test needs its own.

While it lasts, the modules of the target's folder and of the dependencies are imported anew; afterwards `sys.modules`
and `sys.path` are as before, with the very same module objects. Modules of installed packages (the standard library,
site-packages) are kept as they are, unless the target itself is one.
"""

from __future__ import annotations

import functools
import importlib
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ..spec.model import PythonTarget
from .mcp_inside import offer_tools
from .swap import ReferenceProblem

_OURSELVES = __name__.partition(".")[0]
_KEPT = frozenset({_OURSELVES, "__main__", "conftest", "pytest", "_pytest"})
_INSTALLED = tuple(
    Path(folder).resolve()
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), *site.getsitepackages()}
    if folder
)


@dataclass(frozen=True, slots=True)
class Fresh:
    """The target's module, imported anew, and what stood in `sys.modules` before."""

    module: ModuleType
    before: dict[str, ModuleType]

    def modules(self) -> list[ModuleType]:
        """Return all modules of the user that have been imported anew."""
        return [module for name, module in _users_modules() if self.before.get(name) is not module]


@contextmanager
def fresh_modules(target: PythonTarget, *, spec_path: Path, dependencies: Sequence[str] = ()) -> Iterator[Fresh]:
    """Import the target's module anew and hand it over. `dependencies` are references (`pkg.mod:attr`).

    A `.py` target is imported under its file's name, so that `orders:quote` names a function of `orders.py`.
    Raises ReferenceProblem when something cannot be imported.
    """
    path_before, modules_before = list(sys.path), dict(sys.modules)
    sys.path[:0] = _folders(target, spec_path)
    sys.path.append(str(spec_path.parent))
    importlib.invalidate_caches()
    name = module_name(target)
    undo: Callable[[], None] | None = None
    try:
        roots = {name.partition(".")[0]} | {reference.partition(":")[0].partition(".")[0] for reference in dependencies}
        _forget(roots, name.partition(".")[0])
        module = _imported(name)
        undo = offer_tools(target, module, spec_path=spec_path)
        yield Fresh(module, modules_before)
    finally:
        if undo is not None:
            undo()
        _end_pools(modules_before)
        _put_back(modules_before)
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


def _folders(target: PythonTarget, spec_path: Path) -> list[str]:
    here = spec_path.resolve().parent
    folders = [str((here / folder).resolve()) for folder in target.path]
    if target.module.endswith(".py"):
        folders.append(str((here / target.module).resolve().parent))
    return folders


def _forget(roots: set[str], target_root: str) -> None:
    """Drop the modules of `roots`, and all modules of the user that stand beside the target's."""
    home = _home(target_root)
    doomed = {name for name in sys.modules if name == target_root or name.startswith(f"{target_root}.")}
    for name, _module in _users_modules():
        root = name.partition(".")[0]
        if root in roots or (home is not None and _home(root) == home):
            doomed.add(name)
    for name in doomed:
        del sys.modules[name]


def _home(root: str) -> Path | None:
    """The folder that holds a top-level module or package, where it is the user's own."""
    file = getattr(sys.modules.get(root), "__file__", None)
    return _home_of(file) if file else None


@functools.cache
def _home_of(file: str) -> Path | None:
    at = Path(file).resolve()
    folder = at.parent.parent if at.name == "__init__.py" else at.parent
    return None if _is_installed(file) else folder


_strangers: dict[str, ModuleType] = {}
"""Modules that are not the user's, by name: there are many, and they are asked for again and again."""


def _users_modules() -> list[tuple[str, ModuleType]]:
    """Return the modules of the user that are imported now."""
    others = [(name, module) for name, module in list(sys.modules.items()) if _strangers.get(name) is not module]
    found = {name for name, module in others if _is_users(name, module)}
    _strangers.update({name: module for name, module in others if name not in found})
    return [(name, module) for name, module in others if name in found]


def _is_users(name: str, module: ModuleType | None) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and name.partition(".")[0] not in _KEPT and not _is_installed(str(file))


@functools.cache
def _is_installed(path: str) -> bool:
    file = Path(path).resolve()
    return "site-packages" in file.parts or any(file.is_relative_to(folder) for folder in _INSTALLED)


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise ReferenceProblem(f"cannot import {name} afresh: {type(error).__name__}: {error}") from error


def _end_pools(before: dict[str, ModuleType]) -> None:
    """Let the worker threads of pools in module globals go: the next world has its own."""
    futures = sys.modules.get("concurrent.futures")
    if futures is None:
        return
    for name, module in _users_modules():
        if before.get(name) is not module:
            for value in list(vars(module).values()):
                if isinstance(value, futures.ThreadPoolExecutor):
                    value.shutdown(wait=False, cancel_futures=True)


def _put_back(before: dict[str, ModuleType]) -> None:
    for name, _module in _users_modules():
        if name not in before:
            del sys.modules[name]
    for name, module in before.items():
        if sys.modules.get(name) is not module:
            sys.modules[name] = module
