"""The pytest plugin: options, markers, fixtures and hooks, each one call into a room.

Nothing heavy is imported here, and no hook below does work for a test that is not ours; the hooks that follow the
course of every test (`eventlog.LogHooks`) are registered when the first thing of ours is met.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .fixtures import *  # noqa: F403 - pytest finds fixtures by the names in this module
from .markers import declare_markers, used_by
from .rooms import register_rooms
from .runtime import existing_runtime, runtime_of, settings_key
from .settings import add_options, read_settings

if TYPE_CHECKING:
    from .collect import SpecFile

SPEC_SUFFIXES = (".tool.yaml", ".tool.yml")


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from . import newhooks

    pluginmanager.add_hookspecs(newhooks)


def pytest_configure(config: pytest.Config) -> None:
    try:
        config.stash[settings_key] = read_settings(config)
    except ValueError as error:  # errors.SettingsError
        raise pytest.UsageError(str(error)) from None
    declare_markers(config)
    if config.stash[settings_key].log_asked_for:
        _follow_tests(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist which run it belongs to."""
    runtime = runtime_of(node.config)
    node.workerinput["toolcheck_run"] = runtime.run
    node.workerinput["toolcheck_directory"] = str(runtime.directory.absolute())


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SpecFile | None:
    if not file_path.name.endswith(SPEC_SUFFIXES):
        return None
    from .collect import SpecFile

    _follow_tests(parent.config)
    return SpecFile.from_parent(parent, path=file_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("tool_spec")
    if marker is not None:
        from .handwritten import parametrize

        parametrize(metafunc, marker, runtime_of(metafunc.config))


def pytest_collection_finish(session: pytest.Session) -> None:
    used = used_by(session.items)
    if used:
        _follow_tests(session.config)
        register_rooms(session.config, used)


def _follow_tests(config: pytest.Config) -> None:
    from .eventlog import follow_tests

    follow_tests(config)


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str | None:
    if existing_runtime(config) is None or config.get_verbosity() < 0:
        return None
    from .report.terminal import header

    return header(runtime_of(config), items)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if existing_runtime(session.config) is not None:
        from .eventlog import finish

        finish(session, int(exitstatus))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    runtime = existing_runtime(terminalreporter.config)
    if runtime is not None:
        from .report.terminal import write_summary

        write_summary(terminalreporter, runtime)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    runtime = existing_runtime(config)
    if runtime is not None:
        runtime.close()
