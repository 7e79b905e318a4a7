"""What lies just beside: texts around a forbidden pattern, few and different hits of `contains`, another branch's members."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from pytest_toolcheck.cases import generate_cases

Schema = dict[str, Any]
STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NAME: Schema = {"type": "string", "minLength": 1, "not": {"pattern": "^(admin|root)"}}
WORD: Schema = {"type": "string", "pattern": "^[a-z]{3,9}$", "not": {"pattern": "^(admin|root)$"}}
CODE: Schema = {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{3}$", "not": {"pattern": "^XX"}}
EITHER: Schema = {"type": "string", "maxLength": 12, "not": {"anyOf": [{"pattern": "^tmp"}, {"pattern": "[.]bak$"}]}}
PAIRS: Schema = {"type": "array", "contains": {"type": "integer", "minimum": 10}, "minContains": 2, "maxContains": 3}
ROWS: Schema = {**PAIRS, "items": INTEGER, "minItems": 6}
RECTS: Schema = {
    "oneOf": [
        {"type": "object", "properties": {"t": {"const": "circle"}, "r": INTEGER}, "required": ["t", "r"]},
        {"type": "object", "properties": {"t": {"const": "rect"}, "w": INTEGER, "h": INTEGER}, "required": ["t", "w", "h"]},
    ]
}  # fmt: skip
LOGINS: Schema = {
    "type": "object",
    "properties": {"user": STRING, "password": STRING, "token": STRING},
    "anyOf": [{"required": ["user", "password"]}, {"required": ["token"]}],
}
SECRET: Schema = {
    "type": "string", "minLength": 8, "maxLength": 20,
    "allOf": [{"pattern": "[a-z]"}, {"pattern": "[A-Z]"}, {"pattern": "[0-9]"}],
}  # fmt: skip
NAMES: Schema = {
    "type": "object", "propertyNames": {"minLength": 2, "maxLength": 5},
    "patternProperties": {"^n": INTEGER, "s$": {"type": "integer", "minimum": 10}},
}  # fmt: skip


def of_each_kind(text: str) -> bool:
    return all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))


def hits(value: list[Any]) -> list[int]:
    return [item for item in value if type(item) is int and item >= 10]


FAULTS: list[tuple[str, Schema, Callable[[Any], bool], bool]] = [
    ("a forbidden start in any case", NAME, lambda v: v.lower().startswith("root"), False),
    ("a forbidden start anywhere", NAME, lambda v: "root" in v, False),
    ("a forbidden start only as a whole", NAME, lambda v: v.startswith("root") and v != "root", True),
    ("a forbidden start behind a space", NAME, lambda v: v.strip().startswith("admin"), False),
    ("a forbidden word as a start", WORD, lambda v: v.startswith("root"), False),
    ("a forbidden word as an end", WORD, lambda v: v.endswith("admin"), False),
    ("a forbidden word but for its last letter", WORD, lambda v: v.startswith("roo"), False),
    ("the second forbidden word allowed", WORD, lambda v: v == "root", True),
    ("a start of one letter", CODE, lambda v: v.startswith("X"), False),
    ("a start that is forbidden anywhere", CODE, lambda v: v[1:3] == "XX", False),
    ("only a longer start forbidden", CODE, lambda v: v.startswith("XX") and v[2] != "X", True),
    ("an end that is forbidden anywhere", EITHER, lambda v: ".bak" in v, False),
    ("any sign before the end", EITHER, lambda v: bool(re.search("bak$", v)), False),
    ("the second of two allowed", EITHER, lambda v: v.endswith(".bak"), True),
    ("equal hits counted once, too many", PAIRS, lambda v: 2 <= len({*hits(v)}) <= 3 < len(hits(v)), True),
    ("equal hits counted once, enough", PAIRS, lambda v: len({*hits(v)}) < 2, False),
    ("hits at the start only", PAIRS, lambda v: v[0] not in hits(v), False),
    ("hits at the end only", PAIRS, lambda v: v[-1] not in hits(v), False),
    ("hits apart refused", PAIRS, lambda v: len(hits(v)) == 2 and v.index(hits(v)[-1]) - v.index(hits(v)[0]) > 1, False),
    ("hits in the middle refused", ROWS, lambda v: v[0] not in hits(v) and v[-1] not in hits(v), False),
    ("hits looked for at either end only", ROWS, lambda v: not {v[0], v[-1]} & {*hits(v)}, False),
    ("a character too few, of every kind", SECRET, lambda v: len(v) == 7 and of_each_kind(v), True),
    ("a character too many, of every kind", SECRET, lambda v: len(v) == 21 and of_each_kind(v), True),
    ("the longest of every kind refused", SECRET, lambda v: len(v) == 20, False),
    ("a bound under a name that is long enough", NAMES, lambda v: [*v.values()] == [9] and len(next(iter(v))) > 1, True),
    ("any of the members will do", RECTS, lambda v: v["t"] == "rect" and "r" in v, True),
    ("any of one's own members will do", RECTS, lambda v: v["t"] == "rect" and "w" in v and "r" in v, True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "part", "fault", "takes"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_tool_that_is_off_beside_is_told(name: str, part: Schema, fault: Callable[[Any], bool], takes: bool) -> None:
    """Some case is met by the fault: invalid where the tool takes too much, valid where it refuses too much."""
    schema = {"type": "object", "properties": {"it": part, "note": STRING}, "required": ["it"]}

    def is_met(value: Any) -> bool:
        try:
            return fault(value["it"])
        except (TypeError, KeyError, AttributeError, ValueError, IndexError):
            return False

    label = "invalid" if takes else "valid"
    assert any(case.label == label and is_met(case.input) for case in generate_cases(schema)), name


def test_half_of_a_pair_beside_nothing_of_the_other_branch() -> None:
    """At the root too: one's own member is missing, another branch's is there, and the label is what the schema says."""
    cases = {tuple(case.input): case.label for case in generate_cases(LOGINS) if isinstance(case.input, dict)}
    assert cases["token",] == "valid"
    assert cases["user",] == cases["password",] == "invalid"
    either: Schema = {**LOGINS, "oneOf": [{"required": ["user", "password"]}, {"required": ["token", "note"]}]}
    del either["anyOf"]
    mixed = {frozenset(case.input): case.label for case in generate_cases(either) if isinstance(case.input, dict)}
    assert mixed[frozenset({"user", "token"})] == "invalid"


def test_what_a_schema_says_comes_before_what_it_leaves_open() -> None:
    """A format, bounds and a list beside free texts in an open object: most of the first hundred cases are about those."""
    spoken = {"when": {"type": "string", "format": "date-time"}, "n": {"type": "integer", "minimum": 1, "maximum": 9}, "e": {"enum": ["a", "b", "c"]}}  # fmt: skip
    free = dict.fromkeys(("note", "title", "remark"), STRING)
    schema = {"type": "object", "properties": {**spoken, **free}, "required": ["when", "note"]}
    first = [case.category for case in islice(generate_cases(schema), 100)]
    assert sum(category in ("format", "boundary", "enum") for category in first) >= 40
    assert {"required", "optional", "type", "null", "extra", "unicode", "size", "number", "combination"} <= {*first}


def test_of_sixty_texts_each_is_too_long_once() -> None:
    """Within the default limit, among as many other parameters, and one level down."""
    kinds: list[Callable[[int], Schema]] = [
        lambda at: {"type": "integer", "minimum": at, "maximum": at + 50},
        lambda at: {"type": "string", "maxLength": at + 1},
        lambda at: {"type": "boolean"},
        lambda at: {"enum": ["x", f"e{at}"]},
    ]
    part = {"type": "object", "properties": {f"p{at}": kinds[at % 4](at) for at in range(60)}, "required": ["p0"]}
    cases = list(generate_cases({"type": "object", "properties": {"it": part}, "required": ["it"]}))
    places = {case.pointer for case in cases if case.label == "invalid" and case.detail.startswith("boundary length")}
    assert places >= {f"/it/p{at}" for at in range(1, 60, 4)}
    assert len(cases) == 1000
