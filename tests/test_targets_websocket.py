"""WebSocket services as targets."""

from __future__ import annotations

import pytest

from pytest_toolcheck.errors import TargetError
from pytest_toolcheck.spec.model import ToolSpec, WebSocketTarget
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets.websocket import WebSocketSession, filled, looked_up

from .targets_kit import call, request, spec_of
from .test_targets_http import free_port

LIMIT_S = 0.3


@pytest.fixture(scope="module")
def server():
    """The started service."""
    port = free_port()
    start = ("python", "shop_websocket.py", str(port))
    target = make_target(spec_of(WebSocketTarget(f"ws://127.0.0.1:{port}", start=start), ToolSpec("echo")))
    target.open().close()
    yield target
    target.close()


@pytest.fixture
def session(server):
    """A connection to it."""
    opened = server.open()
    yield opened
    opened.close()


def test_the_spec_s_tools_are_described(server):
    """A service cannot be asked: the tools are those that the spec names."""
    assert [tool.name for tool in server.describe()] == ["echo"]


def test_the_reply_is_the_value(session):
    """By default the message is JSON-RPC, the value its result; unasked messages are passed over."""
    outcome = call(session, "echo", a=[1, None], b="é\u0000")
    assert (outcome.kind, outcome.value) == ("accepted", {"a": [1, None], "b": "é\u0000"})
    assert outcome.raw["jsonrpc"] == "2.0"


def test_what_is_no_reply_is_passed_over_and_told_where_none_comes(server):
    """Log lines, bytes, broken JSON and foreign ids do not stand for a reply; a call that got nothing else shows them."""
    noisy, mute = server.open(), server.open()
    assert call(noisy, "noisy", a=1).value == {"a": 1}
    outcome = mute.call(request("mute", limit_s=LIMIT_S))
    noisy.close()
    mute.close()
    assert outcome.kind == "timed_out"
    assert outcome.error.message == f"no answer within {LIMIT_S:g}s; it sent instead: '{{\"broken\"'"


def test_replies_find_their_calls(session):
    """Replies out of order reach the call that they answer."""
    waits = [0.2, 0.1, 0.0]
    outcomes = session.call_concurrently([request("wait", s=wait) for wait in waits])
    assert [outcome.value["s"] for outcome in outcomes] == waits
    assert outcomes[2].duration_ns < outcomes[0].duration_ns


@pytest.mark.parametrize(
    ("tool", "rejects", "kind"),
    [
        ("invalid", None, "refused"),
        ("own", None, "refused"),
        ("internal", None, "crashed"),
        ("own", (41,), "crashed"),
        ("internal", ("-32603",), "refused"),
    ],
)
def test_errors(session, tool, rejects, kind):
    """An error reply refuses, unless its code says that the service failed or `rejects` names others."""
    outcome = call(session, ToolSpec(tool, rejects=rejects))
    assert (outcome.kind, outcome.error.message) == (kind, f"{tool} error")


def test_templates(server):
    """`request` and `reply` say how a service of its own making is spoken to."""
    target = server.target
    own = WebSocketTarget(
        target.url,
        request={"head": ["{id}", "{tool}"], "data": "{input}"},
        reply={"id": "/reply/to", "result": "/reply/data"},
    )
    session = make_target(spec_of(own)).open()
    assert call(session, "any", a=1).value == {"a": 1}
    session.close()


def test_a_hang_and_a_closed_connection(server):
    """A hang is timed out, a closed connection lost; both end the session, and the next one works."""
    for tool, arguments, kind in (("wait", {"s": 60}, "timed_out"), ("close", {}, "lost")):
        session = server.open()
        assert call(session, tool, limit_s=LIMIT_S if kind == "timed_out" else 10, **arguments).kind == kind
        assert not session.is_alive()
        session.close()
    again = server.open()
    assert call(again, "echo").kind == "accepted"
    again.close()


def test_a_server_that_dies(server):
    """The exit code is told, and the next session gets a new server."""
    session = server.open()
    outcome = call(session, "die")
    assert (outcome.kind, outcome.error.message) == ("lost", "the server died: exit code 4")
    session.close()
    again = server.open()
    assert call(again, "echo").kind == "accepted"
    again.close()


def test_nobody_there():
    """A connection that cannot be made is one clear line."""
    with pytest.raises(TargetError, match=r"cannot connect to ws://127.0.0.1:9: "):
        make_target(spec_of(WebSocketTarget("ws://127.0.0.1:9"))).open()


def test_pointers_and_templates():
    """Places are keys or JSON Pointers; what is not there is None; only whole strings are replaced."""
    assert looked_up({"a": [{"b/c": 1}]}, "/a/0/b~1c") == 1
    assert looked_up({"a": 1}, "/a/b") is looked_up([], "/0") is looked_up(3, "a") is None
    assert filled({"x": ["{id}", "no {id}"]}, {"{id}": 7}) == {"x": [7, "no {id}"]}


def test_what_an_error_says_beside_its_message_is_shown_too():
    """JSON-RPC has `data` for details: a traceback there is given away as well."""
    session = WebSocketSession.__new__(WebSocketSession)
    session._reply = {}
    for data, said in ((None, "no"), ({"trace": "x"}, 'no\n{"trace": "x"}')):
        kind, told = session._judged({"code": -32602, "message": "no", "data": data}, None)
        assert (kind, told.message) == ("refused", said)
    assert session._judged("plain", None)[1].message == "plain"
