"""Verdicts at the edges, without a run: each planted fault is accused, and its correct twin is not."""

from __future__ import annotations

import json
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence
from pytest_toolcheck.checks.base import as_json
from pytest_toolcheck.checks.databases import told_of_databases
from pytest_toolcheck.checks.disclosure import given_away
from pytest_toolcheck.checks.integral import rests_on_integral_float
from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets._signatures import describe_function
from pytest_toolcheck.targets.base import CallError, Outcome
from pytest_toolcheck.tool_state import handed_paths

INTEGER = {"type": "integer", "minimum": 0, "maximum": 9}
ROW = {"type": "object", "properties": {"v": INTEGER}, "required": ["v"], "additionalProperties": False}


def takes(*required: str, **properties: Any) -> dict[str, Any]:
    names = list(required or properties)
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def judged(
    check: str, schema: Any, case: Case, outcome: Outcome, *, good: tuple[Any, ...] = (), accepts: Callable[[Any], bool]
) -> Any:
    """Apply one check to one outcome of a tool that accepts what `accepts` says."""

    def retry(value: Any) -> Outcome:
        return Outcome("accepted", 1) if accepts(value) else Outcome("refused", 1, error=CallError("ValueError", "no"))

    tool = ToolSpec(name="tool", input=schema)
    evidence = Evidence(tool=tool, case=case, outcome=outcome, known_good=good, retry=retry)
    return OUTCOME_CHECKS[check](evidence)


def refusal(schema: Any, case: Case, accepts: Callable[[Any], bool], *good: Any) -> Any:
    """Judge the refusal of a valid input."""
    outcome = Outcome("refused", 1, error=CallError("ValueError", "no"))
    return judged("accepts_valid", schema, case, outcome, good=good, accepts=accepts)


def valid(value: Any, category: str = "boundary", pointer: str = "", detail: str = "") -> Case:
    return Case("id", value, "valid", category, pointer, detail)


