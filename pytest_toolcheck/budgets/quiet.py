"""Under xdist no test begins while another worker measures for long: what keeps a budget open that long is noise.

Most budgets are decided in a moment, and nobody waits for those; the test that a worker is at goes on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

from ..runtime import runtime_of
from .lock import MeasuringLock, measuring_lock

LONG_S = 0.5
PATIENCE_S = 60.0
"""How long a test waits at most."""
_LOOK_S = 0.02


class QuietForOthers:
    """Holds this worker's next test back while another worker's measurement takes longer than `LONG_S`."""

    def __init__(self, lock: MeasuringLock, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._lock, self._sleep = lock, sleep

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Wait before anything of the test begins, the time that it may take included."""
        self.wait()
        return (yield)

    def wait(self) -> None:
        """Return once nobody has been measuring for long, and after `PATIENCE_S` in any case."""
        for _ in range(round(PATIENCE_S / _LOOK_S)):
            if not self._is_wanted():
                return
            self._sleep(_LOOK_S)

    def _is_wanted(self) -> bool:
        try:
            began = os.stat(self._lock.path).st_mtime
        except OSError:  # nobody has measured yet
            return False
        return time.time() - began > LONG_S and self._lock.is_held_elsewhere()


def keep_quiet(session: pytest.Session) -> None:
    """Hold the tests of this worker back for what others measure."""
    lock = measuring_lock(runtime_of(session.config).run_directory)
    session.config.pluginmanager.register(QuietForOthers(lock), "toolcheck-quiet")
