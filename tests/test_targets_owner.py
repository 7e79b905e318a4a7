"""The thread that owns all connections to servers: it lives as long as the process, and is nobody's in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from pytest_toolcheck import server as server_module
from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.server import TargetServer
from pytest_toolcheck.spec.model import McpTarget
from pytest_toolcheck.targets.owner import Connection, shared_owner

from .targets_kit import spec_of


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


def test_connections_end_beside_each_other() -> None:
    """Of two clients that each take their time to end, both have begun to when the first is waited for."""
    both_end = asyncio.Barrier(2)

    @contextlib.asynccontextmanager
    async def client() -> AsyncIterator[str]:
        yield "client"
        await both_end.wait()

    connections = [Connection(client, owner=shared_owner()) for _ in range(2)]
    assert [connection.open(limit_s=30) for connection in connections] == ["client"] * 2
    for connection in connections:
        connection.leave()
    for connection in connections:
        connection.close(limit_s=30)
        assert connection._ended is not None
        assert connection._ended.done()


def test_all_sessions_of_a_file_begin_to_end_before_one_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of a run the servers of the file's session and of its spare one take their time together."""
    done: list[str] = []

    class FakeSession:
        id = "fake"

        def is_alive(self) -> bool:
            return True

        def leave(self) -> None:
            done.append("leave")

        def close(self) -> None:
            done.append("close")

    target = SimpleNamespace(kind="mcp", open=FakeSession, close=lambda: None)
    monkeypatch.setattr(server_module, "make_target", lambda _spec: target)
    run = SimpleNamespace(log=SimpleNamespace(emit=lambda *_, **__: None))
    server = TargetServer(spec_of(McpTarget(command=("none",))), run)  # type: ignore[arg-type]
    assert server.session is not server.spare()
    server.close()
    assert done == ["leave", "leave", "close", "close"]
