"""More bugs planted in tools: values inside the usual ones, far inside, in several places at once. Some case shows each."""

from __future__ import annotations

import datetime
import itertools
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from pytest_toolcheck.cases import Case, generate_cases


def tool(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def text(**bounds: Any) -> dict[str, Any]:
    return {"type": "string", **bounds}


def whole(low: int, high: int, **bounds: Any) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": high, **bounds}


def rows(items: dict[str, Any], most: int, **bounds: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most, **bounds}


INTEGER: dict[str, Any] = {"type": "integer"}
FLAG = {"type": "boolean"}
SIDE = {"type": "number", "minimum": 0, "maximum": 100}
SHAPE = {
    "oneOf": [
        tool("kind", "r", kind={"const": "circle"}, r=SIDE),
        tool("kind", "w", "h", kind={"const": "rect"}, w=SIDE, h=SIDE),
    ]
}
TERM = {
    "oneOf": [INTEGER, tool("op", "args", op={"enum": [*"+-*/"]}, args=rows({"$ref": "#/$defs/term"}, 2, minItems=2))]
}
POOL = tool("size", size=whole(1, 50), timeout={"type": "number", "minimum": 0})
CODE = r"^[A-Z]{2,4}-[0-9]{3}$"
SLUG = "^[a-z][a-z0-9-]*[a-z0-9]$"

SCHEMAS: dict[str, dict[str, Any]] = {
    "text": tool("it", it=text()),
    "short": tool("it", it=text(minLength=1, maxLength=64)),
    "long": tool("it", it=text(maxLength=4000)),
    "integer": tool("it", it=INTEGER),
    "number": tool("it", it={"type": "number"}),
    "range": tool("it", it=whole(0, 1000)),
    "fifteens": tool("it", it=whole(0, 600, multipleOf=15)),
    "list": tool("it", it=rows(whole(-100, 100), 12, minItems=1)),
    "names": tool("it", it=rows(text(minLength=1, maxLength=10), 5, uniqueItems=True)),
    "orders": tool("it", it=rows(tool("id", "qty", id=text(pattern="^[A-Z]{3}$"), qty=whole(1, 99)), 20, minItems=1)),
    "map": tool("it", it={"type": "object", "additionalProperties": INTEGER}),
    "anything": tool("it", it={}),
    "date": tool("it", it=text(format="date")),
    "moment": tool("it", it=text(format="date-time")),
    "mail": tool("it", it=text(format="email")),
    "address": tool("it", it=text(format="uri")),
    "code": tool("it", it=text(pattern=CODE)),
    "slug": tool("it", it=text(pattern=SLUG, maxLength=20)),
    "level": tool("it", it={"enum": ["low", "very-high"]}),
    "shape": tool("it", "units", it=SHAPE, units={"enum": ["mm", "cm", "in"]}),
    "term": {**tool("it", it={"$ref": "#/$defs/term"}), "$defs": {"term": TERM}},
    "config": tool("it", it=tool("db", db=tool("pool", pool=POOL, tls=FLAG), name=text(maxLength=20))),
    "letters": tool(*"abc", a={"enum": [*"pqrst"]}, b={"enum": [*"uvwxy"]}, c={"enum": [1, 2, 3, 4]}),
    "one of three": {
        **tool(id=whole(1, 9), name=text(minLength=1), mail=text(format="email")),
        "oneOf": [{"required": ["id"]}, {"required": ["name"]}, {"required": ["mail"]}],
    },
}  # fmt: skip


def utc_day(moment: str) -> str:
    return datetime.datetime.fromisoformat(moment.upper()).astimezone(datetime.UTC).date().isoformat()


def operands(value: Any) -> list[Any]:
    return value["args"] if isinstance(value, dict) else []


def pool(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = value["db"]["pool"]
    return found


CRASHES: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("text", "any sign", lambda v: all(sign in v for sign in "$%&'()*+,./:;=?@[]^_{|}~\\")),
    ("text", "dots that lead up", lambda v: ".." in v),
    ("text", "a spelled null", lambda v: v == "null"),
    ("text", "a spelled number", lambda v: re.fullmatch(r"-\d+\.\d", v)),
    ("text", "a newline at the end", lambda v: len(v) > 1 and v.endswith("\n")),
    ("text", "a digit that is no decimal", lambda v: v.isdigit() and not v.isdecimal()),
    ("text", "a zero width space", lambda v: "\u200b" in v),
    ("text", "an escape", lambda v: "\x1b" in v),
    ("text", "three lines", lambda v: v.count("\n") > 2),
    ("text", "a hundred characters", lambda v: 100 <= len(v) <= 200),
    ("short", "spaces at both ends", lambda v: v != v.strip() != "" and v[0] == v[-1] == " "),
    ("short", "a middling length", lambda v: 33 <= len(v) <= 62),
    ("long", "more than a kilobyte", lambda v: 1024 < len(v) < 2000),
    ("integer", "a byte", lambda v: 128 <= v <= 255),
    ("integer", "two bytes", lambda v: 65535 < v < 10**6),
    ("integer", "a year", lambda v: 1990 <= v <= 2030),
    ("number", "a negative fraction", lambda v: -1 < v < 0),
    ("range", "a byte more", lambda v: 255 < v <= 300),
    ("range", "two digits", lambda v: v == 10),
    ("list", "one value twice, apart", lambda v: len(v) > 2 and v[0] == v[-1] != v[1]),
    ("list", "three that fall", lambda v: len(v) > 2 and all(a > b for a, b in itertools.pairwise(v))),
    ("list", "the smallest in the middle", lambda v: len(v) > 2 and min(v) not in (v[0], v[-1])),
    ("list", "a middling count", lambda v: 5 <= len(v) <= 8),
    ("names", "equal but for a space", lambda v: len({name.strip() for name in v}) < len(v)),
    ("names", "equal when composed", lambda v: len({unicodedata.normalize("NFC", name) for name in v}) < len(v)),
    ("orders", "different codes", lambda v: len({row["id"] for row in v}) > 1),
    ("map", "a name with a dot", lambda v: any("." in name for name in v)),
    ("map", "a name of digits", lambda v: any(name.isdigit() for name in v)),
    ("map", "two equal values", lambda v: len(set(v.values())) < len(v)),
    ("map", "names equal but for case", lambda v: len({name.lower() for name in v}) < len(v)),
    ("map", "unsorted names", lambda v: list(v) != sorted(v)),
    ("anything", "a list in a list", lambda v: isinstance(v, list) and any(isinstance(item, list) for item in v)),
    ("date", "another year by its week", lambda v: datetime.date.fromisoformat(v).isocalendar()[0] != int(v[:4])),
    ("date", "the end of a short month", lambda v: v.endswith("-04-30")),
    ("moment", "another day in UTC", lambda v: ":60" not in v and "0001" < v[:4] < "9999" and utc_day(v) != v[:10]),
    ("moment", "nanoseconds", lambda v: re.search(r"\.\d{7,}", v)),
    ("moment", "before 1970", lambda v: v < "1970"),
    ("mail", "capitals", lambda v: v != v.lower()),
    ("address", "a password", lambda v: re.search("//[^/]+:[^/]+@", v)),
    ("code", "different letters", lambda v: len(set(v.split("-")[0])) > 1),
    ("code", "a nought before others", lambda v: re.search("-0[0-9]*[1-9]", v)),
    ("slug", "a sign inside", lambda v: "-" in v),
    ("shape", "the largest square", lambda v: v["kind"] == "rect" and v["w"] == v["h"] == 100),
    ("term", "by a term", lambda v: operands(v)[1:] and v["op"] == "/" and isinstance(operands(v)[1], dict)),
    ("term", "by nought", lambda v: operands(v) and v["op"] == "/" and operands(v)[1] == 0),
    ("config", "time without tls", lambda v: "timeout" in pool(v) and "tls" not in v["db"]),
]  # fmt: skip
ACCEPTED: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("fifteens", "fives", lambda v: v % 15 and v % 5 == 0 and 0 < v < 600),
    ("fifteens", "threes", lambda v: v % 15 and v % 3 == 0 and 0 < v < 600),
    (
        "map",
        "a text as the second value",
        lambda v: [*map(type, v.values())] == [int, str],
    ),
    ("date", "31 April", lambda v: v.endswith("04-31")),
    ("moment", "no seconds", lambda v: re.fullmatch(r"[0-9-]+T\d\d:\d\dZ", v)),
    ("slug", "a digit first", lambda v: re.fullmatch("[0-9][a-z0-9-]+", v)),
    ("level", "another sign", lambda v: v == "very_high"),
    ("shape", "a circle with a width", lambda v: v["kind"] == "circle" and "w" in v),
    ("config", "a far bound", lambda v: pool(v)["size"] == 51),
]


