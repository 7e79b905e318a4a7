"""What makes memray start and stop four times as fast: most relocations are none of its business.

It walks all relocations of all libraries, twice a tracker, and compares each symbol's name with those of some twenty
functions. Of 90,000 in a plain pytest seven in ten are relative ones, which have no symbol; DT_RELACOUNT says that
they stand first in their table (System V ABI, dynamic section; glibc's own loader skips them in the same way). Then
come, in Python's own library, 12,000 with the data that it defines itself, its types, and in that of C++ 3,000 with
its own names: neither are functions of C. So while memray walks the tables of large libraries, the tables begin behind
all these. The loader reads these two words once,
before any code of the library runs: resolving a symbol lazily, in whichever thread, goes by DT_JMPREL. Whoever else
walks the tables at that moment finds a shorter one, and never one that reaches beyond its end.

Linux with glibc on x86-64 and ARM64 and a memray that was looked at only; anywhere else, and wherever a library looks
otherwise than expected, memray walks everything, as ever. What pages may be written is asked of the kernel.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FEWEST = 2_000
"""Libraries with fewer relocations to hide are left alone."""
KNOWN_MEMRAY = "1."
"""Versions that look for symbols by name in these tables."""
_PT_DYNAMIC, _PF_W = 2, 2
_DT_RELA, _DT_RELASZ, _DT_RELAENT, _DT_RELACOUNT = 7, 8, 9, 0x6FFFFFF9
_DT_STRTAB, _DT_SYMTAB, _DT_SYMENT = 5, 6, 11
_ENTRY_BYTES = 24
_SYMBOL_BYTES, _KIND_AT, _SECTION_AT = 24, 4, 6
_DATA = 1
"""STT_OBJECT: the symbol is a variable."""
_OF_CPP = (b"_Z", b"__cxa_", b"__gxx_")
"""What names begin with that compilers of C++ make: none that memray looks for."""
_WORD = 8
_Mapping = tuple[int, int, str]
"""Where a part of memory begins and ends, and what it may be used for ("r--p")."""

_READ, _WRITE = (getattr(mmap, f"PROT_{name}", 0) for name in ("READ", "WRITE"))
_os: Any = os
"""Some of its names Windows lacks."""


class _Header(ctypes.Structure):
    """Elf64_Phdr."""

    _fields_ = (
        ("kind", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("offset", "address", "physical", "file_bytes", "bytes", "align")),
    )


class _Loaded(ctypes.Structure):
    """The fields of struct dl_phdr_info that every glibc has."""

    _fields_ = (
        ("base", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("headers", ctypes.c_void_p),
        ("count", ctypes.c_uint16),
    )


_LOOK = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Loaded), ctypes.c_size_t, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a library: where its dynamic section says where it begins and how long it is, and both values."""

    name: str
    begin_at: int
    size_at: int
    begin: int
    size: int
    hidden_bytes: int
    is_protected: bool
    """Whether the loader has made the dynamic section read-only."""

    def write(self, *, hidden_bytes: int) -> None:
        """Have the table begin so many bytes later. Does nothing where the section cannot be made writable.

        In between it is too short at one end, never too long: it shrinks before it moves, and grows after.
        """
        if not self._protect(_READ | _WRITE):
            return
        words = [(self.size_at, self.size - hidden_bytes), (self.begin_at, self.begin + hidden_bytes)]
        for place, value in words if hidden_bytes else reversed(words):
            ctypes.c_uint64.from_address(place).value = value
        self._protect(_READ)

    def _protect(self, protection: int) -> bool:
        if not self.is_protected:
            return True
        first, last = sorted((self.begin_at, self.size_at))
        start = first - first % mmap.PAGESIZE
        length = last + _WORD - start
        return bool(_libc().mprotect(ctypes.c_void_p(start), ctypes.c_size_t(length), protection) == 0)


@contextlib.contextmanager
def needless_relocations_hidden() -> Iterator[None]:
    """Hide what begins the tables of large libraries, relocations of no function, from who walks the tables meanwhile."""
    tables = large_tables(len(sys.modules))
    try:
        for table in tables:
            table.write(hidden_bytes=table.hidden_bytes)
        yield
    finally:
        for table in tables:
            table.write(hidden_bytes=0)


@lru_cache(maxsize=1)
def _libc() -> ctypes.PyDLL:
    """Return the C library, opened once: at each opening a tracker walks all tables again."""
    return ctypes.PyDLL(None)


@lru_cache(maxsize=1)
def large_tables(_modules: int) -> tuple[Table, ...]:
    """Return the tables of the libraries that are loaded, none of which is unloaded any more.

    Looked for anew when there are more modules, since importing is what loads libraries.
    """
    if not is_supported() or not _is_memray_known():
        return ()
    return tuple(table for table in _tables(_mappings()) if _is_kept_loaded(table.name))


