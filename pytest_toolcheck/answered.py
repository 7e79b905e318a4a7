"""What a tool answers by its output schema: the names of the members, through references, branches and one level of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .parts import referred
from .scenario import ToolPlan
from .targets.base import ToolDescription

_BRANCHES = ("anyOf", "oneOf", "allOf")
_DEEPEST = 3


def names_answered(plan: ToolPlan, tool: ToolDescription) -> frozenset[str]:
    """Return the names that a tool's answers have by the spec, or else by what the target says."""
    written = plan.spec.tools.get(tool.name)
    schema = written.output if written is not None and written.output is not None else tool.output_schema
    return frozenset(_names(schema, schema, _DEEPEST))


def _names(schema: Any, root: Any, depth: int) -> Iterator[str]:
    if not isinstance(schema, Mapping) or depth < 1:
        return
    if isinstance(reference := schema.get("$ref"), str):
        yield from _names(_referred(root, reference), root, depth)
    for branch in (branch for word in _BRANCHES for branch in schema.get(word) or ()):
        yield from _names(branch, root, depth - 1)
    properties = schema.get("properties")
    for name, inner in properties.items() if isinstance(properties, Mapping) else ():
        yield name
        yield from _names(inner, root, min(depth - 1, 1))


def _referred(root: Any, reference: str) -> Any:
    """Return what a reference into the same document points at, unless that is a reference again."""
    part = referred(root, reference)
    return part if isinstance(part, Mapping) and "$ref" not in part else None
