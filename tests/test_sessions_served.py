"""Servers whose sessions are connections: held to their promises in real time, beside the connection that a file's tests share."""

from __future__ import annotations

import pytest

from .specs import PLUGINS

SERVICE = """
import asyncio, json, sys
import websockets

LIVE, MODE = set(), sys.argv[2]

async def serve(connection):
    if len(LIVE) >= 3:
        await connection.close(1013, "limit of 3 sessions")
        return
    LIVE.add(connection)
    try:
        while True:
            try:
                asked = json.loads(await asyncio.wait_for(connection.recv(), 0.15 if MODE == "early" else 0.4))
            except TimeoutError:
                await connection.close(4000, "idle")
                return
            await connection.send(json.dumps({"id": asked["id"], "result": 2 * asked["input"]["n"]}))
    except websockets.ConnectionClosed:
        pass
    finally:
        LIVE.discard(connection)

async def main():
    async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1])):
        await asyncio.Future()

asyncio.run(main())
"""
SPEC = """
toolcheck: 1
target:
  websocket:
    url: "ws://127.0.0.1:PORT"
    start: [python, service.py, "PORT", MODE]
    request: {id: "{id}", tool: "{tool}", input: "{input}"}
defaults: {variations: {categories: [example]}}
tools:
  double:
    input: {type: object, properties: {n: {type: integer}}, required: [n]}
    examples: [{input: {n: 2}, expect: {equals: 4}}]
    sessions: {concurrent: 3, calls: 2, limit: 3, idle_timeout: 400ms}
"""


def outcome_of(pytester, free_port, mode, *, only=""):
    pytester.makepyfile(service=SERVICE)
    pytester.makefile(".tool.yaml", served=SPEC.replace("PORT", str(free_port)).replace("MODE", mode))
    return pytester.runpytest_inprocess(*PLUGINS, "-q", "-rs", "--toolcheck-log=off", "-k", only)


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_service_that_keeps_its_promises_is_not_accused(pytester, free_port):
    """The connection that other tests share takes no place when the limit is shown, and is opened anew when it may have expired."""
    result = outcome_of(pytester, free_port, "good")
    outcomes = result.parseoutcomes()
    assert "failed" not in outcomes, result.stdout.str()
    assert outcomes["passed"] >= 8


def test_a_service_that_ends_sessions_early_is_found(pytester, free_port):
    """A call well before the end of the idle time is to be accepted."""
    result = outcome_of(pytester, free_port, "early", only="less")
    result.stdout.fnmatch_lines(["*a call after 0.?? s of idleness was refused: *"])
