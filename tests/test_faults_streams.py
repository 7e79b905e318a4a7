"""Faults on the wire: TCP connections, an MCP server's stdio, httpx clients; processes and disks."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import socketserver
import subprocess
import sys
import threading
import time

import httpx
import pytest

from pytest_toolcheck.events import bind
from pytest_toolcheck.faults import FaultError, Faults
from pytest_toolcheck.faults.flight import in_flight
from pytest_toolcheck.spec.model import McpTarget

from .specs import PLUGINS
from .targets_kit import SERVERS, call, spec_of


class Echo(socketserver.StreamRequestHandler):
    """Answers each line with itself in capitals."""

    def handle(self):
        with contextlib.suppress(OSError):
            for line in self.rfile:
                self.wfile.write(line.upper())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture(scope="module")
def echo():
    with Server(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"tcp:127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def log():
    return []


@pytest.fixture
def faults(log):
    made = Faults(lambda ev, /, **fields: log.append((ev, fields)))
    yield made
    made.heal()


def connected(fault):
    host, port = fault.address.split(":")
    connection = socket.create_connection((host, int(port)), timeout=5)
    return connection, connection.makefile("rwb")


def exchange(stream, line=b"hello\n"):
    stream.write(line)
    stream.flush()
    return stream.readline()


@pytest.mark.parametrize(
    ("schedule", "direction", "expected"),
    [
        ("truncate(3)", None, b"HEL"),
        ("truncate(3)", "request", b""),
        ("corrupt(1, seed=1)", None, None),
        ("duplicate", "response", b"HELLO\n"),
        ("noise('??')", None, b"??HELLO\n"),
        ("noise('abc ')", "request", b"ABC HELLO\n"),
        ("oversize(10B)", "response", b"HELLO\n"),
        ("slow_stream(1KiB)", None, b"HELLO\n"),
        ("delay(1ms)", None, b"HELLO\n"),
        ("disconnect(fin)", None, b""),
        ("disconnect(half)", "response", b""),
    ],
)
def test_bytes_are_spoiled_on_the_way(echo, faults, schedule, direction, expected):
    """Each kind does to the first exchange what it says, in the direction that was asked for; the next is whole."""
    fault = faults.inject(echo, f"1*{schedule}", direction=direction)
    connection, stream = connected(fault)
    with connection, stream:
        answer = exchange(stream)
        if expected is None:
            assert answer != b"HELLO\n"
            assert len(answer) == 6
        else:
            assert answer == expected
    fault.assert_fired(1)
    connection, stream = connected(fault)
    with connection, stream:
        assert exchange(stream) == b"HELLO\n"


def test_a_reset_is_a_reset(echo, faults):
    """`disconnect(rst)` ends in ConnectionResetError, not in an orderly end."""
    fault = faults.inject(echo, "1*off -> 1*disconnect(rst)")
    connection, stream = connected(fault)
    with connection:
        assert exchange(stream) == b"HELLO\n"
        with pytest.raises(ConnectionResetError):
            exchange(stream)


def test_what_is_lost_is_not_answered(echo, faults):
    """`drop` and `hang` leave the client waiting, for good."""
    for schedule in ("1*drop", "1*hang"):
        with faults.inject(echo, schedule) as fault:
            connection, stream = connected(fault)
            with connection:
                connection.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    exchange(stream)


def test_hits_are_exchanges_and_know_their_call(echo, faults, log):
    """On one connection each exchange is a hit; a firing bears the id of the only call under way."""
    fault = faults.inject(echo, "nth(2): noise('x')")
    connection, stream = connected(fault)
    with connection, stream, in_flight("rid-7", tool="order", sid="s1"):
        assert [exchange(stream) for _ in range(3)] == [b"HELLO\n", b"xHELLO\n", b"HELLO\n"]
    assert fault.hits == 3
    assert [(ev, fields["rid"], fields["sid"]) for ev, fields in log] == [("fault.injected", "rid-7", "s1")]


def test_a_dead_upstream_resets(faults):
    """Where nobody listens behind the proxy, the client's connection ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    connection, stream = connected(faults.inject(f"tcp:127.0.0.1:{port}", "hang", optional=True))
    with connection, contextlib.suppress(ConnectionError):
        assert exchange(stream) == b""