WRONG_BOUNDS = [
    ("bytes for characters", takes(s={"type": "string", "maxLength": 4}), valid({"s": "\U0001f600" * 4}, pointer="/s"),
     lambda v: len(v["s"].encode()) <= 8),
    ("one property too few", takes(m={"type": "object", "maxProperties": 2}), valid({"m": {"a": 1, "b": 2}}, pointer="/m"),
     lambda v: len(v["m"]) < 2),
    ("a text in a list", takes(a={"type": "array", "items": {"type": "string", "maxLength": 3}}),
     valid({"a": ["abc"]}, "nested", "/a/0", "boundary length 3"), lambda v: len(v["a"][0]) < 3),
    ("an open number in the first example", takes(n={"type": "integer", "minimum": 1}),
     valid({"n": 1}, "example", "", "base"), lambda v: v["n"] > 1),
    ("a pattern repeated to its end", takes(s={"type": "string", "pattern": "^[a-z]{2,9}$"}),
     valid({"s": "a" * 9}, "pattern", "/s", "most repeats 9"), lambda v: len(v["s"]) < 9),
    ("a pattern repeated as little as it may be", takes(s={"type": "string", "pattern": "^[a-z]{2,9}$"}),
     valid({"s": "aa"}, "pattern", "/s", "match aa"), lambda v: len(v["s"]) > 2),
    ("a leap day", takes(d={"type": "string", "format": "date"}), valid({"d": "2024-02-29"}, "format", "/d"),
     lambda v: not v["d"].endswith("02-29")),
    ("an instant of a leap day", takes(d={"type": "string", "format": "date-time"}),
     valid({"d": "2024-02-29T23:59:59Z"}, "format", "/d"), lambda v: "02-29" not in v["d"]),
    ("a leap day beside another date", takes(d={"type": "string", "format": "date"}, e={"type": "string"}),
     valid({"e": "x", "d": "2024-02-29"}, "combination", "", "7"), lambda v: "02-29" not in v["d"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "case", "accepts"), [row[1:] for row in WRONG_BOUNDS], ids=[r[0] for r in WRONG_BOUNDS]
)
def test_a_wrong_bound_is_told_by_its_neighbours(schema: Any, case: Case, accepts: Callable[[Any], bool]) -> None:
    """What is accepted one step inside the bound has to be accepted at it; a tool that refuses both has other reasons."""
    assert refusal(schema, case, accepts) is not None
    assert refusal(schema, case, lambda _: False) is None


def test_a_text_that_is_refused_for_what_it_is_says_nothing_of_the_bound() -> None:
    """Two names that must differ: the shortest is refused for it is the other one, and another as short is taken."""
    name = {"type": "string", "minLength": 1, "maxLength": 8}
    case = valid({"old": "z", "new": "z"}, "boundary", "/new", "length 1")
    assert refusal(takes(old=name, new=name), case, lambda v: v["old"] != v["new"]) is None
    assert refusal(takes(old=name, new=name), case, lambda v: len(v["new"]) > 1) is not None


def test_a_check_digit_says_nothing_of_the_bound() -> None:
    """The shortest number is refused for its last digit, and another as short is taken."""
    number = takes(n={"type": "string", "pattern": "^[0-9]{3,9}$"})
    case = valid({"n": "999"}, "pattern", "/n", "match 999")
    assert refusal(number, case, lambda v: sum(map(int, v["n"])) % 10 == 6) is None
    assert refusal(number, case, lambda v: len(v["n"]) > 3) is not None


def test_two_digits_that_are_no_minute_say_nothing_of_the_length() -> None:
    """99 is refused as 9 is not, and so is each 9x: 11 is taken, and it is as long."""
    minute = takes(m={"type": "string", "pattern": "^[0-9]{1,2}$"})
    case = valid({"m": "99"}, "optional", "/m", "99")
    assert refusal(minute, case, lambda v: int(v["m"]) < 60) is None
    assert refusal(minute, case, lambda v: len(v["m"]) < 2) is not None


@pytest.mark.parametrize(("said", "is_accused"), [("no such note", False), ("the key is too long", True)])
def test_a_key_that_names_nothing_says_nothing_of_the_bound(said: str, is_accused: bool) -> None:
    """Something was saved under a key that is shorter by one."""
    error = CallError("LookupError", said)
    evidence = Evidence(
        tool=ToolSpec(name="read_note", input=takes(key={"type": "string", "minLength": 1, "maxLength": 8})),
        case=valid({"key": "aaaaaaaa"}, "boundary", "/key", "length 8"),
        outcome=Outcome("refused", 1, error=error),
        known_good=({"key": "n"},),
        accepted=({"key": "n"},),
        retry=lambda value: Outcome(
            *(("accepted", 1) if value["key"] in ("n", "aaaaaaa") else ("refused", 1)), error=error
        ),
    )
    assert (OUTCOME_CHECKS["accepts_valid"](evidence) is not None) is is_accused


@pytest.mark.parametrize(("said", "is_accused"), [("insufficient funds", False), ("cents must be at most 40", True)])
def test_a_tool_that_has_too_little_says_nothing_of_its_bounds(said: str, is_accused: bool) -> None:
    """What others put in is spent: one cent is still there, 42 are not, and anew there is nothing at all."""
    schema, good = takes(cents={"type": "integer", "minimum": 1, "maximum": 100}), {"cents": 1}
    error = CallError("ValueError", said)

    def retry(value: Any) -> Outcome:
        return Outcome("accepted", 1) if value["cents"] < 41 else Outcome("refused", 1, error=error)

    evidence = Evidence(
        tool=ToolSpec(name="withdraw", input=schema),
        case=valid({"cents": 42}, "fuzz"),
        outcome=Outcome("refused", 1, error=error),
        known_good=(good,),
        accepted=(good,),
        retry=retry,
    )
    assert (OUTCOME_CHECKS["accepts_valid"](evidence) is not None) is is_accused


def test_the_last_address_is_no_matter_of_its_length() -> None:
    """The last address is refused and the one before it is not: that others of its length are taken excuses nothing."""
    case = valid({"ip": "255.255.255.255"}, "boundary", "/ip", "255.255.255.255")
    last = takes(ip={"type": "string", "format": "ipv4"})
    assert refusal(last, case, lambda v: v["ip"] != "255.255.255.255") is not None


def test_an_encoded_text_is_refused_for_what_it_is() -> None:
    """A text of five letters is no base64, whatever its length is allowed to be; without an encoding the bound is wrong."""
    case = valid({"blob": "text "}, "boundary", "/blob", "length 5")
    text = {"type": "string", "minLength": 4, "maxLength": 40}
    decodes = lambda v: len(v["blob"]) % 4 == 0  # noqa: E731
    assert refusal(takes(blob={**text, "contentEncoding": "base64"}), case, decodes) is None
    assert refusal(takes(blob=text), case, decodes) is not None


DESCRIBED = [
    ("an item of an open list", takes(a={"type": "array", "items": {"enum": ["x", "y"]}}), {"a": ["x"]}, {"a": ["y"]}),
    ("an object in a list", takes(a={"type": "array", "items": ROW}), {"a": [{"v": 1}]}, {"a": [{"v": 0}]}),
    ("bounds in allOf", takes(n={"allOf": [{"type": "integer", "minimum": 2}, {"maximum": 8}]}), {"n": 3}, {"n": 8}),
    ("all but one number", takes(n={**INTEGER, "not": {"const": 4}}), {"n": 3}, {"n": 0}),
    ("a bounded branch", takes(n={"anyOf": [INTEGER, {"type": "string"}]}), {"n": "text"}, {"n": 9}),
    (
        "a value of a map",
        takes(m={"type": "object", "additionalProperties": INTEGER}),
        {"m": {"k": 1}},
        {"m": {"k": 9}},
    ),
    ("a property of allOf", {"allOf": [{"properties": {"n": INTEGER}}], "type": "object"}, {"n": 1}, {"n": 0}),
]


@pytest.mark.parametrize(("schema", "good", "other"), [row[1:] for row in DESCRIBED], ids=[row[0] for row in DESCRIBED])
def test_what_a_schema_says_in_full_is_promised_at_every_depth(schema: Any, good: Any, other: Any) -> None:
    """Bounded numbers and choices are promised inside lists, maps, branches and `allOf` too."""
    assert refusal(schema, valid(other, "enum"), lambda _: True, good) is not None


FREE = [
    ("a key of a map", takes(m={"type": "object", "additionalProperties": INTEGER}), {"m": {"k": 1}}, {"m": {"q": 1}}),
    ("null for a text", takes(s={"anyOf": [{"type": "string"}, {"type": "null"}]}), {"s": "text"}, {"s": None}),
    ("a text branch", takes(n={"anyOf": [INTEGER, {"type": "string"}]}), {"n": 1}, {"n": "text"}),
    ("a longer open list", takes(a={"type": "array", "items": INTEGER}), {"a": [1]}, {"a": [1, 1]}),
]


@pytest.mark.parametrize(("schema", "good", "other"), [row[1:] for row in FREE], ids=[row[0] for row in FREE])
def test_what_a_schema_leaves_open_may_be_refused(schema: Any, good: Any, other: Any) -> None:
    """Names, texts, null that may stand for "not given" and lists without an end can have rules that no schema states."""
    assert refusal(schema, valid(other, "enum"), lambda _: False, good) is None


def test_a_choice_hidden_by_the_first_example_is_found_alone() -> None:
    """Where the assumed base was refused, each of its choices is put into the proven one."""
    schema = takes(c={"enum": ["x", "y"]}, s={"type": "string"})
    case, good = valid({"c": "x", "s": "text"}, "example", "", "base"), {"c": "y", "s": "known"}
    assert refusal(schema, case, lambda v: v["c"] == "y" and v["s"] == "known", good) is not None
    assert refusal(schema, case, lambda v: v["s"] == "known", good) is None


@pytest.mark.parametrize("number", [1.0, 1e20, 1e308, -1e308])
def test_a_whole_float_is_no_integer_that_a_tool_must_take(number: float) -> None:
    """Large floats are whole like 1.0: a tool whose integers are integers may refuse them all."""
    assert rests_on_integral_float(takes(n={"type": "integer"}), {"n": number})
    assert not rests_on_integral_float(takes(n={"type": "number"}), {"n": number})


@pytest.mark.parametrize("text", ["2024-01-31", "2024-02-29", "24-02-29", "2024-02-29x"])
def test_other_days_may_be_refused(text: str) -> None:
    """A tool that refuses a day, or one beside the leap day as well, may have its reasons."""
    schema = takes(d={"type": "string"})
    assert refusal(schema, valid({"d": text}, "format", "/d"), lambda v: v["d"].endswith("03-01")) is None


NO_SUCH_DAY = "Error executing tool next_month: day is out of range for month"
DATE = {"type": "string", "format": "date"}


def at_the_end(schema: Any, sent: Any, said: str = NO_SUCH_DAY, *, middle: bool = True) -> Any:
    """Judge the refusal of the 31st by a tool that takes the 15th, or does not."""
    outcome = Outcome("refused", 1, error=CallError("ToolError", said))
    case = valid(sent, "format", "/d")
    return judged("accepts_valid", schema, case, outcome, accepts=lambda v: middle and v["d"][8:10] == "15")


@pytest.mark.parametrize(
    "said",
    [
        NO_SUCH_DAY,
        "day 31 must be in range 1..30 for month 6 in year 2024",
        "ValueError: day is out of range for month",
    ],
)
def test_the_end_of_a_month_is_a_day(said: str) -> None:
    """A day that there is was made into one that there is not: `day.replace(month=…)` of the 31st."""
    found = at_the_end(takes(d=DATE), {"d": "2024-05-31"}, said)
    assert found is not None
    assert "2024-05-31 is a day; the 15th is accepted" in found.promised
    assert at_the_end(takes(d={**DATE, "format": "date-time"}), {"d": "2024-05-31T10:00:00Z"}, said) is not None


@pytest.mark.parametrize(
    ("schema", "said", "middle"),
    [
        (takes("d", d=DATE), "no appointments on the last day of a month", True),
        (takes("d", d=DATE), "closed: that day is out of range of our calendar", True),
        (takes("d", d=DATE), NO_SUCH_DAY, False),
        (takes("d", d={"type": "string"}), NO_SUCH_DAY, True),
        (takes("d", d=DATE, month={"type": "integer"}), NO_SUCH_DAY, True),
        (takes("d", d=DATE, day_of_month={}), NO_SUCH_DAY, True),
    ],
)
def test_a_day_may_be_refused_for_what_a_tool_says_itself(schema: Any, said: str, middle: bool) -> None:
    """Its own rule, a tool that takes no day, a text that need be no day, a month that makes another day of it."""
    assert at_the_end(schema, {"d": "2024-05-31"}, said, middle=middle) is None


GIVEN_AWAY = [
    "cannot reach postgres://admin:hunter2@db/shop",
    "bad key (api_key=live4711)",
    "denied: token: ab12cd34ef",
    "no access with sk-proj-A1b2C3d4E5f6G7h8",
    "AKIAABCDEFGHIJKLMNOP is not allowed",
    "cannot reach {'user': 'shop', 'password': 'hunter2', 'host': 'db'}",
]
HARMLESS = [
    "token: expected text, found nothing",
    "password: must be a string of 8 characters",
    "secret: too long (maximum 20)",
    "see https://example.org:8080/docs",
    "api_key is required",
    "user:pass@host is expected",
    "{'password': 'too short', 'token': 'missing'}",
    r"after must be a string like ^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d$",
]


@pytest.mark.parametrize("message", GIVEN_AWAY)
def test_a_secret_in_a_refusal_is_found_by_its_form(message: str) -> None:
    """Passwords in URLs, assigned keys and well-known tokens are found, unless the caller sent them."""
    assert [kind for kind, _ in given_away(message, "{}")] == ["a secret"]
    assert list(given_away(message, message)) == []


@pytest.mark.parametrize(
    "message",
    ['failed (File "app.py", line 3)', "x\nDuring handling of the above exception, another exception occurred:",
     "app.rb:12:in `run': bad"],
)  # fmt: skip
def test_what_is_left_of_a_traceback_is_one(message: str) -> None:
    """A part of it, on a line with other words, gives the program's inside away as well."""
    assert next(given_away(message, "{}"))[0] == "a traceback"


def test_a_text_that_an_error_quotes_is_no_path() -> None:
    """What pydantic shows of an input is spelled as Python spells it, with backslashes doubled and its middle left out."""
    sent = {"key": "\x0f9h\\ab\U0009660b\x19"}
    for quoted in (
        repr(sent["key"]),
        f"'\\...{repr(sent['key'])[7:]}",
        ascii(sent["key"]),
        json.dumps(sent),
        json.dumps(repr(sent["key"])),
    ):
        assert list(given_away(f"input_value={quoted}, input_type=str", json.dumps(sent, ensure_ascii=False))) == []
    assert list(given_away(r"cannot open \\server\share\x", json.dumps(sent)))


def test_what_python_shows_by_its_number_is_no_secret() -> None:
    """An unprintable letter of the input's own `api_key` stands as an escape in `input_value={...}`."""
    for key in ("\U0006fd98\x7fY\u200b2x", "\U00016aca", "a\0b1234567", "\u2028b1234567"):
        sent = {"api_key": key}
        message = f"Field required [type=missing, input_value={sent!r}, input_type=dict]"
        assert "\\" in message
        assert list(given_away(message, as_json(sent))) == []
        assert list(given_away(message, "{}"))


@pytest.mark.parametrize("message", HARMLESS)
def test_words_about_a_secret_are_none(message: str) -> None:
    """An error that names its parameter `token` is clean."""
    assert list(given_away(message, "{}")) == []


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("<app.orders.Validator object at 0x7f3a1c2b5d10> failed", "an object of the program"),
        ("<function place at 0x7f3a1c2b5d10> refused", "an object of the program"),
        ("<function place.<locals>.<lambda> at 0x7f3a1c2b5d10> refused", "an object of the program"),
        ("app.orders.validators.OrderError: n", "a class of the program"),
        ("java: com.acme.Orders$BadOrderException", "a class of the program"),
        ("System.FormatException: n", "a class of the program"),
        ("bad value at handlers.py:42", "a place in its source"),
        ("ValueError in handlers.py line 42", "a place in its source"),
        ("bad value (Orders.java:42)", "a place in its source"),
        ("cannot open file:///srv/orders/data.json", "a path of the machine"),
        (r"cannot open \\files\orders\data.db", "a path of the machine"),
        (r"No such file: 'C:\\Users\\ann\\data.db'", "a path of the machine"),
    ],
)
def test_the_inside_of_a_program_is_no_answer(message: str, kind: str) -> None:
    """Objects with addresses and errors by their full name are unclean, unless sent."""
    assert [found for found, _ in given_away(message, "{}")] == [kind]
    assert list(given_away(message, message)) == []


