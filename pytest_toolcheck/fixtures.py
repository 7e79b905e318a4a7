"""The fixtures. Each is a function `_name` with `name="name"`, so that a forgotten argument fails loudly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .clock.hooks import _virtual_clock

if TYPE_CHECKING:
    from .events import EventLog

__all__ = ["_event_log", "_virtual_clock"]


@pytest.fixture(name="event_log")
def _event_log(request: pytest.FixtureRequest) -> EventLog:
    """The run's event log: `event_log.emit("case.progress", attrs={"step": 1})`.

    An event whose `emit` returned is on disk; `emit` never raises. Every event bears the running test's id.

    .. versionadded:: 0.1
    """
    from .eventlog import follow_tests

    return follow_tests(request.config, current=request.node).log
