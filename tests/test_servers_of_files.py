"""Servers that spec files start: two files may name the same port."""

from __future__ import annotations

import sys

from .specs import SUBPROCESS
from .test_targets_http import free_port

SERVER = """
import http.server, json, sys
WHO, PORT = sys.argv[1], int(sys.argv[2])
DOCUMENT = {"openapi": "3.0.3", "paths": {"/who": {"get": {"operationId": "who", "responses": {"200": {"description": "it"}}}}}}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(DOCUMENT if self.path == "/openapi.json" else WHO).encode()
        self.send_response(200); self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
"""
SPEC = """
toolcheck: 1
target:
  http: {url: "http://127.0.0.1:PORT", start: ["PYTHON", server.py, WHO, "PORT"], ready: /openapi.json, openapi: /openapi.json}
defaults: {variations: {categories: [example]}, checks: {described: false}}
tools:
  who: {examples: [{input: {}, expect: {equals: WHO}}]}
"""
HAND = """
import pytest

@pytest.mark.tool_spec("first.tool.yaml", tool="who")
def test_first_again(tool):
    assert tool() == "first"
"""


def test_two_files_may_start_their_servers_at_the_same_port(pytester):
    """Each is judged by its own; a hand-written test that comes later finds the first one's again."""
    port = str(free_port())
    (pytester.path / "server.py").write_text(SERVER)
    (pytester.path / "test_zz_hand.py").write_text(HAND)
    for who in ("first", "second"):
        text = SPEC.replace("PORT", port).replace("PYTHON", sys.executable).replace("WHO", who)
        (pytester.path / f"{who}.tool.yaml").write_text(text)
    result = pytester.runpytest_subprocess(*SUBPROCESS)
    result.assert_outcomes(passed=result.parseoutcomes()["passed"])
    assert result.parseoutcomes()["passed"] >= 5
