"""The pytest side of virtual time: the marker `virtual_time` and the fixture `virtual_clock`.

Loading this module costs nothing; the clock itself is imported by the first test that asks for it.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .virtual import VirtualClock

MARKER_LINE = (
    "virtual_time(*, max_real_wait='5s', start=None): run the test in virtual time: sleeping and timeouts take no real "
    "time, and time.*, datetime, event loops and threads share one exact clock; start sets the wall clock (ISO 8601)."
)
CLOCK = pytest.StashKey["VirtualClock"]()
MOST_REAL_S = 300
"""A test in virtual time that takes longer in real time waits for something that virtual time does not see, and never comes."""
_LIMIT = "PYTEST_TIMEOUT"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER_LINE)


def is_virtual(item: pytest.Item) -> bool:
    """Tell whether a test is put into virtual time here: by its marker or by its fixture.

    One with the marker `interleave` is put there by `interleave_hooks`, once for all its runs.
    """
    if item.get_closest_marker("interleave") is not None:
        return False
    return item.get_closest_marker("virtual_time") is not None or "virtual_clock" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Bound a test's real time, right before pytest-timeout looks how long it may take."""
    if is_virtual(item):
        bound_real_time(item)
    return (yield)


def bound_real_time(item: pytest.Item) -> None:
    """Give a test in virtual time a limit in real time, unless it has one."""
    if not _is_bounded(item):
        item.add_marker(pytest.mark.timeout(MOST_REAL_S))


def _is_bounded(item: pytest.Item) -> bool:
    config = item.config
    if not config.pluginmanager.hasplugin("timeout") or item.get_closest_marker("timeout") is not None:
        return True
    return config.getoption("timeout", None) is not None or bool(config.getini("timeout") or os.environ.get(_LIMIT))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Let the test's own call, and nothing around it, happen in virtual time."""
    __tracebackhide__ = True
    if not is_virtual(item):
        return (yield)
    from .plugin import run_virtually

    with run_virtually(item):
        return (yield)


@pytest.fixture(name="virtual_clock")
def _virtual_clock(request: pytest.FixtureRequest) -> VirtualClock:
    """The test's virtual clock: `advance("60s")`, `advance_past`, `step_wall("-1h")`, `now`, `jumps`, `sleeps`."""
    from .plugin import clock_of

    return clock_of(request.node)
