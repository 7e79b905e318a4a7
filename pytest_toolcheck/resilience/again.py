"""Importing the user's modules again and again: where they are, and their code, is looked for once.

While `ImportedAgain` stands at the front of `sys.meta_path`, one that was found before on the same search path is
not searched for, and its code is read and checked again only after its file has changed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType
from typing import Any, Final

from .own_modules import is_installed

_MOST_KNOWN: Final = 1000
Search = tuple[str, tuple[str, ...]]
_found: dict[Search, tuple[str, tuple[str, ...] | None]] = {}
"""By a module's name and the path that was searched: its file, and where its own submodules are."""
_codes: dict[str, tuple[tuple[int, int], CodeType]] = {}
"""By file: its time and size, and its code."""


class RememberingLoader(SourceFileLoader):
    """As its base, with the code from memory while the file is as it was."""

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the module's code."""
        stamp = _stamp(self.path)
        known = _codes.get(self.path)
        if known is not None and known[0] == stamp:
            return known[1]
        code = super().get_code(fullname)
        if stamp is not None and code is not None:
            _remember(_codes, self.path, (stamp, code))
        return code


class ImportedAgain(MetaPathFinder):
    """Finds modules by the other finders, and ordinary source files without them from the second time on."""

    def __enter__(self) -> ImportedAgain:
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        with suppress(ValueError):  # somebody has put another list together
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module is; None where nobody finds it."""
        searched = fullname, tuple(sys.path if path is None else path)
        if (known := _found.get(searched)) is not None and os.path.isfile(known[0]):
            return _spec(fullname, *known)
        spec = self._by_others(fullname, path, target)
        if (
            spec is None
            or spec.origin is None
            or type(spec.loader) is not SourceFileLoader
            or is_installed(spec.origin)
        ):
            return spec
        inside = spec.submodule_search_locations
        found = spec.origin, None if inside is None else tuple(inside)
        _remember(_found, searched, found)
        return _spec(fullname, *found)

    def _by_others(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        for finder in sys.meta_path:
            find: Any = getattr(finder, "find_spec", None)
            if finder is not self and find is not None and (spec := find(fullname, path, target)) is not None:
                found: ModuleSpec = spec
                return found
        return None


def _spec(name: str, file: str, inside: tuple[str, ...] | None) -> ModuleSpec | None:
    places = None if inside is None else list(inside)
    return spec_from_file_location(name, file, loader=RememberingLoader(name, file), submodule_search_locations=places)


def _stamp(file: str) -> tuple[int, int] | None:
    try:
        seen = os.stat(file)
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size


def _remember(known: dict[Any, Any], key: object, what: object) -> None:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[key] = what
