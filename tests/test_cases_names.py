"""Names of members: patterns, lengths, lists and formats of names are told from every near one; lengths are code points."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest

from pytest_toolcheck.cases import generate_cases

SHOUTED = {"patternProperties": {"^[A-Z_]+$": {"type": "integer"}}, "additionalProperties": False}
CODES = {"patternProperties": {"^x-[a-z]{2,4}$": {"type": "string"}}}
PLACED = {"patternProperties": {"foo": {"type": "integer"}}}
SPLIT = {"patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": {"type": "string"}}
TWO = {
    "patternProperties": {"^a": {"type": "integer", "minimum": 5}, "z$": {"type": "integer", "maximum": 50}},
    "additionalProperties": False,
}
LENGTHS = {"propertyNames": {"minLength": 2, "maxLength": 5}, "additionalProperties": {"type": "number"}}
LISTED = {"propertyNames": {"enum": ["red", "green", "very-blue"]}, "additionalProperties": {"type": "integer"}}
DATED = {"propertyNames": {"format": "date"}, "additionalProperties": {"type": "integer"}}
LABELS = {
    "patternProperties": {"^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$": {"type": "string", "maxLength": 10}},
    "additionalProperties": False,
}


def named(pattern: str) -> Any:
    """Return what a tool does that takes other names for the whole numbers of a closed map."""
    return lambda members: all(re.search(pattern, name) and type(value) is int for name, value in members.items())


def texts(pattern: str) -> Any:
    """Return what a tool does that asks for texts under other names of an open map."""
    return lambda members: all(
        isinstance(value, str) or not re.search(pattern, name) for name, value in members.items()
    )


def counted(count: Any) -> Any:
    return lambda members: all(2 <= count(name) <= 5 for name in members)


NAMES = [
    ("a digit", SHOUTED, named("^[A-Z0-9_]+$")),
    ("a small letter", SHOUTED, named("^[A-Za-z_]+$")),
    ("another sign", SHOUTED, named("^[A-Z_-]+$")),
    ("no start", SHOUTED, named("[A-Z_]+$")),
    ("no end", SHOUTED, named("^[A-Z_]+")),
    ("no name", SHOUTED, named("^[A-Z_]*$")),
    ("no sign", SHOUTED, named("^[A-Z]+$")),
    ("no long name", SHOUTED, named("^[A-Z_]{1,20}$")),
    ("no last letter", SHOUTED, named("^[A-Y_]+$")),
    ("one letter more", CODES, texts("^x-[a-z]{2,5}$")),
    ("one letter less", CODES, texts("^x-[a-z]{1,4}$")),
    ("not the longest", CODES, texts("^x-[a-z]{2,3}$")),
    ("all of a prefix", CODES, texts("^x-")),
    ("the whole name", PLACED, lambda members: type(members.get("foo", 1)) is int),
    ("capitals", SPLIT, lambda members: all((type(v) is int) is n.lower().startswith("n_") for n, v in members.items())),
    ("a letter", SPLIT, lambda members: all((type(v) is int) is n.startswith("n") for n, v in members.items())),
    ("anywhere", SPLIT, lambda members: all((type(v) is int) is ("n_" in n) for n, v in members.items())),
    ("the first alone", TWO, lambda members: all(v >= 5 if n[:1] == "a" else v <= 50 for n, v in members.items())),
    ("bytes", LENGTHS, counted(lambda name: len(name.encode()))),
    ("UTF-16", LENGTHS, counted(lambda name: len(name.encode("utf-16-le")) // 2)),
    ("one more", LENGTHS, lambda members: all(2 <= len(name) <= 6 for name in members)),
    ("one less", LENGTHS, lambda members: all(2 <= len(name) <= 4 for name in members)),
    ("case of a member", LISTED, lambda members: all(n.lower() in ("red", "green", "very-blue") for n in members)),
    ("sign of a member", LISTED, lambda members: all(n.replace("_", "-") in ("red", "green", "very-blue") for n in members)),
    ("the last member", LISTED, lambda members: all(n in ("red", "green") for n in members)),
    ("any digits", DATED, lambda members: all(re.fullmatch(r"\d{4}-\d\d-\d\d", n) for n in members)),
    ("no leap day", DATED, lambda members: all(re.fullmatch(r"(?!.*02-29)\d{4}-\d\d-\d\d", n) for n in members)),
    ("a dash at the end", LABELS, lambda members: all(re.search("^[a-z0-9][a-z0-9-]{0,9}$", n) for n in members)),
    ("eleven", LABELS, lambda members: all(re.search("^[a-z0-9]([a-z0-9-]{0,9}[a-z0-9])?$", n) for n in members)),
    ("not ten", LABELS, lambda members: all(re.search("^[a-z0-9]([a-z0-9-]{0,7}[a-z0-9])?$", n) for n in members)),
]  # fmt: skip


def is_told(schema: dict[str, Any], accepts: Any) -> bool:
    """Say whether a case shows that the tool accepts what it is to refuse, or refuses (or dies of) what it is to take."""
    return any(_verdict(accepts, case.input["p"]) != (case.label == "valid") for case in cases_of(schema))


def cases_of(schema: dict[str, Any]) -> Any:
    whole = {"type": "object", "properties": {"p": schema, "more": {"type": "integer"}}, "required": ["p"]}
    for case in generate_cases(whole):
        if isinstance(case.input, dict) and type(case.input.get("more", 1)) is int and "p" in case.input:
            yield case


def _verdict(accepts: Any, value: Any) -> bool | None:
    try:
        return bool(accepts(value))
    except (AttributeError, TypeError):
        return False


@pytest.mark.parametrize(("schema", "accepts"), [n[1:] for n in NAMES], ids=[n[0] for n in NAMES])
def test_names(schema, accepts):
    """A tool that takes other names than the schema does is told from one that takes the same."""
    assert is_told({"type": "object", **schema}, accepts)


COUNTS = {
    "UTF-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "bytes": lambda text: len(text.encode()),
    "put together": lambda text: len(unicodedata.normalize("NFC", text)),
    "taken apart": lambda text: len(unicodedata.normalize("NFD", text)),
    "compatible": lambda text: len(unicodedata.normalize("NFKC", text)),
    "small": lambda text: len(text.lower()),
    "capitals": lambda text: len(text.upper()),
    "stripped": lambda text: len(text.strip()),
    "one line end": lambda text: len(text.replace("\r\n", "\n")),
    "escaped": lambda text: len(text.replace('"', '\\"')),
}


@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("bound", ["minLength", "maxLength"])
def test_lengths_are_code_points(count, bound):
    """A tool that counts anything else at either bound is found, also where a text must be long."""
    schema = {"type": "string", bound: 20}
    compare = int.__ge__ if bound == "minLength" else int.__le__
    assert is_told(schema, lambda value: isinstance(value, str) and compare(count(value), 20))


@pytest.mark.parametrize("count", [COUNTS["UTF-16"], COUNTS["bytes"]], ids=["UTF-16", "bytes"])
def test_lengths_in_a_pattern_are_code_points(count):
    """What a pattern counts is told from UTF-16 units and bytes too."""
    accepts = lambda value: isinstance(value, str) and "\n" not in value and 2 <= count(value) <= 10  # noqa: E731
    assert is_told({"type": "string", "pattern": "^.{2,10}$"}, accepts)


def test_odd_texts_are_as_long_as_they_must_be():
    """Where a text must be long, what trips programs is made as long: no unusual text is lost to the bound."""
    schema = {"type": "string", "minLength": 20}
    valid = [case.input["p"] for case in cases_of(schema) if case.label == "valid"]
    for sign in ("\x00", "\U0001f600", "\u0301", "\u05e9", "\u200d", "\x1b", "\u200b", "%s", "../"):
        assert any(sign in text for text in valid), sign