def mcp_session(fault):
    from pytest_toolcheck.targets import make_target

    return make_target(spec_of(McpTarget(command=fault.command)))


def test_stdio_between_client_and_server(faults, log):
    """Tool calls and their answers are hit, the handshake is not; errors, noise, duplicates and oversize arrive."""
    schedule = "1*off -> 1*error(-32000, 'try later') -> 1*noise -> 1*duplicate -> 1*oversize(100KiB) -> 1*delay(1ms)"
    fault = faults.inject([sys.executable, str(SERVERS / "odd_server.py")], schedule, tool="add", direction="response")
    target = mcp_session(fault)
    session = target.open()
    try:
        assert call(session, "echo", value=1).value == {"value": 1}
        outcomes = [call(session, "add", a=1, b=2) for _ in range(6)]
    finally:
        session.close()
        target.close()
    assert [outcome.kind for outcome in outcomes] == ["accepted", "crashed", *["accepted"] * 4]
    assert "try later" in outcomes[1].error.message
    fault.assert_fired(5)
    assert {fields["tool"] for _, fields in log} == {"add"}


def test_stdio_drops_and_disconnects(faults):
    """A dropped call gets no answer in time; a disconnect ends the server, and the session says so."""
    command = [sys.executable, str(SERVERS / "raw_server.py")]
    for schedule, kind in [("1*drop", "timed_out"), ("disconnect(fin)", "lost")]:
        with faults.inject(command, schedule) as fault:
            target = mcp_session(fault)
            session = target.open()
            try:
                assert call(session, "tool1", a=1, b=2, limit_s=0.3 if kind == "timed_out" else 10).kind == kind
            finally:
                session.close()
                target.close()


def app(request):
    return httpx.Response(200, json={"price": 3, "of": str(request.url.path)})


def test_httpx_clients_meet_faults(faults, log):
    """Statuses, exceptions, rate limits and lost answers, each for one request; afterwards the client is as before."""
    client = httpx.Client(transport=httpx.MockTransport(app), base_url="http://shop", timeout=0.01)
    fault = faults.inject(
        client, "1*error(503) -> 1*error(ConnectError) -> 1*rate_limit(7s) -> 1*hang -> disconnect(rst)"
    )
    with bind(rid="r1"):
        assert client.get("/a").status_code == 503
    with pytest.raises(httpx.ConnectError):
        client.get("/a")
    assert client.get("/a").headers["Retry-After"] == "7"
    with pytest.raises(httpx.ReadTimeout):
        client.get("/a")
    with pytest.raises(httpx.ReadError, match="reset"):
        client.get("/a")
    fault.assert_fired(5)
    assert log[0][1]["rid"] == "r1"
    faults.close()
    assert client.get("/a").json() == {"price": 3, "of": "/a"}


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("truncate(4)", b'{"pr'),
        ("corrupt(1)", None),
        ("oversize(9B)", b'{"price":3,"of":"/a"}' + b" " * 9),
        ("slow_stream(10MiB)", b'{"price":3,"of":"/a"}'),
    ],
)
def test_httpx_answers_are_spoiled(faults, schedule, expected):
    """The body is cut, changed, lengthened or slow, in synchronous and asynchronous clients."""
    client = httpx.Client(transport=httpx.MockTransport(app), base_url="http://shop")
    other = httpx.AsyncClient(transport=httpx.MockTransport(app), base_url="http://shop")
    faults.inject(client, schedule)
    faults.inject(other, schedule)

    async def get():
        async with other:
            return (await other.get("/a")).content

    plain = b'{"price":3,"of":"/a"}'
    for body in (client.get("/a").content, asyncio.run(get())):
        assert body == expected if expected is not None else (body != plain and len(body) == len(plain))


@pytest.mark.parametrize(
    ("schedule", "options", "message"),
    [
        ("truncate(4)", {"direction": "request"}, "does nothing to the request"),
        ("error(503)", {"direction": "response"}, "does nothing to the response"),
        ("hang", {"direction": "sideways"}, "expected 'request'"),
        ("reorder", {}, "makes no sense at an httpx client"),
        ("error(Nonesuch)", {}, "no such exception"),
    ],
)
def test_what_makes_no_sense_over_http_is_said(faults, schedule, options, message):
    """A kind in the wrong direction, or at the wrong point, is refused with what is possible."""
    with httpx.Client(transport=httpx.MockTransport(app)) as client, pytest.raises(FaultError, match=message):
        faults.inject(client, schedule, **options)


