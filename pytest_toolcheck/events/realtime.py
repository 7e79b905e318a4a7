"""The real time, also while a test travels: time-machine's own way around itself.

time-machine swaps the C functions behind `time.time`, `time.time_ns` and `time.clock_gettime(CLOCK_REALTIME)`, so a
function captured early is no way out; `time_machine.escape_hatch` is the documented one. It answers only while a
journey lasts, and another thread may start or end one at any moment: hence the second look.
"""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable

from time_machine import escape_hatch

_is_travelling = escape_hatch.is_travelling
_journey_time_ns = escape_hatch.time.time_ns


# A default argument, for freezegun replaces the names of modules.
def real_time_us(time_ns: Callable[[], int] = time.time_ns) -> int:
    """Return the real time in whole µs since the epoch, whatever clock the tests see."""
    if not _is_travelling():
        now = time_ns()
        if not _is_travelling():
            return now // 1000
    try:
        return _journey_time_ns() // 1000
    except ValueError:  # the journey has just ended
        return time_ns() // 1000


def new_run_id() -> str:
    """Return an id that sorts by time: `20261123T234501-1f0c9a` (UTC)."""
    now = datetime.datetime.fromtimestamp(real_time_us() / 1_000_000, datetime.UTC)
    return f"{now:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