@lru_cache
def cases_of(name: str) -> list[Case]:
    return list(generate_cases(SCHEMAS[name]))


def shows(shown: Callable[[Any], Any], value: Any) -> bool:
    try:
        return bool(shown(value["it"]))
    except (TypeError, KeyError, AttributeError, ValueError, IndexError):
        return False


@pytest.mark.parametrize(("name", "bug", "shown"), CRASHES, ids=[f"{name}: {bug}" for name, bug, _ in CRASHES])
def test_a_crash_on_a_valid_input_is_met(name: str, bug: str, shown: Callable[[Any], Any]) -> None:
    """Some valid case makes the tool crash."""
    assert any(shows(shown, case.input) for case in cases_of(name) if case.label == "valid"), bug


@pytest.mark.parametrize(("name", "bug", "shown"), ACCEPTED, ids=[f"{name}: {bug}" for name, bug, _ in ACCEPTED])
def test_what_is_wrongly_accepted_is_met(name: str, bug: str, shown: Callable[[Any], Any]) -> None:
    """Some invalid case is among what the tool accepts by mistake."""
    assert any(shows(shown, case.input) for case in cases_of(name) if case.label == "invalid"), bug


def test_three_options_together_are_met() -> None:
    """All triples of a few members, a hundred of them."""
    found = [case.input for case in cases_of("letters") if case.label == "valid"]
    assert {(value["a"], value["b"], value["c"]) for value in found} == {(a, b, c) for a in "pqrst" for b in "uvwxy" for c in (1, 2, 3, 4)}  # fmt: skip


