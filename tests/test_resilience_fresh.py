"""A world's own copies of the user's modules: read again when a file has changed, gone afterwards, nothing else touched."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import weakref
from pathlib import Path

import pytest

from pytest_toolcheck.resilience.again import ImportedAgain, RememberingLoader
from pytest_toolcheck.resilience.fresh import fresh_modules
from pytest_toolcheck.resilience.own_modules import users_modules
from pytest_toolcheck.spec.model import PythonTarget

NAME = "tools_of_fresh_modules"


@pytest.fixture(name="spec_path")
def _spec_path(tmp_path):
    write(tmp_path, "1")
    yield tmp_path / "x.tool.yaml"
    sys.modules.pop(NAME, None)


def write(folder: Path, value: str) -> Path:
    file = folder / f"{NAME}.py"
    file.write_text(f"import json\nstate = [{value}]\n")
    return file


def fresh(spec_path: Path, module: str = NAME):
    return fresh_modules(PythonTarget(module), spec_path=spec_path)


def test_each_world_has_a_copy_and_none_stays(spec_path):
    """Two copies share nothing, and the modules, the paths and the finders are as before."""
    before = list(sys.modules.items()), list(sys.path), list(sys.meta_path)
    seen = []
    for _ in range(3):
        with fresh(spec_path) as copy:
            assert copy.module.state == [1]
            copy.module.state.append("used")
            assert copy.modules() == [copy.module]
            seen.append(weakref.ref(copy.module))
    del copy
    gc.collect()
    assert [each() for each in seen] == [None, None, None]
    assert (list(sys.modules.items()), list(sys.path), list(sys.meta_path)) == before


def test_the_code_is_from_memory_until_the_file_changes(spec_path, monkeypatch):
    """The file is not read a second time; one of the same size and another time is, and so is another size."""
    read = []
    get_data = RememberingLoader.get_data
    monkeypatch.setattr(RememberingLoader, "get_data", lambda self, path: (read.append(path), get_data(self, path))[1])
    file = spec_path.with_name(f"{NAME}.py")
    for _ in range(3):
        with fresh(spec_path):
            pass
    count = len(read)
    assert count
    write(spec_path.parent, "2")
    os.utime(file, ns=(1, 1_000_000_000))
    with fresh(spec_path) as copy:
        assert copy.module.state == [2]
    write(spec_path.parent, "33")
    os.utime(file, ns=(1, 1_000_000_000))
    with fresh(spec_path) as copy:
        assert copy.module.state == [33]
    assert len(read) > count


def test_a_namesake_in_another_folder_is_another_module(spec_path, tmp_path_factory):
    """What was found on one search path says nothing of another, also after the module has moved."""
    other = tmp_path_factory.mktemp("other")
    write(other, "'other'")
    for _ in range(2):
        with fresh(spec_path) as copy:
            assert copy.module.state == [1]
        with fresh(other / "x.tool.yaml") as copy:
            assert copy.module.state == ["other"]
    spec_path.with_name(f"{NAME}.py").unlink()
    package = spec_path.with_name(NAME)
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import state")
    (package / "inner.py").write_text("state = ['moved']")
    for _ in range(2):
        with fresh(spec_path) as copy:
            assert copy.module.state == ["moved"]
            assert {module.__name__ for module in copy.modules()} == {NAME, f"{NAME}.inner"}


def test_a_module_imported_before_is_the_same_object_afterwards(spec_path, monkeypatch):
    """The user's own copy stays out of it and comes back, with its state."""
    monkeypatch.syspath_prepend(spec_path.parent)
    own = importlib.import_module(NAME)
    own.state.append("own")
    assert (NAME, own) in users_modules()
    with fresh(spec_path) as copy:
        assert copy.module is not own
        assert sys.modules[NAME] is copy.module
    assert sys.modules[NAME] is own
    assert own.state == [1, "own"]
    assert (NAME, own) in users_modules()


def test_finders_of_others_are_asked(spec_path):
    """A finder with a loader of its own is asked each time, and installed modules keep their ordinary loader."""

    class Others:
        asked = 0

        @classmethod
        def find_spec(cls, name, path=None, target=None):
            cls.asked += name == NAME

    sys.meta_path.insert(0, Others)
    sys.modules.pop("this", None)
    try:
        with fresh(spec_path) as copy:
            assert type(copy.module.__loader__) is RememberingLoader
        assert Others.asked == 1
        with ImportedAgain():
            assert ImportedAgain().find_spec("colorsys").loader.__class__.__name__ == "SourceFileLoader"
            assert ImportedAgain().find_spec("no_such_module") is None
    finally:
        sys.meta_path.remove(Others)