@pytest.mark.parametrize(
    "message",
    ["expected str, got <class 'int'>", "ValueError: n", "orders.n: too large", "see a.b.c", "must end in .py", "main.py is needed",
     "only file:// URLs", "a line such as 10:30", r"no \d in it", "line 42 of the text"],
)  # fmt: skip
def test_words_of_types_are_no_inside_of_a_program(message: str) -> None:
    """What a caller can make sense of is clean."""
    assert list(given_away(message, "{}")) == []


@pytest.mark.parametrize(
    "shown",
    ["n\n    at validate (/srv/app/index.js:10:15)", "java.lang.Error: n\n\tat com.acme.Orders.place(Orders.java:42)",
     "see C:\\Program Files\\Orders\\validate.dll"],
)  # fmt: skip
def test_a_refusal_that_is_json_is_read_as_its_texts(shown: str) -> None:
    """In the body of an HTTP answer lines end in a backslash and an n; what they show is seen all the same."""
    for message, is_found in (
        (json.dumps({"detail": shown}), True),
        (json.dumps({"detail": "n: see\n\ta list"}), False),
    ):
        outcome = Outcome("refused", 1, error=CallError("HTTP 422", message, code=422))
        case = Case("id", {"n": 10}, "invalid", "boundary", "/n", "")
        assert (judged("clean_error", takes(n=INTEGER), case, outcome, accepts=lambda _: False) is not None) is is_found


