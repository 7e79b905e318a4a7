"""Kinds of faults that a schema tells of: what stands together, in which order, of which branch. Some case shows each."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from pytest_toolcheck.cases import Case, generate_cases

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
PLACE = {"lat": {"type": "number", "minimum": -90, "maximum": 90}, "lon": {"type": "number", "minimum": -180, "maximum": 180}}  # fmt: skip


def whole(low: int, high: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": high}


def tool(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties]}


def branch(kind: str, **members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"kind": {"const": kind}, **members}, "required": ["kind", *members]}


DRAFT_7 = "http://json-schema.org/draft-07/schema#"
PAIR = {"type": "array", "items": whole(2, 4), "maxItems": 2}
SCHEMAS: dict[str, dict[str, Any]] = {
    "tuple": {"$schema": DRAFT_7, **tool(it={"type": "array", "items": [TEXT, {"type": "integer"}], "additionalItems": {"type": "boolean"}, "minItems": 2})},
    "defined": {"$schema": DRAFT_7, "definitions": {"pair": PAIR}, **tool(it={"type": "object", "properties": {"b": {"$ref": "#/definitions/pair"}}, "required": ["b"]})},
    "channel": tool(it={"oneOf": [branch("mail", to={**TEXT, "format": "email"}), branch("call", to={**TEXT, "pattern": "^\\+[0-9]{7,15}$"}), branch("push", token=TEXT)]}),
    "patterns": tool(it={"type": "object", "patternProperties": {"^s_": TEXT, "^i_": {"type": "integer"}}, "additionalProperties": False}),
    "two parts": tool(it={"allOf": [{"type": "object", "properties": {"a": NUMBER}, "required": ["a"]}, {"properties": {"b": TEXT}}], "unevaluatedProperties": False}),
    "evaluated": tool(it={"type": "array", "prefixItems": [TEXT, {"type": "integer"}], "contains": {"type": "boolean"}, "unevaluatedItems": False}),
    "two kinds": tool(it={"type": "array", "items": {"type": "integer"}, "allOf": [{"contains": {"minimum": 100}}, {"contains": {"maximum": 5}, "minContains": 2}]}),
    "members": tool(it={"type": "array", "allOf": [{"contains": branch("owner")}, {"contains": {"type": "object", "properties": {"level": whole(3, 9)}, "required": ["level"]}}]}),
    "set": tool(it={"type": "array", "items": whole(0, 50), "uniqueItems": True, "contains": {"minimum": 10}, "minContains": 2}),
    "version": tool(it={**TEXT, "pattern": "^v[0-9]+\\.[0-9]+(-(alpha|beta)\\.[1-9])?$"}),
    "order": tool(it={"allOf": [{"type": "array", "prefixItems": [{"enum": ["asc", "desc"]}, {"enum": ["name", "date"]}]}, {"minItems": 2}]}),
    "points": tool(**{f"{name}{number}": bounds for number in (1, 2) for name, bounds in PLACE.items()}),
    "way": tool(start=tool(**PLACE), end=tool(**PLACE)),
    "range": tool(start=NUMBER, end=NUMBER),
    "box": tool(x1=NUMBER, x2=NUMBER, y1=NUMBER, y2=NUMBER),
}  # fmt: skip


def hits(value: Any, low: int) -> list[Any]:
    return [item for item in value["it"] if item >= low]


def is_off_by_rounding(value: Any) -> bool:
    """Whether the usual formula for a distance on the earth leaves the domain of acos, as it may for equal points."""
    first, east, second, west = (math.radians(value[name]) for name in ("lat1", "lon1", "lat2", "lon2"))
    share = math.sin(first) * math.sin(second) + math.cos(first) * math.cos(second) * math.cos(east - west)
    return abs(share) > 1


def is_off_across(value: Any) -> bool:
    """Whether the same comes of points that are not equal."""
    return value["lat1"] != value["lat2"] and is_off_by_rounding(value)


def as_points(value: Any) -> dict[str, float]:
    return {f"{name}{number}": value[end][name] for number, end in ((1, "start"), (2, "end")) for name in PLACE}


ACCEPTED: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("tuple", "the other way round", lambda v: [*map(type, v["it"])] == [int, str]),
    ("tuple", "a third of another type", lambda v: len(v["it"]) == 3 and v["it"][2] is None),
    ("defined", "the second of two", lambda v: v["it"]["b"][1] == 1 and v["it"]["b"][0] > 1),
    ("channel", "a call to an address", lambda v: v["it"]["kind"] == "call" and "@" in v["it"]["to"]),
    ("channel", "a mail to a number", lambda v: v["it"]["kind"] == "mail" and v["it"]["to"].startswith("+")),
    ("two parts", "the needed one left out beside the other", lambda v: [*v["it"]] == ["b"]),
    ("evaluated", "one that nothing evaluates", lambda v: [*map(type, v["it"])] == [str, int, dict, bool]),
    ("two kinds", "one of the second nearly", lambda v: hits(v, 100) and sum(i <= 5 for i in v["it"]) == 1 and 6 in v["it"]),
    ("two kinds", "the first nearly", lambda v: max(v["it"]) == 99 and sum(i <= 5 for i in v["it"]) > 1),
    ("members", "the second nearly", lambda v: {"owner"} & {i.get("kind") for i in v["it"]} and {2, 10} & {i.get("level") for i in v["it"]}),
    ("set", "one twice beside others", lambda v: len({*hits(v, 10)}) > 1 and len({*v["it"]}) < len(v["it"])),
    ("set", "one counted twice", lambda v: len(hits(v, 10)) == 2 and len({*hits(v, 10)}) == 1),
    ("version", "another word", lambda v: re.fullmatch(r"v\d+\.\d+-[a-z]+\.[1-9]", v["it"])),
    ("order", "the second is no member", lambda v: v["it"][0] in ("asc", "desc") and isinstance(v["it"][1], str)),
]  # fmt: skip
CRASHES: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("channel", "another branch's member beside", lambda v: v["it"]["kind"] == "push" and "to" in v["it"]),
    ("patterns", "names of both patterns", lambda v: {"s", "i"} <= {name[0] for name in v["it"]}),
    ("patterns", "two names of one pattern", lambda v: sum(name[0] == "s" for name in v["it"]) > 1),
    ("points", "equal points", lambda v: v["lat1"] == v["lat2"] and v["lon1"] == v["lon2"]),
    ("points", "rounding at equal points", is_off_by_rounding),
    ("points", "opposite points", lambda v: v["lat1"] == -v["lat2"] != 0),
    ("points", "across the globe", lambda v: v["lat1"] == -v["lat2"] != 0 and abs(v["lon1"] - v["lon2"]) == 180),
    ("points", "rounding across the globe", is_off_across),
    ("way", "equal points", lambda v: v["start"] == v["end"]),
    ("way", "rounding at equal points", lambda v: v["start"] == v["end"] and is_off_by_rounding(as_points(v))),
    ("way", "across the globe", lambda v: v["start"]["lat"] == -v["end"]["lat"] != 0 and abs(v["start"]["lon"] - v["end"]["lon"]) == 180),
    ("way", "rounding across the globe", lambda v: is_off_across(as_points(v))),
    ("range", "equal and not nought", lambda v: v["start"] == v["end"] != 0),
    ("box", "no width, some height", lambda v: v["x1"] == v["x2"] and v["y1"] != v["y2"]),
]  # fmt: skip


@lru_cache
def cases_of(name: str) -> list[Case]:
    return list(generate_cases(SCHEMAS[name]))


def shows(shown: Callable[[Any], Any], value: Any) -> bool:
    try:
        return bool(shown(value))
    except (TypeError, KeyError, AttributeError, IndexError, ValueError):
        return False


@pytest.mark.parametrize(("name", "bug", "shown"), ACCEPTED, ids=[f"{name}: {bug}" for name, bug, _ in ACCEPTED])
def test_what_is_wrongly_accepted_is_met(name: str, bug: str, shown: Callable[[Any], Any]) -> None:
    """Some invalid case is among what the tool accepts by mistake."""
    assert any(shows(shown, case.input) for case in cases_of(name) if case.label == "invalid"), bug


@pytest.mark.parametrize(("name", "bug", "shown"), CRASHES, ids=[f"{name}: {bug}" for name, bug, _ in CRASHES])
def test_a_crash_is_met(name: str, bug: str, shown: Callable[[Any], Any]) -> None:
    """Some valid case makes the tool crash."""
    assert any(shows(shown, case.input) for case in cases_of(name) if case.label == "valid"), bug
