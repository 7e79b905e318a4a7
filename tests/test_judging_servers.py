"""What refusals tell: of a number beyond a sibling's length, of a result that the server's own schema refused, of a key."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence, Finding
from pytest_toolcheck.checks.foreign_keywords import foreign_keywords
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome

from .specs import run, write_tool

LINE = {"type": "integer", "minimum": 1, "maximum": 100}
LINES = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100}


def takes(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def refused(
    check: str,
    tool: ToolSpec,
    value: Any,
    said: str,
    *,
    noise: str = "",
    label: Any = "valid",
    good: tuple[Any, ...] = (),
    accepts: Callable[[Any], bool] = lambda _: False,
    status: int | None = None,
) -> Finding | None:
    """Apply one check to a refusal of a tool that accepts what `accepts` says."""

    def retry(other: Any) -> Outcome:
        return Outcome("accepted" if accepts(other) else "refused", 1, error=CallError("ValueError", said))

    outcome = Outcome("refused", 1, error=CallError("ValueError", said, code=status), noise=noise)
    case = Case("id", value, label, "number", "/n", "")
    return OUTCOME_CHECKS[check](Evidence(tool, case, outcome, known_good=good, retry=retry))


@pytest.mark.parametrize(
    ("into", "value", "longest", "accepts", "accused"),
    [
        (LINES, ["a"], 98, lambda v: v["n"] <= len(v["into"]), False),
        (LINES, ["a"], 100, lambda v: v["n"] <= len(v["into"]), False),
        (LINES, ["a"], 100, lambda v: v["n"] <= len(v["into"]) and v["n"] < 100, True),
        ({"type": "string"}, "ab", 50, lambda v: v["n"] <= len(v["into"]), False),
        ({"type": "string"}, "ab", 50, lambda v: v["n"] <= len(v["into"].splitlines()), False),
        ({"type": "string", "maxLength": 50}, "ab", 50, lambda v: v["n"] <= len(v["into"]), False),
        ({"type": "string"}, "ab", 50, lambda v: v["n"] < 50, True),
        ({"type": "string", "pattern": "^(ab)+$"}, "ab", 49, lambda v: v["n"] <= len(v["into"]), False),
    ],
)
def test_a_number_beyond_the_end_of_a_sibling_may_be_refused(
    into: Any, value: Any, longest: int, accepts: Callable[[Any], bool], accused: bool
) -> None:
    """Line 98 of one line is nobody's promise: with more lines it is accepted. A wrong bound is refused however long they are."""
    tool = ToolSpec(name="tool", input=takes(into=into, n=LINE))
    sent, good = {"into": value, "n": longest}, {"into": value, "n": 1}
    found = refused("accepts_valid", tool, sent, "too large", good=(good,), accepts=accepts)
    assert (found is not None) is accused


QUALITY = {"anyOf": [LINE, {"type": "null"}], "default": None}
FORMAT = {"enum": ["png", "jpeg"]}


@pytest.mark.parametrize(
    ("said", "sent", "accepts", "accused"),
    [
        ("n must not be greater than total", {"n": 98, "total": 5}, lambda v: v["n"] <= v["total"], False),
        ("too many", {"n": 98, "total": 5}, lambda v: v["n"] <= v["total"], False),
        ("too many", {"n": 98, "total": 5}, lambda v: v["n"] < 98, True),
        ("n must be less than 98; total is 5", {"n": 98, "total": 5}, lambda v: v["n"] < 98, True),
        ("quality is for jpeg only", {"format": "png", "quality": 9}, lambda v: v.get("quality") is None, True),
        (
            "quality is for jpeg only",
            {"format": "png", "quality": 9},
            lambda v: v.get("quality") is None or v["format"] == "jpeg",
            False,
        ),
    ],
)
def test_what_does_not_go_together_as_the_refusal_says_may_be_refused(
    said: str, sent: Any, accepts: Callable[[Any], bool], accused: bool
) -> None:
    """It names two parameters, or speaks of a relation, and each changed alone is accepted; of a wrong bound only one makes a difference."""
    schema = {**takes(n=LINE, total=LINE, format=FORMAT, quality=QUALITY), "required": []}
    tool = ToolSpec(name="tool", input=schema)
    good = {"n": 1, "total": 5} if "n" in sent else {"format": "jpeg", "quality": 5}
    found = refused("accepts_valid", tool, sent, said, good=(good,), accepts=accepts)
    assert (found is not None) is accused


ORDERS = frozenset((1, 2, 5))