STATEMENT, DRIVER = "near 'x' in SELECT id FROM orders WHERE n = x", "sqlite3.OperationalError: no such column"
NUMBER, TEXT = takes(n=INTEGER), takes(text={"type": "string"})
SQL = takes(sql={"type": "string", "description": "statement"})


@pytest.mark.parametrize(
    ("name", "schema", "given", "clean"),
    [
        ("place_order", NUMBER, {"n": 1}, ()),
        ("sql_orders", NUMBER, {"n": 1}, ()),  # nobody can hand it a statement
        ("search", takes(query={"type": "string"}), {"query": "chairs"}, (DRIVER,)),
        ("run_query", TEXT, {"text": "chairs"}, (DRIVER,)),
        ("run_query", TEXT, {"text": "select 1"}, (DRIVER, STATEMENT)),
        ("run", SQL, {"sql": "chairs"}, (DRIVER, STATEMENT)),
    ],
)
def test_what_a_tool_asks_its_database_is_told_to_those_who_ask_too(
    name: str, schema: Any, given: Any, clean: tuple[str, ...]
) -> None:
    """A statement of the tool's own is no answer, whatever its name is; to one that was handed a statement it may be."""
    alike = {"INSERT INTO orders (n) VALUES (1)": STATEMENT, "(psycopg2.errors.InvalidTextRepresentation) n": DRIVER}
    for message in (STATEMENT, DRIVER, *alike):
        spared = alike.get(message, message) in clean
        assert bool(told_of_databases(message, ToolSpec(name, input=schema), given)) == (not spared), message


