"""memray walks fewer relocations: what is hidden, that it comes back, and that no peak changes by it."""

from __future__ import annotations

import ctypes
import sys

import pytest

from pytest_toolcheck.budgets import memory, relocations
from pytest_toolcheck.budgets.memory import measure_peak
from pytest_toolcheck.budgets.relocations import (
    Table,
    is_supported,
    large_tables,
    needless_relocations_hidden,
)

needs_glibc = pytest.mark.skipif(not is_supported(), reason="the tables of glibc on 64-bit Linux")


def values(table: Table) -> tuple[int, int]:
    return tuple(ctypes.c_uint64.from_address(place).value for place in (table.begin_at, table.size_at))


@needs_glibc
def test_needless_relocations_are_hidden_and_come_back():
    """Inside the block a large table is shorter and begins later; after it, or after an error in it, all is as before."""
    import hashlib  # noqa: F401 - its library is a large one

    tables = large_tables(len(sys.modules))
    assert tables
    before = [values(table) for table in tables]
    assert before == [(table.begin, table.size) for table in tables]
    inside = []

    def fail_inside():
        with needless_relocations_hidden():
            inside.extend(values(table) for table in tables)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert inside == [(table.begin + table.hidden_bytes, table.size - table.hidden_bytes) for table in tables]
    assert [values(table) for table in tables] == before


def symbol_of(at: int, names: int) -> tuple[int, int, bytes]:
    """Return the kind of a symbol, the section it is defined in, and its name."""
    kind, section = ctypes.c_uint8.from_address(at + 4).value & 15, ctypes.c_uint16.from_address(at + 6).value
    return kind, section, ctypes.string_at(names + ctypes.c_uint32.from_address(at).value)


@needs_glibc
def test_no_function_of_c_is_hidden(monkeypatch):
    """What is hidden has no symbol, or one that its library defines: data, or a name of C++. memray looks for neither."""
    pytest.importorskip("memray")
    seen = []
    original = relocations._is_no_function_of_c
    monkeypatch.setattr(
        relocations, "_is_no_function_of_c", lambda at, names: seen.append((at, names)) or original(at, names)
    )
    relocations._needless.cache_clear()
    large_tables.cache_clear()
    tables = large_tables(len(sys.modules))
    assert all(table.hidden_bytes >= relocations.FEWEST * 24 for table in tables)
    hidden = [place for place in seen if original(*place)]
    assert all(
        section and (kind == 1 or name.startswith(b"_"))
        for kind, section, name in (symbol_of(*place) for place in hidden)
    )
    names = {symbol_of(*place)[2] for place in hidden}
    assert not names & {b"malloc", b"free", b"calloc", b"realloc", b"mmap", b"munmap", b"dlopen", b"PyGILState_Ensure"}


@pytest.mark.parametrize(
    ("name", "kind", "section", "is_hidden"),
    [
        (b"PyList_Type", 1, 12, True),
        (b"_ZN5boost3runEv", 2, 12, True),
        (b"__cxa_pure_virtual", 2, 12, True),
        (b"malloc", 2, 0, False),
        (b"malloc", 2, 12, False),  # an allocator of its own
        (b"PyGILState_Ensure", 2, 12, False),
        (b"environ", 1, 0, False),
        (b"__gmon_start__", 0, 0, False),
        (b"_ZN5boost3runEv", 2, 0, False),
    ],
)
def test_relocations_are_needless_up_to_the_first_of_a_function(name, kind, section, is_hidden):
    """Entries are hidden as long as their symbols are the library's own and no functions of C; behind one none is."""
    names = ctypes.create_string_buffer(b"\0" + name + b"\0PyType_Type\0")
    symbols = (ctypes.c_uint64 * 9)(*[0] * 3, 1 | kind << 32 | section << 48, 0, 0, 0, 0, 0)
    symbols[6] = (len(name) + 2) | 1 << 32 | 12 << 48
    table = (ctypes.c_uint64 * 12)(*(word for symbol in (2, 1, 2, 1) for word in (0, symbol << 32 | 1, 0)))
    places = (ctypes.addressof(table), 4, ctypes.addressof(symbols), ctypes.addressof(names))
    assert relocations._needless.__wrapped__(*places) == (4 if is_hidden else 1)


