"""The tools that live rules are tried on. One does about a millisecond of reading and writing JSON, as tools do.

Not of arithmetic: a loop that makes numbers costs up to 9 % more or less by where its process has room for them, so it has no true
cost that another process, or the same one a minute later, could be held to.
"""

from __future__ import annotations

import json
import time

KNOWN_NS = 1_000_000
ORDERS = [{"id": number, "name": f"n{number}", "prices": [1.5, 2.5, 3.5], "open": True} for number in range(300)]


def work() -> str:
    return json.dumps(json.loads(json.dumps(ORDERS)))


def spend() -> None:
    """Compute for `KNOWN_NS` by this thread's own clock, however fast the machine is just now: no one need ask what it costs."""
    end = time.thread_time_ns() + KNOWN_NS
    while time.thread_time_ns() < end:
        pass
