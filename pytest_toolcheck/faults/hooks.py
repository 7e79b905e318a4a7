"""The pytest side of faults: one that never fired fails the test's own call, as an assertion in it would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from .errors import FaultNeverFired
from .faults import Faults

_FAULTS: Final = pytest.StashKey[Faults]()
_JUDGED: Final = pytest.StashKey[int]()
"""How many of the faults had been injected when the test's call ended."""
_NAME: Final = "toolcheck-fault-hooks"


def follow(item: pytest.Item, faults: Faults) -> None:
    """Judge these faults when the test's call ends."""
    manager = item.config.pluginmanager
    if not manager.has_plugin(_NAME):
        manager.register(FaultHooks(), _NAME)
    item.stash[_FAULTS] = faults
    item.stash[_JUDGED] = -1


def assert_late_ones_fired(item: pytest.Item, faults: Faults) -> None:
    """Fail for each fault that was injected after the test's call, by another fixture's end. Raises FaultNeverFired."""
    __tracebackhide__ = True
    if (judged := item.stash[_JUDGED]) >= 0:
        faults.assert_all_fired(since=judged)


class FaultHooks:
    """Registered by the first test that has the fixture `faults`."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Fail a test whose own call was passed, and one of whose faults never fired."""
        __tracebackhide__ = True
        faults = item.stash.get(_FAULTS, None)
        if faults is None:
            return (yield)
        try:
            yield
        finally:
            item.stash[_JUDGED] = len(faults.injected)
        try:
            faults.assert_all_fired()
        except FaultNeverFired as never:
            problem = str(never)
        else:
            return None
        pytest.fail(problem, pytrace=False)
