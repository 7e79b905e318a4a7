"""A run's directory: `DIR/<run>/`, the link `DIR/latest`, and how `.toolcheck` keeps itself out of git."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from .log import EventLog
from .realtime import new_run_id

LATEST = "latest"
DEFAULT_HOME = ".toolcheck"


def open_run(
    directory: Path, *, worker: str, run: str | None = None, argv: Sequence[str] = (), secrets: Iterable[str] = ()
) -> EventLog:
    """Open this process's event log of a run below `directory`; a new run where `run` is None.

    `worker` is `main` or pytest-xdist's worker id; workers pass the `run` of their controller. `secrets` are further
    key names whose values never reach the log. Raises OSError where the directory or file cannot be made.
    """
    name = run if run is not None else new_run_id()
    run_directory = directory / name
    is_new = not run_directory.exists()
    run_directory.mkdir(parents=True, exist_ok=True)
    ignore_in_git(directory)
    log = EventLog(run_directory, worker=_file_name(worker), run=name, argv=argv, secrets=secrets)
    if is_new or _is_newer(name, directory):
        point_latest(directory, name)
    return log


def _is_newer(run: str, directory: Path) -> bool:
    """Whether `DIR/latest` points to an earlier run or nowhere: a worker may make the run's directory before its log."""
    try:
        return os.readlink(directory / LATEST).partition("-")[0] < run.partition("-")[0]
    except OSError:
        return True


def ignore_in_git(directory: Path) -> None:
    """Write `.gitignore` with `*` into the `.toolcheck` above `directory`, if there is one and it has none."""
    home = next((place for place in (directory, *directory.parents) if place.name == DEFAULT_HOME), None)
    if home is None:
        return
    try:
        with open(home / ".gitignore", "x", encoding="ascii") as file:
            file.write("*\n")
    except OSError:  # there already, or not ours to write
        return


def point_latest(directory: Path, run: str) -> None:
    """Point `DIR/latest` to a run, in one step; a file system without links goes without."""
    link, fresh = directory / LATEST, directory / f".{LATEST}-{os.getpid()}-{os.urandom(3).hex()}"
    try:
        fresh.symlink_to(run, target_is_directory=True)
        fresh.replace(link)
    except OSError:
        fresh.unlink(missing_ok=True)


def _file_name(worker: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", worker) or "main"
