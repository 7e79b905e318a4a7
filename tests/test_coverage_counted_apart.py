"""Schema coverage counted a second time by simple means of its own: the percentages agree, whatever was exercised."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from pytest_toolcheck.cases import Case, generate_cases
from pytest_toolcheck.cases.coverage import SchemaCoverage

Schema = dict[str, Any]
Path = tuple[Any, ...]
Goal = tuple[Path, str, Callable[[Any], bool]]
"""Where, with which label, and what the value there must be."""

KINDS: dict[str, Any] = {
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
EACH = "each item"

ORDER: Schema = {
    "type": "object",
    "properties": {
        "sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
        "count": {"type": "integer", "minimum": 1, "maximum": 250},
        "gift": {"type": "boolean"},
        "speed": {"enum": ["slow", "fast", "now"]},
        "notes": {
            "type": "array",
            "items": {"type": "string", "minLength": 2, "maxLength": 40},
            "minItems": 1,
            "maxItems": 3,
        },
    },
    "required": ["sku", "count"],
    "additionalProperties": False,
}
PLACE: Schema = {
    "type": "object",
    "properties": {
        "at": {
            "type": "object",
            "properties": {
                "lat": {"type": "number", "minimum": -90, "maximum": 90},
                "name": {"type": ["string", "null"]},
            },
            "required": ["lat"],
        },
        "sides": {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True},
        "exact": {"type": "boolean"},
    },
    "required": ["at"],
}
PAYMENT: Schema = {
    "type": "object",
    "properties": {
        "pay": {
            "oneOf": [
                {"type": "object", "properties": {"card": {"type": "string", "minLength": 4}}, "required": ["card"]},
                {"type": "integer", "minimum": 1},
            ]
        }
    },
    "required": ["pay"],
}


def is_of(value: Any, kind: str) -> bool:
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, KINDS[kind]) and not (isinstance(value, bool) and kind in ("integer", "number"))


def same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def number(value: Any) -> bool:
    return is_of(value, "number")


def goals_of(schema: Schema, path: Path = ()) -> Iterator[Goal]:
    """Yield what is to be exercised, of the keywords that are used here."""
    if "enum" in schema:
        yield from ((path, "valid", lambda v, m=member: same(v, m)) for member in schema["enum"])
        yield path, "invalid", lambda v: not any(same(v, member) for member in schema["enum"])
        return
    kinds = schema.get("type", [])
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        yield path, "valid", lambda v, kind=kind: is_of(v, kind)
    if kinds:
        allowed = [kinds] if isinstance(kinds, str) else kinds
        yield path, "invalid", lambda v: not any(is_of(v, kind) for kind in allowed)
    yield from _bounds(schema, path)
    for keyword in ("minLength", "maxLength", "minItems", "maxItems"):
        if keyword in schema:
            kind, off = (str if "Length" in keyword else list), (-1 if keyword.startswith("min") else 1)
            yield path, "valid", lambda v, n=schema[keyword], k=kind: isinstance(v, k) and len(v) == n
            yield path, "invalid", lambda v, n=schema[keyword] + off, k=kind: isinstance(v, k) and len(v) == n
    if "pattern" in schema:
        yield path, "valid", lambda v: isinstance(v, str) and re.search(schema["pattern"], v) is not None
        yield path, "invalid", lambda v: isinstance(v, str) and re.search(schema["pattern"], v) is None
    if schema.get("uniqueItems"):
        yield path, "invalid", lambda v: isinstance(v, list) and any(v.count(item) > 1 for item in v)
    yield from _members(schema, path)
    if "items" in schema:
        yield from goals_of(schema["items"], (*path, EACH))


def _bounds(schema: Schema, path: Path) -> Iterator[Goal]:
    for keyword, sign in (("minimum", -1), ("maximum", 1)):
        if keyword in schema:
            bound, whole = schema[keyword], schema["type"] == "integer"
            yield path, "valid", lambda v, b=bound: number(v) and v == b
            if whole:
                yield path, "invalid", lambda v, b=bound + sign: number(v) and v == b
            else:
                yield path, "invalid", lambda v, b=bound, s=sign: number(v) and 0 < (v - b) * s <= 1


def _members(schema: Schema, path: Path) -> Iterator[Goal]:
    required = schema.get("required", [])
    for name in required:
        yield path, "invalid", lambda v, name=name: isinstance(v, dict) and name not in v
    for name, inner in schema.get("properties", {}).items():
        if name not in required:
            yield path, "valid", lambda v, name=name: isinstance(v, dict) and name in v
            yield path, "valid", lambda v, name=name: isinstance(v, dict) and name not in v
        yield from goals_of(inner, (*path, name))
    if schema.get("additionalProperties") is False:
        yield path, "invalid", lambda v: isinstance(v, dict) and not set(v) <= set(schema["properties"])


def values_at(value: Any, path: Path) -> list[Any]:
    if not path:
        return [value]
    if path[0] == EACH:
        return [v for item in value for v in values_at(item, path[1:])] if isinstance(value, list) else []
    return values_at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []


def partitions_of(schema: Schema, *, is_required: bool) -> list[Callable[[dict[str, Any], str], bool]]:
    """Return the kinds of values that pairs are counted of."""
    found: list[Any] = [] if is_required else [lambda given, name: name not in given]
    if "enum" in schema:
        found += [lambda given, name, m=member: name in given and same(given[name], m) for member in schema["enum"]]
    elif schema.get("type") == "boolean":
        found += [lambda given, name, m=member: given.get(name) is m for member in (True, False)]
    elif "minimum" in schema:
        ends = [schema["minimum"], *([schema["maximum"]] if "maximum" in schema else [])]
        found += [lambda given, name, end=end: name in given and same(given[name], end) for end in ends]
        found.append(lambda given, name: name in given and not any(same(given[name], end) for end in ends))
    else:
        found.append(lambda given, name: name in given)
    return found


def counted(schema: Schema, cases: list[Case]) -> tuple[int, int]:
    """Return how many goals and pairs were met, and how many there are."""
    goals = list(goals_of(schema))
    met = [
        any(test(v) for case in cases if case.label == label for v in values_at(case.input, path))
        for path, label, test in goals
    ]
    required, inputs = schema["required"], [case.input for case in cases if case.label == "valid"]
    parts = {name: partitions_of(inner, is_required=name in required) for name, inner in schema["properties"].items()}
    for (a, left), (b, right) in itertools.combinations(parts.items(), 2):
        met += [any(x(given, a) and y(given, b) for given in inputs) for x in left for y in right]
    return sum(met), len(met)


@pytest.mark.parametrize("schema", [ORDER, PLACE], ids=["order", "place"])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 1.0])
def test_both_counts_agree(schema: Schema, share: float) -> None:
    """Whichever cases were sent, the report says as many goals and pairs as are found by looking at each case."""
    cases = list(generate_cases(schema))
    sent = Random(share).sample(cases, round(len(cases) * share))
    coverage = SchemaCoverage(schema)
    for case in sent:
        coverage.record(case.input, case.label)
    report = coverage.report()
    covered, total = counted(schema, sent)
    assert (report.covered, report.total) == (covered, total)
    assert report.percent == pytest.approx(100 * covered / total)
    assert share < 1 or report.percent == 100


def test_branches_are_counted_as_they_are_met() -> None:
    """Of two branches: each met, none met, and what is inside of either, by its bounds and members."""
    coverage = SchemaCoverage(PAYMENT)
    percents = []
    for value, label in [
        ({"pay": {"card": "1234"}}, "valid"),  # at the length, of its types, the first branch
        ({"pay": {"card": "123"}}, "invalid"),  # too short, and no branch
        ({"pay": 1}, "valid"),  # at the bound, of its type, the second branch
    ]:
        coverage.record(value, label)  # type: ignore[arg-type]
        percents.append(coverage.report().covered)
    assert percents == sorted({*percents})
    left = [text for text in coverage.report().missing if "oneOf/" in text]
    assert all("(invalid)" in text for text in left)
    assert not any("oneOf/0 (valid)" in text or "oneOf/1 (valid)" in text for text in coverage.report().missing)


def met_by(schema: Schema, *inputs: tuple[Any, str]) -> set[str]:
    """Return the goals that the inputs meet."""
    coverage = SchemaCoverage(schema)
    before = {*coverage.report().missing}
    for value, label in inputs:
        coverage.record(value, label)  # type: ignore[arg-type]
    return before - {*coverage.report().missing}


NAMED: Schema = {
    "type": "object",
    "patternProperties": {"^x-": {"type": "string", "maxLength": 2}, "^y-": False},
    "additionalProperties": {"type": "integer"},
}


def test_members_are_counted_by_what_their_names_are_like() -> None:
    """What a pattern asks of members has goals of its own, and says nothing of additional ones."""
    assert met_by(NAMED, ({"x-a": "ab"}, "valid")) == {
        "(input): type object (valid)", "(input): a property like ^x- (valid)",
        "/~^x-: type string (valid)", "/~^x-: maxLength 2, at it (valid)",
    }  # fmt: skip
    assert met_by(NAMED, ({"x-a": 1}, "invalid")) == {"/~^x-: wrong type (invalid)"}
    assert met_by(NAMED, ({"a": "1"}, "invalid")) == {"/*: wrong type (invalid)"}
    assert met_by(NAMED, ({"y-": 1}, "invalid")) == {"(input): a property like ^y- (invalid)"}
    assert "(input): an additional property (valid)" in met_by(NAMED, ({"a": 1}, "valid"))


def test_what_a_condition_asks_for_is_counted_where_it_holds() -> None:
    """Of `dependentSchemas`, `then` and `else` also what is invalid is only what is asked for there."""
    kinds = {"if": {"required": ["k"]}, "then": {"properties": {"n": {"maximum": 3}}}}
    schema = {
        **kinds,
        "dependentSchemas": {"a": {"properties": {"n": {"minimum": 1}}}},
        "properties": {"n": {"type": "integer"}},
    }
    assert met_by(schema, ({"a": 1, "n": 0}, "invalid")) == {
        "<dependentSchemas/a>/n: minimum 1, just outside (invalid)", "(input): dependentSchemas broken (invalid)",
    }  # fmt: skip
    assert met_by(schema, ({"k": 1, "n": 4}, "invalid")) == {"<then>/n: maximum 3, just outside (invalid)"}
    assert met_by(schema, ({"n": 4}, "invalid"), ({"n": 0}, "invalid")) == set()


def test_the_next_multiple_is_just_outside() -> None:
    """Outside of a bound all that breaks nothing else counts: 105 of the multiples of 5 up to 100."""
    schema = {"type": "integer", "maximum": 100, "multipleOf": 5}
    assert met_by(schema, (105, "invalid")) == met_by(schema, (101, "invalid")) - {
        "(input): multipleOf broken (invalid)"
    }
    assert met_by(schema, (110, "invalid")) == set()


@pytest.mark.parametrize(
    "schema",
    [
        NAMED,
        {"type": "object", "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 100, "multipleOf": 5}}},
    ],
)
def test_generated_cases_meet_all_of_it(schema: Schema) -> None:
    """What is counted is what is generated, of patterns and of multiples too."""
    coverage = SchemaCoverage(schema)
    for case in generate_cases(schema):
        coverage.record(case.input, case.label)
    assert coverage.report().missing == []
