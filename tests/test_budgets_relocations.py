"""memray walks fewer relocations: what is hidden, that it comes back, and that no peak changes by it."""

from __future__ import annotations

import bz2
import ctypes
import hashlib
import importlib.util
import lzma
import re
import sqlite3
import sys
from pathlib import Path

import pytest

from pytest_toolcheck.budgets import libraries, memory, relocations
from pytest_toolcheck.budgets.libraries import Library, is_supported
from pytest_toolcheck.budgets.memory import measure_peak
from pytest_toolcheck.budgets.relocations import HOOKED, Hidden, entries_of, libraries_here, needless_relocations_hidden

needs_glibc = pytest.mark.skipif(not is_supported(), reason="the tables of glibc on 64-bit Linux")
MIB = 2**20


@pytest.fixture
def looked_for_anew():
    relocations._libraries_of.cache_clear()
    yield
    relocations._libraries_of.cache_clear()


@pytest.fixture
def copies_elsewhere(looked_for_anew, monkeypatch):
    """What is copied by what a test says of memory is nobody else's."""
    copies = relocations._Copies()
    monkeypatch.setattr(relocations, "_copies", lambda: copies)


def words(library: Library) -> tuple[int, ...]:
    return tuple(ctypes.c_uint64.from_address(place).value for place in library.words)


def entries_with_names(library: Library) -> list[tuple[bytes, bytes]]:
    """Walk the tables as memray does: those that the dynamic section tells of now; return each entry and its symbol's name."""
    told = {tag: ctypes.c_uint64.from_address(place).value for tag, place in library.place.items()}
    found = []
    for begin, size in ((7, 8), (23, 2)):
        table = ctypes.string_at(told[begin], told[size]) if size in told else b""
        for at in range(0, len(table), 24):
            symbol = int.from_bytes(table[at + 12 : at + 16], sys.byteorder)
            if symbol:
                name = ctypes.c_uint32.from_address(told[6] + symbol * 24).value
                found.append((table[at : at + 24], ctypes.string_at(told[5] + name)))
    return found


@needs_glibc
def test_needless_relocations_are_hidden_and_come_back():
    """Inside the block a library leads to its copy; after it, or after an error in it, all is as before."""
    pytest.importorskip("memray")
    hidden = libraries_here()
    assert len(hidden) > 20
    before = [words(one.library) for one in hidden]
    assert before == [tuple(own for _, _, own in one.words) for one in hidden]
    inside = []

    def fail_inside():
        with needless_relocations_hidden(hidden):
            inside.extend(words(one.library) for one in hidden)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert [told[:2] for told in inside] == [one.copy for one in hidden]
    assert {told[2] for told in inside if len(told) > 2} == {0}
    assert [words(one.library) for one in hidden] == before


@needs_glibc
def test_no_name_that_memray_hooks_is_hidden():
    """Of each library all entries with such a name are there while others are hidden, in the same order, and none else."""
    pytest.importorskip("memray")
    hidden = libraries_here()
    shown = [[entry for entry, name in entries_with_names(one.library) if name in HOOKED] for one in hidden]
    with needless_relocations_hidden(hidden):
        left = [[entry for entry, _ in entries_with_names(one.library)] for one in hidden]
    assert left == shown
    assert sum(map(len, shown)) > 50


def test_the_names_are_those_that_memray_hooks():
    """Its library, where it is not stripped, has a variable for each; a newer one with more names is not taken for known."""
    extension = pytest.importorskip("memray._memray")
    found = re.findall(rb"_ZN6memray5hooks\d+memray_(\w+?)E\0", Path(extension.__file__).read_bytes())
    if not found:
        pytest.skip("this memray has no symbols")
    assert set(found) <= HOOKED


@needs_glibc
def test_symbols_can_be_resolved_while_entries_are_hidden():
    """The loader resolves by the table of the PLT, which stays where it is."""
    pytest.importorskip("memray")
    places = [one.library.place[23] for one in libraries_here() if 23 in one.library.place]
    assert len(places) > 20
    before = [ctypes.c_uint64.from_address(place).value for place in places]
    with needless_relocations_hidden(libraries_here()):
        assert [ctypes.c_uint64.from_address(place).value for place in places] == before


@needs_glibc
def test_who_reads_one_word_before_and_the_next_after_finds_zeros():
    """Behind a copy there is nothing, as far as the library's own table would reach; and it is at no address below the library."""
    pytest.importorskip("memray")
    for one in libraries_here():
        begin, size = one.copy
        assert begin > one.library.base
        behind = one.library.value[8] - size
        assert behind <= 0 or ctypes.string_at(begin + size, behind) == bytes(behind)


