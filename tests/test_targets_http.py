"""JSON services over HTTP as targets: started, awaited, called, refused, lost."""

from __future__ import annotations

import socket
import ssl
import sys
import urllib.request
from types import SimpleNamespace

import httpcore
import psutil
import pytest

from pytest_toolcheck.errors import TargetError
from pytest_toolcheck.spec.model import HttpTarget, ToolSpec
from pytest_toolcheck.targets import _started, make_target
from pytest_toolcheck.targets._text_values import NotCarriedError, as_text, in_url
from pytest_toolcheck.targets.http import _in_query

from .targets_kit import call, request, spec_of

LIMIT_S = 0.3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def service(*tools: ToolSpec, arguments: tuple[str, ...] = (), program: str = "shop_http.py", **options):
    port = free_port()
    start = ("python", program, str(port), *arguments)
    options = {"ready": "/anything", "start": start, **options}
    return make_target(spec_of(HttpTarget(f"http://127.0.0.1:{port}", **options), *tools))


@pytest.fixture(scope="module")
def shop():
    """The started service with its OpenAPI document."""
    target = service(openapi="/openapi.json", headers={"x-mine": "1"})
    yield target
    target.close()


@pytest.fixture
def session(shop):
    """A session of the service."""
    opened = shop.open()
    yield opened
    opened.close()


def tool(name: str, way: str, **properties) -> ToolSpec:
    return ToolSpec(name, call=way, input={"type": "object", "properties": properties} if properties else None)


class TestDescribe:
    def test_operations_are_tools(self, shop):
        """Each operation is a tool; its parameters and its body are one object with its own definitions."""
        tools = {item.name: item for item in shop.describe()}
        assert set(tools) == {"read_order", "place_order", "delete_orders_id", "add_notes"}
        read = tools["read_order"]
        assert read.description == "Read an order."
        assert read.input_schema == {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "full": {"type": "boolean", "description": "all of it"}},
            "required": ["id"],
        }
        assert read.output_schema["$ref"] == "#/$defs/Item"
        assert read.output_schema["$defs"]["Item"]["required"] == ["sku"]
        assert tools["place_order"].input_schema["required"] == ["id", "sku"]
        assert tools["delete_orders_id"].annotations == {"destructive": True}

    def test_a_body_that_is_no_object_is_one_property(self, shop):
        """An array body stands under `body`, and `nullable` is said as JSON Schema says it."""
        schema = {item.name: item for item in shop.describe()}["add_notes"].input_schema
        assert schema["properties"]["body"] == {"type": "array", "items": {"$ref": "#/$defs/Note"}}
        assert schema["$defs"]["Note"] == {"type": ["string", "null"]}

    def test_a_document_that_is_not_there(self):
        """The URL and the reason stand in one line."""
        target = service(openapi="/status/404")
        with pytest.raises(
            TargetError, match=r"cannot read the OpenAPI document http://.*/status/404: HTTPStatusError"
        ):
            target.describe()
        target.close()


