"""What all tests share."""

from __future__ import annotations

import compileall
import gc
import importlib.metadata
import os
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml  # noqa: F401 - a run inside a test forgets what it imported, but YAML's C part knows the first import's classes
from hypothesis import configuration, settings

import pytest_toolcheck.lean_jsonschema  # before a test module imports `jsonschema`, which then takes 1.5 s

from .quick_runs import find_fixtures_once, find_hooks_at_once

pytest_plugins = ["pytester"]

settings.register_profile("tests", deadline=None)  # a busy machine fails nothing
settings.load_profile("tests")

PROJECT = Path(__file__).parent.parent
configuration.set_hypothesis_home_dir(PROJECT / ".hypothesis")

sys.dont_write_bytecode = False  # runs and processes inside tests read the compiled form and write none: see below


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package once: each process that a test starts would do so again, for the better part of a second.

    Under xdist a worker without tests takes some that wait for the other one, which may have two long ones left.
    """
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(pytest_toolcheck.__file__).parent, quiet=2)
        if config.getoption("dist", "no") == "load":
            config.option.dist = "worksteal"


def pytest_collection_finish() -> None:
    """Let the garbage collector look at what tests make only: a twelfth of all time went to what stays to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


class _Installed:
    """A distribution whose files are read once."""

    def __init__(self, distribution: importlib.metadata.Distribution) -> None:
        self._distribution = distribution

    metadata = cached_property(lambda self: self._distribution.metadata)
    version = cached_property(lambda self: self._distribution.version)
    entry_points = cached_property(lambda self: self._distribution.entry_points)
    files = cached_property(lambda self: self._distribution.files)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._distribution, name)


@pytest.fixture(autouse=True, scope="session")
def _installed_once() -> Iterator[None]:
    """What is installed is read once: a third of what a run inside a test takes by itself went to reading it four times."""
    installed = [_Installed(each) for each in importlib.metadata.distributions()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.metadata, "distributions", lambda: iter(installed))
        find_fixtures_once(patch)
        find_hooks_at_once(patch)
        yield


@pytest.fixture
def shared_data() -> Path:
    """The folder of public data beside the project; skips where it is not there."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data (../shared/data) is not on this machine")
    return folder


@pytest.fixture
def hypothesis_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of Hypothesis' own for processes that a test starts.

    Of all sources that are not installed it reads the constants, in each process anew, for the better part of two seconds,
    and looks up what kind each character is: these are kept from one test to the next, examples are not.
    """
    home = tmp_path_factory.mktemp("hypothesis")
    for name in ("constants", "unicode_data"):
        kept = PROJECT / ".hypothesis" / name
        kept.mkdir(parents=True, exist_ok=True)
        (home / name).symlink_to(kept)
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(home))
    return home


@pytest.fixture
def plugins_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of pytest that a test starts imports no plugins of others: these take as long as all else together."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def pytester(pytester: pytest.Pytester, hypothesis_home: Path) -> pytest.Pytester:
    """Pytest's own; what is run in it has that folder."""
    return pytester


@pytest.fixture(autouse=True, scope="module")
def _modules_of_tests_forgotten(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a file of tests wrote and imported is gone after it: thousands would be looked through by all that follow."""
    yield
    below = f"{tmp_path_factory.getbasetemp()}{os.sep}"
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(below):
            del sys.modules[name]


@pytest.fixture(autouse=True, scope="module")
def _no_tracker_of_resources_left() -> Iterator[None]:
    """What makes a semaphore for other processes leaves a child behind, which virtual time would look at in all that follows."""
    yield
    tracker = getattr(sys.modules.get("multiprocessing.resource_tracker"), "_resource_tracker", None)
    if tracker is None or tracker._fd is None:
        return
    gc.collect()  # a semaphore that is let go of later would be removed twice, which its finalizer tells as an error
    if not sys.modules["multiprocessing.util"]._finalizer_registry:
        tracker._stop()


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs inside tests do not inherit the options, the run id or the colours of the run around them."""
    for name in ("PYTEST_ADDOPTS", "TRACEPARENT", "FORCE_COLOR", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    # A tool that is written twice within a second, at the same length, would be read from its old compiled form.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    # Each run inside a test would leave its server's thread behind, and virtual time looks at every thread.
    if "pytest_rerunfailures" in sys.modules:
        monkeypatch.setattr("pytest_rerunfailures.HAS_PYTEST_HANDLECRASHITEM", False)
    os.environ.pop("PYTEST_XDIST_TESTRUNUID", None)


@pytest.fixture(autouse=True)
def _machine_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What neighbours do to this machine's memory and processors while the tests run leaves no verdict of a test open."""
    monkeypatch.setattr("pytest_toolcheck.budgets.contention.Contention.begin", lambda self: None)
    monkeypatch.setattr("pytest_toolcheck.budgets.cores.Cores.begin", lambda self: None)
    monkeypatch.setattr("pytest_toolcheck.budgets.cores.Cores.slow_down", lambda self, spun_ns: 1.0)