@pytest.mark.parametrize("message", ["select a size from the list", "update your order", "the database is closed"])
def test_words_that_databases_use_too_are_none(message: str) -> None:
    """Ordinary sentences are clean."""
    assert told_of_databases(message, ToolSpec("tool", input=NUMBER), {"n": 1}) is None


def test_what_the_spec_hands_over_as_a_secret_must_not_come_back() -> None:
    """A value of the target's `env` under a secret name is looked for as it is."""
    assert list(given_away("denied for correct horse", "{}", secrets=("correct horse",)))


@pytest.mark.parametrize(
    "message",
    ["math domain error", "max() arg is an empty sequence", "no median for empty data", "slice step cannot be zero",
     "expected a nonnegative input, got -1.0", "Error executing tool mean: max() arg is an empty sequence",
     "Error calling tool 'mean': math domain error", "invalid width -3 (must be > 0)", "substring not found",
     "list.remove(x): x not in list", "pow() 3rd argument cannot be 0"],
)  # fmt: skip
def test_python_s_own_stumble_over_a_valid_input_is_a_crash(message: str) -> None:
    """A ValueError that nobody raised on purpose is no refusal of a valid input."""
    outcome = Outcome("refused", 1, error=CallError("ValueError", message))
    accused = judged("no_crash", takes(n=INTEGER), valid({"n": 0}), outcome, accepts=lambda _: True)
    spared = judged("no_crash", takes(n=INTEGER), Case("id", {"n": -1}, "invalid", "boundary", "/n", "-1"), outcome,
                    accepts=lambda _: True)  # fmt: skip
    assert accused is not None
    assert spared is None


@pytest.mark.parametrize(
    ("said", "accused"), [("max() iterable argument is empty", True), ("year 10000 is out of range", False)]
)
def test_a_stumble_that_only_the_server_s_log_tells(said: str, accused: bool) -> None:
    """The SDK sends no more than that there was an error; a ValueError of a tool's own words may be a refusal."""
    error = CallError("ToolError", "Error executing tool tool")
    noise = f'Traceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: {said}\n'
    outcome = Outcome("refused", 1, error=error, noise=noise)
    found = judged("no_crash", takes(n=INTEGER), valid({"n": 0}), outcome, accepts=lambda _: True)
    assert (found is not None) is accused


def test_a_type_error_over_a_wrong_type_is_a_refusal_whatever_it_says() -> None:
    """`1 + "x"` refuses the text in Python's own words."""
    outcome = Outcome("refused", 1, error=CallError("TypeError", "unsupported operand type(s) for +: 'int' and 'str'"))
    case = Case("id", {"n": "x"}, "invalid", "type", "/n", "string x")
    assert judged("no_crash", takes(n=INTEGER), case, outcome, accepts=lambda _: True) is None


class Address(typing.TypedDict):
    """An address of `typing`, which pydantic refuses before Python 3.12."""

    city: str
    zip: typing.NotRequired[str]


class Tree(typing.TypedDict):
    """One that holds itself."""

    children: list[Tree]
    branch: typing.NotRequired[Branch]


class Branch(typing.TypedDict):
    """One that holds what holds it."""

    tree: Tree | None


