"""The pytest plugin: options, markers, fixtures and hooks, each one call into a room.

Nothing heavy is imported here, and no hook below does work for a test that is not ours; the hooks that follow the
course of every test (`eventlog.LogHooks`) are registered when the first thing of ours is met.

PYTEST_DONT_REWRITE (no asserts here, and rewriting costs every run of pytest)
"""

from __future__ import annotations

import sys
from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .fixtures import *  # noqa: F403 - pytest finds fixtures by the names in this module
from .markers import BUDGET_MARKERS, declare_markers, used_by, uses_budget
from .settings import add_options, read_settings
from .stash import existing_runtime, settings_key

if TYPE_CHECKING:
    from .collect import SpecFile

_NAMES = frozenset({"toolcheck", __name__})
SPEC_SUFFIXES = (".tool.yaml", ".tool.yml")


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from . import newhooks

    pluginmanager.add_hookspecs(newhooks)
    _answer_to_one_name(pluginmanager)


def _answer_to_one_name(pluginmanager: pytest.PytestPluginManager) -> None:
    """Take the plugin's other name too: asked for by both (`-p pytest_toolcheck.plugin` beside autoload) it is loaded once."""
    for name in _NAMES - {pluginmanager.get_name(sys.modules[__name__])}:
        if not pluginmanager.has_plugin(name):
            pluginmanager.register(object(), name)


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
    from .runtime import runtime_of

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
        from .runtime import runtime_of

        parametrize(metafunc, marker, runtime_of(metafunc.config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if (span := sys.modules.get("pytest_toolcheck.behaviour.span")) is not None:
        span.after_cases(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    span = sys.modules.get("pytest_toolcheck.behaviour.span")
    if span is not None and not hasattr(session.config, "workerinput"):
        span.note_followed(session.items)
    used = used_by(session.items)
    if used:
        from .rooms import register_rooms

        _follow_tests(session.config)
        register_rooms(session, used)
    if hasattr(session.config, "workerinput") and _has_budgets(session, used):
        from .budgets.quiet import keep_quiet

        keep_quiet(session)


def _has_budgets(session: pytest.Session, used: Set[str]) -> bool:
    is_in_specs = "pytest_toolcheck.budgets.scenarios" in sys.modules
    return is_in_specs or bool(used & BUDGET_MARKERS) or any(map(uses_budget, session.items))


def _follow_tests(config: pytest.Config) -> None:
    from .eventlog import follow_tests

    follow_tests(config)


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str | None:
    runtime = existing_runtime(config)
    if runtime is None or config.get_verbosity() < 0:
        return None
    from .report.terminal import header

    return header(runtime, items)


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