def test_all_branches_together_are_met() -> None:
    """Of three alternatives all at once, refused as two of them are."""
    assert {"id", "name", "mail"} in [
        {*case.input} for case in cases_of("one of three") if isinstance(case.input, dict)
    ]


def test_what_lies_far_inside_is_not_put_off() -> None:
    """In the first hundred and twenty cases: a bound three levels down from inside and outside, and a member left out there."""
    first = [case for case in cases_of("config")[:120] if case.pointer.startswith("/it/db/pool")]
    sizes = [pool(case.input["it"]).get("size") for case in first if case.pointer.endswith("size")]
    assert 50 in sizes
    assert 51 in sizes
    assert {case.detail.split(" ")[0] for case in first} >= {"boundary", "type", "null", "number", "required"}


def test_the_first_cases_change_each_of_many_parameters() -> None:
    """Of two dozen parameters all are changed in the first hundred and eighty cases."""
    names = [f"p{number}" for number in range(24)]
    kinds: list[dict[str, Any]] = [whole(0, 9), {"enum": [*"abc"]}, FLAG, text(maxLength=9)]
    schema = tool("p0", **{name: kinds[at % 4] for at, name in enumerate(names)})
    changed = {case.pointer.split("/")[1] for case in generate_cases(schema, limit=180) if case.pointer}
    assert changed >= {*names}
