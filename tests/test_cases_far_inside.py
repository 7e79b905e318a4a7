"""Bugs far inside values that hold themselves, and in parts of listed values: some case shows each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import pytest

from pytest_toolcheck.cases import Case, generate_cases

Node = dict[str, Any]


def tool(it: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"it": it}, "required": ["it"], **more}


WEIGHT = {"type": "integer", "minimum": 1, "maximum": 5}
KIDS = {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 3}
NAME = {"type": "string", "minLength": 1}
NODE = {
    "type": "object",
    "properties": {"name": NAME, "w": WEIGHT, "kids": KIDS},
    "required": ["name"],
    "additionalProperties": False,
}
LINK = {
    "type": "object",
    "properties": {"v": {"type": "integer", "maximum": 99}, "next": {"anyOf": [{"$ref": "#/$defs/link"}, {"type": "null"}]}},
    "required": ["v"],
}  # fmt: skip
GENERAL = {
    "$id": "https://example.com/tree",
    "$dynamicAnchor": "node",
    "type": "object",
    "properties": {"data": True, "kids": {"type": "array", "items": {"$dynamicRef": "#node"}}},
}
SIZED = {
    "$id": "https://example.com/sized",
    "$dynamicAnchor": "node",
    "$ref": "tree",
    "required": ["w"],
    "properties": {"w": WEIGHT},
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "tree": tool({"$ref": "#/$defs/node"}, **{"$defs": {"node": NODE}}),
    "trees": tool({"type": "array", "items": {"$ref": "#/$defs/node"}}, **{"$defs": {"node": NODE}}),
    "dynamic": tool({"$ref": "sized"}, **{"$id": "https://example.com/", "$defs": {"t": GENERAL, "s": SIZED}}),
    "linked": tool({"$ref": "#/$defs/link"}, **{"$defs": {"link": LINK}}),
    "members": tool({"enum": [*"abcdefghi", None, 1, 2, 3, 4, 5, 6]}),
    "list": tool({"const": [1, "a", {"k": 0, "on": True}]}),
    "object": tool({"const": {"a": 1, "b": [0, False]}}),
    "lists": tool({"enum": [[1, 0], [True], {"a": 1, "b": 2}]}),
}


def levels(value: Any) -> Iterator[tuple[int, Node]]:
    """Yield each node with its depth; a list of trees begins with its first."""
    waiting = [(0, node) for node in (value if isinstance(value, list) else [value])]
    while waiting:
        depth, node = waiting.pop()
        if isinstance(node, dict):
            yield depth, node
            waiting += [(depth + 1, inner) for inner in node.get("kids") or [node.get("next")]]


def at(depth: int, shown: Callable[[Node], Any]) -> Callable[[Any], Any]:
    return lambda value: any(where == depth and shown(node) for where, node in levels(value))


ACCEPTED: list[tuple[str, str, Callable[[Any], Any]]] = [
    *((kind, f"a weight above {d} deep", at(d, lambda n: n.get("w") == 6)) for d in range(6) for kind in ("tree", "dynamic")),
    *((kind, f"a weight below {d} deep", at(d, lambda n: n.get("w") == 0)) for d in range(6) for kind in ("tree", "dynamic")),
    *(("dynamic", f"no weight {d} deep", at(d, lambda n: "w" not in n)) for d in range(6)),
    *(("dynamic", f"a text {d} deep", at(d, lambda n: isinstance(n.get("w"), str))) for d in range(6)),
    *(("tree", f"no name {d} deep", at(d, lambda n: n and "name" not in n)) for d in range(6)),
    *(("tree", f"an empty name {d} deep", at(d, lambda n: n.get("name") == "")) for d in range(6)),
    *(("tree", f"another member {d} deep", at(d, lambda n: {*n} - {"name", "w", "kids"})) for d in range(6)),
    *(("tree", f"four {d} deep", at(d, lambda n: [*map(type, n.get("kids", ()))] == [dict] * 4)) for d in range(6)),
    *(("trees", f"a weight above {d} deep", at(d, lambda n: n.get("w") == 6)) for d in range(5)),
    *(("linked", f"a number above {d} deep", at(d, lambda n: n.get("v") == 100)) for d in range(6)),
    *(("linked", f"no number {d} deep", at(d, lambda n: "v" not in n)) for d in range(6)),
    ("members", "a spelled null", lambda v: v == "null"),
    ("members", "a spelled number", lambda v: v == "1"),
    ("members", "true for 1", lambda v: v is True),
    ("list", "true for 1", lambda v: v[0] is True and v[1] == "a"),
    ("list", "false for 0, further inside", lambda v: v[2]["k"] is False),
    ("list", "1 for true, further inside", lambda v: type(v[2]["on"]) is int and v[2]["on"] == 1),
    ("object", "true for 1", lambda v: v["a"] is True),
    ("object", "0 for false", lambda v: type(v["b"][1]) is int),
    ("object", "false for 0", lambda v: v["b"][0] is False),
    ("lists", "true for 1", lambda v: v == [1, 0] and v[0] is True),
    ("lists", "1 for true", lambda v: v == [1] and v[0] is not True),
]  # fmt: skip
CRASHES: list[tuple[str, str, Callable[[Any], Any]]] = [
    *((kind, f"the largest weight {d} deep", at(d, lambda n: n.get("w") == 5)) for d in range(6) for kind in ("tree", "dynamic")),
    *(("tree", f"several {d} deep", at(d, lambda n: len(n.get("kids", ())) > 1)) for d in range(6)),
    *(("linked", f"the largest {d} deep", at(d, lambda n: n.get("v") == 99)) for d in range(6)),
    ("list", "1.0 for 1", lambda v: type(v[0]) is float),
]  # fmt: skip


@lru_cache
def cases_of(name: str) -> list[Case]:
    return list(generate_cases(SCHEMAS[name], limit=600))


def shows(shown: Callable[[Any], Any], value: Any) -> bool:
    try:
        return bool(shown(value["it"]))
    except (TypeError, KeyError, IndexError):
        return False


@pytest.mark.parametrize(("name", "bug", "shown"), ACCEPTED, ids=[f"{name}: {bug}" for name, bug, _ in ACCEPTED])
def test_what_is_wrongly_accepted_far_inside_is_met(name: str, bug: str, shown: Callable[[Any], Any]) -> None:
    """Some invalid case is among what the tool accepts by mistake, within six hundred cases."""
    assert any(shows(shown, case.input) for case in cases_of(name) if case.label == "invalid"), bug


@pytest.mark.parametrize(("name", "bug", "shown"), CRASHES, ids=[f"{name}: {bug}" for name, bug, _ in CRASHES])
def test_a_crash_far_inside_is_met(name: str, bug: str, shown: Callable[[Any], Any]) -> None:
    """Some valid case makes the tool crash, within six hundred cases."""
    assert any(shows(shown, case.input) for case in cases_of(name) if case.label == "valid"), bug
