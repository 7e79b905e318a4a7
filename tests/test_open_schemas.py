"""Further properties: what a schema that says nothing of them promises, and what it does not."""

from __future__ import annotations

import pytest

from pytest_toolcheck.spec.unmentioned import unmentioned

from .specs import RESERVE, run, write_tool

SPEC = """
tools:
  reserve:
    input:
      type: object
      properties: {seats: {type: integer, minimum: 1, maximum: 8, description: how many}}
      required: [seats]
    variations: {categories: [extra], fuzz: 0}
"""
WRAPPED = (
    """
import functools
def traced(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)
    return call
@traced"""
    + RESERVE
)
SUMMING = RESERVE.replace("seats: int)", "seats: int, **more)").replace(
    "return seats", "return seats + sum(more.values())"
)


@pytest.mark.parametrize("code", [RESERVE, WRAPPED], ids=["plain", "decorated"])
def test_python_may_refuse_what_the_schema_does_not_mention(pytester: pytest.Pytester, code: str) -> None:
    """Where nobody spoke of further arguments, Python's own refusal of them is none of a crash; the schema gets a hint."""
    write_tool(pytester, code, SPEC)
    result = run(pytester, "--toolcheck-log=off")
    assert set(result.parseoutcomes()) == {"passed"}
    result.stdout.fnmatch_lines(["*reserve: its input schema does not say `additionalProperties: false`*"])


@pytest.mark.parametrize(
    ("code", "spec", "said"),
    [
        (
            RESERVE,
            SPEC.replace("required", "additionalProperties: true\n      required"),
            "unexpected keyword argument",
        ),
        (SUMMING, SPEC, "unsupported operand"),
        (RESERVE.replace("(seats", "(seats, row"), SPEC, "missing 1 required positional argument"),
    ],
    ids=["the schema says true", "the function takes them", "another argument is missing"],
)
def test_a_crash_stays_a_crash(pytester: pytest.Pytester, code: str, spec: str, said: str) -> None:
    """Who promises to take further arguments is held to it, and a TypeError of the tool's own code is a crash."""
    write_tool(pytester, code, spec)
    result = run(pytester, "--toolcheck-log=off")
    assert result.parseoutcomes()["failed"]
    result.stdout.fnmatch_lines([f"*TypeError: *{said}*"])


@pytest.mark.parametrize(
    ("schema", "left"),
    [
        ({"properties": {"a": {}}}, ("b",)),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"b": True}}}}, ("a",)),
        ({"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, ()),
        ({"if": {}, "then": {"properties": {"a": {}}}, "dependentSchemas": {"a": {"properties": {"b": {}}}}}, ()),
        ({"allOf": [{"additionalProperties": {"type": "string"}}]}, ()),
        ({"patternProperties": {"^x": {}}}, ()),
        ({"$ref": "#"}, ("a", "b")),
        (True, ("a", "b")),
    ],
)
def test_what_a_schema_leaves_unmentioned(schema: object, left: tuple[str, ...]) -> None:
    """References and branches are followed; a schema that speaks of further properties leaves nothing unmentioned."""
    assert unmentioned(schema, ("a", "b")) == left
