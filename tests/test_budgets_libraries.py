"""Which libraries of this process stay for good, by what they need and who opened them."""

from __future__ import annotations

import ctypes
import sys
from types import ModuleType

import pytest

from pytest_toolcheck.budgets import libraries
from pytest_toolcheck.budgets.libraries import Library, is_supported, never_unloaded

needs_glibc = pytest.mark.skipif(not is_supported(), reason="the tables of glibc on 64-bit Linux")


def library(path: str, *needed: str, own_name: str = "") -> Library:
    return Library(path, 0, {}, {}, needed, own_name)


@pytest.mark.parametrize(
    ("others", "stay"),
    [
        ([library("/lib/a.so"), library("/lib/b.so", "c.so")], {"/lib/a.so"}),
        ([library("/lib/other.so", own_name="a.so")], {"/lib/other.so"}),
        ([library("/lib/a.so", "b.so"), library("/lib/b.so", "a.so")], {"/lib/a.so", "/lib/b.so"}),
        ([library("/lib/a.so", own_name="z.so")], set()),
        ([library("/one/a.so"), library("/two/a.so")], set()),
    ],
    ids=["opened by others", "by its own name", "a circle", "another name", "two of one name"],
)
def test_what_the_program_needs_stays(others, stay):
    """A library stays that the program or a module needs, by the name that it gives itself or else that of its file."""
    found = libraries._with_needed([library("", "a.so"), *others], {"", "/m.so"})
    assert {one.path for one in found} == {"", *stay}


def test_what_a_module_needs_stays():
    """Modules are told by their files; each library is there once."""
    found = libraries._with_needed([library("/m.so", "a.so"), library("/a.so"), library("", "a.so")], {"", "/m.so"})
    assert sorted(one.path for one in found) == ["", "/a.so", "/m.so"]


@needs_glibc
def test_imported_modules_and_what_they_need_stay():
    """The program, an extension module, and the C library; each with tables that its symbols belong to."""
    import _ctypes

    found = {one.path: one for one in never_unloaded()}
    assert {"", _ctypes.__file__} <= found.keys()
    assert any(one.own_name == "libc.so.6" for one in found.values())
    assert all(one.base < begin for one in found.values() for begin, _ in one.tables)


@needs_glibc
def test_modules_are_looked_at_without_being_used(monkeypatch):
    """One that is loaded when its names are used stays unloaded, and what is no module at all does no harm."""

    class Lazy(ModuleType):
        def __getattribute__(self, name):
            raise AssertionError(name)

    class Slotted:
        __slots__ = ()

    monkeypatch.setitem(sys.modules, "lazy_of_a_test", Lazy("lazy"))
    monkeypatch.setitem(sys.modules, "slotted_of_a_test", Slotted())
    assert never_unloaded()


@needs_glibc
def test_a_library_more_is_counted():
    """That another library was loaded shows by a count, whoever opened it; opening one again changes nothing."""
    before = libraries.loads()
    assert before >= len(libraries._loaded())
    ctypes.CDLL(None)
    assert libraries.loads() == before


VALUE = {7: 2000, 8: 48, 9: 24, 5: 1500, 10: 100, 6: 1200, 11: 24, 20: 7, 23: 3000, 2: 24, 0x6FFFFFF9: 1}


def test_relative_relocations_stand_first():
    """What the library counts as such has no symbol, and is no more than its table."""
    one = Library("", 1000, VALUE, {})
    assert one.tables == ((2000, 48), (3000, 24))
    assert one.with_symbols == ((2024, 24), (3000, 24))
    assert Library("", 1000, {**VALUE, 0x6FFFFFF9: 9}, {}).with_symbols == ((2048, 0), (3000, 24))
    without_plt = {tag: value for tag, value in VALUE.items() if tag not in (2, 20, 23)}
    assert Library("", 1000, without_plt, {}).tables == ((2000, 48),)


@pytest.mark.parametrize(
    ("change", "is_known"),
    [
        ({}, True),
        ({20: 17}, False),  # the PLT's entries are of another kind
        ({9: 16}, False),
        ({11: 16}, False),
        ({8: 50}, False),
        ({6: 200}, False),  # not moved to where the library is
        ({23: 200}, False),
        ({2: None}, False),
        ({10: None}, False),
        ({7: None}, False),
    ],
)
def test_a_library_that_looks_otherwise_is_left_out(change, is_known):
    """What is not as expected is not looked into."""
    value = {tag: told for tag, told in {**VALUE, **change}.items() if told is not None}
    assert libraries._is_like_others(Library("", 1000, value, {})) is is_known


def test_elsewhere_is_not_supported(monkeypatch):
    """Only 64-bit Linux with glibc on processors that were looked at."""
    for owner, name, answer in [
        (sys, "platform", "darwin"),
        (libraries.platform, "machine", lambda: "riscv64"),
        (libraries.platform, "libc_ver", lambda: ("", "")),
    ]:
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, answer)
            assert not is_supported.__wrapped__()