@needs_glibc
def test_memray_sees_the_same_with_fewer_relocations(monkeypatch):
    """A peak of blocks of all sizes is the same to the byte, with tables hidden and without; later libraries as well."""
    pytest.importorskip("memray")

    def allocate():
        return [bytes(size) for size in (600, 5_000, 3 * 2**20)] and None

    def peak():
        return measure_peak(allocate, own_thread=False).peak_bytes

    peak()
    lean = peak()
    monkeypatch.setattr(relocations, "large_tables", lambda _: ())
    assert peak() == lean >= 3 * 2**20


def test_elsewhere_everything_is_walked(monkeypatch):
    """On another system, or where nothing is large, the block changes nothing."""
    monkeypatch.setattr(relocations, "is_supported", lambda: False)
    large_tables.cache_clear()
    try:
        assert large_tables(0) == ()
        with needless_relocations_hidden():
            pass
    finally:
        large_tables.cache_clear()


@needs_glibc
def test_a_memray_that_was_not_looked_at_walks_everything(monkeypatch):
    """Another major version may look for something else in these tables."""
    memray = pytest.importorskip("memray")
    large_tables.cache_clear()
    monkeypatch.setattr(memray, "__version__", "2.0.0")
    try:
        assert large_tables(0) == ()
    finally:
        large_tables.cache_clear()


def words(begin: int, size: int, hidden: int) -> tuple[Table, ctypes.Array[ctypes.c_uint64]]:
    """Return a table whose two words lie in memory of ours."""
    memory_of_ours = (ctypes.c_uint64 * 2)(begin, size)
    at = ctypes.addressof(memory_of_ours)
    return Table("made up", at, at + 8, begin, size, hidden, is_protected=False), memory_of_ours


def test_a_table_never_reaches_beyond_its_end(monkeypatch):
    """Who walks it between the two writes, in another thread, finds a part of it."""
    table, held = words(1000, 480, 240)
    seen, word = [], ctypes.c_uint64

    class Watched:
        @staticmethod
        def from_address(place):
            seen.append(tuple(held))
            return word.from_address(place)

    monkeypatch.setattr(relocations.ctypes, "c_uint64", Watched)
    table.write(hidden_bytes=240)
    hidden = tuple(held)
    table.write(hidden_bytes=0)
    assert (hidden, tuple(held)) == ((1240, 240), (1000, 480))
    assert len(seen) == 4
    assert all(begin >= 1000 and begin + size <= 1480 for begin, size in seen)


@needs_glibc
@pytest.mark.parametrize("rights", ["rwxp", "---p", None])
def test_words_in_unknown_memory_are_left_alone(rights):
    """What the kernel does not call readable private memory is not written, nor made read-only afterwards."""
    at = [table.begin_at for table in large_tables(len(sys.modules))]
    assert at
    mappings = [(0, 2**63, rights)] if rights else []
    assert relocations._tables(mappings) == []
    split = [(0, at[0] + 8, "r--p"), (at[0] + 8, 2**63, "rw-p")]
    assert at[0] not in {table.begin_at for table in relocations._tables(split)}


@needs_glibc
def test_a_table_that_cannot_be_written_is_left_alone(monkeypatch):
    """Where the system refuses to make the section writable, nothing is written."""
    tables = large_tables(len(sys.modules))
    protected = [table for table in tables if table.is_protected]
    monkeypatch.setattr(Table, "_protect", lambda self, protection: False)
    with needless_relocations_hidden():
        assert [values(table) for table in protected] == [(table.begin, table.size) for table in protected]


@needs_glibc
def test_tracking_hides_them_at_its_start_and_at_its_end(monkeypatch, tmp_path):
    """Both walks of a tracker are the short ones."""
    pytest.importorskip("memray")
    blocks = []
    original = memory.needless_relocations_hidden
    monkeypatch.setattr(memory, "needless_relocations_hidden", lambda: blocks.append(1) or original())
    memory._track(lambda: blocks.append("call"), tmp_path / "trace.memray", is_exact=False)
    assert blocks == [1, "call", 1]
