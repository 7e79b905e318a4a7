"""HTTP services that answer oddly, and documents that say more than the simplest: a real server, Starlette."""

from __future__ import annotations

import pytest

from pytest_toolcheck.errors import SpecError
from pytest_toolcheck.spec.discover import merge_discovered
from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets._openapi import read_operations

from .targets_kit import call
from .test_targets_http import service, tool

LIMIT_S = 0.3


@pytest.fixture(scope="module")
def odd():
    """The service, with its OpenAPI document, whose paths stand below `/api/v1`."""
    target = service(program="odd_http.py", openapi="/openapi.json", ready="/openapi.json")
    yield target
    target.close()


@pytest.fixture
def session(odd):
    """A session of the service."""
    opened = odd.open()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("way", "kind", "told"),
    [
        ("loop", "crashed", "TooManyRedirects"),
        ("garbage", "crashed", "application/json"),
        ("gzip", "crashed", "DecodingError"),
        ("problem", "refused", "{not"),
        ("nothing", "accepted", None),
        ("page", "accepted", "<html>"),
        ("endless", "timed_out", None),
    ],
)
def test_odd_answers(session, way, kind, told):
    """An answer that breaks HTTP or its own content type is a crash of the tool, not of the connection."""
    outcome = call(session, tool("odd", f"GET /odd/{way}"), limit_s=LIMIT_S if kind == "timed_out" else 60)
    assert outcome.kind == kind
    said = f"{outcome.error.type}: {outcome.error.message}" if outcome.error else outcome.value
    assert told is None or told in said
    assert session.is_alive() is (kind != "timed_out")


def test_a_body_that_moved_is_sent_again(session):
    """A 308 keeps method and body."""
    assert call(session, tool("moved", "POST /odd/moved"), n=1).value == {"path": "/api/v1/closed", "body": {"n": 1}}


def test_what_is_not_json_is_for_the_check_to_see(session):
    """NaN arrives as it is: `output_schema` tells it."""
    value = call(session, tool("nan", "GET /odd/nan")).value
    assert value["mean"] != value["mean"]


def test_paths_stand_below_the_document_s_server(session):
    """`servers` says where the paths begin, where the spec's URL has no path of its own."""
    assert call(session, "closed", n=1).value["path"] == "/api/v1/closed"


def test_a_name_in_path_and_body_is_sent_twice(odd, session):
    """Where path and body both have an `id`, the body is one argument: none of the two gets lost."""
    described = {item.name: item for item in odd.describe()}["put_order"].input_schema
    assert set(described["properties"]) == {"id", "body"}
    sent = call(session, "put_order", id=7, body={"id": 8, "sku": "x"}).value
    assert sent == {"path": "/api/v1/orders/7", "body": {"id": 8, "sku": "x"}}


def test_a_closed_body_is_the_tool_s_input(odd, session):
    """A required object without parameters beside it is the input with all that its schema says."""
    schema = {item.name: item for item in odd.describe()}["closed"].input_schema
    assert schema == {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    assert call(session, "closed", n=1, more=2).value["body"] == {"n": 1, "more": 2}


def test_a_spec_may_spell_out_what_the_document_keeps_in_one(session):
    """The spec's own `input` has the body's properties: they are sent as the body."""
    own = ToolSpec("own", call="PUT /orders/{id}", input={"type": "object", "properties": {"id": {}, "sku": {}}})
    assert call(session, own, id=7, sku="x").value == {"path": "/api/v1/orders/7", "body": {"sku": "x"}}


def test_optional_and_open_bodies_stay_one_argument():
    """A body that may be left out, or that is no object, cannot be the input itself."""
    for body in (
        {"required": False, "schema": {"type": "object", "minProperties": 1}},
        {"required": True, "schema": {"type": "array"}},
    ):
        content = {"application/json": {"schema": body["schema"]}}
        post = {"requestBody": {"required": body["required"], "content": content}}
        ((described, operation),) = read_operations({"paths": {"/x": {"post": post}}})
        assert (operation.body, list(described.input_schema["properties"])) == ("whole", ["body"])


def documented(folder, tools):
    """Return a spec with these tools of a service, and what the service's document, read already, says of them."""
    paths = {"/x/{id}": {"get": {"operationId": "lookup"}}, "/y": {"get": {"operationId": "other"}}}
    path = folder / "a.tool.yaml"
    path.write_text("toolcheck: 1\ntarget: {http: {url: 'http://127.0.0.1:9', openapi: /openapi.json}}\n" + tools)
    target = make_target(load_spec(path))
    target._documented = list(read_operations({"paths": paths}))
    return load_spec(path), target.describe()


NOT_FILLED = "nothing fills {id}: the tool's input has no parameter 'id'. It has none"


def test_an_operation_that_lacks_a_parameter_of_its_path_is_not_called(tmp_path):
    """Nobody named it: it is skipped, with the reason, and the others are tested."""
    found = merge_discovered(*documented(tmp_path, ""))
    assert ([plan.tool.name for plan in found.plans], found.skipped) == (["other"], (("lookup", NOT_FILLED),))


@pytest.mark.parametrize(
    ("tools", "line", "column"),
    [("tools: {lookup: {}}\n", 3, 9), ("tools:\n  mine: {call: 'GET /x/{id}'}\n", 4, 10)],
)
def test_a_place_in_a_path_that_nothing_fills_is_told_before_any_call(tmp_path, tools, line, column):
    """Where the spec names the operation, the mistake is its own, and stands at its line."""
    with pytest.raises(SpecError) as caught:
        merge_discovered(*documented(tmp_path, tools))
    [problem] = caught.value.problems
    assert problem.message.endswith(f"cannot be called: {NOT_FILLED}")
    assert (problem.position.line, problem.position.column) == (line, column)