SLEEPER = [sys.executable, "-c", "import time\ntime.sleep(60)"]


def test_processes_are_killed_and_started_again(faults):
    """`kill` ends the process at once; `crash_restart` puts a new one with the same command in its place."""
    victim = subprocess.Popen(SLEEPER)
    faults.inject(victim, "kill").assert_fired(1)
    assert victim.wait(5) == -9
    victim = subprocess.Popen(SLEEPER)
    fault = faults.inject(victim, "2*crash_restart")
    second = fault.process
    assert victim.returncode == -9
    assert second.pid != victim.pid
    fault.fire()
    fault.assert_fired(2)
    third = fault.process
    assert third.args == SLEEPER
    faults.heal()
    assert third.returncode == -9
    with pytest.raises(FaultError, match="has ended already"):
        faults.inject(victim, "kill")


def test_a_paused_process_goes_on(faults):
    """`pause` stops a process, and healing lets it go on."""
    import psutil

    with subprocess.Popen(SLEEPER) as victim:
        fault = faults.inject(victim, "pause(60s)")
        seen = psutil.Process(victim.pid)
        while seen.status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)
        fault.heal()
        while seen.status() == psutil.STATUS_STOPPED:
            time.sleep(0.001)
        victim.kill()


def test_a_full_disk(faults, tmp_path):
    """Files under the folder refuse what is written with ENOSPC; others, and reading, are left alone."""
    folder, other = tmp_path / "full", tmp_path / "free"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    fault = faults.inject(folder, "1*off -> 2*disk_full")
    (folder / "first.txt").write_text("fits")
    for _ in range(2):
        with pytest.raises(OSError, match="No space left") as caught:
            (folder / "second.txt").write_text("does not fit")
        assert caught.value.errno == errno.ENOSPC
    (folder / "third.txt").write_text("fits again")
    other.write_text("free")
    assert (folder / "old.txt").read_text() == "old"
    fault.assert_fired(2)
    real = open
    faults.heal()
    assert open is not real


def test_a_proxy_ends_without_a_word(echo, faults, caplog):
    """Connections that are open when the fault is healed are no error for asyncio to log; there is no port 99999."""
    fault = faults.inject(echo, "1*hang")
    connection, _stream = connected(fault)
    with connection:
        connection.sendall(b"hello\n")
        while not fault.fired:
            time.sleep(0.001)
        faults.heal()
    assert caplog.records == []
    with pytest.raises(FaultError, match="there is no port 99999"):
        faults.inject("tcp:127.0.0.1:99999", "hang")
    with pytest.raises(FaultError, match="'tcp:localhost' names no host and port: expected 'tcp:host:port'"):
        faults.inject("tcp:localhost", "hang")


def test_a_wire_fault_names_the_call_of_the_fixture_tool(pytester, echo):
    """The proxy's thread has no context: the call that the fixture `tool` has under way is the one that was hit."""
    pytester.makepyfile(
        asker="""
        import os, socket

        def ask() -> str:
            host, port = os.environ["ECHO"].split(":")
            with socket.create_connection((host, int(port)), timeout=5) as connection:
                connection.sendall(b"x\\n")
                return connection.recv(20).decode()
        """,
        test_it=f"""
        import pytest

        @pytest.mark.tool_spec("asker.tool.yaml", tool="ask")
        def test_noise(tool, faults, monkeypatch):
            fault = faults.inject({echo!r}, "noise", tool="ask")
            monkeypatch.setenv("ECHO", fault.address)
            assert tool() == "noiseX\\n"
            assert fault.firings[0].rid
        """,
    )
    pytester.path.joinpath("asker.tool.yaml").write_text("toolcheck: 1\ntarget: {python: asker.py}\n")
    pytester.runpytest_inprocess(*PLUGINS, "test_it.py").assert_outcomes(passed=1)