NAMES = b"\0malloc\0my_free\0PyList_New\0"
AT = [0, 1, 8, 11, 16]
"""Where a name begins: none, malloc, my_free, its end, PyList_New."""


@pytest.mark.parametrize(
    ("names", "kept"),
    [(frozenset({b"malloc", b"free"}), [1, 3, 3]), (frozenset({b"calloc"}), []), (None, [1, 2, 3, 4, 3])],
)
def test_entries_are_kept_by_the_names_of_their_symbols(names, kept):
    """A name may be the end of another one's text; what has no symbol is never kept, and without names all else."""
    symbols = (ctypes.c_uint32 * 30)()
    symbols[::6] = AT
    table = b"".join(
        (100 + symbol).to_bytes(8, sys.byteorder) + (symbol << 32 | 7).to_bytes(8, sys.byteorder) + bytes(8)
        for symbol in (0, 1, 2, 3, 4, 0, 3)
    )
    found = entries_of(names, table, ctypes.addressof(symbols), NAMES)
    assert [int.from_bytes(found[at : at + 8], sys.byteorder) - 100 for at in range(0, len(found), 24)] == kept
    assert entries_of(names, b"", ctypes.addressof(symbols), NAMES) == b""


def in_sqlite():
    connection = sqlite3.connect(":memory:")
    assert connection.execute("select length(zeroblob(3000000) || 'x')").fetchone()
    connection.close()


ALLOCATE = {
    "python": (lambda: [bytes(size) for size in (600, 5_000, 3 * MIB)] and None, 3 * MIB),
    "libsqlite3": (in_sqlite, 3_000_000),
    "liblzma": (lambda: lzma.compress(b"x", preset=1) and None, 8 * MIB),
    "libbz2": (lambda: bz2.compress(b"x", 9) and None, 7_000_000),
    "libcrypto": (lambda: hashlib.scrypt(b"x", salt=b"y", n=2**12, r=8, p=1) and None, 4 * MIB),
}


@needs_glibc
@pytest.mark.parametrize("library", ALLOCATE)
def test_memray_sees_the_same_with_fewer_relocations(monkeypatch, library):
    """What C code of several libraries allocates is the same to the byte, with tables hidden and without."""
    pytest.importorskip("memray")
    call, least = ALLOCATE[library]

    def peak():
        return measure_peak(call, own_thread=False).peak_bytes

    peak()
    lean = peak()
    monkeypatch.setattr(memory, "libraries_here", lambda: ())
    assert peak() == lean >= least


@needs_glibc
def test_a_library_opened_meanwhile_is_seen_and_may_be_closed(tmp_path):
    """What a call loads is tracked by its own walk, which is whole; nobody keeps it open, since it may be built anew."""
    pytest.importorskip("memray")
    original = next((one.path for one in libraries._loaded() if "libbz2" in one.path), None)
    if original is None:
        pytest.skip("no library of its own for bz2 here")
    copied = tmp_path / "library_of_a_test.so"
    copied.write_bytes(Path(original).read_bytes())
    opened = []

    def compress():
        library = opened[0] if opened else ctypes.CDLL(str(copied))
        opened[:] = [library]
        written = ctypes.create_string_buffer(1000)
        assert library.BZ2_bzBuffToBuffCompress(written, ctypes.byref(ctypes.c_uint(1000)), b"x", 1, 9, 0, 0) == 0

    for _ in range(2):  # opened by the call, and before it
        assert measure_peak(compress, own_thread=False).peak_bytes >= 7_000_000
    compress()
    assert str(copied) not in {one.library.path for one in libraries_here()}
    import _ctypes

    _ctypes.dlclose(opened.pop()._handle)
    assert copied.name not in Path("/proc/self/maps").read_text()
    assert measure_peak(lambda: None).peak_bytes < MIB


@needs_glibc
@pytest.mark.usefixtures("looked_for_anew")
def test_a_module_imported_since_is_looked_at_too(tmp_path, monkeypatch):
    """Libraries are looked for anew when another was loaded."""
    pytest.importorskip("memray")
    import math

    if not getattr(math, "__file__", None):
        pytest.skip("modules are part of the program here")
    copied = tmp_path / Path(math.__file__).name
    copied.write_bytes(Path(math.__file__).read_bytes())
    known = {one.library.path for one in libraries_here()}
    spec = importlib.util.spec_from_file_location("math", copied)
    monkeypatch.setitem(sys.modules, "math_of_a_test", importlib.util.module_from_spec(spec))
    assert {one.library.path for one in libraries_here()} == known | {str(copied)}


