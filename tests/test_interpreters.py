"""What interpreters write of code that went wrong, sent as a refusal of a valid input, is seen as the crash that it is."""

from __future__ import annotations

import datetime
import json
import random
import re
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence, Finding
from pytest_toolcheck.checks.interpreters import failed_in_words
from pytest_toolcheck.checks.no_crash import no_crash
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome

NOTHING: Any = None
TEXT: Any = "a"
NUMBER: Any = 1
LIST: Any = [1]


class Thing:
    """Knows nothing."""


def named(x: int) -> int:
    return x


def grow() -> None:
    known = {1: 2}
    for key in known:
        known[key + 1] = 1


FAILURES: list[Callable[[], Any]] = [
    lambda: len(NOTHING),
    lambda: NOTHING[0],
    lambda: NOTHING(),
    lambda: NOTHING + 1,
    lambda: TEXT + 1,
    lambda: NUMBER + TEXT,
    lambda: LIST + TEXT,
    lambda: LIST["a"],
    lambda: {}[LIST],
    lambda: NOTHING < 1,
    lambda: -TEXT,
    lambda: TEXT in NOTHING,
    lambda: NUMBER in TEXT,
    lambda: ",".join(LIST),
    lambda: int(NOTHING),
    lambda: float(LIST),
    lambda: LIST[5],
    lambda: TEXT[5],
    lambda: [].pop(),
    lambda: set().pop(),
    lambda: {}.popitem(),
    lambda: random.choice([]),
    lambda: 1 // (NUMBER - 1),
    lambda: 1 % (NUMBER - 1),
    lambda: float(10**400),
    lambda: 10**400 / 3,
    lambda: int(float("inf")),
    lambda: (10**30).to_bytes(4, "big"),
    lambda: chr(10**30),
    lambda: 2.0**5000,
    lambda: datetime.date.max + datetime.timedelta(days=1),
    lambda: datetime.timedelta(days=10**10),
    lambda: json.dumps({1, 2}),
    lambda: json.loads(NOTHING),
    lambda: json.dumps(float("nan"), allow_nan=False),
    lambda: re.match("a", NOTHING),
    lambda: "%d".__mod__(TEXT),
    lambda: "%s %s".__mod__((NUMBER,)),
    lambda: format(LIST, ">5"),
    lambda: Thing().unknown,  # type: ignore[attr-defined]
    lambda: named(),  # type: ignore[call-arg]
    lambda: named(1, 2),  # type: ignore[call-arg]
    lambda: named(y=1),  # type: ignore[call-arg]
    lambda: TEXT.replace("a"),
    lambda: TEXT.replace("a", 1),
    lambda: Path(NOTHING),
    lambda: datetime.datetime.now() < datetime.datetime.now(datetime.UTC),
    lambda: datetime.timedelta(days=TEXT),
    lambda: list(NUMBER),
    lambda: [*NUMBER],
    lambda: dict(LIST),
    lambda: "ä".encode("ascii"),
    grow,
    lambda: struct.pack("b", 1000),
]


def test_what_this_python_says_is_known() -> None:
    """The messages are those of the Python that runs, so a version that words them anew is noticed."""
    unknown = []
    for failure in FAILURES:
        with pytest.raises(Exception) as caught:
            failure()
        if failed_in_words(str(caught.value)) is None:
            unknown.append(repr(caught.value))
    assert not unknown


@pytest.mark.parametrize(
    "said",
    [
        "Error executing tool x: object of type 'NoneType' has no len()",
        "Error: int too big to convert",
        "Python int too large to convert to SQLite INTEGER",
        "Error binding parameter 1: type 'dict' is not supported",
        "asyncio.run() cannot be called from a running event loop",
        "Tool execution failed: TypeError: '<' not supported between instances of 'str' and 'int'",
        '{"detail": "list index out of range"}',
        '{"error": {"message": "unsupported operand type(s) for +: \'int\' and \'str\'"}}',
        "Internal error\nIndexError: pop from empty list",
        "cannot use 'list' as a dict key (unhashable type: 'list')",
        "argument of type 'NoneType' is not a container or iterable",
        "Cannot read properties of undefined (reading 'name')",
        "TypeError: Cannot destructure property 'a' of 'undefined' as it is undefined.",
        "undefined is not iterable (cannot read property Symbol(Symbol.iterator))",
        "MCP error: items.map is not a function",
        "Maximum call stack size exceeded",
        "runtime error: index out of range [5] with length 3",
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "assignment to entry in nil map",
        'Cannot invoke "String.length()" because "<local1>" is null',
        "Index 5 out of bounds for length 3",
        "java.lang.NullPointerException: null",
        "index out of bounds: the len is 3 but the index is 5",
        "called `Option::unwrap()` on a `None` value",
        "Object reference not set to an instance of an object.",
        "undefined method `name' for nil:NilClass",
        'Undefined array key "name"',
    ],
)
def test_whole_messages_of_other_runtimes_and_what_servers_put_in_front(said: str) -> None:
    """What stands in front is the server's, lines and JSON bodies are looked through."""
    assert failed_in_words(said) is not None


