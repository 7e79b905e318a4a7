"""A server that looks around ten times a second whether it should end does not slow virtual time down, and stays exact."""

from __future__ import annotations

import asyncio
import http.client
import socket
import socketserver
import threading
import time
from contextlib import contextmanager

import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.clock.errors import VirtualDeadlock
from pytest_toolcheck.clock.onlookers import Onlooker
from pytest_toolcheck.clock.session import new_clock

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


def test_a_server_is_told_to_end_before_a_limit_of_who_waits_for_it(server):
    """Once it is asked to end, its next look is an instant like any other: `join(5)` waits for no more than that."""
    [thread] = [thread for thread in threading.enumerate() if thread.name != "MainThread" and thread.daemon][-1:]
    with virtual_time() as clock:
        time.sleep(1)
        server.should_exit = True
        thread.join(5)
        assert not thread.is_alive()
        assert clock.now < 2


def test_a_server_in_the_loop_of_the_test_ends_in_time():
    """What it does after its last look, such as waiting for its connections, is no look."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error", lifespan="off"))

    async def serve():
        task = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        server.should_exit = True
        await asyncio.wait_for(task, 6000)

    with virtual_time() as clock:
        asyncio.run(serve())
        assert clock.now < 1


def test_a_deadlock_beside_an_idle_server_is_told():
    """Its looks wake nobody: after so many of them, that is said."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error", loop="asyncio", lifespan="off"))
    thread = threading.Thread(target=server.run)
    clock = new_clock()

    def wait_for_nothing():
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            threading.Event().wait()
        finally:
            server.should_exit = True
            thread.join()

    with pytest.raises(VirtualDeadlock, match="servers that look whether they should end"), virtual_time(clock):
        wait_for_nothing()
    assert clock.now < 150
    assert not thread.is_alive()


class Ticking(socketserver.TCPServer):
    """A server that does something in each of its turns."""

    turns = 0

    def service_actions(self):
        self.turns += 1


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline()
        time.sleep(5)
        self.wfile.write(line)


@contextmanager
def serving(kind):
    with kind(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("kind", [socketserver.TCPServer, socketserver.ThreadingTCPServer])
def test_serve_forever_costs_no_time(kind):
    """Neither the hour beside it, nor its end; its clients are served at once."""
    with virtual_time() as clock:
        with serving(kind) as server, socket.create_connection(server.server_address, timeout=60) as client:
            time.sleep(3600)
            client.sendall(b"hello\n")
            assert client.recv(9) == b"hello\n"
        assert clock.now == 3605
        assert clock.jumps < 10


def test_serve_forever_has_each_of_its_turns_where_they_do_something():
    """Twice a second, as long as the test sleeps."""
    with virtual_time(), serving(Ticking) as server:
        time.sleep(10.1)
        assert server.turns == 20


def test_a_deadlock_beside_serve_forever_is_told_at_once():
    """It waits for clients alone, and none is left that could come."""
    clock = new_clock()
    with (
        pytest.raises(VirtualDeadlock, match="no timer, ready task"),
        virtual_time(clock),
        serving(socketserver.TCPServer),
    ):
        threading.Event().wait()
    assert clock.now == 0