@pytest.mark.parametrize(
    ("name", "said", "status", "accepts", "accused"),
    [
        ("order_id", "order_id 98 does not exist", None, lambda v: v["order_id"] in ORDERS, False),
        ("orderNo", "no such order", None, lambda v: v["orderNo"] in ORDERS, False),
        ("order_id", "no order 98", None, lambda v: v["order_id"] in ORDERS, False),
        ("order_id", "no order with the number '98'", None, lambda v: v["order_id"] in ORDERS, False),
        ("order_id", "order 98 has been removed", None, lambda v: v["order_id"] in ORDERS, False),
        ("order_id", "no more than 97", None, lambda v: v["order_id"] in ORDERS, True),
        ("order", "Not Found", 404, lambda v: v["order"] in ORDERS, False),
        ("order", "order was not found", None, lambda v: v["order"] in ORDERS, True),
        ("order_id", "must be less than 98", None, lambda v: v["order_id"] < 98, True),
        ("room_no", "there is no room 98", None, lambda v: v["room_no"] < 98, True),
        ("order_id", "not found", None, lambda v: v["rows"] < 9 and v["order_id"] in ORDERS, True),
    ],
)
def test_a_key_of_nothing_may_be_refused(
    name: str, said: str, status: int | None, accepts: Callable[[Any], bool], accused: bool
) -> None:
    """A bounded id that names nothing is refused by every correct tool; that nothing else is wrong, another call shows."""
    tool = ToolSpec(
        name="tool", call="GET /orders/{order}", input=takes(**{name: {**LINE, "maximum": 98}, "rows": LINE})
    )
    sent, good = {name: 98, "rows": 9}, {name: 1, "rows": 1}
    found = refused("accepts_valid", tool, sent, said, good=(good,), accepts=accepts, status=status)
    assert (found is not None) is accused
    if status is None:  # MCP SDK 2 leaves what was said to the server's log
        silent, noise = dataclasses.replace(tool, call=None), f"Traceback ...\nValueError: {said}\n"
        found = refused(
            "accepts_valid", silent, sent, "Error executing tool tool", noise=noise, good=(good,), accepts=accepts
        )
        assert (found is not None) is accused


@pytest.mark.parametrize("said", ["Error executing tool tool", "Error calling tool 'tool'"])
@pytest.mark.parametrize(("name", "accused"), [("order_id", False), ("order", True)])
def test_a_key_is_not_judged_by_a_refusal_that_says_nothing(said: str, name: str, accused: bool) -> None:
    """Servers that keep their errors to themselves, and log none, may mean that there is no such thing."""
    tool = ToolSpec(name="tool", input=takes(**{name: {**LINE, "maximum": 98}}))
    accepts = partial(_is_there, name)
    found = refused("accepts_valid", tool, {name: 98}, said, good=({name: 1},), accepts=accepts)
    assert (found is not None) is accused


def _is_there(name: str, value: Any) -> bool:
    return value[name] in ORDERS


OUTPUT = {"type": "object", "title": "weekOutput", "properties": {"result": {"type": "integer", "minimum": 1}}}
ROWS = {"type": "object", "$defs": {"Row": {"type": "object"}}}
BELOW = "\nresult\n  Input should be greater than or equal to 1 [type=greater_than_equal, input_value=0]"


@pytest.mark.parametrize(
    ("output", "said", "noise", "accused"),
    [
        (OUTPUT, f"Error executing tool week: 1 validation error for weekOutput{BELOW}", "", True),
        (OUTPUT, "Error executing tool week", f"pydantic_core.ValidationError: 1 validation error for weekOutput{BELOW}", True),
        (OUTPUT, "Error executing tool week", f"ERROR  ValidationError: 1 validation error     \n       for weekOutput{BELOW}", True),
        (OUTPUT, f"Error executing tool week: 1 validation error for weekArguments{BELOW}", "", False),
        (OUTPUT, "Output validation error: 0 is less than the minimum of 1", "", True),
        (ROWS, "Error executing tool week: 2 validation errors for Row\nkind", "", True),
        (ROWS, "Error executing tool week: 1 validation error for Filter\nkind", "", False),
        (None, f"Error executing tool week: 1 validation error for weekOutput{BELOW}", "", False),
        (OUTPUT, "n must be a week", f"1 validation error for weekOutput{BELOW}", False),
    ],
)  # fmt: skip
def test_a_result_that_the_server_itself_refused_is_no_refusal(
    output: Any, said: str, noise: str, accused: bool
) -> None:
    """The input was good, the result was not: nothing is wrong with what the caller sent, and the finding says so."""
    tool = ToolSpec(name="week", input={**takes(n=LINE), "title": "weekArguments"}, output=output)
    found = refused("output_schema", tool, {"n": 1}, said, noise=noise)
    assert (found is not None) is accused
    if found is not None:
        assert found.message.startswith("week made a result that its own output schema forbids, and sent the error")
    assert refused("output_schema", tool, {"n": 0}, said, noise=noise, label="invalid") is None


@pytest.mark.parametrize(
    ("value", "said", "accused"),
    [
        ({"n": [{}]}, "Error executing tool tool: 'title'", True),
        ({"n": [{}]}, "'title'", True),
        ({"n": [{}]}, "Error executing tool tool: 'title' is missing", False),
        ({"n": "title"}, "Error executing tool tool: 'title'", True),
        ({"n": "title"}, "'title' is no tool", False),
        ({"n": [{}]}, "Error executing tool tool: title", False),
    ],
)
def test_a_key_that_nothing_is_said_of_is_a_crash(value: Any, said: str, accused: bool) -> None:
    """`str(KeyError('title'))` is all that a server sends of it: nobody refuses with a word in quotes."""
    tool = ToolSpec(name="tool", input=takes(n=True))
    assert (refused("no_crash", tool, value, said) is not None) is accused


