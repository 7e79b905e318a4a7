"""A full disk: what opening still does, what is refused, and what can be read all the same."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest

from pytest_toolcheck.faults import FaultError, Faults


@pytest.fixture
def faults():
    made = Faults()
    yield made
    made.heal()


def test_opening_does_what_it_does_on_a_full_disk(faults, tmp_path):
    """A file is made, or emptied, before the first write is refused: an overwrite in place loses what was there."""
    (tmp_path / "old.txt").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path)
    faults.inject(tmp_path, "disk_full")
    refused = pytest.raises(OSError, match="No space left")
    with refused:
        (tmp_path / "link" / "old.txt").write_text("new")
    assert (tmp_path / "old.txt").read_text() == ""
    with refused, open(tmp_path / "new.txt", "x") as file:
        file.write("x")
    assert (tmp_path / "new.txt").exists()
    with pytest.raises(FileExistsError):
        (tmp_path / "new.txt").open("x").close()


def test_what_is_open_to_be_read_as_well_is_read(faults, tmp_path):
    """`r+` and `a+` see the file, and cannot write to it; so does what is opened by its descriptor."""
    (tmp_path / "old.txt").write_text("old")
    faults.inject(tmp_path, "disk_full")
    refused = pytest.raises(OSError, match="No space left")
    for mode in ("r+", "a+", "r+b"):
        with refused, open(tmp_path / "old.txt", mode) as file:
            file.seek(0)
            assert file.read() in ("old", b"old")
            file.write(b"x" if "b" in mode else "x")
    assert (tmp_path / "old.txt").read_text() == "old"


def test_no_folder_is_made_on_a_full_disk(faults, tmp_path):
    """A new folder is refused and counts as a hit; one that is there is there, and elsewhere there is room."""
    full = tmp_path / "full"
    full.mkdir()
    fault = faults.inject(full, "1*off -> disk_full")
    (full / "a").mkdir()
    for make in (os.mkdir, os.makedirs, lambda path: path.mkdir(parents=True)):
        with pytest.raises(OSError, match="No space left"):
            make(full / "b")
    fault.assert_fired(3)
    (full / "a").mkdir(exist_ok=True)
    os.makedirs(full / "a", exist_ok=True)
    with pytest.raises(FileExistsError):
        os.mkdir(full / "a")
    (tmp_path / "elsewhere").mkdir()
    fault.assert_fired(3)
    faults.heal()
    (full / "b").mkdir()


def test_a_temporary_file_is_one_hit(faults, tmp_path):
    """`tempfile` opens twice, by a name of its own: that is one opening, and its file is there to be removed."""
    fault = faults.inject(tmp_path, "1*disk_full")
    with (
        pytest.raises(OSError, match="No space left"),
        tempfile.NamedTemporaryFile(dir=tmp_path, buffering=0) as file,
    ):
        file.write(b"x")
    assert list(tmp_path.iterdir()) == []
    with tempfile.NamedTemporaryFile(dir=tmp_path, buffering=0) as file:
        file.write(b"x")
    fault.assert_fired(1)


WRITER = """
import sys
from pathlib import Path
for name in sys.argv[1:]:
    try:
        Path(name).write_text("x")
        print("written")
    except OSError as error:
        print(error.strerror)
"""


def test_a_python_process_meets_it_too(faults, tmp_path):
    """With `fault.environment` it asks at each of its openings; a `sitecustomize` of its own is loaded all the same."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("print('customized')")
    (tmp_path / "full").mkdir()
    fault = faults.inject(tmp_path / "full", "1*off -> 1*disk_full")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), **fault.environment}
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path / "site")
    names = [str(tmp_path / name) for name in ("free", "full/a", "full/b", "full/c")]
    command = [sys.executable, "-c", WRITER, *names]
    lines = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines == ["customized", "written", "written", "No space left on device", "written"]
    fault.assert_fired(1)
    faults.heal()
    lines = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[1:] == ["written"] * 4


def test_only_files_have_an_environment(faults):
    """Another point says so."""
    fault = faults.inject(["true"], "drop", optional=True)
    with pytest.raises(FaultError, match="has no environment"):
        assert fault.environment
