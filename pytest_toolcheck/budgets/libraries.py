"""The libraries of this process that nobody unloads, and where their dynamic sections say where their relocations are.

Linux with glibc on x86-64 and ARM64 (System V ABI, dynamic section). Those are the program, the extension modules that were
imported, which CPython never closes, and what these need. A library opened otherwise may be closed at any moment, and
must be, where a test builds it anew: it is neither looked into nor kept open.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

PT_DYNAMIC, PF_W = 2, 2
DT_NEEDED, DT_PLTRELSZ, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT = 1, 2, 5, 6, 7, 8, 9
DT_STRSZ, DT_SYMENT, DT_SONAME, DT_PLTREL, DT_JMPREL, DT_RELACOUNT = 10, 11, 14, 20, 23, 0x6FFFFFF9
ENTRY_BYTES = SYMBOL_BYTES = 24
WORD = 8
Tables = tuple[tuple[int, int], ...]
"""Where tables begin and how many bytes each has."""
Mapping = tuple[int, int, str]
"""Where a part of memory begins and ends, and what it may be used for ("r--p")."""


class _Header(ctypes.Structure):
    """Elf64_Phdr."""

    _fields_ = (
        ("kind", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("offset", "address", "physical", "file_bytes", "bytes", "align")),
    )


class _Loaded(ctypes.Structure):
    """The fields of struct dl_phdr_info, as every glibc of 64 bits has them; `loads` is `dlpi_adds`."""

    _fields_ = (
        ("base", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("headers", ctypes.c_void_p),
        ("count", ctypes.c_uint16),
        ("loads", ctypes.c_uint64),
    )


_LOOK = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Loaded), ctypes.c_size_t, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Library:
    """What a library's dynamic section says, by tag, and where it says so; by which name, and which others it needs."""

    path: str
    """Empty for the program itself."""
    base: int
    value: dict[int, int]
    place: dict[int, int]
    needed: tuple[str, ...] = ()
    own_name: str = ""

    @property
    def tables(self) -> Tables:
        """Its relocations, and those of its PLT."""
        own = (self.value[DT_RELA], self.value[DT_RELASZ])
        return (own, (self.value[DT_JMPREL], self.value[DT_PLTRELSZ])) if DT_PLTRELSZ in self.value else (own,)

    @property
    def with_symbols(self) -> Tables:
        """The same without what has no symbol: the loader, too, takes as many for such as the library says."""
        (begin, size), *others = self.tables
        relative = min(self.value.get(DT_RELACOUNT, 0) * ENTRY_BYTES, size)
        return ((begin + relative, size - relative), *others)

    @property
    def words(self) -> tuple[int, ...]:
        """Where it says where its tables are."""
        return tuple(self.place[tag] for tag in (DT_RELA, DT_RELASZ, DT_PLTRELSZ) if tag in self.place)


@lru_cache(maxsize=1)
def is_supported() -> bool:
    """Whether libraries here are what this file knows."""
    is_known = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    return is_known and sys.maxsize > 2**32 and platform.libc_ver()[0] == "glibc"


@lru_cache(maxsize=1)
def libc() -> ctypes.PyDLL:
    """Return the C library, opened once: at each opening a tracker of memray walks all tables again."""
    opened = ctypes.PyDLL(None)
    opened.mmap.restype = ctypes.c_uint64
    return opened


def loads() -> int:
    """Return how many libraries were loaded so far."""
    told: list[int] = []

    def look(loaded: Any, _size: int, _data: object) -> int:
        told.append(loaded.contents.loads)
        return 1

    libc().dl_iterate_phdr(_LOOK(look), None)
    return told[0]


def never_unloaded() -> list[Library]:
    """Return the libraries that stay; those that do not look like others left out."""
    imported = {_file_of(module) for module in list(sys.modules.values())}
    return _with_needed(_loaded(), {"", *(path for path in imported if isinstance(path, str))})


def _file_of(module: object) -> object:
    """Return a module's file; one that is loaded at the first use of its names is not loaded by this."""
    try:
        return object.__getattribute__(module, "__dict__").get("__file__")
    except AttributeError:
        return None


def _with_needed(libraries: Sequence[Library], paths: Set[str]) -> list[Library]:
    """Return those at `paths`, and what these need; not where two have the name that is needed."""
    of_name: dict[str, list[Library]] = {}
    for library in libraries:
        of_name.setdefault(library.own_name or os.path.basename(library.path), []).append(library)
    stay = {library.path: library for library in libraries if library.path in paths}
    waiting = list(stay.values())
    while waiting:
        needed = [of_name.get(name, []) for name in waiting.pop().needed]
        new = [found[0] for found in needed if len(found) == 1 and found[0].path not in stay]
        stay |= {library.path: library for library in new}
        waiting += new
    return list(stay.values())


def _loaded() -> list[Library]:
    found: list[Library] = []

    def look(loaded: Any, _size: int, _data: object) -> int:
        if library := _library_of(loaded.contents):
            found.append(library)
        return 0

    libc().dl_iterate_phdr(_LOOK(look), None)
    return found


def _library_of(loaded: _Loaded) -> Library | None:
    """Return what a library's dynamic section says, None where that is not what it says of any other."""
    headers = {header.kind: header for header in (_Header * loaded.count).from_address(loaded.headers)}
    dynamic = headers.get(PT_DYNAMIC)
    if dynamic is None or not dynamic.flags & PF_W:
        return None
    at = loaded.base + dynamic.address
    words = (ctypes.c_uint64 * (dynamic.bytes // WORD)).from_address(at)[:]
    tags = words[::2]
    tags = tags[: tags.index(0)] if 0 in tags else tags
    place = {tag: at + (2 * index + 1) * WORD for index, tag in enumerate(tags)}
    value = dict(zip(tags, words[1::2], strict=False))
    path = (loaded.name or b"").decode(errors="surrogateescape")
    if not _is_like_others(Library(path, loaded.base, value, place)):
        return None
    needed = [word for tag, word in zip(tags, words[1::2], strict=False) if tag == DT_NEEDED]
    needed_names = tuple(_text(value, word) for word in needed)
    return Library(path, loaded.base, value, place, needed_names, _text(value, value.get(DT_SONAME)))


def _text(value: dict[int, int], offset: int | None) -> str:
    if offset is None or offset >= value[DT_STRSZ]:
        return ""
    return ctypes.string_at(value[DT_STRTAB] + offset).decode(errors="surrogateescape")


def _is_like_others(library: Library) -> bool:
    value = library.value
    if not {DT_RELA, DT_RELASZ, DT_SYMTAB, DT_STRTAB, DT_STRSZ} <= value.keys():
        return False
    if (DT_JMPREL in value) != (DT_PLTRELSZ in value) or value.get(DT_PLTREL, DT_RELA) != DT_RELA:
        return False
    tables = library.tables
    is_relocated = min(value[DT_SYMTAB], value[DT_STRTAB], *(begin for begin, _ in tables)) > library.base
    has_entries = value.get(DT_RELAENT) == ENTRY_BYTES and value.get(DT_SYMENT) == SYMBOL_BYTES
    return is_relocated and has_entries and not any(size % ENTRY_BYTES for _, size in tables)


def mappings_here() -> list[Mapping]:
    """Return what the kernel says of this process's memory, in order; nothing where it does not."""
    try:
        lines = Path("/proc/self/maps").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    fields = [line.split(maxsplit=2) for line in lines]
    return sorted((*(int(end, 16) for end in extent.split("-")), rights) for extent, rights, _ in fields)  # type: ignore[misc]
