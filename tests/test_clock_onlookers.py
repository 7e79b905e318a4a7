"""A server that looks around ten times a second whether it should end does not slow virtual time down, and stays exact."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time

import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.clock.onlookers import Onlooker

uvicorn = pytest.importorskip("uvicorn")


async def application(scope, receive, send):
    if scope["type"] == "http":
        if scope["path"] == "/slow":
            await asyncio.sleep(5)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(name="server")
def _server():
    config = uvicorn.Config(
        application, port=0, log_level="error", loop="asyncio", lifespan="off", timeout_keep_alive=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.001)
    yield server
    server.should_exit = True
    thread.join(10)


def get(server, path):
    port = server.servers[0].sockets[0].getsockname()[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"connection": "close"})
    answer = connection.getresponse().read()
    connection.close()
    return answer


def test_an_hour_beside_an_idle_server_is_not_a_jump_for_each_of_its_looks(server):
    """Of 36,000 looks only those at the test's own instants are made; what the server itself waits for is exact."""
    with virtual_time() as clock:
        for _ in range(360):
            time.sleep(10)
        assert clock.now == 3600
        assert clock.jumps < 1500
        assert get(server, "/slow") == b"ok"
        assert 3605 <= clock.now < 3605.2
        assert get(server, "/") == b"ok"


def test_a_server_ends_while_nobody_waits_for_an_instant(server):
    """Where a test only waits for its end, the looks are all that moves the clock."""
    [thread] = [thread for thread in threading.enumerate() if thread.name != "MainThread" and thread.daemon][-1:]
    with virtual_time() as clock:
        time.sleep(1)
        server.should_exit = True
        thread.join()
        assert not thread.is_alive()
        assert clock.now < 2


def test_a_server_with_a_callback_has_each_of_its_looks(server):
    """uvicorn may be asked to call back now and then: then its looks do something."""

    async def main_loop(seen):
        watched = uvicorn.Server(uvicorn.Config(application, callback_notify=seen))
        task = asyncio.ensure_future(watched.main_loop())
        await asyncio.sleep(0)
        timer = asyncio.get_running_loop()._scheduled[0]
        found = Onlooker(asyncio.get_running_loop()).waits_by(timer)
        task.cancel()
        return found

    async def notified():
        pass

    assert asyncio.run(main_loop(None))
    assert not asyncio.run(main_loop(notified))