class TestCalls:
    def test_path_query_and_body_are_filled(self, session):
        """What the path names goes there, the rest into the JSON body, or into the query of a GET."""
        posted = call(session, tool("a", "POST /orders/{id}"), id="a/b ü", sku="x", n=[1, None]).value
        assert posted["path"] == "/orders/a/b ü"
        assert posted["body"] == {"sku": "x", "n": [1, None]}
        got = call(session, tool("b", "GET /orders/{id}"), id=5, full=True, tags=["x", "y"]).value
        assert (got["path"], got["body"]) == ("/orders/5", None)
        assert got["query"] == [["full", "true"], ["tags", "x"], ["tags", "y"]]
        assert got["mine"] == "1"

    def test_documented_operations_are_called_by_name(self, session):
        """Without `call` the operation of that name is made, parameters where the document puts them."""
        assert call(session, "read_order", id=1, full=False).value["query"] == [["full", "false"]]
        assert call(session, "place_order", id=1, sku="x").value["body"] == {"sku": "x"}
        assert call(session, "add_notes", body=["n"]).value["body"] == ["n"]
        assert call(session, "no_such").error.message.startswith("no operation is named 'no_such'")

    @pytest.mark.parametrize(
        ("status", "rejects", "kind"),
        [
            (404, None, "refused"),
            (500, None, "crashed"),
            (409, ("422", 409), "refused"),
            (404, ("422",), "crashed"),
            (503, ("500-503",), "refused"),
        ],
    )
    def test_statuses(self, session, status, rejects, kind):
        """4xx refuses and 5xx crashes, unless `rejects` says otherwise; the error has status and body."""
        outcome = call(session, ToolSpec("s", call=f"GET /status/{status}", rejects=rejects))
        assert (outcome.kind, outcome.error.code) == (kind, status)
        assert "as you wished" in outcome.error.message
        assert outcome.raw["status"] == status

    def test_text_answers_and_noise(self, session):
        """An answer that is no JSON is its text; what the server wrote meanwhile is with the outcome."""
        assert call(session, tool("t", "GET /text")).value == "plain words"
        assert call(session, tool("s", "GET /status/418")).noise == "asked for status/418\n"

    def test_a_call_reads_no_certificates_and_looks_for_no_package(self, shop, monkeypatch):
        """httpx reads certificates for each client; httpcore looks for `sniffio` at each lock: twice what a call else takes."""
        shop.open().close()
        looked_for, finder = [], SimpleNamespace(find_spec=lambda name, *where: looked_for.append(name))
        monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
        monkeypatch.setattr(ssl, "create_default_context", lambda **options: pytest.fail("certificates are read again"))
        session = shop.open()
        assert call(session, tool("t", "GET /text")).value == "plain words"
        session.close()
        assert "sniffio" not in looked_for

    def test_clients_in_other_loops_are_still_told_theirs(self, shop, monkeypatch):
        """What imports `sniffio` is asked: a user's client that runs in trio is not taken for one in asyncio."""
        shop.open().close()
        monkeypatch.setitem(sys.modules, "sniffio", SimpleNamespace(current_async_library=lambda: "curio"))
        with pytest.raises(RuntimeError, match="unsupported async environment"):
            httpcore._synchronization.current_async_library()
        monkeypatch.delitem(sys.modules, "sniffio")
        assert httpcore._synchronization.current_async_library() == "asyncio"

    def test_many_at_once(self, session):
        """Concurrent calls get their own answers."""
        outcomes = session.call_concurrently([request(tool("a", "POST /x"), n=n) for n in range(10)])
        assert [outcome.value["body"]["n"] for outcome in outcomes] == list(range(10))

    @pytest.mark.parametrize(
        "arguments", [{}, {"id": ""}, {"id": ".."}, {"id": None}, {"id": "\ud800"}, {"id": {"a": 1}}]
    )
    def test_what_a_path_cannot_say(self, session, arguments):
        """It is not sent, and told apart from a refusal of the tool."""
        outcome = session.call(request(tool("a", "GET /orders/{id}"), **arguments))
        assert (outcome.kind, outcome.error.type) == ("refused", "NotCarried")

    @pytest.mark.parametrize(
        ("value", "kind", "text"),
        [
            ("5", "integer", None),
            (5, "integer", "5"),
            (True, "integer", "true"),
            (5, "string", None),
            ("x", "integer", "x"),
            ("5", "string", "5"),
            (1.5, None, "1.5"),
        ],
    )
    def test_text_is_not_taken_for_another_value(self, value, kind, text):
        """A value whose text reads as one of the right kind cannot be told apart: it is not carried."""
        schema = {"type": kind} if kind else None
        if text is None:
            with pytest.raises(NotCarriedError):
                as_text("x", value, schema)
        else:
            assert as_text("x", value, schema) == text

    @pytest.mark.parametrize("value", [1, 0, 1.0, "yes", "Off", "t"])
    def test_a_boolean_has_many_spellings_in_a_url(self, value):
        """What a service may rightly read as one is not sent in its place; what is none is."""
        with pytest.raises(NotCarriedError):
            in_url("x", value, {"type": "boolean"})
        both = {"type": ["boolean", "string" if isinstance(value, str) else "number"]}
        assert in_url("x", value, both) == str(value)
        assert [in_url("x", other, {"type": "boolean"}) for other in (2, "maybe", False)] == ["2", "maybe", "false"]

    def test_a_query_does_not_say_that_a_value_is_a_list(self):
        """`?sort=asc` says both "asc" and ["asc"], and of `?q=a&q=b` servers take the first or the last: what is no list gets none."""
        for schema in (
            {"type": "integer"},
            {"enum": ["asc", "desc"]},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
        ):
            for sent in (["asc"], ["asc", "desc"], [1, 2]):
                with pytest.raises(NotCarriedError, match="no query says"):
                    _in_query("sort", sent, schema)
        for schema in (None, {}, {"type": "array"}, {"type": ["array", "string"]}, {"enum": [["asc"]]}):
            assert _in_query("sort", ["asc"], schema) == [("sort", "asc")]
            assert _in_query("sort", ["asc", "desc"], schema) == [("sort", "asc"), ("sort", "desc")]