@pytest.mark.usefixtures("looked_for_anew")
def test_elsewhere_everything_is_walked(monkeypatch):
    """On another system the block changes nothing."""
    monkeypatch.setattr(relocations, "is_supported", lambda: False)
    monkeypatch.delattr(relocations, "loads")
    assert libraries_here() == ()
    with needless_relocations_hidden(()):
        pass


@needs_glibc
@pytest.mark.usefixtures("looked_for_anew")
@pytest.mark.parametrize("version", ["2.0.0", "0.9", "unknown", "11.0"])
def test_a_memray_that_was_not_looked_at_walks_everything(monkeypatch, version):
    """Another major version may look for something else in these tables."""
    monkeypatch.setattr(pytest.importorskip("memray"), "__version__", version)
    assert libraries_here() == ()


@needs_glibc
@pytest.mark.usefixtures("looked_for_anew")
def test_a_newer_memray_may_look_for_other_names(monkeypatch):
    """Only what has no symbol is hidden from it; an older one is known."""
    memray = pytest.importorskip("memray")
    monkeypatch.setattr(memray, "__version__", "1.0.3")
    assert relocations._names_looked_for() == HOOKED
    monkeypatch.setattr(memray, "__version__", "1.21.0")
    hidden = libraries_here()
    shown = [entries_with_names(one.library) for one in hidden]
    with needless_relocations_hidden(hidden):
        assert [entries_with_names(one.library) for one in hidden] == shown
    assert sum(map(len, shown)) > 2_000


@needs_glibc
@pytest.mark.usefixtures("copies_elsewhere")
@pytest.mark.parametrize("rights", ["rwxp", "---p", None])
def test_words_in_unknown_memory_are_left_alone(monkeypatch, rights):
    """What the kernel does not call readable private memory is not written, nor made writable."""
    pytest.importorskip("memray")
    mappings = [(0, 2**63, rights)] if rights else []
    monkeypatch.setattr(relocations, "mappings_here", lambda: mappings)
    monkeypatch.setattr(relocations, "_make_writable", lambda *_: True)
    assert libraries_here() == ()


@needs_glibc
@pytest.mark.usefixtures("copies_elsewhere")
def test_words_in_memory_of_two_kinds_are_left_alone(monkeypatch):
    """Whether the kernel's answer is about all three words is looked at."""
    pytest.importorskip("memray")
    one = next(one for one in libraries.never_unloaded() if one.path)
    between = sorted(one.words)[1]
    monkeypatch.setattr(relocations, "mappings_here", lambda: [(0, between, "r--p"), (between, 2**63, "rw-p")])
    monkeypatch.setattr(relocations, "_make_writable", lambda *_: True)
    assert one.path not in {other.library.path for other in libraries_here()}


class Refusing:
    """A C library that refuses what one of its functions is asked for."""

    def __init__(self, refused: str, answer: int) -> None:
        self.refused, self.answer = refused, answer

    def __getattr__(self, name: str):
        return (lambda *_: self.answer) if name == self.refused else getattr(libraries.libc(), name)


@needs_glibc
@pytest.mark.usefixtures("copies_elsewhere")
@pytest.mark.parametrize(("refused", "answer"), [("mprotect", -1), ("mmap", 2**64 - 1), ("mmap", 4096)])
def test_without_memory_for_it_nothing_is_hidden(monkeypatch, refused, answer):
    """Where words cannot be made writable, and where there is no room above the library, it is left alone."""
    pytest.importorskip("memray")
    monkeypatch.setattr(relocations, "libc", lambda: Refusing(refused, answer))
    monkeypatch.setattr(relocations.ctypes, "memmove", lambda *_: None)
    protected = [(start, end, "r--p") for start, end, _ in libraries.mappings_here()]
    monkeypatch.setattr(relocations, "mappings_here", lambda: protected)
    assert libraries_here() == ()


@needs_glibc
def test_tracking_hides_them_at_its_start_and_at_its_end(monkeypatch, tmp_path):
    """Both walks of a tracker are short ones, of the libraries that were there before the call."""
    pytest.importorskip("memray")
    blocks: list[object] = []
    original = memory.needless_relocations_hidden
    monkeypatch.setattr(memory, "libraries_here", lambda: blocks.append("looked") or libraries_here())
    monkeypatch.setattr(
        memory, "needless_relocations_hidden", lambda those: blocks.append(type(those[0])) or original(those)
    )
    memory._track(lambda: blocks.append("call"), tmp_path / "trace.memray", is_exact=False)
    assert blocks == ["looked", Hidden, "call", Hidden]
