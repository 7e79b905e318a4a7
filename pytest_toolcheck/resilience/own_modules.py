"""Which of the modules that are imported are the user's own, and not installed ones: a world has its own copies of them.

Hundreds of modules are imported where pytest runs, and each world asks; so what was found out about a module is kept.
"""

from __future__ import annotations

import functools
import operator
import site
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

_OURSELVES = __name__.partition(".")[0]
_KEPT = frozenset({_OURSELVES, "__main__", "conftest", "pytest", "_pytest"})
_INSTALLED = tuple(
    Path(folder).resolve()
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), *site.getsitepackages()}
    if folder
)
Named = tuple[str, ModuleType]

_strangers: dict[str, ModuleType] = {}
"""Modules that are not the user's, by name."""
_last: tuple[list[str], list[ModuleType], list[Named]] = ([], [], [])
"""What was imported when it was asked last, and which of it was the user's."""


def users_modules() -> list[Named]:
    """Return the modules of the user that are imported now."""
    global _last
    names, modules = list(sys.modules), list(sys.modules.values())
    if names != _last[0] or not all(map(operator.is_, modules, _last[1])):
        _last = names, modules, only_users(zip(names, modules, strict=True))
    return _last[2]


def only_users(modules: Iterable[Named]) -> list[Named]:
    """Return those that are the user's."""
    found: list[Named] = []
    for each in [each for each in modules if _strangers.get(each[0]) is not each[1]]:
        if _is_users(*each):
            found.append(each)
        else:
            _strangers[each[0]] = each[1]
    return found


class Remaining:
    """What stays in `sys.modules` while the user's modules are imported anew; `before` is what was there before that."""

    def __init__(self, before: Mapping[str, ModuleType]) -> None:
        self._before = before
        self._names, self._modules = list(sys.modules), list(sys.modules.values())

    def imported_since(self) -> list[Named]:
        """Return what is there now and was not there before, or was another: as a rule, what was added at the end."""
        names, modules = list(sys.modules), list(sys.modules.values())
        count = len(self._names)
        if names[:count] == self._names and modules[:count] == self._modules:
            return list(zip(names[count:], modules[count:], strict=True))
        known = self._before.get
        return [each for each in zip(names, modules, strict=True) if known(each[0]) is not each[1]]


def home_of(root: str) -> Path | None:
    """Return the folder that holds a top-level module or package, where it is the user's own."""
    file = getattr(sys.modules.get(root), "__file__", None)
    return _folder_of(file) if file else None


@functools.cache
def is_installed(path: str) -> bool:
    """Tell whether a file is the standard library's or an installed package's."""
    file = Path(path).resolve()
    return "site-packages" in file.parts or any(file.is_relative_to(folder) for folder in _INSTALLED)


def _is_users(name: str, module: ModuleType | None) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and name.partition(".")[0] not in _KEPT and not is_installed(str(file))


@functools.cache
def _folder_of(file: str) -> Path | None:
    at = Path(file).resolve()
    folder = at.parent.parent if at.name == "__init__.py" else at.parent
    return None if is_installed(file) else folder
