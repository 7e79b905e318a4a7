"""Inputs that keep what is known to work: a proven base's values where the schema cannot say what a good value is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from .strategy_leaves import Draw
from .strategy_nodes import Dead, Goal, SchemaGraph


def free_parameters(graph: SchemaGraph) -> list[str]:
    """Return the top-level parameters whose schema does not say all there is to say: free strings, open objects.

    Said in full are bounded numbers, booleans, null, enums, consts, and bounded arrays of these.
    """
    try:
        nodes = graph.expand((graph.root,)).plain
    except Dead:
        return []
    names = dict.fromkeys(name for node in nodes for name in node.get("properties") or {})
    return [name for name in names if not _is_said_in_full(graph, graph.property_goal(nodes, name), 0)]


def _is_said_in_full(graph: SchemaGraph, goal: Goal, depth: int) -> bool:
    try:
        expansion = graph.expand(goal)
    except Dead:
        return True
    if any(keyword in node.schema for node in expansion.plain for keyword in ("enum", "const")):
        return True
    if expansion.choices:
        return depth < 4 and all(
            _is_said_in_full(graph, branch, depth + 1) for choice in expansion.choices for branch in choice
        )
    return any(_node_says_all(graph, node.schema, goal, depth) for node in expansion.plain)


def _node_says_all(graph: SchemaGraph, schema: Mapping[str, Any], goal: Goal, depth: int) -> bool:
    kind = schema.get("type")
    if kind in ("boolean", "null"):
        return True
    if kind in ("integer", "number"):
        lower = "minimum" in schema or "exclusiveMinimum" in schema
        return lower and ("maximum" in schema or "exclusiveMaximum" in schema)
    if kind == "array" and "maxItems" in schema and depth < 4:
        plain = graph.expand(goal).plain
        return bool(graph.item_goal(plain, 0)) and _is_said_in_full(graph, graph.item_goal(plain, 0), depth + 1)
    return False


def with_known_values(
    graph: SchemaGraph,
    drawn: st.SearchStrategy[Any],
    *,
    base: Mapping[str, Any] | None,
    values: Mapping[str, Sequence[Any]],
) -> st.SearchStrategy[Any]:
    """Return `drawn` with free parameters replaced, in half of the values, by those known to be good."""
    free = [name for name in free_parameters(graph) if name in (base or {}) or values.get(name)]
    pools = {name: [*([base[name]] if base and name in base else []), *values.get(name, ())] for name in free}
    return st.composite(_draw_mixed)(graph, drawn, pools, dict(base or {})) if pools else drawn


def _draw_mixed(
    draw: Draw, graph: SchemaGraph, drawn: st.SearchStrategy[Any], pools: dict[str, list[Any]], base: dict[str, Any]
) -> Any:
    keep = draw(st.integers(0, 3))
    value = draw(drawn)
    if keep == 3 or not isinstance(value, dict):
        return value
    varied = draw(st.sampled_from(sorted(pools))) if keep == 2 else None
    kept = {name: draw(st.sampled_from(pool)) for name, pool in pools.items() if name != varied}
    mixed = {**value, **{name: known for name, known in kept.items() if name in value or name in base}}
    return mixed if graph.accepts(mixed) else value
