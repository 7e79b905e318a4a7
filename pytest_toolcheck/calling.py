"""What a call of a tool needs beside the call: its clock, whether a TypeError is fair, what an unreachable target means."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .checks import Finding
from .checks.integral import rests_on_integral_float
from .checks.violation import says_no_type
from .errors import TargetError
from .scenario import ToolPlan


def may_be_mistyped(plan: ToolPlan, arguments: dict[str, Any]) -> bool:
    """Whether a TypeError is a fair answer although the schema accepts the input.

    So it is of 1.0 for an integer, and of any value for a parameter without a type hint: nothing was promised.
    """
    schema = plan.tool.input
    if schema is None:
        return False
    if is_found_by_hints(plan) and any(says_no_type(schema, name) for name in arguments):
        return True
    return rests_on_integral_float(schema, arguments)


def is_found_by_hints(plan: ToolPlan) -> bool:
    """Whether the input's schema is made from the type hints of a Python function, and nobody wrote it down."""
    return plan.tool.input is plan.description.input_schema and plan.spec.target.kind == "python"


def clock_of(plan: ToolPlan) -> AbstractContextManager[Any]:
    """Return the virtual time that the spec's `clock: virtual` asks for, unless the scenario runs in it already."""
    if plan.tool.clock != "virtual" or plan.spec.target.kind != "python":
        return nullcontext()
    from .clock import active_clock, virtual_time

    return nullcontext() if active_clock() is not None else virtual_time()


def unreachable(error: TargetError) -> Finding:
    first, _, rest = str(error).partition("\n")
    return Finding(
        "no_crash",
        first,
        f"unreachable {first}",
        "a target that can be reached",
        details=(("said", rest),) if rest else (),
    )
