"""Hooks that other plugins may implement to extend pytest-toolcheck.

Implement them in a `conftest.py` or a plugin like any pytest hook. What a hook returns is checked before it is used;
a wrong answer ends the collection with an error that names the plugin's hook.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .cases.formats import StringFormat
    from .cases.model import Case
    from .checks.base import Evidence, Finding
    from .faults.kinds import CallFault
    from .scenario import Scenario, ToolPlan
    from .spec.model import Spec
    from .targets.base import Target


@pytest.hookspec
def pytest_toolcheck_cases(plan: ToolPlan, cases: list[Case]) -> None:
    """Called at collection with the generated cases of one tool; change the list in place to add or drop cases.

    .. versionadded:: 0.1
    """


@pytest.hookspec
def pytest_toolcheck_scenarios(plan: ToolPlan) -> Iterable[Scenario] | None:
    """Called at collection for each tool; return further tests of it (a new variation category, for instance).

    .. versionadded:: 0.1
    """


@pytest.hookspec
def pytest_toolcheck_checks() -> dict[str, Callable[[Evidence], Finding | None]] | None:
    """Called at collection for each tool; return further checks by name: each judges one outcome of one case.

    .. versionadded:: 0.1
    """


@pytest.hookspec
def pytest_toolcheck_targets() -> dict[str, Callable[[Spec], Target]] | None:
    """Called once a run, before the first spec is read; return further kinds of targets: name and maker.

    A spec then says `target: {NAME: …}`; the maker finds what stands there in `spec.target.value`.

    .. versionadded:: 0.1
    """


@pytest.hookspec
def pytest_toolcheck_formats() -> dict[str, StringFormat] | None:
    """Called once a run, before the first spec is read; return further string formats by name.

    .. versionadded:: 0.1
    """


@pytest.hookspec
def pytest_toolcheck_fault_kinds() -> dict[str, CallFault] | None:
    """Called once a run, before the first spec is read or with the fixture `faults`; return further kinds of faults.

    .. versionadded:: 0.1
    """


@pytest.hookspec
def pytest_toolcheck_report(config: pytest.Config, run_directory: Path) -> None:
    """Called when a run of ours has ended, in the main process; `events.read_events(run_directory)` tells its course.

    .. versionadded:: 0.1
    """


@pytest.hookspec
def pytest_toolcheck_breaker_adapters() -> Iterable[Any] | None:
    """Called when the fixture `breakers` is set up; return further breaker adapters.

    .. versionadded:: 0.1
    """