@pytest.mark.parametrize(
    ("sent", "said", "accused"),
    [
        ("Mars/Base", "'No time zone found with key Mars/Base'", False),
        ("t", "'No time zone found with key t'", False),
        ("two\nlines", "'No time zone found with key two\\nlines'", False),
        ("Mars/Base", "'Mars/Base'", True),
        ("a name of four words", "'a name of four words'", True),
        ("t", "'Total sales of year'", True),
        ("Mars/Base", "'key Mars/Base'", True),
    ],
)
def test_a_sentence_about_what_was_sent_is_a_refusal_in_quotes_too(sent: str, said: str, accused: bool) -> None:
    """zoneinfo's own error is a KeyError, and says all that a caller needs; a key that is missing says nothing else."""
    tool = ToolSpec(name="now", input=takes(tz={"type": "string"}))
    found = refused("no_crash", tool, {"tz": sent}, f"Error executing tool now: {said}")
    assert (found is not None) is accused


def test_keys_that_are_missing_have_one_cause_whatever_was_sent() -> None:
    """A finding for each text of seventy would fill the summary."""
    tool = ToolSpec(name="now", input=takes(tz={"type": "string"}))
    found = [refused("no_crash", tool, {"tz": sent}, f"Error executing tool now: '{sent}'") for sent in ("a", "b c")]
    other = refused("no_crash", tool, {"tz": "a"}, "Error executing tool now: 'title'")
    assert len({finding.cause for finding in (*found, other) if finding is not None}) == 2


@pytest.mark.parametrize(
    ("name", "sent", "accused"),
    [
        ("days_between", {"n": "2024-01-31"}, True),
        ("days_between", {"n": "+1 TimeZone"}, False),  # it may be what was sent that speaks of it
        ("evaluate", {"n": "2024-01-31"}, False),
    ],
)
def test_a_name_that_the_code_does_not_have_is_a_crash(name: str, sent: Any, accused: bool) -> None:
    """A forgotten import shows when the line is reached; what evaluates texts may refuse one in the same words."""
    said = f"Error executing tool {name}: name 'timezone' is not defined"
    assert (refused("no_crash", ToolSpec(name=name, input=takes(n=True)), sent, said) is not None) is accused


@pytest.mark.parametrize(("shown", "told"), [("a" * 60, False), ("a" * 20, True)])
def test_a_long_name_that_an_error_cuts_is_named_all_the_same(shown: str, told: bool) -> None:
    """Whoever shortens a name of 200 signs still says which it is; our own words shorten it too."""
    tool = ToolSpec(name="tool", input={"type": "object", "additionalProperties": False})
    case = Case("id", {"a" * 200: 1}, "invalid", "extra", "/" + "a" * 200, "")
    outcome = Outcome("refused", 1, error=CallError("ValueError", f"unknown: {shown} ..."))
    found = OUTCOME_CHECKS["clean_error"](Evidence(tool, case, outcome))
    assert (found is not None) is told
    assert found is None or len(found.message) < 200


def test_a_parameter_that_a_command_line_spells_with_a_dash_is_named() -> None:
    """`--dry-run` is how argparse calls `dry_run`."""
    tool = ToolSpec(name="tool", input=takes(dry_run={"type": "boolean"}))
    outcome = Outcome("refused", 1, error=CallError("exit", "error: unrecognized arguments: --dry-run=x"))
    case = Case("id", {"dry_run": "x"}, "invalid", "type", "/dry_run", "")
    assert OUTCOME_CHECKS["clean_error"](Evidence(tool, case, outcome)) is None


def test_bounds_that_only_pydantic_reads_are_told() -> None:
    """`Field(ge=-273)` of a union is published as `ge`; a property of that name, and a value, are none."""
    union = {"anyOf": [{"type": "number"}, {"type": "integer"}], "ge": -273, "le": 1000}
    schema = takes(
        celsius=union, le={"type": "integer", "enum": [{"gt": 1}]}, rows={"type": "array", "items": {"lt": 3}}
    )
    assert list(foreign_keywords(schema)) == [
        ("/properties/celsius", "ge", "minimum"),
        ("/properties/celsius", "le", "maximum"),
        ("/properties/rows/items", "lt", "exclusiveMaximum"),
    ]


CRASH = """
from typing import Annotated
from pydantic import Field
def pick(n: Annotated[int, Field(ge=0, le=9)]) -> int:
    '''Pick.'''
    if type(n) is not int or not 0 <= n <= 9: raise ValueError("n must be 0 to 9")
    if n == 9: raise ValueError("list index out of range")
    return n
"""


def test_a_crash_sent_as_a_refusal_is_told_once(pytester: pytest.Pytester) -> None:
    """That the valid input was refused is no second finding: why it was is said already."""
    write_tool(pytester, CRASH, "defaults: {variations: {categories: [boundary], fuzz: 0}}\n")
    result = run(pytester, "--toolcheck-log=off")
    result.stdout.fnmatch_lines(["*no_crash: pick crashed, and sent the crash as a refusal: list index out of range*"])
    result.stdout.no_fnmatch_line("*accepts_valid*")
