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
