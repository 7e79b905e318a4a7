"""MCP servers that fail before the first call: what they sent, or how they ended, is told at once."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from pytest_toolcheck.errors import TargetError
from pytest_toolcheck.spec.model import McpTarget
from pytest_toolcheck.targets import make_target

from .targets_kit import spec_of

WELCOME = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "x", "version": "1"},
}

SERVER = f"""
import json, os, sys, time
say = lambda **members: print(json.dumps(members), flush=True)
ask = lambda: json.loads(sys.stdin.readline())
def welcome(): say(jsonrpc="2.0", id=ask()["id"], result={WELCOME!r}); ask(); return ask()
"""


@pytest.fixture
def failure(tmp_path):
    """A function that returns the lines that tell why a server, of which `line` is the last, offers no tools."""

    def tell(line: str) -> list[str]:
        file = tmp_path / "server.py"
        file.write_text(SERVER + line)
        target = make_target(spec_of(McpTarget(command=(sys.executable, str(file)))))
        try:
            with pytest.raises(TargetError) as caught:
                target.describe()
        finally:
            target.close()
        return str(caught.value).splitlines()

    return tell


WAIT = "; sys.stdin.read()"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ask(); say(jsonrpc='2.0', id=1)" + WAIT, 'no JSON-RPC response to it: {"jsonrpc": "2.0", "id": 1}: `'),
        ("ask(); say(id=1, result={})" + WAIT, 'no JSON-RPC response to it: {"id": 1, "result": {}}: `'),
        ("ask(); say(jsonrpc='2.0', id=99, result={})" + WAIT, '{"jsonrpc": "2.0", "id": 99, "result": {}}: `'),
        (
            "say(jsonrpc='2.0', id=ask()['id'], result={'serverInfo': 5, 'capabilities': {}, 'protocolVersion': '1'})"
            + WAIT,
            "breaks the protocol: serverInfo: Input should be a valid dictionary or instance of Implementation, found 5: `",
        ),
        (
            "say(jsonrpc='2.0', id=ask()['id'], error={'code': -32603, 'message': 'no licence'})" + WAIT,
            "`initialize` was answered by an error: no licence (-32603): `",
        ),
        ("ask(); os.close(1); time.sleep(60)", "it closed its stdout before it answered `initialize`: `"),
    ],
)
def test_a_wrong_answer_to_initialize_is_shown(failure, line, told):
    """Nobody waits for thirty seconds for another one."""
    first, *_, last = failure(line)
    assert first.startswith("the MCP server did not start: ")
    assert told in first
    assert last == "Check `command`, `cwd`, `env` in any.tool.yaml."


def test_lines_of_a_log_and_unknown_messages_are_no_answers(failure):
    """JSON that a server logs to its stdout, a notification in a form that the client does not know: the answer counts."""
    noise = "say(level='info', id=7); print('{oops', flush=True); say(jsonrpc='2.0', method='x', params=[1]); "
    assert "exit code 3 before it answered `tools/list`" in failure(noise + "welcome(); sys.exit(3)")[0]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("welcome(); sys.exit('inventory.db is locked')", "exit code 1 before it answered `tools/list`: `"),
        ("welcome(); print('hm', file=sys.stderr); say(id=2, result={})" + WAIT, '{"id": 2, "result": {}}: `'),
        (
            "say(jsonrpc='2.0', id=welcome()['id'], result={'tools': 'none'})" + WAIT,
            "its answer to `tools/list` breaks the protocol: tools: Input should be a valid list, found 'none': `",
        ),
    ],
)
def test_no_list_of_tools_is_told_with_its_reason(failure, line, told):
    """How the server ended or what it sent, which server, and what it wrote last."""
    first, *more = failure(line)
    assert first.startswith("the MCP server did not list its tools: ")
    assert told in first
    if "locked" in line:
        assert more == ["It wrote last:", "  inventory.db is locked"]


def test_the_status_of_an_http_answer_is_told():
    """The client says but that there was an error."""

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(401)
            self.end_headers()
            self.wfile.write(json.dumps({"error": "token"}).encode())

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/mcp"
        with pytest.raises(TargetError, match="HTTP status 401: `initialize` was answered by an error: "):
            make_target(spec_of(McpTarget(url=url))).describe()
    finally:
        server.shutdown()
        server.server_close()
