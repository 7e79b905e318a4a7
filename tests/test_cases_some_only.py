"""Tools that look at some of the items, names or levels only: a case has another label than such a tool's answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from pytest_toolcheck.cases import generate_cases

INTEGER: dict[str, Any] = {"type": "integer"}
Seen = Callable[[Any], Any]


def a_tool(part: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"it": part, "count": INTEGER}, "required": ["it"], **beside}


def holding(part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"it": part}, "required": ["it"]}


def of_items(seen: Seen) -> Seen:
    """Return what a tool sees that looks at some items only."""
    return lambda value: (
        {**value, "it": seen(value["it"])} if isinstance(value, dict) and isinstance(value.get("it"), list) else value
    )


def of_members(seen: Seen) -> Seen:
    return lambda value: (
        {**value, "it": dict(seen([*value["it"].items()]))}
        if isinstance(value, dict) and isinstance(value.get("it"), dict)
        else value
    )


def far_inside(seen: Seen) -> Seen:
    return lambda value: {"it": {"it": {"it": of_items(seen)(value["it"]["it"]["it"])}}}


def with_good_names(members: list[Any]) -> list[Any]:
    return [*members[:1], *((f"GOOD{at}", item) for at, (_, item) in enumerate(members[1:]))]


def with_good_values(members: list[Any]) -> list[Any]:
    return [*members[:1], *((name, 0) for name, _ in members[1:])]


def without_null_at_the_end(items: list[Any]) -> list[Any]:
    return items[:-1] if items and items[-1] is None else items


def with_numbers_as_texts(items: list[Any]) -> list[Any]:
    return [str(item) if type(item) is int else item for item in items]


def cut_at(level: int, name: str) -> Seen:
    """Return what is seen by a tool that goes so many levels deep along one member."""

    def cut(value: Any, left: int) -> Any:
        if not isinstance(value, dict):
            return value
        kept = {key: item for key, item in value.items() if key != name or left}
        return {key: cut(item, left - 1 if key == name else left) for key, item in kept.items()}

    return lambda value: cut(value, level)


def good_behind(first: str, second: str) -> Seen:
    """Return what is seen by who looks at nothing of the second kind of names once one of the first kind was there."""

    def seen(members: list[Any]) -> list[Any]:
        made: list[Any] = []
        for name, value in members:
            kinds = [kind_of_name(other) for other, _ in made]
            is_passed = first in kinds and kind_of_name(name) == second
            made.append((name, ("x" if second == "x" else 1) if is_passed else value))
        return made

    return of_members(seen)


def kind_of_name(name: str) -> str:
    return "x" if name.startswith("x-") else "other"


ROWS = {"type": "array", "items": {"type": "object", "properties": {"n": INTEGER}, "required": ["n"]}}
LEAVES = {
    "type": "array", "minItems": 1,
    "items": {
        "type": "object", "properties": {"e": {"type": "integer", "maximum": 9}}, "required": ["e"],
        "additionalProperties": False,
    },
}  # fmt: skip
NAMES = {
    "type": "object",
    "propertyNames": {"pattern": "^[A-Z_][A-Z0-9_]*$"},
    "additionalProperties": {"type": "string"},
}
DAYS = {
    "type": "object", "propertyNames": {"enum": ["mon", "tue", "wed"]}, "minProperties": 1,
    "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 24},
}  # fmt: skip
LABELS = {"type": "object", "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": INTEGER}
PAIRS = {
    "type": "array",
    "uniqueItems": True,
    "items": {"type": "object", "properties": {"id": INTEGER}, "required": ["id"]},
}
POINTS = {"type": "array", "uniqueItems": True, "items": {"type": "array", "items": {"type": "number"}, "minItems": 2}}
TWO = {"type": "array", "allOf": [{"maxItems": 2}, {"items": {"type": "integer", "minimum": 1, "maximum": 9}}]}
NODE = {
    "type": "object", "properties": {"n": INTEGER, "left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/$defs/node"}},
    "required": ["n"], "additionalProperties": False,
}  # fmt: skip
TOOLS: dict[str, tuple[dict[str, Any], Seen]] = {
    "the last item": (a_tool(ROWS), of_items(lambda items: items[-1:])),
    "the first ten items": (a_tool(ROWS), of_items(lambda items: items[:10])),
    "the first item, far inside": (holding(holding(holding(holding(LEAVES)))), far_inside(lambda items: items[:1])),
    "the first name": (a_tool(NAMES, required=["count"]), of_members(with_good_names)),
    "the first value": (a_tool(DAYS), of_members(with_good_values)),
    "no null behind a tuple": (
        a_tool({"type": "array", "prefixItems": [INTEGER, INTEGER], "items": False, "minItems": 2}, required=[]),
        of_items(without_null_at_the_end),
    ),
    "numbers as texts, where texts are counted": (
        a_tool({"type": "array", "contains": {"type": "string"}, "minContains": 0, "maxContains": 2}),
        of_items(with_numbers_as_texts),
    ),
    **{
        f"{second} behind {first}": (a_tool(LABELS), good_behind(first, second))
        for first in ("x", "other") for second in ("x", "other")
    },
    "the second of two is not too large": (a_tool(TWO), of_items(lambda items: [min(item, 9) if at and type(item) is int else item for at, item in enumerate(items)])),
    "four levels along the second member": (a_tool({"$ref": "#/$defs/node"}, **{"$defs": {"node": NODE}}), cut_at(4, "right")),
}  # fmt: skip


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_that_sees_some_only_is_told_apart(name: str) -> None:
    """Some input is judged otherwise by who sees that part of it."""
    schema, seen = TOOLS[name]
    judge = jsonschema.Draft202012Validator(schema)
    assert any(judge.is_valid(as_seen(seen, case.input)) != (case.label == "valid") for case in generate_cases(schema))


@pytest.mark.parametrize("part", [PAIRS, POINTS], ids=["objects", "arrays"])
def test_equal_items_that_are_written_otherwise_are_met(part: dict[str, Any]) -> None:
    """Some row is refused for two items that are equal, such as `{"id": 1}` and `{"id": 1.0}`, and not written alike."""
    loose = jsonschema.Draft202012Validator({**a_tool({**part, "uniqueItems": False})})
    rows = [
        case.input for case in generate_cases(a_tool(part)) if case.label == "invalid" and loose.is_valid(case.input)
    ]
    assert any(len({json.dumps(item, sort_keys=True) for item in row["it"]}) == len(row["it"]) for row in rows)


def as_seen(seen: Seen, value: Any) -> Any:
    try:
        return seen(value)
    except (LookupError, TypeError, AttributeError):  # it is of another shape: nothing is left out
        return value


def test_matches_may_stand_anywhere() -> None:
    """Of two `contains` each has an array in which its match is not the first item."""
    asked = [{"contains": {"const": "x"}}, {"contains": INTEGER, "maxContains": 1}]
    rows = [
        case.input["it"] for case in generate_cases(a_tool({"type": "array", "allOf": asked})) if case.label == "valid"
    ]
    assert any(row[0] != "x" for row in rows)
    assert any(not isinstance(row[0], int) for row in rows)


def test_what_is_counted_may_be_otherwise_than_what_is_left() -> None:
    """What `contains` matches is evaluated, so `unevaluatedItems` asks nothing of it: there are valid arrays."""
    part = {
        "type": "array",
        "prefixItems": [{"type": "string"}],
        "contains": INTEGER,
        "unevaluatedItems": {"type": "null"},
    }
    cases = list(generate_cases(a_tool(part)))
    assert {case.label for case in cases} == {"valid", "invalid"}


def test_each_member_of_what_is_to_be_contained_is_soon_wrong() -> None:
    """Of two `contains` that ask for objects, the second's members each fail alone among the first hundred cases."""
    owner = {"type": "object", "properties": {"role": {"const": "owner"}}, "required": ["role"]}
    until = {"role": {"const": "guest"}, "until": {"type": "string", "format": "date"}}
    guest = {"type": "object", "properties": until, "required": [*until]}
    schema = a_tool({"type": "array", "allOf": [{"contains": owner}, {"contains": guest}]})
    cases = [case for case in generate_cases(schema, limit=100) if case.label == "invalid"]
    rows = [case.input["it"] for case in cases if isinstance(case.input, dict) and "it" in case.input]
    items = [item for row in rows if isinstance(row, list) for item in row if isinstance(item, dict)]
    wrong = [item for item in items if item.keys() == {"role", "until"} and item["until"] != "2024-01-31"]
    assert any(isinstance(item["until"], str) for item in wrong if item["role"] == "guest")
