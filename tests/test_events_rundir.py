"""Where a run's log lives."""

from __future__ import annotations

import os
import re

import pytest
import time_machine

from pytest_toolcheck.events import new_run_id, open_run


def test_run_has_a_directory_of_its_own(tmp_path):
    """Each run gets a new directory, and `latest` points to the newest."""
    with open_run(tmp_path, worker="main") as one, open_run(tmp_path, worker="main") as two:
        assert one.directory != two.directory
        assert (tmp_path / "latest").resolve() == two.directory.resolve()
        assert os.readlink(tmp_path / "latest") == two.run


def test_worker_joins_its_controller_s_run(tmp_path):
    """A worker writes beside its controller and does not move `latest` back."""
    with open_run(tmp_path, worker="main") as old, open_run(tmp_path, worker="main") as new:
        with open_run(tmp_path, worker="gw0", run=old.run) as worker:
            assert worker.directory == old.directory
        assert os.readlink(tmp_path / "latest") == new.run


def test_latest_is_made_also_where_a_worker_made_the_directory_first(tmp_path):
    """Workers share what the target said of itself in the run's directory before they log anything."""
    (tmp_path / "20261126T000000-abcdef" / "discovery").mkdir(parents=True)
    with open_run(tmp_path, worker="gw0", run="20261126T000000-abcdef"):
        assert os.readlink(tmp_path / "latest") == "20261126T000000-abcdef"


def test_default_home_ignores_itself_in_git(tmp_path):
    """`.toolcheck` is never committed by accident; another directory is left alone."""
    with open_run(tmp_path / ".toolcheck" / "runs", worker="main"), open_run(tmp_path / "logs", worker="main"):
        assert (tmp_path / ".toolcheck" / ".gitignore").read_text() == "*\n"
        assert not (tmp_path / "logs" / ".gitignore").exists()
        assert not (tmp_path / ".gitignore").exists()


def test_gitignore_of_the_user_stays(tmp_path):
    """What a user wrote there is kept."""
    home = tmp_path / ".toolcheck"
    home.mkdir()
    (home / ".gitignore").write_text("runs\n")
    with open_run(home / "runs", worker="main"):
        assert (home / ".gitignore").read_text() == "runs\n"


def test_run_id_sorts_by_real_time():
    """A run's id tells when it was, also while time travels."""
    with time_machine.travel("1999-01-01"):
        name = new_run_id()
    assert re.fullmatch(r"20[2-9]\d{5}T\d{6}-[0-9a-f]{6}", name)
    assert new_run_id() != name


def test_worker_name_never_leaves_the_directory(tmp_path):
    """A worker's name is made into a file name."""
    with open_run(tmp_path, worker="../x y", run="r") as log:
        assert log.path.parent == tmp_path / "r"
        assert log.path.name.startswith(".._x_y-")


def test_file_in_the_way_is_an_os_error(tmp_path):
    """A directory that cannot be made is said at once."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        open_run(tmp_path / "file", worker="main")
