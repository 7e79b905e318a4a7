"""Goals that no input can meet: shown impossible by sound rules, and not counted.

`is_impossible` says True only where it is certain. Nodes that all hold for one value are laid flat; what is left open
(`not`, patterns, counts of branches) counts as possible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from .coverage_goals import TYPES, kind_of
from .strategy_nodes import Dead, Goal, Node, SchemaGraph

_DEEPEST = 4
_FORMATS = {
    "date": (10, 10),
    "date-time": (20, math.inf),
    "email": (1, math.inf),
    "ipv4": (7, 15),
    "ipv6": (2, 45),
    "time": (9, math.inf),
    "uri": (2, math.inf),
    "uuid": (36, 36),
}
"""The fewest and the most characters of a text of each format."""


def is_impossible(graph: SchemaGraph, goal: Goal, depth: int = 0) -> bool:
    """Whether certainly no value satisfies all nodes of the goal."""
    try:
        laid = graph.expand(goal)
    except Dead:
        return True
    nodes = laid.plain
    listed = _members(nodes)
    if listed is not None:
        return not any(all(graph.is_valid(member, node) for node in goal) for member in listed)
    if all(_is_empty(graph, kind, nodes, depth) for kind in _kinds(nodes)):
        return True
    if depth >= _DEEPEST:
        return False
    return any(all(is_impossible(graph, (*goal, *way), depth + 2) for way in ways) for ways in laid.choices[:4])


def _members(nodes: Sequence[Node]) -> list[Any] | None:
    """Return the listed values where the nodes allow no others."""
    for node in nodes:
        if "const" in node.schema:
            return [node.schema["const"]]
    lists = [node.schema["enum"] for node in nodes if "enum" in node.schema]
    return min(lists, key=len) if lists else None


def _kinds(nodes: Sequence[Node]) -> list[str]:
    kinds = list(TYPES)
    for named in (node.schema["type"] for node in nodes if "type" in node.schema):
        allowed = {named} if isinstance(named, str) else set(named)
        kinds = [kind for kind in kinds if kind in allowed or (kind == "integer" and "number" in allowed)]
    return kinds


def _is_empty(graph: SchemaGraph, kind: str, nodes: Sequence[Node], depth: int) -> bool:
    if kind in ("integer", "number"):
        return _has_no_number(nodes, whole=kind == "integer")
    if kind == "string":
        spans = [_FORMATS[f] for f in _found(nodes, "format") if f in _FORMATS and graph.checker is not None]
        return _is_crossed(nodes, "Length", spans)
    if kind == "array":
        return _is_crossed(nodes, "Items", ())
    return kind == "object" and (_is_crossed(nodes, "Properties", ()) or _has_dead_member(graph, nodes, depth))


def _found(nodes: Sequence[Node], keyword: str) -> list[Any]:
    return [node.schema[keyword] for node in nodes if keyword in node.schema]


def _numbers(nodes: Sequence[Node], keyword: str) -> list[float]:
    return [n for n in _found(nodes, keyword) if kind_of(n) in ("integer", "number")]


def _is_crossed(nodes: Sequence[Node], suffix: str, spans: Iterable[tuple[float, float]]) -> bool:
    low = max([0, *_numbers(nodes, f"min{suffix}"), *(least for least, _ in spans)])
    high = min([math.inf, *_numbers(nodes, f"max{suffix}"), *(most for _, most in spans)])
    return low > high


def _has_no_number(nodes: Sequence[Node], *, whole: bool) -> bool:
    low = max([-math.inf, *_numbers(nodes, "minimum")])
    high = min([math.inf, *_numbers(nodes, "maximum")])
    above = max([-math.inf, *_numbers(nodes, "exclusiveMinimum")])
    below = min([math.inf, *_numbers(nodes, "exclusiveMaximum")])
    if max(low, above) > min(high, below) or (max(low, above) == min(high, below) and (above >= low or below <= high)):
        return math.isfinite(max(low, above))
    if not whole or not all(map(math.isfinite, (max(low, above), min(high, below)))):
        return False
    first = max(math.ceil(low) if low > -math.inf else -math.inf, math.floor(above) + 1 if above > -math.inf else low)
    last = min(math.floor(high) if high < math.inf else math.inf, math.ceil(below) - 1 if below < math.inf else high)
    return first > last


def _has_dead_member(graph: SchemaGraph, nodes: Sequence[Node], depth: int) -> bool:
    """Whether a required property cannot be there, or more are required than may be there."""
    required = {name for names in _found(nodes, "required") if isinstance(names, list) for name in names}
    if len(required) > min([math.inf, *_numbers(nodes, "maxProperties")]):
        return True
    if depth >= _DEEPEST:
        return False
    return any(is_impossible(graph, graph.property_goal(nodes, name), depth + 1) for name in sorted(required))