class TestServer:
    def test_a_hang_ends_and_the_server_is_used_again(self, shop):
        """A hang costs its limit; a server that still answers is not restarted."""
        first = shop.open()
        pids = first.process_ids()
        assert call(first, tool("h", "GET /hang"), limit_s=LIMIT_S).kind == "timed_out"
        assert not first.is_alive()
        first.close()
        second = shop.open()
        assert second.process_ids() == pids
        second.close()

    @pytest.mark.parametrize("ready", [None, "/anything"])
    def test_a_server_that_only_accepts_connections_is_started_again(self, ready, monkeypatch):
        """One that hangs as a whole still listens, for the system answers for it: the next call must not hang in turn."""
        monkeypatch.setattr(_started, "_PROBE_S", LIMIT_S)
        target = service(arguments=("alone",), ready=ready)
        session = target.open()
        assert call(session, tool("h", "GET /hang"), limit_s=LIMIT_S).kind == "timed_out"
        pids = session.process_ids()
        session.close()
        again = target.open()
        assert again.process_ids() != pids
        assert call(again, tool("a", "GET /x")).kind == "accepted"
        again.close()
        target.close()

    def test_a_server_that_dies_is_lost_and_started_again(self):
        """The outcome says how it ended; the next session has a new server; the end leaves none."""
        target = service()
        session = target.open()
        (pid,) = session.process_ids()
        outcome = call(session, tool("d", "GET /die"))
        assert (outcome.kind, outcome.error.message) == ("lost", "the server died: exit code 9")
        assert not session.is_alive()
        session.close()
        again = target.open()
        assert again.process_ids() != (pid,)
        (pid,) = again.process_ids()
        again.close()
        target.close()
        assert not psutil.pid_exists(pid)

    def test_a_failed_start_is_one_clear_error(self):
        """Exit code, command and the last lines of stderr."""
        with pytest.raises(TargetError) as caught:
            service(arguments=("broken",)).open()
        first, *rest = str(caught.value).splitlines()
        assert first.startswith("the server did not start: exit code 1 before it was ready: `python shop_http.py")
        assert rest == ["It wrote last:", "no database"]

    def test_a_server_that_is_never_ready(self, monkeypatch):
        """Waiting has a limit, and says for what."""
        monkeypatch.setattr(_started, "READY_LIMIT_S", LIMIT_S)
        with pytest.raises(TargetError, match=r"nothing at /status/500 answered"):
            service(ready="/status/500").open()

    @pytest.mark.parametrize("worker", [None, "gw1"])
    def test_a_port_that_is_taken(self, monkeypatch, worker):
        """Another server's answers are not taken for those of the one to be started; a worker is told how to avoid it."""
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
        if worker:
            monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            with pytest.raises(TargetError, match="something already listens on") as caught:
                make_target(spec_of(HttpTarget(url, start=("python", "shop_http.py")))).open()
        assert ("--dist loadfile" in str(caught.value)) == (worker is not None)

    def test_without_start_nothing_is_started(self, shop, session):
        """A service that somebody else runs is called as it is, and lost when it is not there."""
        url = shop.server._url
        assert urllib.request.urlopen(f"{url}/x").status == 200
        other = make_target(spec_of(HttpTarget(url))).open()
        assert call(other, tool("a", "GET /x")).kind == "accepted"
        assert other.process_ids() == ()
        other.close()
        nobody = make_target(spec_of(HttpTarget("http://127.0.0.1:9"))).open()
        assert call(nobody, tool("a", "GET /x")).kind == "lost"
        nobody.close()