def test_a_typed_dictionary_has_a_schema_in_every_python() -> None:
    """`typing.TypedDict` says its schema at any depth, its optional members too, and that it holds itself."""

    def send(to: Address, copies: list[Address] | None = None) -> None: ...

    def grow(tree: Tree) -> None: ...

    schema = describe_function("send", send).input_schema
    assert isinstance(schema, dict)
    assert schema["$defs"]["Address"]["required"] == ["city"]
    assert schema["properties"]["copies"]["anyOf"][0]["items"] == {"$ref": "#/$defs/Address"}
    defined = typing.cast("dict[str, Any]", describe_function("grow", grow).input_schema)["$defs"]
    assert defined["Tree"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}
    assert defined["Tree"]["required"] == ["children"]
    assert defined["Branch"]["properties"]["tree"]["anyOf"][0] == {"$ref": "#/$defs/Tree"}


LOGGED = [
    ("IndexError: string index out of range", True),
    ("KeyError: 'hard'", True),
    ("SyntaxError: invalid syntax", True),
    ("decimal.InvalidOperation: [<class 'decimal.ConversionSyntax'>]", True),
    ("ZeroDivisionError", True),
    ("TypeError: 'NoneType' object is not iterable", True),
    ("ValueError: unknown note 7", False),
    ("notes.errors.NotFoundError: 7", False),
    ("OSError: [Errno 22] Invalid argument", True),
    ("FileNotFoundError: [Errno 2] No such file or directory: '/srv/app/notes'", True),
]


@pytest.mark.parametrize("frame", ["{}", "                             {}          "], ids=["plain", "in a column"])
@pytest.mark.parametrize(("logged", "is_crash"), LOGGED)
def test_a_crash_that_only_the_log_of_a_server_tells_is_seen(logged: str, is_crash: bool, frame: str) -> None:
    """The MCP SDK answers every unexpected error with one sentence; what it was stands in the server's log."""
    noise = f"Traceback (most recent call last):\n{frame.format(logged)}\n\nUnexpectedToolError: Error executing tool tool\n"
    error = CallError("ToolError", "Error executing tool tool")
    outcome = Outcome("refused", 1, error=error, noise=noise)
    found = judged("no_crash", takes(n=INTEGER), valid({"n": 0}), outcome, accepts=lambda _: True)
    assert (found is not None) is is_crash
    if is_crash:
        assert found.message.endswith(f"(its server logged {logged})")
    told = Outcome("refused", 1, error=CallError("ToolError", "Error executing tool tool: no such note"), noise=noise)
    assert judged("no_crash", takes(n=INTEGER), valid({"n": 0}), told, accepts=lambda _: True) is None


def test_a_missing_key_of_a_servers_log_is_one_cause_whatever_was_sent() -> None:
    """Sixty words that are no key of a table are one mistake: the summary has one line of them; a key of the code's own is another."""

    def cause(logged: str, sent: str) -> str:
        noise = f"Traceback (most recent call last):\n{logged}\n\nToolError: Error executing tool tool\n"
        outcome = Outcome("refused", 1, error=CallError("ToolError", "Error executing tool tool"), noise=noise)
        found = judged(
            "no_crash", takes(unit={"type": "string"}), valid({"unit": sent}), outcome, accepts=lambda _: True
        )
        assert found is not None
        return found.cause

    sent = ["celsius", "", "it's", "'\"`\\", "two\nlines", "words " * 200, "c"]
    assert len({cause(f"KeyError: {each!r}", each) for each in sent}) == 1
    assert cause("KeyError: 'scale'", "c") != cause("KeyError: 'c'", "c")


CAUSE = "\n\nThe above exception was the direct cause of the following exception:\n\n"
MEANWHILE = "\n                 During handling of the above \n                 exception, another exception \n                 occurred:\n"


@pytest.mark.parametrize("link", [CAUSE, MEANWHILE], ids=["plain", "in a column"])
def test_an_error_that_was_handled_is_no_crash(link: str) -> None:
    """`raise ValueError(...) from error` is a refusal, whatever the error was; a crash in handling one is a crash."""

    def found(*raised: str) -> bool:
        noise = link.join(f"Traceback (most recent call last):\n  {line}\n" for line in raised)
        outcome = Outcome("refused", 1, error=CallError("ToolError", "Error executing tool tool"), noise=noise)
        finding = judged("no_crash", takes(n=INTEGER), valid({"n": 0}), outcome, accepts=lambda _: True)
        return finding is not None

    sent = "UnexpectedToolError: Error executing tool tool"
    assert not found("KeyError: 'q'", "ValueError: unknown unit", sent)
    assert not found("FileNotFoundError: [Errno 2] No such file: '/srv/x'", "ValueError: no such note", sent)
    assert found("ValueError: unknown unit", "KeyError: 'q'", sent)
    assert found("KeyError: 'q'", sent)
    assert found("KeyError: 'q'", f"mcp.server.mcpserver.exceptions.{sent}"), (
        "as the log of a server in this process has it"
    )
    assert found("KeyError: 'q'", "ValueError: unknown unit", f"{sent}\n\nTraceback:\n  IndexError: list index", sent)


def test_trouble_with_a_file_that_was_asked_for_is_a_refusal() -> None:
    """The log of an MCP server says that the file of the input's own name is not there: no crash."""
    noise = "Traceback (most recent call last):\nFileNotFoundError: [Errno 2] No such file or directory: 'notes.txt'\n"
    outcome = Outcome("refused", 1, error=CallError("ToolError", "Error executing tool tool"), noise=noise)
    for name, is_crash in (("notes.txt", False), ("other.txt", True)):
        found = judged("no_crash", TEXT, valid({"text": name}), outcome, accepts=lambda _: True)
        assert (found is not None) is is_crash