@pytest.mark.parametrize(
    "said",
    [
        "index out of range",
        "line 12 is out of range: the file has 3 lines",
        "limit must be an integer, not str",
        "name: a list index out of range of the catalogue was asked for",
        "invalid literal for int() with base 10: 'abc'",
        "Invalid isoformat string: 'today'",
        "day is out of range for month",
        "the value is too large to convert to inches",
        "Cannot read the file: it is empty",
        "no such user",
        "sort: 'colour' is not one of name, price",
        "The tool cannot convert an object of this kind",
        "'tag' is not in list",
        "cannot divide by zero pieces",
        "undefined unit: parsec",
        "Error: stack is empty, nothing to pop",
        "Invalid date",
        "wrong number of arguments: two names are expected",
        "position 7 is out of bounds for a board of 3 by 3",
        "email is required, not null",
        "item must be a text, not a number",
    ],
)
def test_a_sentence_of_a_tool_is_no_message_of_an_interpreter(said: str) -> None:
    """Words alone accuse nobody: the whole has to be what no author writes."""
    assert failed_in_words(said) is None


def judged(
    said: str,
    sent: dict[str, Any],
    *,
    label: Any = "valid",
    name: str = "tool",
    properties: Iterable[str] | None = None,
    **error: Any,
) -> Finding | None:
    schema = {"type": "object", "properties": {key: {} for key in (sent if properties is None else properties)}}
    told = CallError(error.pop("type", "ToolError"), said, **error)
    case = Case("id", sent, label, "boundary", "", "")
    return OUTCOME_CHECKS["no_crash"](
        Evidence(ToolSpec(name=name, input=schema), case, Outcome("refused", 1, error=told))
    )


LENGTH = "object of type 'NoneType' has no len()"


def test_a_crash_in_words_is_a_crash() -> None:
    """Of a valid input; where the same words answer what no schema allows, a type error is the refusal that it is."""
    found = judged(LENGTH, {"n": 3})
    assert found is not None
    assert found.message == f"tool crashed, and sent the crash as a refusal: {LENGTH}"
    assert judged(LENGTH, {"n": None}, label="invalid") is None
    assert judged(LENGTH, {"n": None}, label="invalid", type="TypeError") is None


def test_whoever_runs_code_or_is_sent_the_words_may_say_so() -> None:
    """An interpreter shows the errors of the code that it was given, and a tool quotes what it refuses."""
    assert judged(LENGTH, {"code": "len(None)"}) is None
    assert judged(LENGTH, {"n": 3}, name="evaluate") is None
    assert judged(LENGTH, {"text": LENGTH}) is None
    assert judged("panic is not a function", {"text": "panic"}) is None
    assert judged("panic is not a function", {"n": 3}) is not None


def test_a_further_argument_may_be_refused_in_pythons_words() -> None:
    """As a Python tool may: the message names it. Of an argument that the schema has, the same words are a crash."""
    said = "say() got an unexpected keyword argument 'more'"
    assert judged(said, {"text": "a", "more": 1}, properties=["text"]) is None
    assert judged(f"{said}. Did you mean 'text'?", {"text": "a", "more": 1}, properties=["text"]) is None
    assert judged(said.replace("more", "it's"), {"text": "a", "it's": 1}, properties=["text"]) is None
    assert judged(said, {"text": "a", "more": 1}, properties=["text", "more"]) is not None
    assert judged(said, {"text": "a"}, properties=["text"]) is not None


TRACEBACK = """Traceback (most recent call last):
  File "/srv/slugs.py", line 22, in <module>
    print(slug(title))
          ^^^^^^^^^^^
  File "/srv/slugs.py", line 9, in slug
    return found[0]
           ~~~~~^^^
IndexError: list index out of range"""


def crashed(said: str) -> Finding:
    """Judge a command that ended with exit code 1 and these words."""
    case = Case("id", {"title": "!"}, "valid", "boundary", "", "")
    outcome = Outcome("crashed", 1, error=CallError("exit code 1", said, code=1))
    found = OUTCOME_CHECKS["no_crash"](Evidence(ToolSpec(name="slug"), case, outcome))
    assert found is not None
    return found


def test_a_traceback_that_a_command_writes_is_told_by_its_last_line_and_place() -> None:
    """The first line of a failure stands alone; two crashes of one command are two causes, though its exit code is one."""
    found = crashed(TRACEBACK)
    assert found.message == "slug crashed: exit code 1: IndexError: list index out of range at slugs.py:9 in slug"
    assert crashed(f"{TRACEBACK}\nof two lines").message == found.message
    others = [
        TRACEBACK.replace("line 9", "line 7"),
        TRACEBACK.replace("IndexError", "shop.OrderError"),
        "no such title",
    ]
    assert len({crashed(other).cause for other in [TRACEBACK, *others]}) == 4
    assert crashed("no such title").message == "slug crashed: exit code 1: no such title"


@pytest.mark.parametrize(("raised", "is_told"), [("LookupError", True), ("NoMember", True), ("IndexError", False)])
def test_of_a_valid_input_an_exception_that_is_raised_on_purpose_may_be_a_refusal(raised: str, is_told: bool) -> None:
    """`LookupError: no member 5` is no slip: the finding says what to write in the spec. Nobody is told so of an IndexError."""
    outcome = Outcome("crashed", 1, error=CallError(raised, "no member 5", location="club.py:9 in get"))
    found = no_crash(Evidence(ToolSpec("get"), Case("case", {"x": 5}, "valid", "enum", "/x", ""), outcome))
    assert found is not None
    assert any(f"`rejects: [ValueError, TypeError, {raised}]`" in text for _, text in found.details) is is_told
