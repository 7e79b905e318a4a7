"""The thread that owns all connections to servers: it lives as long as the process, and is nobody's in virtual time."""

from __future__ import annotations

import asyncio
import time

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.targets.owner import shared_owner


def test_an_owner_whose_thread_has_ended_is_replaced() -> None:
    """Whatever ended it: the next connection opens all the same."""
    owner = shared_owner()
    assert shared_owner() is owner
    owner.stop()
    assert not owner.is_running()
    assert shared_owner().submit(asyncio.sleep(0, "done")).result(30) == "done"


def test_virtual_time_wakes_no_owner_that_is_asked_nothing() -> None:
    """It is older than the test and waits for work; once it is asked, it takes part as any loop."""
    loop = shared_owner().loop
    shared_owner().submit(asyncio.sleep(0)).result(30)
    with virtual_time() as clock:
        time.sleep(60)
        assert type(loop._selector).__name__ != "VirtualSelector"  # type: ignore[attr-defined]
        asked = shared_owner().submit(asyncio.sleep(5, "slept"))
        assert asked.result(30) == "slept"
        assert clock.now == 65