HANDED = ("/srv/docs", "/srv/shop.db")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("ENOENT: no such file, open '/srv/docs/notes/a.txt'", False),
        ("'/etc' is outside the allowed folder /srv/docs", False),
        ("cannot open /srv/shop.db", False),
        ("cannot open /srv/shop.db.bak/x", True),
        ("ENOENT: open '/srv/other/a.txt'", True),
        ("failed in /srv/docs/server.py", True),
        ("a URL that includes credentials: http://ann:b%20c1234567@shop/", False),
        ("a URL that includes credentials: http://ann:s3cretpassw0rd@shop/", True),
    ],
)
def test_what_the_caller_handed_over_is_not_given_away(message: str, shown: bool) -> None:
    """A folder or file that the spec names in the target's command is known to whoever wrote it; its sources are not."""
    found = list(given_away(message, '{"url": "http://ann:b c1234567@shop/"}', handed=HANDED))
    assert bool(found) is shown


def test_the_working_directory_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """`PWD` is named like a password and holds a folder."""
    monkeypatch.setenv("PWD", "/quiet/place/of/work")
    monkeypatch.setenv("SHOP_PWD", "hunter2hunter2")
    assert not list(given_away("no file in /quiet/place/of/work", "{}"))
    assert list(given_away("wrong: hunter2hunter2", "{}"))


def test_the_folders_of_the_command_and_environment_are_handed_over(tmp_path: Path) -> None:
    """Whatever is there and no source; relative to the spec, and behind a `--name=`."""
    for name in ("repo", "docs", "env"):
        (tmp_path / name).mkdir()
    (tmp_path / "server.py").touch()
    command = f"[python, server.py, --root=repo, {tmp_path}/docs, gone]"
    text = f"toolcheck: 1\ntarget: {{mcp: {{command: {command}, env: {{HOME_OF: {tmp_path}/env}}}}}}\n"
    (tmp_path / "a.tool.yaml").write_text(text)
    assert set(handed_paths(load_spec(tmp_path / "a.tool.yaml"))) == {
        str(tmp_path / n) for n in ("repo", "docs", "env")
    }


CENTS = takes(sum={"type": "number", "multipleOf": 0.01, "minimum": 0})


@pytest.mark.parametrize("number", [0.07, 0.29, 4.35, 562.3])
def test_a_multiple_in_decimals_may_be_taken(number: float) -> None:
    """0.07 is a multiple of 0.01 as it is written, and none to binary fractions: a tool that takes it is right."""
    assert not jsonschema.Draft202012Validator(CENTS).is_valid({"sum": number})
    case = Case("id", {"sum": number}, "invalid", "boundary", "/sum", "")
    taken = Outcome("accepted", 1)
    assert judged("rejects_invalid", CENTS, case, taken, accepts=lambda _: True) is None
    wrong = Case("id", {"sum": number + 0.001}, "invalid", "boundary", "/sum", "")
    assert judged("rejects_invalid", CENTS, wrong, taken, accepts=lambda _: True) is not None


def test_a_path_that_was_sent_may_come_back_shortened() -> None:
    """Validators show the middle of an input as dots; a path that was not sent stays a finding."""
    message = "Field required [input_value={'repo_path': '/tmp/scrat...epo'}]"
    assert list(given_away(message, '{"repo_path": "/tmp/scratch/repo"}')) == []
    assert [kind for kind, _ in given_away(message, '{"repo_path": "/srv/repo"}')] == ["a path of the machine"]


@pytest.mark.parametrize(
    "path",
    ["/v/lib/python3.14/site-packages/tz/zones", "/code/node_modules/left-pad/index.js", "/srv/x", "/jobs/run.py"],
)
def test_paths_of_machines_are_known(path):
    """Wherever an environment stands, a path inside it is one of the machine's."""
    assert list(given_away(f"cannot open '{path}'", "{}")) == [("a path of the machine", path)]


def test_an_example_of_a_path_is_none_of_a_machine(tmp_path):
    """A refusal that shows how a path is written helps its caller; one that is here, or of a source, gives away."""
    hint = r"Path 'a' must be absolute, e.g. 'C:\Reports\q1.xlsx' or '/home/me-who/q1.xlsx'."
    assert list(given_away(hint, "{}")) == []
    assert list(given_away(f"absolute, such as {tmp_path}/q1.xlsx", "{}"))
    assert list(given_away(r"see, for example, C:\app\orders.py", "{}"))
    assert list(given_away(r"cannot open C:\Reports\q1.xlsx", "{}"))


def test_paths_that_are_here_are_known(tmp_path, monkeypatch):
    """A path that begins as one on this machine does is told too; a route or a JSON pointer is not a path."""
    assert not list(given_away("nothing at /pets/7/owner; see /properties/name/minLength", "{}"))
    here = f"{tmp_path}/never/made"
    monkeypatch.setattr("pytest_toolcheck.checks.disclosure._ROOTS", frozenset())
    assert list(given_away(f"cannot open {here}", "{}")) == [("a path of the machine", here)]


