"""Bugs planted in tools: for each, some generated case shows it."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from pytest_toolcheck.cases import generate_cases


def tool(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


INTEGER = {"type": "integer"}
STRING = {"type": "string"}
FLAG = {"type": "boolean"}
ITEMS = {"type": "array", "items": INTEGER}
TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"root": {"$ref": "#/$defs/node"}},
    "required": ["root"],
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"value": INTEGER, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
            "required": ["value"],
        }
    },
}
DIGIT = {"type": "integer", "minimum": 1, "maximum": 9}
DIGITS = {"type": "array", "items": DIGIT, "maxItems": 3}
SHORT = {"type": "string", "maxLength": 5}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
COLOURS = {"enum": ["r", "g", "b"]}
OPTIONS = tool("n", n=DIGIT, e=COLOURS, v=FLAG, w=SHARE, x={"type": ["integer", "null"], "minimum": 0, "maximum": 3})
FOLDERS: dict[str, Any] = {
    "type": "object",
    "properties": {"root": {"$ref": "#/$defs/folder"}},
    "required": ["root"],
    "$defs": {
        "folder": {
            "type": "object",
            "properties": {
                "name": STRING,
                "inside": {"type": "array", "items": {"$ref": "#/$defs/folder"}, "default": []},
            },
            "required": ["name"],
        }
    },
}
CARD = {
    "type": "object",
    "properties": {"method": {"enum": ["card", "bank"]}, "number": STRING, "iban": STRING},
    "required": ["method"],
    "if": {"properties": {"method": {"const": "card"}}},
    "then": {"required": ["number"]},
    "else": {"required": ["iban"]},
}
ONE_OF = {
    "type": "object",
    "properties": {"id": INTEGER, "name": STRING},
    "oneOf": [{"required": ["id"]}, {"required": ["name"]}],
}


def folders(node: Any) -> int:
    return 1 + max((folders(inner) for inner in node.get("inside", ())), default=0)


def levels_of(node: Any) -> int:
    return 1 + max((levels_of(child) for child in node.get("children", ())), default=0)


CRASHES = [
    ("zero", tool("n", n=INTEGER), lambda i: i["n"] == 0),
    ("negative", tool("n", n=INTEGER), lambda i: i["n"] < 0),
    ("a float for an integer", tool("n", n=INTEGER), lambda i: isinstance(i["n"], float)),
    ("beyond 32 bits", tool("n", n=INTEGER), lambda i: i["n"] > 2**31),
    ("beyond exact floats", tool("n", n=INTEGER), lambda i: i["n"] > 2**53 and i["n"] % 2 == 1),
    ("beyond 64 bits", tool("n", n=INTEGER), lambda i: i["n"] >= 2**63),
    ("minus zero", tool("x", x={"type": "number"}), lambda i: str(i["x"]) == "-0.0"),
    ("overflow when squared", tool("x", x={"type": "number"}), lambda i: abs(i["x"]) > 1e200),
    ("a small fraction", tool("x", x={"type": "number"}), lambda i: 0 < i["x"] < 1e-6),
    ("the largest allowed", tool("n", n={**INTEGER, "maximum": 250}), lambda i: i["n"] == 250),
    ("the smallest allowed", tool("n", n={**INTEGER, "minimum": 3}), lambda i: i["n"] == 3),
    ("just above an exclusive bound", tool("n", n={**INTEGER, "exclusiveMinimum": 3}), lambda i: i["n"] == 4),
    ("empty string", tool("s", s=STRING), lambda i: i["s"] == ""),
    ("blank string", tool("s", s=STRING), lambda i: i["s"] != "" and not i["s"].strip()),
    ("one character", tool("s", s={**STRING, "minLength": 1}), lambda i: len(i["s"]) == 1),
    ("full length", tool("s", s={**STRING, "maxLength": 40}), lambda i: len(i["s"]) == 40),
    ("long string", tool("s", s=STRING), lambda i: len(i["s"]) > 5000),
    ("not latin-1", tool("s", s=STRING), lambda i: any(ord(c) > 255 for c in i["s"])),
    ("not in the basic plane", tool("s", s=STRING), lambda i: any(ord(c) > 0xFFFF for c in i["s"])),
    ("NUL", tool("s", s=STRING), lambda i: "\0" in i["s"]),
    ("newline", tool("s", s=STRING), lambda i: "\n" in i["s"]),
    ("percent sign", tool("s", s=STRING), lambda i: "%" in i["s"]),
    ("true", tool("b", b=FLAG), lambda i: i["b"] is True),
    ("false", tool("b", b=FLAG), lambda i: i["b"] is False),
    ("null", tool("s", s={"type": ["string", "null"]}), lambda i: i["s"] is None),
    ("null of anyOf", tool(s={"anyOf": [STRING, {"type": "null"}]}), lambda i: "s" in i and i["s"] is None),
    ("empty array", tool("a", a=ITEMS), lambda i: i["a"] == []),
    ("single item", tool("a", a=ITEMS), lambda i: len(i["a"]) == 1),
    ("many items", tool("a", a=ITEMS), lambda i: len(i["a"]) >= 100),
    ("equal items", tool("a", a=ITEMS), lambda i: len(i["a"]) > len(set(i["a"]))),
    ("most items", tool("a", a={**ITEMS, "maxItems": 7}), lambda i: len(i["a"]) == 7),
    ("negative item", tool("a", a=ITEMS), lambda i: any(n < 0 for n in i["a"])),
    ("empty object", tool("o", o={"type": "object"}), lambda i: i["o"] == {}),
    ("last enum member", tool("e", e={"enum": ["a", "b", "c", "d"]}), lambda i: i["e"] == "d"),
    ("absent option", tool(a=INTEGER, b=INTEGER), lambda i: "a" not in i),
    ("all options", tool(a=INTEGER, b=INTEGER, c=FLAG), lambda i: len(i) == 3),
    ("option alone", tool(a=INTEGER, b=INTEGER, c=FLAG), lambda i: list(i) == ["b"]),
    ("unknown property", tool(a=INTEGER), lambda i: not set(i) <= {"a"}),
    ("leap day", tool("d", d={**STRING, "format": "date"}), lambda i: i["d"].endswith("02-29")),
    ("another time zone", tool("d", d={**STRING, "format": "date-time"}), lambda i: i["d"].endswith("+05:30")),
    ("two options", tool(a=FLAG, b=FLAG, c=INTEGER), lambda i: i.get("a") is True and i.get("b") is False),
    (
        "two options at their bounds",
        tool("a", "b", a={**INTEGER, "minimum": 0, "maximum": 9}, b={**INTEGER, "minimum": 0, "maximum": 9}),
        lambda i: i["a"] == 9 and i["b"] == 0,
    ),
    ("equal values", tool("a", "b", a=INTEGER, b=INTEGER), lambda i: i["a"] == i["b"]),
    ("descending values", tool("a", "b", a=INTEGER, b=INTEGER), lambda i: i["a"] > i["b"]),
    ("ascending values", tool("a", "b", a=INTEGER, b=INTEGER), lambda i: i["a"] < i["b"]),
    ("options of strings", tool(a=STRING, b=STRING, c=STRING), lambda i: "a" in i and "c" in i and "b" not in i),
    ("leaf without children", TREE, lambda i: "children" not in i["root"]),
    ("two levels", TREE, lambda i: any("children" in c for c in i["root"].get("children", ()))),
    ("negative in a tree", TREE, lambda i: any(c["value"] < 0 for c in i["root"].get("children", ()))),
    ("else branch", CARD, lambda i: i["method"] == "bank"),
    ("both of a branch", CARD, lambda i: i["method"] == "card" and "iban" in i),
    ("second branch", ONE_OF, lambda i: "name" in i),
    ("six levels", TREE, lambda i: levels_of(i["root"]) > 6),
    ("thirty levels", TREE, lambda i: levels_of(i["root"]) > 30),
    (
        "two options beside a number",
        tool("n", n={**INTEGER, "minimum": 1, "maximum": 9}, a=FLAG, b=FLAG, e={"enum": ["x", "y", "z"]}),
        lambda i: i.get("e") == "z" and i.get("a") is True and not isinstance(i["n"], float),
    ),
    (
        "three options",
        tool(a=FLAG, e={"enum": ["v", "w", "x", "y", "z"]}, f={"enum": [1, 2, 3, 4]}),
        lambda i: i.get("a") is True and i.get("e") == "y" and i.get("f") == 4,
    ),
    (
        "a part of the range",
        tool("n", n={**INTEGER, "minimum": 0, "maximum": 100}),
        lambda i: 51 <= i["n"] < 60,
    ),
    (
        "an empty list in a map of maps",
        tool("m", m={"type": "object", "additionalProperties": {"type": "object", "additionalProperties": ITEMS}}),
        lambda i: any(item == [] for inner in i["m"].values() for item in inner.values()),
    ),
    (
        "two options of an inner object",
        tool("q", q=tool("op", "v", op={"enum": ["eq", "lt"]}, v={"type": ["string", "integer"]})),
        lambda i: i["q"]["op"] == "lt" and isinstance(i["q"]["v"], str),
    ),
    ("many children of an untyped object", tool("o", o={"type": "object"}), lambda i: len(i["o"]) > 1),
    ("the sum of a full array", tool("a", a=DIGITS), lambda i: sum(i["a"]) == 27),
    ("a full array of the least", tool("a", a=DIGITS), lambda i: i["a"] == [1, 1, 1]),
    ("an array that falls", tool("a", a=DIGITS), lambda i: len(i["a"]) > 1 and i["a"][0] > i["a"][-1]),
    ("every choice at once", tool("a", a={"type": "array", "items": COLOURS}), lambda i: len(set(i["a"])) == 3),
    ("the last choice again and again", tool("a", a={"type": "array", "items": COLOURS}), lambda i: i["a"] == ["b"] * 3),
    ("null beside an item", tool("a", a={"type": "array", "items": {"type": ["integer", "null"]}}),
     lambda i: None in i["a"] and len(i["a"]) > 1),
    ("all numbers of an inner object at their most", tool("o", o=tool("x", "y", "z", x=DIGIT, y=DIGIT, z=DIGIT)),
     lambda i: i["o"]["x"] == i["o"]["y"] == i["o"]["z"] == 9),
    ("all texts full", tool("a", "b", "c", a=SHORT, b=SHORT, c=SHORT), lambda i: len(i["a"] + i["b"] + i["c"]) == 15),
    ("all texts empty", tool("a", "b", "c", a=SHORT, b=SHORT, c=SHORT), lambda i: i["a"] + i["b"] + i["c"] == ""),
    ("all eight switches on", tool(**dict.fromkeys("abcdefgh", FLAG)), lambda i: list(i.values()) == [True] * 8),
    ("all eight switches off", tool(**dict.fromkeys("abcdefgh", FLAG)), lambda i: list(i.values()) == [False] * 8),
    ("the least, the most and the least", OPTIONS, lambda i: (i["n"], i.get("w"), i.get("x")) == (1, 1, 0)),
    ("the most of three", OPTIONS, lambda i: (i["n"], i.get("w"), i.get("x")) == (9, 1, 3)),
    ("a choice, a switch and null", OPTIONS, lambda i: i.get("e") == "r" and i.get("v") is True and i.get("x", 0) is None),
    ("a choice, a switch and a bound", OPTIONS, lambda i: i.get("e") == "g" and i.get("v") is False and i["n"] == 9),
    ("a large number, a full text", tool("n", "s", n=DIGIT, s=SHORT, v=FLAG),
     lambda i: i["n"] == 9 and len(i["s"]) == 5 and i.get("v") is False),
    ("a required end, nothing optional", tool("n", "m", n=DIGIT, m=DIGIT, v=FLAG), lambda i: i == {"n": 9, "m": 9}),
    ("a pattern repeated to its end", tool("s", s={**STRING, "pattern": "^[a-z]{2,10}$"}), lambda i: len(i["s"]) == 10),
    ("the upper end of a fraction with a choice", tool("w", "e", w=SHARE, e=COLOURS),
     lambda i: i["w"] == 1 and i["e"] == "b"),
    ("thirty levels of optional lists", FOLDERS, lambda i: folders(i["root"]) > 30),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "crashes"), [row[1:] for row in CRASHES], ids=[row[0] for row in CRASHES])
def test_a_crash_on_valid_input_is_reached(schema, crashes):
    """A tool that crashes on an edge of valid input is given that edge."""
    assert any(crashes(case.input) for case in generate_cases(schema) if case.label == "valid")


ACCEPTS = [
    ("one over the maximum", tool("n", n={**INTEGER, "maximum": 250}), lambda i: i["n"] == 251),
    ("one under the minimum", tool("n", n={**INTEGER, "minimum": 3}), lambda i: i["n"] == 2),
    ("the exclusive maximum", tool("n", n={**INTEGER, "exclusiveMaximum": 9}), lambda i: i["n"] == 9),
    ("the exclusive minimum", tool("n", n={"type": "number", "exclusiveMinimum": 0.5}), lambda i: i["n"] == 0.5),
    ("no multiple", tool("n", n={**INTEGER, "multipleOf": 5}), lambda i: i["n"] % 5 == 1),
    (
        "no multiple of a cent",
        tool("n", n={"type": "number", "multipleOf": 0.01}),
        lambda i: round(i["n"], 2) != i["n"],
    ),
    ("one character too long", tool("s", s={**STRING, "maxLength": 8}), lambda i: len(i["s"]) == 9),
    ("one character too short", tool("s", s={**STRING, "minLength": 3}), lambda i: len(i["s"]) == 2),
    (
        "bytes instead of characters",
        tool("s", s={**STRING, "minLength": 8}),
        lambda i: len(i["s"]) < 8 <= len(i["s"].encode()),
    ),
    (
        "an item again, apart from itself",
        tool("a", a={**ITEMS, "uniqueItems": True}),
        lambda i: len(set(i["a"])) < len(i["a"]) and all(x != y for x, y in itertools.pairwise(i["a"])),
    ),
    ("one item too many", tool("a", a={**ITEMS, "maxItems": 3}), lambda i: len(i["a"]) == 4),
    ("one item too few", tool("a", a={**ITEMS, "minItems": 2}), lambda i: len(i["a"]) == 1),
    ("equal items", tool("a", a={**ITEMS, "uniqueItems": True}), lambda i: len(i["a"]) > len(set(i["a"]))),
    ("true for a number", tool("n", n=INTEGER), lambda i: i["n"] is True),
    ("1 for a boolean", tool("b", b=FLAG), lambda i: i["b"] == 1 and i["b"] is not True),
    ("a numeric string", tool("n", n=INTEGER), lambda i: isinstance(i["n"], str) and i["n"].isdecimal()),
    ("a fraction for an integer", tool("n", n=INTEGER), lambda i: isinstance(i["n"], float) and i["n"] % 1),
    (
        "a fraction between the bounds",
        tool("n", n={**INTEGER, "minimum": 30, "maximum": 40}),
        lambda i: isinstance(i["n"], float) and 30 < i["n"] < 40,
    ),
    (
        "a bound in a map",
        tool("m", m={"type": "object", "additionalProperties": {**INTEGER, "maximum": 9}}),
        lambda i: list(i["m"].values()) == [10],
    ),
    (
        "an item beside those that are counted",
        tool("a", a={"items": {**INTEGER, "minimum": 0}, "contains": {"minimum": 10}, "minContains": 2}),
        lambda i: isinstance(i["a"], list) and -1 in i["a"] and sum(n >= 10 for n in i["a"]) == 2,
    ),
    (
        "an item that is nearly counted",
        tool("a", a={"items": INTEGER, "contains": {"minimum": 10}, "minContains": 2}),
        lambda i: isinstance(i["a"], list) and sorted(i["a"]) == [9, 10],
    ),
    ("a number for a string", tool("s", s=STRING), lambda i: isinstance(i["s"], int)),
    ("null", tool("s", s=STRING), lambda i: i["s"] is None),
    ("a list for a value", tool("s", s=STRING), lambda i: isinstance(i["s"], list)),
    (
        "a wrong item",
        tool("a", a=ITEMS),
        lambda i: isinstance(i["a"], list) and any(isinstance(n, str) for n in i["a"]),
    ),
    (
        "a wrong last item",
        tool("a", a={"type": "array", "items": {**INTEGER, "maximum": 9}}),
        lambda i: len(i["a"]) > 2 and max(i["a"][:2]) <= 9 < i["a"][-1],
    ),
    (
        "a bound of a map's values",
        tool("o", o={"type": "object", "additionalProperties": {**INTEGER, "maximum": 5}}),
        lambda i: i["o"] and set(i["o"].values()) == {6},
    ),
    (
        "a bound of a property named by a pattern",
        {"type": "object", "patternProperties": {"^n-": {**INTEGER, "maximum": 5}}},
        lambda i: 6 in i.values(),
    ),
    ("wrong case", tool("e", e={"enum": ["fast", "slow"]}), lambda i: str(i["e"]).lower() in ("fast", "slow")),
    ("white space", tool("e", e={"enum": ["fast", "slow"]}), lambda i: str(i["e"]).strip() in ("fast", "slow")),
    ("missing", tool("a", "b", a=INTEGER, b=INTEGER), lambda i: "a" in i and "b" not in i),
    ("extra", {**tool("a", a=INTEGER), "additionalProperties": False}, lambda i: i.get("a") == 1 and len(i) == 2),
    (
        "junk before",
        tool("s", s={**STRING, "pattern": "^[A-Z]{3}-[0-9]{4}$"}),
        lambda i: re.search(r"[A-Z]{3}-\d{4}$", str(i["s"])),
    ),
    (
        "junk after",
        tool("s", s={**STRING, "pattern": "^[A-Z]{3}-[0-9]{4}$"}),
        lambda i: re.match(r"[A-Z]{3}-\d{4}", str(i["s"])),
    ),
    (
        "other case",
        tool("s", s={**STRING, "pattern": "^[A-Z]{3}$"}),
        lambda i: re.search(r"^[A-Z]{3}$", str(i["s"]), re.IGNORECASE),
    ),
    ("a date that is none", tool("d", d={**STRING, "format": "date"}), lambda i: i["d"] == "2023-02-29"),
    ("an address that is none", tool("d", d={**STRING, "format": "ipv4"}), lambda i: i["d"] == "256.0.0.1"),
    (
        "an extra nested property",
        tool("o", o={**tool("x", x=INTEGER), "additionalProperties": False}),
        lambda i: isinstance(i["o"], dict) and len(i["o"]) == 2,
    ),
    ("a nested bound", tool("o", o=tool("x", x={**INTEGER, "maximum": 5})), lambda i: i["o"] == {"x": 6}),
    (
        "a bound in a tree",
        TREE,
        lambda i: any(isinstance(c, dict) and "value" not in c for c in i["root"].get("children", ())),
    ),
    ("then without its property", CARD, lambda i: i.get("method") == "card" and "number" not in i),
    ("else without its property", CARD, lambda i: i.get("method") == "bank" and "iban" not in i),
    ("both branches of oneOf", ONE_OF, lambda i: "id" in i and "name" in i),
    ("no branch of oneOf", ONE_OF, lambda i: "id" not in i and "name" not in i),
    (
        "a dependency that is missing",
        {**tool(card=STRING, address=STRING), "dependentRequired": {"card": ["address"]}},
        lambda i: "card" in i and "address" not in i,
    ),
    (
        "too few matches",
        tool("a", a={**ITEMS, "contains": {"const": 7}, "minContains": 2}),
        lambda i: i["a"].count(7) == 1,
    ),
    (
        "too many matches",
        tool("a", a={**ITEMS, "contains": {"const": 7}, "maxContains": 2}),
        lambda i: i["a"].count(7) == 3,
    ),
    ("an item after the prefix", tool("a", a={"prefixItems": [STRING], "items": False}), lambda i: len(i["a"]) == 2),
    ("what is not allowed", tool("s", s={**STRING, "not": {"const": "root"}}), lambda i: i["s"] == "root"),
    ("a property too many", tool("o", o={"type": "object", "maxProperties": 2}), lambda i: len(i["o"]) == 3),
    (
        "a property name in another case",
        tool("o", o={"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}}),
        lambda i: i["o"] and all(name.isupper() and name.isascii() for name in i["o"]),
    ),
    (
        "a bad property name",
        tool("o", o={"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}}),
        lambda i: any(not name.isalpha() for name in i["o"]),
    ),
]


@pytest.mark.parametrize(("schema", "accepts"), [row[1:] for row in ACCEPTS], ids=[row[0] for row in ACCEPTS])
def test_what_the_schema_forbids_is_tried(schema, accepts):
    """A tool that accepts what its schema forbids is given just that."""

    def is_shown(value: Any) -> bool:
        try:
            return bool(accepts(value))
        except (AttributeError, KeyError, TypeError):
            return False  # a case about something else

    assert any(is_shown(case.input) for case in generate_cases(schema) if case.label == "invalid")
