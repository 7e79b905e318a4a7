"""Checks written by hand, nearly right: for each, some case shows where it takes or refuses what the schema does not."""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

import pytest

from pytest_toolcheck.cases import generate_cases
from pytest_toolcheck.cases.formats import BAD, GOOD, is_disputed
from pytest_toolcheck.cases.labels import Validity

Schema = dict[str, Any]
Check = Callable[[Any], object]


def of_format(name: str) -> Schema:
    return {"type": "string", "format": name}


def row(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


SET: Schema = {"type": "array", "uniqueItems": True}
PAIR: Schema = {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "items": False}
FIRST: Schema = {**row({"type": "string", "maxLength": 3}), "prefixItems": [{"type": "integer"}] * 3}
FOUND: Schema = {
    "type": "array", "prefixItems": [{"type": "integer"}], "contains": {"type": "string"}, "unevaluatedItems": False,
}  # fmt: skip
CONST: Schema = {"const": {"a": 1, "b": [1, 2]}}
COUNTED: Schema = {
    "type": "object", "properties": dict.fromkeys("abcd", True), "required": ["a"], "minProperties": 2,
    "maxProperties": 3,
}  # fmt: skip
BESIDE: Schema = {"type": "object", "properties": {"x": {"type": "integer"}}, "additionalProperties": {"maxLength": 3}}
CODES: Schema = {"enum": [f"code{number:03}" for number in range(500)]}
OBJECTS = row({"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}, uniqueItems=True)
PIECES = row({"type": "integer"}, minItems=2, maxItems=4, uniqueItems=True)

TAKES: list[tuple[str, Schema, Check]] = [
    ("first and last only", PIECES, lambda v: 2 <= len(v) <= 4 and v[0] != v[-1]),
    ("order of members", OBJECTS, lambda v: len({json.dumps(item) for item in v}) == len(v)),
    ("a third item", PAIR, lambda v: len(v) == 3 and all(isinstance(item, (int, float)) for item in v)),
    (
        "the first after a prefix",
        FIRST,
        lambda v: len(v) > 4 and all(isinstance(i, str) and len(i) < 4 for i in v[3:4]),
    ),
    ("a listed array in any order", CONST, lambda v: v["a"] == 1 and v["a"] is not True and v["b"] == [2, 1]),
    ("true for a listed 1", CONST, lambda v: v["a"] is True and v["b"] == [1, 2]),
    ("one member of a listed object", CONST, lambda v: v.get("a") == 1 and "b" not in v),
    ("named members alone are counted", COUNTED, lambda v: 2 <= len([name for name in v if name in "abcd"]) <= 3),
    ("the form of a listed text", CODES, lambda v: re.fullmatch(r"code\d{3}", v)),
    ("a UUID by its library", of_format("uuid"), lambda v: uuid.UUID(v)),
    ("a UUID that begins with a digit or a small letter", of_format("uuid"), lambda v: not v[0].isupper()),
    ("a UUID by its signs", of_format("uuid"), lambda v: re.fullmatch(r"[0-9a-f-]{36}", v)),
    ("a time without a zone", of_format("time"), lambda v: re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", v)),
    ("an afternoon", of_format("time"), lambda v: v.endswith("PM")),
    ("a zone of hours", of_format("date-time"), lambda v: re.search(r"T[\d:]{8}[+-]\d\d$", v)),
    ("a fraction with a comma", of_format("date-time"), lambda v: re.search(r"T[\d:]{8},\dZ", v)),
    ("minutes of a zone", of_format("date-time"), lambda v: re.search(r"T[\d:]{8}[+-]\d\d:[6-9]\d$", v)),
    ("a moment by the library", of_format("date-time"), lambda v: datetime.datetime.fromisoformat(v)),
    ("a date with dashes", of_format("date"), lambda v: re.fullmatch(r"\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])", v)),
    ("254 characters of a host", of_format("hostname"), lambda v: re.fullmatch(r"([a-z0-9]{1,63}\.?)+", v)),
    ("a last byte", of_format("ipv4"), lambda v: re.fullmatch(r"\d{1,2}\.\d\.\d\.\d+", v)),
    ("any address", of_format("ipv6"), lambda v: ipaddress.ip_address(v)),
    ("letters of all alphabets", of_format("uri"), lambda v: urlparse(v).scheme and " " not in v and not v.isascii()),
    ("braces in braces", of_format("uri-template"), lambda v: "{{" in v),
    ("any escape", of_format("json-pointer"), lambda v: re.fullmatch(r"(/[^/]*)*", v)),
    ("a range that falls", of_format("regex"), lambda v: v.startswith("[") and v.endswith("]")),
]
REFUSES: list[tuple[str, Schema, Check]] = [
    ("a number and its text", SET, lambda v: len(set(map(str, v))) < len(v)),
    ("a second that is found", FOUND, lambda v: len(v) > 2),
    ("any other member", BESIDE, lambda v: len(v) > 1),
    ("a whole fraction in a listed object", CONST, lambda v: isinstance(v["a"], float)),
    ("a small z", of_format("date-time"), lambda v: "z" in v and "T" in v),
    ("half an hour behind", of_format("date-time"), lambda v: re.search(r"-\d\d:30$", v)),
    ("a long domain", of_format("email"), lambda v: re.search(r"\.[a-z]{4,}$", v)),
    ("a digit first", of_format("email"), lambda v: v[0].isdigit()),
    ("an apostrophe", of_format("email"), lambda v: "'" in v),
    ("an underscore", of_format("email"), lambda v: "_" in v),
    ("a domain with a dash", of_format("email"), lambda v: "-" in v),
    ("two dashes", of_format("hostname"), lambda v: "--" in v and "xn--" not in v),
    ("a full host", of_format("hostname"), lambda v: len(v) > 200),
    ("noughts in front", of_format("ipv6"), lambda v: any(len(part) == 4 and part[0] == "0" for part in v.split(":"))),
    ("a late version", of_format("uuid"), lambda v: v[14] == "7"),
    ("this machine", of_format("uri"), lambda v: "localhost" in v),
    ("an address of numbers", of_format("uri"), lambda v: re.search(r"//\d+\.\d+", v)),
    ("a scheme of two", of_format("uri"), lambda v: re.match(r"[a-z]+\+", v)),
    ("a tilde", of_format("uri"), lambda v: "~" in v),
    ("a query alone", of_format("uri-reference"), lambda v: v.startswith("?")),
    ("a query of a template", of_format("uri-template"), lambda v: "{?" in v),
    ("many of a template", of_format("uri-template"), lambda v: "*}" in v),
    ("an empty last part", of_format("json-pointer"), lambda v: len(v) > 1 and v.endswith("/")),
    ("letters in a pointer", of_format("json-pointer"), lambda v: not v.isascii()),
    ("an escape", of_format("relative-json-pointer"), lambda v: "~" in v),
    ("a group that looks ahead", of_format("regex"), lambda v: "(?" in v),
    ("a class of others", of_format("regex"), lambda v: "[^" in v),
    ("few at first", of_format("regex"), lambda v: "+?" in v),
    ("a group met again", of_format("regex"), lambda v: re.search(r"\\\d", v)),
    ("a month", of_format("duration"), lambda v: re.match(r"P\d+M", v)),
    ("minutes", of_format("duration"), lambda v: re.match(r"PT\d+M$", v)),
]


def is_told(schema: Schema, wrong: Check, label: str) -> bool:
    """Say whether a case of the label shows what the check does wrong."""
    whole = {"type": "object", "properties": {"p": schema}, "required": ["p"]}
    cases = [case for case in generate_cases(whole) if isinstance(case.input, dict) and "p" in case.input]
    return any(_answers(wrong, case.input["p"]) for case in cases if case.label == label)


def _answers(check: Check, value: Any) -> bool:
    try:
        return bool(check(value))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False


@pytest.mark.parametrize(("schema", "takes"), [entry[1:] for entry in TAKES], ids=[entry[0] for entry in TAKES])
def test_what_is_wrongly_taken(schema, takes):
    """Something that the schema refuses is sent, and this check takes it."""
    assert is_told(schema, takes, "invalid")


@pytest.mark.parametrize(("schema", "refuses"), [entry[1:] for entry in REFUSES], ids=[entry[0] for entry in REFUSES])
def test_what_is_wrongly_refused(schema, refuses):
    """Something that the schema takes is sent, and this check refuses it."""
    assert is_told(schema, refuses, "valid")


@pytest.mark.parametrize("name", sorted(GOOD))
def test_what_is_disputed_is_not_sent(name):
    """Where validation and a format's standard differ, as about leap seconds, no tool is held to either."""
    schema = {"type": "object", "properties": {"p": of_format(name)}, "required": ["p"]}
    inputs = [case.input for case in generate_cases(schema) if isinstance(case.input, dict)]
    sent = {value["p"] for value in inputs if isinstance(value.get("p"), str)}
    for table in (GOOD, BAD):
        assert not sent & {text for text in table[name] if is_disputed(name, text, is_good=table is GOOD)}


def test_tables_of_formats_are_true():
    """Good texts are good and bad ones bad, but for the few that validation sees otherwise."""
    disputed = [text for text in GOOD["date-time"] if is_disputed("date-time", text, is_good=True)]
    assert disputed == ["1998-12-31T23:59:60Z"]
    years = [text for text in GOOD["date"] if is_disputed("date", text, is_good=True)]
    assert years == ["0000-01-01"]  # RFC 3339 begins with the year nought, Python with the first
    assert sum(is_disputed(name, text, is_good=True) for name, texts in GOOD.items() for text in texts) < 6
    assert sum(is_disputed(name, text, is_good=False) for name, texts in BAD.items() for text in texts) < 6


def deepest_checked(value: Any, left: int) -> bool:
    """Check an expression as far as so many levels, as a tool does that does not call itself."""
    if left == 0 or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return True
    if not isinstance(value, dict) or set(value) != {"op", "args"} or value["op"] not in ("+", "-"):
        return False
    return isinstance(value["args"], list) and all(deepest_checked(part, left - 1) for part in value["args"])


@pytest.mark.parametrize("levels", [1, 2, 3, 5])
def test_what_is_wrong_deep_inside(levels):
    """A tool that looks only so far into a value that may hold itself is found, whatever stands beside the value."""
    term = {
        "type": "object",
        "properties": {"op": {"enum": ["+", "-"]}, "args": {"type": "array", "items": {"$ref": "#/$defs/e"}}},
        "required": ["op", "args"],
        "additionalProperties": False,
    }
    members = {"p": {"$ref": "#/$defs/e"}, "note": {"type": "string"}, "n": {"type": "integer"}}
    schema = {"$defs": {"e": {"anyOf": [{"type": "number"}, term]}}, "type": "object", "properties": members}
    right = Validity(schema)
    inputs = [
        case.input for case in generate_cases(schema) if isinstance(case.input, dict) and set(case.input) == {"p"}
    ]
    assert any(deepest_checked(value["p"], levels) and not right.accepts(value) for value in inputs)
