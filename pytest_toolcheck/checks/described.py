"""`described` (a warning): a tool or parameter without description, an invalid or contradictory schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..spec.unmentioned import unmentioned
from .base import Finding
from .foreign_keywords import foreign_keywords

if TYPE_CHECKING:
    from ..scenario import ToolPlan


def description_findings(plan: ToolPlan) -> Iterator[Finding]:
    """Yield a warning for everything that a caller of the tool would want to be told and is not."""
    name = plan.tool.name
    if not plan.description.description:
        yield _warning(f"{name} has no description")
    if plan.tool.input == plan.description.input_schema:
        for told in plan.description.unresolved:
            yield _warning(f"{name}: the type hint of {told}")
    yield from _parameters(name, plan.tool.input)
    yield from _openness(plan)
    for which, schema in (("input", plan.tool.input), ("output", plan.tool.output)):
        yield from _schema(name, which, schema)


def _parameters(name: str, schema: Any) -> Iterator[Finding]:
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    silent = [key for key, part in properties.items() if not (isinstance(part, dict) and part.get("description"))]
    if silent:
        yield _warning(f"{name}: no description of {', '.join(silent)}")


def _openness(plan: ToolPlan) -> Iterator[Finding]:
    """A function that takes no further arguments, behind a schema that does not say so."""
    by_hints, schema = plan.description.input_schema, plan.tool.input
    if plan.spec.target.kind != "python" or not isinstance(by_hints, dict) or not unmentioned(schema, ("",)):
        return
    if by_hints.get("additionalProperties") is False:
        yield _warning(
            f"{plan.tool.name}: its input schema does not say `additionalProperties: false`; it takes no others"
        )


def _schema(name: str, which: str, schema: Any) -> Iterator[Finding]:
    from ..cases import satisfiability
    from ..cases.schema import draft_of, flaw_of

    if schema is None:
        return
    if flaw := flaw_of(schema, draft_of(schema)):
        yield _warning(f"{name}: its {which} schema is invalid: {flaw.message}")
        return
    for pointer, key, meant in foreign_keywords(schema):
        yield _warning(
            f"{name}: its {which} schema says {key!r} at {pointer}, which no caller understands: {meant!r} is"
        )
    for problem in satisfiability(schema):
        yield _warning(f"{name}: its {which} schema contradicts itself: {problem}")


def _warning(message: str) -> Finding:
    return Finding(
        "described", message, f"described {message}", "a description for everything a caller needs", "warning"
    )
