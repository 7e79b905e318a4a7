"""Objects: required names always, optional ones sometimes, others only where the schema speaks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from .strategy_leaves import known_patterns, matching, text
from .strategy_nodes import Dead, Goal, Node

if TYPE_CHECKING:
    from .strategy_draw import Drawer

_MOST_DRAWN = 100
_DEPENDING = ("dependencies", "dependentRequired")
_OPENERS = ("additionalProperties", "patternProperties", "unevaluatedProperties", "propertyNames")


def draw_object(drawer: Drawer, nodes: list[Node], depth: int) -> dict[str, Any]:
    """Draw an object that meets every node. Raises Dead where a required property cannot be made."""
    low = max([int(node.get("minProperties") or 0) for node in nodes], default=0)
    high = min([int(node.schema["maxProperties"]) for node in nodes if "maxProperties" in node.schema], default=10**9)
    if low > _MOST_DRAWN:
        raise Dead("so many properties are not drawn one by one")
    declared = list(dict.fromkeys(name for node in nodes for name in node.get("properties") or {}))
    wanted = _closed(nodes, dict.fromkeys(name for node in nodes for name in _required(node)))
    for name in declared:
        if name not in wanted and len(wanted) < high and not drawer.is_large(depth) and drawer.draw(st.booleans()):
            grown = _closed(nodes, {**wanted, name: None})
            if len(grown) <= high and _is_possible(drawer, nodes, name):
                wanted = grown
    result = {name: _member(drawer, nodes, name, depth) for name in wanted}
    _fill(drawer, nodes, result, low, depth)
    _add_others(drawer, nodes, result, high, depth)
    if not low <= len(result) <= high:
        raise Dead("the number of properties cannot be met")
    return result


def _required(node: Node) -> list[str]:
    names = node.get("required")
    return names if isinstance(names, list) else []


def _closed(nodes: list[Node], names: dict[str, None]) -> dict[str, None]:
    """Add the names that others depend on."""
    rules = [rules for node in nodes for key in _DEPENDING if (rules := node.get(key))]
    pending = list(names) if rules else []
    while pending:
        name = pending.pop()
        for rule in (rules_of.get(name) for rules_of in rules):
            for more in rule if isinstance(rule, list) else []:
                if more not in names:
                    names[more] = None
                    pending.append(more)
    return names


def _is_possible(drawer: Drawer, nodes: list[Node], name: str) -> bool:
    """Say whether an optional property is worth trying: its schema is not plainly false."""
    try:
        drawer.graph.expand(drawer.graph.property_goal(nodes, name))
    except Dead:
        return False
    return all(drawer.graph.is_valid(name, node) for node in _name_goal(drawer, nodes))


def _member(drawer: Drawer, nodes: list[Node], name: str, depth: int) -> Any:
    return drawer.value(drawer.graph.property_goal(nodes, name), depth + 1)


def _fill(drawer: Drawer, nodes: list[Node], result: dict[str, Any], low: int, depth: int) -> None:
    """Add properties until there are as many as `minProperties` asks for: declared ones first."""
    declared = [name for node in nodes for name in node.get("properties") or {}]
    for name in declared:
        if len(result) < low and name not in result and _is_possible(drawer, nodes, name):
            _try_member(drawer, nodes, result, name, depth)
    for _ in range(8 * (low - len(result))):
        if len(result) >= low:
            return
        _try_member(drawer, nodes, result, _new_name(drawer, nodes), depth)


def _add_others(drawer: Drawer, nodes: list[Node], result: dict[str, Any], high: int, depth: int) -> None:
    """Add undeclared properties, where the schema says of what kind, or says nothing at all of the object."""
    spoken = any(node.get(keyword) not in (None, False) for node in nodes for keyword in _OPENERS)
    blank = not any(node.get("properties") for node in nodes)
    if drawer.is_large(depth) or not (spoken or blank):
        return
    while len(result) < high and drawer.draw(st.integers(0, 2)) == 2:
        name = _new_name(drawer, nodes)
        if name not in result and len(_closed(nodes, {name: None})) == 1:
            _try_member(drawer, nodes, result, name, depth)


def _try_member(drawer: Drawer, nodes: list[Node], result: dict[str, Any], name: str, depth: int) -> None:
    if name in result or not all(drawer.graph.is_valid(name, node) for node in _name_goal(drawer, nodes)):
        return
    try:
        result[name] = _member(drawer, nodes, name, depth)
    except Dead:
        drawer.count_dead_end()


def _name_goal(drawer: Drawer, nodes: list[Node]) -> Goal:
    return tuple(
        drawer.graph.child(node, node.schema["propertyNames"]) for node in nodes if "propertyNames" in node.schema
    )


def _new_name(drawer: Drawer, nodes: list[Node]) -> str:
    patterns = [pattern for node in nodes for pattern in known_patterns(node)]
    goal = _name_goal(drawer, nodes)
    if goal:
        text_only = drawer.graph.made(goal[0], "a string", {"type": "string"})
        return str(drawer.value((*goal, text_only), 0))
    index = drawer.draw(st.integers(0, len(patterns))) if patterns else 0
    if patterns and index < len(patterns):
        return str(drawer.draw(matching(patterns[index])))
    return str(drawer.draw(text(1, 8)))
