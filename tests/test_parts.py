"""A parameter's schema as one of its own: pydantic and FastAPI say of models and enums where they are defined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_toolcheck.behaviour.leaves import leaves_of_outcome
from pytest_toolcheck.chains.lifecycle import chain_scenarios
from pytest_toolcheck.chains.values import changeable, new_key, plain
from pytest_toolcheck.checks.violation import is_valid
from pytest_toolcheck.parts import part_of, parts_of
from pytest_toolcheck.targets._openapi import read_operations
from pytest_toolcheck.targets.base import Outcome

from .behaviour_lab import findings_of

COLOUR = {"enum": ["red", "blue"], "type": "string"}
DEFINED: dict[str, Any] = {
    "Colour": COLOUR,
    "Shade": {"$ref": "#/$defs/Colour"},
    "Tree": {"type": "object", "properties": {"under": {"$ref": "#/$defs/Tree"}}},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "$defs": DEFINED,
    "properties": {
        "plain": {"type": "integer"},
        "colour": {"$ref": "#/$defs/Shade", "description": "which"},
        "maybe": {"anyOf": [{"$ref": "#/$defs/Colour"}, {"type": "null"}]},
        "tree": {"$ref": "#/$defs/Tree"},
        "any": True,
    },
}


def test_a_part_stands_alone() -> None:
    """What is referred to stands in its place; what refers to itself keeps its definitions, and can be asked."""
    assert part_of(SCHEMA, "plain") == {"type": "integer"}
    assert part_of(SCHEMA, "colour") == {**COLOUR, "description": "which"}
    assert part_of(SCHEMA, "maybe") == {"anyOf": [COLOUR, {"type": "null"}]}
    tree = part_of(SCHEMA, "tree")
    assert is_valid(tree, {"under": {"under": {}}})
    assert not is_valid(tree, {"under": {"under": 1}})
    assert part_of(SCHEMA, "any") == part_of(SCHEMA, "nowhere") == part_of(True, "x") == {}
    assert set(parts_of(SCHEMA)) == {"plain", "colour", "maybe", "tree"}
    circle = {"$defs": {"Round": {"$ref": "#/$defs/Round"}}, "properties": {"round": {"$ref": "#/$defs/Round"}}}
    assert part_of(circle, "round")["$ref"] == "#/$defs/Round"


def test_keys_and_changes_are_seen_behind_references() -> None:
    """A new key of a form that is defined elsewhere; what an update takes inside of its body."""
    name = {"type": "string", "pattern": "^[A-Z]{4}$"}
    schema = {"$defs": {"Name": name}, "properties": {"name": {"$ref": "#/$defs/Name"}}}
    [made] = new_key(schema, {"name": "AAAA"}, "name", {"name": "AAAA"})
    assert is_valid(name, made["name"])
    assert made["name"] != "AAAA"
    body = {"type": "object", "properties": {"colour": {"$ref": "#/$defs/Colour"}}}
    schema = {"$defs": {"Colour": COLOUR, "Body": body}, "properties": {"body": {"$ref": "#/$defs/Body"}}}
    assert [(found, outer) for found, _, outer in changeable(schema, None)] == [("body", None), ("colour", "body")]


def test_a_body_beside_parameters_is_no_reference() -> None:
    """FastAPI refers to its models; what is in a body that takes nothing further is seen all the same."""
    change = {"type": "object", "properties": {"owner": {"type": "string"}}, "additionalProperties": False}
    put = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Change"}}},
        },
    }
    document = {"paths": {"/accounts/{id}": {"patch": put}}, "components": {"schemas": {"Change": change}}}
    [(tool, operation)] = read_operations(document)
    assert operation.body == "whole"
    assert isinstance(tool.input_schema, dict)
    assert tool.input_schema["properties"]["body"] == change


MODELS = """
import enum, itertools
from typing import Annotated
from pydantic import BaseModel, ConfigDict, Field
class Kind(str, enum.Enum):
    open = "open"
    closed = "closed"
class Change(BaseModel):
    model_config = ConfigDict(extra="forbid")
    owner: str | None = None
    badge: str | None = None
kept, ids = {}, itertools.count(100)
def create_account(owner: str, kind: Kind = Kind.open, badge: str | None = None) -> dict:
    key = next(ids)
    kept[key] = {"account_id": key, "owner": owner, "kind": kind.value, "badge": badge}
    return dict(kept[key])
def get_account(account_id: int) -> dict:
    if account_id not in kept: raise ValueError(f"no account {account_id}")
    return dict(kept[account_id])
def update_account(account_id: int, body: Change) -> dict:
    get_account(account_id)
    if body.owner is not None: kept[account_id]["owner"] = body.owner
    if body.badge is not None: kept[account_id]["badge"] = body.badge
    return dict(kept[account_id])
"""


def test_a_base_is_learned_beside_what_is_defined_elsewhere(tmp_path: Path) -> None:
    """The id comes from a sibling, the body from its model: no reference is followed out of its schema."""
    spec = "tools: {update_account: {variations: {categories: [example]}}, create_account: {}, get_account: {}}"
    run = findings_of(tmp_path, MODELS, spec, cases=True, room=lambda _plan: ())
    assert [found for found in run if "update_account: valid_call" in found] == []


def test_an_update_whose_model_is_defined_elsewhere_is_followed(tmp_path: Path) -> None:
    """Its base is learned and what it changes is read; the twin passes."""
    assert findings_of(tmp_path, MODELS, "", room=chain_scenarios) == []
    faulty = MODELS.replace('kept[account_id]["owner"] = body.owner', "pass")
    [found] = findings_of(tmp_path, faulty, "", room=chain_scenarios)
    assert "update_account was accepted, and get_account still answers owner" in found
    dropped = MODELS.replace('"badge": badge}', '"badge": None}')
    [found] = findings_of(tmp_path, dropped, "", room=chain_scenarios)
    assert "get_account answers no badge" in found


def test_what_a_server_wraps_is_read() -> None:
    """JSON in the text of the only member: each of its values can move by itself, and is found by its name."""
    wrapped = {"result": '{"id": "t-1", "seen_at": "2026-01-01T00:00:00Z", "count": 3}'}
    assert plain(wrapped) == {"id": "t-1", "seen_at": "2026-01-01T00:00:00Z", "count": 3}
    leaves = leaves_of_outcome(Outcome("accepted", 1, value=wrapped))
    assert leaves["/result/count"] == 3
    for text in ("plain", "{broken", "[1, 2"):
        assert plain({"result": text}) == text
        assert leaves_of_outcome(Outcome("accepted", 1, value={"result": text}))["/result"] == text
