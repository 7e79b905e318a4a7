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
    relative_relocations_hidden,
)

needs_glibc = pytest.mark.skipif(not is_supported(), reason="the tables of glibc on 64-bit Linux")


def values(table: Table) -> tuple[int, int]:
    return tuple(ctypes.c_uint64.from_address(place).value for place in (table.begin_at, table.size_at))


def words_of(table: Table) -> set[int]:
    """Return the symbols that the hidden entries of a table have."""
    entries = (ctypes.c_uint64 * (table.hidden_bytes // 8)).from_address(table.begin)
    return {info >> 32 for info in entries[1::3]}


@needs_glibc
def test_relative_relocations_are_hidden_and_come_back():
    """Inside the block a large table is shorter and begins later; after it, or after an error in it, all is as before."""
    import hashlib  # noqa: F401 - its library is a large one

    tables = large_tables(len(sys.modules))
    assert tables
    before = [values(table) for table in tables]
    assert before == [(table.begin, table.size) for table in tables]
    inside = []

    def fail_inside():
        with relative_relocations_hidden():
            inside.extend(values(table) for table in tables)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert inside == [(table.begin + table.hidden_bytes, table.size - table.hidden_bytes) for table in tables]
    assert [values(table) for table in tables] == before


@needs_glibc
def test_only_relocations_without_a_symbol_are_hidden():
    """What is hidden refers to no symbol, so memray could not have found any of its functions there."""
    for table in large_tables(len(sys.modules)):
        assert words_of(table) == {0}
        assert table.hidden_bytes >= relocations.FEWEST * 24


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
        with relative_relocations_hidden():
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
    with relative_relocations_hidden():
        assert [values(table) for table in protected] == [(table.begin, table.size) for table in protected]


@needs_glibc
def test_tracking_hides_them_at_its_start_and_at_its_end(monkeypatch, tmp_path):
    """Both walks of a tracker are the short ones."""
    pytest.importorskip("memray")
    blocks = []
    original = memory.relative_relocations_hidden
    monkeypatch.setattr(memory, "relative_relocations_hidden", lambda: blocks.append(1) or original())
    memory._track(lambda: blocks.append("call"), tmp_path / "trace.memray", is_exact=False)
    assert blocks == [1, "call", 1]