def _is_memray_known() -> bool:
    import memray

    return str(getattr(memray, "__version__", "")).startswith(KNOWN_MEMRAY)


def _mappings() -> list[_Mapping]:
    """Return what the kernel says of this process's memory; nothing where it does not."""
    try:
        lines = Path("/proc/self/maps").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    fields = [line.split(maxsplit=2) for line in lines]
    return [(*(int(end, 16) for end in extent.split("-")), rights) for extent, rights, _ in fields]  # type: ignore[misc]


def is_supported() -> bool:
    """Whether libraries here are what this file knows."""
    is_known = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    return is_known and sys.maxsize > 2**32 and platform.libc_ver()[0] == "glibc"


def _is_kept_loaded(name: str) -> bool:
    """Open a library once more, for good: the program itself has no name."""
    if not name:
        return True
    try:
        ctypes.CDLL(name, mode=_os.RTLD_NOLOAD | _os.RTLD_LAZY)
    except OSError:
        return False
    return True


def _tables(mappings: Sequence[_Mapping]) -> list[Table]:
    found: list[Table] = []

    def look(loaded: Any, _size: int, _data: object) -> int:
        if table := _table_of(loaded.contents, mappings):
            found.append(table)
        return 0

    _libc().dl_iterate_phdr(_LOOK(look), None)
    return found


def _table_of(loaded: _Loaded, mappings: Sequence[_Mapping]) -> Table | None:
    headers = {header.kind: header for header in (_Header * loaded.count).from_address(loaded.headers)}
    dynamic = headers.get(_PT_DYNAMIC)
    if dynamic is None or not dynamic.flags & _PF_W:
        return None
    at = loaded.base + dynamic.address
    words = (ctypes.c_uint64 * (dynamic.bytes // _WORD)).from_address(at)[:]
    place = {tag: at + (2 * index + 1) * _WORD for index, tag in enumerate(words[::2])}
    value = dict(zip(words[::2], words[1::2], strict=False))
    if not {_DT_RELA, _DT_RELASZ} <= value.keys() or value.get(_DT_RELAENT) != _ENTRY_BYTES:
        return None
    entries, relative = value[_DT_RELASZ] // _ENTRY_BYTES, value.get(_DT_RELACOUNT, 0)
    if entries < FEWEST or relative > entries:
        return None
    known = (
        value.get(_DT_SYMENT) == _SYMBOL_BYTES and min(value.get(_DT_SYMTAB, 0), value.get(_DT_STRTAB, 0)) > loaded.base
    )
    hidden = relative
    if known:
        first = value[_DT_RELA] + relative * _ENTRY_BYTES
        hidden += _needless(first, entries - relative, value[_DT_SYMTAB], value[_DT_STRTAB])
    if hidden < FEWEST:
        return None
    rights = {_rights_at(place[tag], mappings) for tag in (_DT_RELA, _DT_RELASZ)}
    if len(rights) > 1 or not rights <= {"r--p", "rw-p"}:
        return None
    return Table(
        (loaded.name or b"").decode(errors="surrogateescape"),
        place[_DT_RELA],
        place[_DT_RELASZ],
        value[_DT_RELA],
        value[_DT_RELASZ],
        hidden * _ENTRY_BYTES,
        rights == {"r--p"},
    )


@lru_cache(maxsize=256)
def _needless(start: int, count: int, symbols: int, names: int) -> int:
    """Return how many relocations from `start` on follow each other whose symbols the library defines, and are no functions of C.

    That stays as it is: a library that is looked at is kept loaded.
    """
    infos = (ctypes.c_uint64 * (3 * count)).from_address(start)[1::3]
    is_needless: dict[int, bool] = {}
    for found, info in enumerate(infos):
        symbol = info >> 32
        if symbol not in is_needless:
            is_needless[symbol] = _is_no_function_of_c(symbols + symbol * _SYMBOL_BYTES, names)
        if not is_needless[symbol]:
            return found
    return count


def _is_no_function_of_c(symbol: int, names: int) -> bool:
    kind = ctypes.c_uint8.from_address(symbol + _KIND_AT).value & 0xF
    if not ctypes.c_uint16.from_address(symbol + _SECTION_AT).value:
        return False
    name = ctypes.c_uint32.from_address(symbol).value
    return kind == _DATA or ctypes.string_at(names + name).startswith(_OF_CPP)


def _rights_at(place: int, mappings: Sequence[_Mapping]) -> str:
    return next((rights for start, end, rights in mappings if start <= place < end), "")
