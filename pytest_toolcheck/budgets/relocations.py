"""What makes memray start and stop four to seven times as fast: few relocations are its business.

It walks all relocations of all libraries, twice a tracker, and compares each symbol's name with those of some twenty
functions that it hooks. Of 87,000 in a plain pytest a few hundred have such a name. So while it walks, the dynamic section of each
library leads to a copy that holds only those: DT_RELA and DT_RELASZ to the copy, and DT_PLTRELSZ says that
there are none for the PLT. memray takes them for the library's own: it patches where an entry points, wherever that stands.

The loader reads these three words once, before any code of the library runs: resolving a symbol lazily, in whichever thread,
goes by DT_JMPREL (glibc, `_dl_fixup`), which stays as it is. Whoever else walks the tables at that moment finds
the copy. One who has read one word before a write and the next after it reads zeros, which name nothing: a copy has as much
room as the table. The copies stand above all libraries, since addresses below where a library begins are taken for distances
from there. What pages may be written is asked of the kernel; they stay writable, as do those that memray patches.

Only where `libraries.py` knows its way, and for a memray whose names are known; of one that is newer, only what has no symbol is
hidden. Anywhere else memray walks everything, as ever.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import lru_cache

from .libraries import (
    DT_PLTRELSZ,
    DT_RELA,
    DT_RELASZ,
    DT_STRSZ,
    DT_STRTAB,
    DT_SYMTAB,
    ENTRY_BYTES,
    SYMBOL_BYTES,
    WORD,
    Library,
    Mapping,
    is_supported,
    libc,
    loads,
    mappings_here,
    never_unloaded,
)

HOOKED = frozenset(
    b"malloc free calloc realloc valloc posix_memalign aligned_alloc memalign pvalloc free_sized free_aligned_sized "
    b"mmap mmap64 munmap dlopen dlsym dlclose prctl PyGILState_Ensure".split()
)
"""What any memray from 1.0 to `LAST_KNOWN` looks for (its `hooks.h`, `MEMRAY_HOOKED_FUNCTIONS`)."""
LAST_KNOWN = (1, 20)
"""Major and minor version; a newer one of the same major may look for other names, but for no entry without a symbol."""
_FAILED = 2**64 - 1
"""MAP_FAILED."""
_READ_WRITE = getattr(mmap, "PROT_READ", 0) | getattr(mmap, "PROT_WRITE", 0)
_OF_NOBODY = getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_ANONYMOUS", 0)


class Hidden:
    """The words of a library that say where its relocations are, and what they say while most are hidden."""

    def __init__(self, library: Library, copy: int, copied_bytes: int) -> None:
        self.library, self.copy = library, (copy, copied_bytes)
        told = {DT_RELA: copy, DT_RELASZ: copied_bytes, DT_PLTRELSZ: 0}
        self.words = [
            (ctypes.c_uint64.from_address(library.place[tag]), value, library.value[tag])
            for tag, value in told.items()
            if tag in library.place
        ]
        """Each with what it says while they are hidden, and else."""


@contextlib.contextmanager
def needless_relocations_hidden(libraries: Sequence[Hidden]) -> Iterator[None]:
    """Hide what memray does not look for from who walks the tables of `libraries` meanwhile."""
    words = [word for library in libraries for word in library.words]
    try:
        for word, hidden, _ in words:
            word.value = hidden
        yield
    finally:
        for word, _, own in words:
            word.value = own


def libraries_here() -> tuple[Hidden, ...]:
    """Return the libraries whose relocations can be hidden; looked for anew when another was loaded."""
    return _libraries_of(loads()) if is_supported() else ()


@lru_cache(maxsize=1)
def _libraries_of(_loads: int) -> tuple[Hidden, ...]:
    names = _names_looked_for()
    if names == frozenset():
        return ()
    mappings = mappings_here()
    libraries = [one for one in never_unloaded() if _rights(one, mappings) in ({"r--p"}, {"rw-p"})]
    copies = _copies()
    copies.begin_above(_above_all(libraries, mappings))
    found = [(library, copies.of(library, names)) for library in libraries]
    return tuple(
        Hidden(library, *copy)
        for library, copy in found
        if copy and copy[0] > library.base and _make_writable(library, mappings)
    )


def _names_looked_for() -> frozenset[bytes] | None:
    """Return the names that this memray hooks, None where any may be among them, none where it may look for something else."""
    import memray

    version = re.match(r"(\d+)\.(\d+)\.", f"{getattr(memray, '__version__', '')}.")
    if version is None or int(version[1]) != LAST_KNOWN[0]:
        return frozenset()
    return HOOKED if int(version[2]) <= LAST_KNOWN[1] else None


def _above_all(libraries: Sequence[Library], mappings: Sequence[Mapping]) -> int:
    """Return where nothing stands any more behind the last of some libraries, which is far below the stack."""
    above = max((max(library.words) for library in libraries), default=0)
    for start, end, _ in mappings:
        above = end if start <= above <= end else above
    return above + mmap.PAGESIZE


def _rights(library: Library, mappings: Sequence[Mapping]) -> set[str]:
    """Return what the memory may be used for in which its words are; `mappings` in order."""
    before = [bisect(mappings, (word, _FAILED)) - 1 for word in library.words]
    return {
        mappings[index][2] if index >= 0 and word < mappings[index][1] else ""
        for index, word in zip(before, library.words, strict=True)
    }


def _make_writable(library: Library, mappings: Sequence[Mapping]) -> bool:
    """Let the words be written; False where the system refuses."""
    if _rights(library, mappings) == {"rw-p"}:
        return True
    start = min(library.words) - min(library.words) % mmap.PAGESIZE
    length = max(library.words) + WORD - start
    return bool(libc().mprotect(ctypes.c_void_p(start), ctypes.c_size_t(length), _READ_WRITE) == 0)


class _Copies:
    """What was copied so far: where, and how many bytes. It stays as it is, as the libraries do."""

    def __init__(self) -> None:
        self._next = 0
        self._made: dict[tuple[object, ...], tuple[int, int] | None] = {}

    def begin_above(self, address: int) -> None:
        """Have further copies stand above an address, if there is room."""
        self._next = max(self._next, address)

    def of(self, library: Library, names: frozenset[bytes] | None) -> tuple[int, int] | None:
        """Return where the entries of `names` were copied to, and their bytes; None where the system gives no memory."""
        key = (library.path, *library.tables, names)
        if key not in self._made:
            self._made[key] = self._copy(library, names)
        return self._made[key]

    def _copy(self, library: Library, names: frozenset[bytes] | None) -> tuple[int, int] | None:
        relocations = b"".join(ctypes.string_at(*table) for table in library.with_symbols)
        strings = ctypes.string_at(library.value[DT_STRTAB], library.value[DT_STRSZ])
        kept = entries_of(names, relocations, library.value[DT_SYMTAB], strings)
        at = self._take(max(library.value[DT_RELASZ], len(kept)))
        if at is not None:
            ctypes.memmove(at, kept, len(kept))
        return at if at is None else (at, len(kept))

    def _take(self, size: int) -> int | None:
        """Return where so many zeros begin."""
        size += -size % mmap.PAGESIZE or mmap.PAGESIZE
        arguments = (ctypes.c_void_p(self._next), ctypes.c_size_t(size), _READ_WRITE, _OF_NOBODY, -1, ctypes.c_long(0))
        at = int(libc().mmap(*arguments))
        if at == _FAILED:
            return None
        self._next = max(self._next, at + size)
        return at


@lru_cache(maxsize=1)
def _copies() -> _Copies:
    return _Copies()


def entries_of(names: frozenset[bytes] | None, relocations: bytes, symbols: int, strings: bytes) -> bytes:
    """Return those of a table's entries whose symbols, of those at `symbols`, have one of `names`; with None, that have any symbol."""
    chosen = [info >> 32 for info in memoryview(relocations).cast("Q")[1::3]]
    wanted = set(chosen) - {0}
    if names is not None:
        begins = memoryview(ctypes.string_at(symbols, (max(wanted, default=0) + 1) * SYMBOL_BYTES)).cast("I")[::6]
        wanted = {one for one in wanted if strings[(at := begins[one]) : strings.find(0, at)] in names}
    kept = [index * ENTRY_BYTES for index, symbol in enumerate(chosen) if symbol in wanted]
    return b"".join(relocations[at : at + ENTRY_BYTES] for at in kept)
