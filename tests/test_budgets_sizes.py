"""Which parameters can grow, and by how much: what cannot is an error where it is asked for, not a budget that is never judged."""

from __future__ import annotations

import pytest

from pytest_toolcheck.budgets.clocks import MeterError
from pytest_toolcheck.budgets.sizes import LARGEST, size_range
from pytest_toolcheck.budgets.subjects import Caller, ToolCall, sized, subject_of
from pytest_toolcheck.spec.model import Budgets

from .test_budgets_scenarios import FakeSession, accepted, plan_of


def schema_of(part, **definitions):
    return {"type": "object", "properties": {"it": part}, "$defs": definitions}


LIST = {"type": "array", "items": {"type": "integer"}, "maxItems": 100}


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"type": "string", "enum": ["a", "b"]}, r"lists its values \(enum\), so it cannot grow"),
        ({"type": "integer", "const": 3}, r"lists its values \(const\)"),
        ({"type": "array", "maxItems": 4}, "3 sizes that double lie within its minItems and maxItems, 1 to 4, and 4"),
        ({"type": "integer", "minimum": 6, "maximum": 11}, "1 sizes that double lie within its minimum and maximum"),
        ({"type": "string", "minLength": 3, "maxLength": 3}, "within its minLength and maxLength, 3 to 3"),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "expected one of array, string, integer, number"),
    ],
)
def test_what_cannot_grow_is_refused(part, message):
    """The message says what of its schema keeps it from growing."""
    with pytest.raises(MeterError, match=message):
        size_range(schema_of(part), "it")


@pytest.mark.parametrize(
    ("part", "sizes"),
    [
        ({"anyOf": [LIST, {"type": "null"}], "default": None}, (1, 100)),
        ({"oneOf": [{"type": "null"}, {"$ref": "#/$defs/list"}]}, (1, 100)),
        ({"type": "integer", "minimum": 50_000}, (50_000, 800_000)),
        ({"type": "array", "minItems": 5}, (5, LARGEST["array"])),
    ],
    ids=["optional", "optional reference", "begins beyond the usual", "usual"],
)
def test_what_may_grow_has_a_range(part, sizes):
    """Also where it may be null, and where the schema begins beyond what is tried elsewhere."""
    assert size_range(schema_of(part, list=LIST), "it") == sizes


def test_inputs_that_the_schema_forbids_blame_no_tool():
    """A text that is repeated breaks its pattern: such inputs say nothing of the tool."""
    plan = plan_of(Budgets())
    plan = type(plan)(
        plan.spec,
        type(plan.tool)("it", input=schema_of({"type": "string", "pattern": "^[a-z]-[0-9]$"})),
        plan.description,
    )
    session = FakeSession(accepted())
    caller = Caller(session, "", pytest.fail)
    base = ToolCall(plan, {"it": "a-1"})
    with pytest.raises(
        MeterError, match="an input of size 65536, made of what the tool has answered, breaks its schema"
    ):
        sized(subject_of([base], session, caller), base, "it", caller)
