"""Behaviour of services that the spec starts: what only a server with nothing called before shows."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from pytest_toolcheck.errors import TargetError
from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.spec.model import Spec
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets._second import of_worker, second_of

from .behaviour_lab import findings_of
from .test_targets_http import free_port

SERVER = """
import json, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

cache = {}
calls = 0
called = threading.Condition()

def half_key(word, upper):
    return cache.setdefault(("half", word), word.upper() if upper else word)

def whole_key(word, upper):
    return cache.setdefault(("whole", word, upper), word.upper() if upper else word)

def as_hashed(word, upper):
    return list({word, upper, "red", "green", "blue", "cyan", "black"})

def as_sorted(word, upper):
    return sorted({word, str(upper), "red", "green", "blue", "cyan", "black"})

def shared(word, upper):
    global calls
    cache["word"] = word
    with called:
        calls += 1
        called.notify_all()
        before = calls
        if threading.active_count() > 2:  # beside other connections the next call is waited for, however busy the machine
            called.wait_for(lambda: calls > before, timeout=0.1)
    return {"said": word.upper() if upper else word, "word": cache["word"]}

def own(word, upper):
    time.sleep(0.002)
    return {"said": word.upper() if upper else word, "word": word}

class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = json.dumps({"answer": globals()[self.path[1:]](**given)}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *said):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
"""
TOOL = """
  NAME:
    call: POST /NAME
    annotations: {deterministic: true}
    input: {type: object, properties: {word: {type: string, maxLength: 5}, upper: {type: boolean}},
            required: [word, upper], additionalProperties: false}
"""


def spec_of(port: int, start: str, *tools: str) -> str:
    """Return the spec of the service's tools, started by a command."""
    target = f"target: {{http: {{url: 'http://127.0.0.1:{port}', start: [{start}]}}}}\n"
    return target + "tools:" + "".join(TOOL.replace("NAME", name) for name in tools)


def _loaded(folder: Path, port: int, start: str) -> Spec:
    path = folder / "a.tool.yaml"
    path.write_text("toolcheck: 1\n" + spec_of(port, start, "half_key"), encoding="utf-8")
    return load_spec(path)


def test_a_service_is_asked_anew_what_it_answered_before(tmp_path: Path) -> None:
    """A cache keyed by half of the arguments and the order of a set show in a second server; their twins are not accused."""
    port = free_port()
    tools = "half_key", "whole_key", "as_hashed", "as_sorted"
    found = findings_of(tmp_path, SERVER, spec_of(port, f"'{sys.executable}', MODULE.py, '{port}'", *tools))
    assert [finding.partition(":")[0] for finding in found] == ["half_key", "as_hashed"]
    assert all("called in a server that was started anew with" in finding for finding in found)


def test_what_only_answers_is_asked_side_by_side(tmp_path: Path) -> None:
    """A variable that all requests share shows in a tool that promises to be deterministic; its twin is not accused."""
    port = free_port()
    spec = spec_of(port, f"'{sys.executable}', MODULE.py, '{port}'", "shared", "own")
    found = findings_of(
        tmp_path, SERVER, spec.replace("    input:", "    variations: {categories: [concurrent]}\n    input:")
    )
    [told] = found
    assert told.startswith("shared: isolated: shared is not isolated: 8 calls at once are answered differently")


SOCKETS = """
import asyncio, json, sys
from websockets.asyncio.server import serve

last = {}

async def answer(socket):
    own = {}
    async for text in socket:
        message = json.loads(text)
        kept = last if message["method"] == "shared" else own
        kept["word"] = message["params"]["word"]
        await asyncio.sleep(0.002)
        await socket.send(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"said": kept["word"]}}))

async def main():
    async with serve(answer, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()

asyncio.run(main())
"""


def test_connections_that_are_answered_in_turn_are_several(tmp_path: Path) -> None:
    """What a WebSocket service keeps for all of its connections shows between two of them; what is a connection's own does not."""
    port = free_port()
    start = f"'{sys.executable}', MODULE.py, '{port}'"
    spec = (
        spec_of(port, start, "shared", "own")
        .replace("{http: {url: 'http:", "{websocket: {url: 'ws:")
        .replace("call: POST /", "call: ")
    )
    found = findings_of(
        tmp_path, SOCKETS, spec.replace("    input:", "    variations: {categories: [concurrent]}\n    input:")
    )
    [told] = found
    assert told.startswith("shared: isolated: shared is not isolated: 8 calls at once are answered differently")


def test_each_worker_starts_its_server_on_a_port_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `-n 2` the port of the spec is the first worker's; where the command does not name it, the error says what to do."""
    tools = f"'{sys.executable}', MODULE.py, 'PORT'", "half_key"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
        found = findings_of(tmp_path, SERVER, spec_of(port, tools[0].replace("PORT", str(port)), *tools[1:]))
        assert [finding.partition(":")[0] for finding in found] == ["half_key"]
        monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
        with pytest.raises(
            TargetError, match=r"something already listens on .*\n.*\n.*name the port in `start`.*--dist loadfile"
        ):
            make_target(of_worker(_loaded(tmp_path, port, "serve"))).open()


@pytest.mark.parametrize(
    ("start", "renamed"),
    [
        ("serve, '--port=8123', '18123'", ("serve", "--port=PORT", "18123")),
        ("sh, '-c', 'PORT=8123 exec serve'", ("sh", "-c", "PORT=PORT exec serve")),
        ("serve", None),
    ],
)
def test_a_second_server_listens_elsewhere(start: str, renamed: tuple[str, ...] | None, tmp_path: Path) -> None:
    """The port is replaced where the command names it as a whole number; where it does not, there is no second server."""
    second = second_of(_loaded(tmp_path, 8123, start))
    if renamed is None:
        assert second is None
    else:
        port = second.target.url.rpartition(":")[2]
        assert port != "8123"
        assert second.target.start == tuple(
            word.replace("PORT=PORT", f"PORT={port}").replace("=PORT", f"={port}") for word in renamed
        )
