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
    from .cases.model import Case
    from .checks.base import Finding
    from .scenario import Scenario, ToolPlan
    from .targets.base import Outcome


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
def pytest_toolcheck_checks() -> dict[str, Callable[[ToolPlan, Case, Outcome], Finding | None]] | None:
    """Called once a run; return further checks by name: each judges one outcome of one case.

    .. versionadded:: 0.1
    """


@pytest.hookspec
def pytest_toolcheck_breaker_adapters() -> Iterable[Any] | None:
    """Called when the fixture `breakers` is set up; return further breaker adapters.

    .. versionadded:: 0.1
    """
