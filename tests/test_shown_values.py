"""Values that a schema shows and that Python's own conversion refuses are found; what a correct tool refuses so is not."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome

Tool = Callable[[Mapping[str, Any]], Any]
BASE = {"type": "integer", "minimum": 2, "maximum": 36, "default": 16}


def _colour(given: Mapping[str, Any]) -> Any:
    digits = given["text"].lstrip("#")
    return [int(digits[at : at + 2], 16) for at in (0, 2, 4)]


def _in_base(given: Mapping[str, Any]) -> Any:
    return int(given["text"], given.get("base", 16))


def _clock(given: Mapping[str, Any]) -> Any:
    return [int(part) for part in given["text"].split(":")]


def _is_accused(tool: Tool, part: dict[str, Any], value: dict[str, Any], good: dict[str, Any]) -> bool:
    def call(given: Mapping[str, Any]) -> Outcome:
        try:
            return Outcome("accepted", 1, value=tool(given))
        except ValueError as error:
            return Outcome("refused", 1, error=CallError("ValueError", str(error)))

    schema = {"type": "object", "properties": {"text": {"type": "string", **part}, "base": BASE}, "required": ["text"]}
    assert call(good).kind == "accepted"
    assert call(value).kind == "refused", "nothing to judge"
    case = Case("id", value, "valid", "enum", "/text", "")
    spec = ToolSpec(name="tool", input=schema)
    evidence = Evidence(tool=spec, case=case, outcome=call(value), known_good=(good,), retry=call)
    return OUTCOME_CHECKS["accepts_valid"](evidence) is not None


def _in_seconds(given: Mapping[str, Any]) -> Any:
    return datetime.datetime.strptime(given["text"], "%Y-%m-%dT%H:%M:%SZ")


def _by_the_library(given: Mapping[str, Any]) -> Any:
    return datetime.datetime.fromisoformat(given["text"])


def _dotted(given: Mapping[str, Any]) -> Any:
    return [int(part) for part in given["text"].split(".")]


def _in_hex(given: Mapping[str, Any]) -> Any:
    return int(given["text"].replace("-", ""), 10)


NOON = {"text": "2024-01-31T12:30:00Z"}
FRACTION, OFFSET, SMALL = (
    {"text": "2024-01-31T12:30:00.123456Z"},
    {"text": "2024-01-31T12:30:00+02:00"},
    {"text": "2024-01-31T12:30:00z"},
)
FOUR, SIX = {"text": "192.0.2.1"}, {"text": "2001:db8::1"}
UUID = {"text": "2eb8aa08-aa98-11ea-b4aa-73b441d16380"}
DIGITS = {"text": "00000000-0000-4000-8000-000000000000"}
COLOUR, GOOD = {"text": "#fff"}, {"text": "#ff8800"}
FAULTY: list[tuple[Tool, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (_colour, {"description": "A colour such as '#ff8800' or '#fff'."}, COLOUR, GOOD),
    (_colour, {"examples": ["#ff8800", "#fff"]}, COLOUR, GOOD),
    (_colour, {"default": "#fff"}, COLOUR, GOOD),
    (_clock, {"description": "A time: '12:30', '12:30pm'"}, {"text": "12:30pm"}, {"text": "12:30"}),
    (_in_base, {"examples": ["ff", "ff.8"]}, {"text": "ff.8"}, {"text": "ff"}),
    (_in_seconds, {"format": "date-time"}, FRACTION, NOON),
    (_in_seconds, {"format": "date-time"}, OFFSET, NOON),
    (_dotted, {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}, SIX, FOUR),
    (_in_hex, {"format": "uuid"}, UUID, DIGITS),
]
CORRECT: list[tuple[Tool, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (_colour, {"description": "A colour."}, COLOUR, GOOD),
    (_colour, {"description": "Six digits, not '#fff'."}, COLOUR, GOOD),
    (_colour, {"description": "'#ff8800'; short ones ('#fff') are rejected"}, COLOUR, GOOD),
    (_clock, {"description": "A time of the form 'HH:MM'"}, {"text": "HH:MM"}, {"text": "12:30"}),
    (_clock, {"description": "'h1:m1', in numbers like '12:30'"}, {"text": "h1:m1"}, {"text": "12:30"}),
    (_in_base, {"examples": ["ff", "zz"]}, {"text": "zz"}, {"text": "ff"}),
    (_in_seconds, {"description": "in UTC"}, FRACTION, NOON),
    (_in_seconds, {"format": "date-time", "maxLength": 30}, FRACTION, NOON),
    (_in_seconds, {"format": "date-time", "description": "A moment, in UTC"}, OFFSET, NOON),
    (_by_the_library, {"format": "date-time"}, SMALL, NOON),
    (_dotted, {"anyOf": [{"format": "ipv4"}, {"format": "hostname"}]}, {"text": "example.com"}, FOUR),
    (_dotted, {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}], "description": "of the form 10.0.0.1"}, SIX, FOUR),
    (_in_hex, {"description": "An id."}, UUID, DIGITS),
]


@pytest.mark.parametrize(("tool", "part", "value", "good"), FAULTY)
def test_what_a_schema_shows_is_taken(tool: Tool, part: dict[str, Any], value: Any, good: Any) -> None:
    """In an example, a default, or quoted in the description."""
    assert _is_accused(tool, part, value, good)


@pytest.mark.parametrize(("tool", "part", "value", "good"), CORRECT)
def test_what_it_does_not_show_may_be_refused_so(tool: Tool, part: dict[str, Any], value: Any, good: Any) -> None:
    """Nor what it says is not taken, what stands for a form, and what goes with another value beside it."""
    assert not _is_accused(tool, part, value, good)