def two_forms(structured: Any, *texts: str) -> Any:
    """Judge an MCP result that says the same twice, or does not."""
    raw = {"structuredContent": structured, "content": [{"type": "text", "text": text} for text in texts]}
    outcome = Outcome("accepted", 1, value=structured, raw=raw)
    return judged("output_schema", takes(), valid({}), outcome, accepts=lambda _: True)


def test_a_text_that_contradicts_the_structured_content_is_found() -> None:
    """An MCP result whose only text is the same object with other values has two answers."""
    found = two_forms({"n": 9, "unit": "kg"}, '{"n": 8, "unit": "kg"}')
    assert found.message == "tool returned structured content and a text that says otherwise: n: 9 and 8"


@pytest.mark.parametrize("texts", [('{"n": 9.0}',), ("9 kg",), ('{"sum": 8}',), ("[9]",), ('{"n": 8}', "more"), ()])
def test_another_text_beside_structured_content_is_none(texts: tuple[str, ...]) -> None:
    """Equal numbers, words for people, other members and several texts are no contradiction."""
    assert two_forms({"n": 9}, *texts) is None


@pytest.mark.parametrize(
    ("kind", "value", "accused"),
    [
        ("text/html; charset=utf-8", {"n": 1}, True),
        ("application/json", {"n": 1}, False),
        ("application/problem+json", {"n": 1}, False),
        ("text/plain", "a text", False),
        (None, {"n": 1}, False),
    ],
)
def test_json_over_http_says_that_it_is_json(kind: str | None, value: Any, accused: bool) -> None:
    """A client that goes by the content type would not read it."""
    outcome = Outcome("accepted", 1, value=value, raw={"status": 200, "content-type": kind, "body": value})
    tool = ToolSpec(name="tool", input=NUMBER, output={"type": ["object", "string"]})
    found = OUTCOME_CHECKS["output_schema"](Evidence(tool, valid({"n": 1}), outcome))
    assert (found is not None) is accused


@pytest.mark.parametrize(
    ("value", "stderr", "accused"),
    [
        (None, "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError: 'n'\n", True),
        ({"n": 1}, "Traceback (most recent call last):\n  handled, and logged\n", False),
        (None, "done\n", False),
        ({"n": 1}, "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError: 'n'\n", True),
        ({"n": 1}, 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nConnectionError: again\n', False),
        ({"n": 1}, "Exception in thread Thread-1 (f):\nTraceback (most recent call last):\nmylib.Odd: no\n", True),
        (
            {"n": 1},
            "Exception ignored in: <function T.__del__ at 0x7f>\nTraceback (most recent call last):\nOdd: no\n",
            True,
        ),
        ({"n": 1}, "KeyError: no traceback\n", False),
    ],
)
def test_a_command_that_crashed_and_exited_with_0_is_found(value: Any, stderr: str, accused: bool) -> None:
    """Nothing came of the call but a traceback, or an answer beside an error of the code's own or that nobody caught."""
    outcome = Outcome("accepted", 1, value=value, raw={"exit_code": 0, "stdout": "", "stderr": stderr}, noise=stderr)
    found = judged("no_crash", NUMBER, valid({"n": 1}), outcome, accepts=lambda _: True)
    assert (found is not None) is accused


@pytest.mark.parametrize(("line", "accused"), [("Exception in thread Thread-1 (f):", True), ("ERROR handled:", False)])
def test_a_thread_of_a_server_that_crashed_is_found(line: str, accused: bool) -> None:
    """The call was answered all the same: the server's stderr says what nobody caught; what it logs is its own affair."""
    noise = f"{line}\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError: 'n'\n"
    outcome = Outcome("accepted", 1, value={"n": 1}, raw={"isError": False, "content": []}, noise=noise)
    found = judged("no_crash", NUMBER, valid({"n": 1}), outcome, accepts=lambda _: True)
    assert (found is not None) is accused


@pytest.mark.parametrize(
    ("sent", "said", "accused"),
    [
        (1.0, "'float' object cannot be interpreted as an integer", False),
        (1.0, "TypeError: slice indices must be integers or None or have an __index__ method", False),
        (1.0, "list index out of range", True),
        (1, "'float' object cannot be interpreted as an integer", True),
    ],
)
@pytest.mark.parametrize(("kind", "noise"), [("crashed", False), ("crashed", True), ("refused", True)])
def test_one_point_nought_for_an_integer_behind_a_server(
    sent: float, said: str, accused: bool, kind: Any, noise: bool
) -> None:
    """A server, or a command, tells a TypeError by its words alone: in process it would be none either."""
    error = CallError("MCPError", "Error executing tool tool" if noise else said)
    log = f'Traceback (most recent call last):\n  File "a.py", line 3, in f\nTypeError: {said}\n' if noise else ""
    outcome = Outcome(kind, 1, error=error, noise=log)
    found = judged("no_crash", takes(n=INTEGER), valid({"n": sent}, "number"), outcome, accepts=lambda _: True)
    assert (found is not None) is accused
