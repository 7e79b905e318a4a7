"""What switches a behavioural check on: the spec's `checks`, its annotations, the target's hints, the categories."""

from __future__ import annotations

from ..spec.model import ToolSpec


def is_promised(tool: ToolSpec, check: str) -> bool:
    """Whether a check is on: the spec's `checks` decide, else the annotation (the spec's, or the target's hint)."""
    wanted = tool.checks.get(check)
    return bool(getattr(tool.annotations, check, None)) if wanted is None else wanted is not False


def is_chosen(tool: ToolSpec, category: str) -> bool:
    """Whether the spec's `variations` leave the category in."""
    chosen = tool.variations
    return category not in chosen.exclude and (chosen.categories is None or category in chosen.categories)


def is_implied(tool: ToolSpec, check: str) -> bool:
    """What changes nothing is idempotent: the hints of servers say both, one look is enough."""
    return check == "idempotent" and is_promised(tool, "read_only") and "/checks/idempotent" not in tool.key_positions


def is_wanted(tool: ToolSpec, check: str, category: str) -> bool:
    return is_chosen(tool, category) or f"/checks/{check}" in tool.key_positions
