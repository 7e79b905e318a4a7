"""Breaking one thing of a valid value: a type, a bound, a required name, a listed value, a closed door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from ..json_copy import copied
from .formats import BAD
from .patterns import near_misses
from .strategy_draw import Drawer
from .strategy_leaves import HAIRS, Draw, free_json, integers, known_patterns, matching, text
from .strategy_nodes import Dead, Exhausted, Goal, Node, SchemaGraph

Path = tuple[str | int, ...]
MAX_DEPTH = 8
_LARGEST = 1e15
_MOST_MEMBERS = 60
_CLOSERS = ("additionalProperties", "propertyNames", "unevaluatedProperties")

_COUNTERS = ("minProperties", "dependentRequired", "dependentSchemas", "dependencies")
_OTHER_TYPES: tuple[Any, ...] = (None, True, 0, 0.5, "", [], {})


@dataclass(frozen=True, slots=True)
class Break:
    """One way to break a value: what to put at `path` (`make` draws it), or to remove what is there."""

    path: Path
    make: Callable[[Draw], Any] | None


class Mutator:
    """Breaks one thing of valid values; `within` leaves the whole value's own type alone."""

    def __init__(self, graph: SchemaGraph, draw: Draw, *, within: bool = False) -> None:
        self.graph = graph
        self.within = within
        self.draw = draw

    def broken(self, value: Any) -> Any:
        """Return the value with one thing changed such that the schema refuses it; any JSON value where that fails."""
        starts: tuple[Any, ...] = (
            (value, {}) if isinstance(value, dict) else (value, {}, [])
        )  # keywords may speak of other types alone
        for start in starts:
            changed = self._broken_somewhere(start)
            if self.graph.refuses(changed):
                return changed
        return self._negated_or_free()

    def _broken_somewhere(self, value: Any) -> Any:
        breaks = [b for b in self._at(value, (self.graph.root,), (), 0) if b.path or not self.within]
        first = self.draw(integers(0, len(breaks) - 1)) if breaks else 0
        for step in range(min(len(breaks), 12)):
            changed = self._apply(value, breaks[(first + step) % len(breaks)])
            if self.graph.refuses(changed):
                return changed
        return value

    def _negated_or_free(self) -> Any:
        opposite = self.graph.made(self.graph.root, "invalid", {"not": self.graph.root.schema})
        try:
            return Drawer(self.graph, self.draw).value((opposite,))
        except (Dead, Exhausted):
            return self.draw(free_json())

    def _apply(self, value: Any, change: Break) -> Any:
        if not change.path:
            assert change.make is not None
            return change.make(self.draw)
        result = copied(value)
        holder = result
        for step in change.path[:-1]:
            holder = holder[step]
        last = change.path[-1]
        if change.make is None:
            del holder[last]
        elif isinstance(holder, list) and isinstance(last, int) and last >= len(holder):
            holder.append(change.make(self.draw))
        else:
            holder[last] = change.make(self.draw)
        return result

    def _at(self, value: Any, goal: Goal, path: Path, depth: int) -> Iterator[Break]:
        nodes = self._nodes(goal)
        if not nodes or depth > MAX_DEPTH:
            return
        yield from self._wrong_types(nodes, path)
        for node in nodes:
            yield from _near_misses(node, path)
            yield from _bounds(value, node, path)
        yield from self._refused(goal, path)
        if isinstance(value, dict):
            yield from self._object(value, nodes, path, depth)
        elif isinstance(value, list):
            yield from self._array(value, nodes, path, depth)

    def _nodes(self, goal: Goal) -> list[Node]:
        """Return the plain nodes that speak of a place, those of every branch included."""
        found: list[Node] = []
        waiting = [goal]
        for _ in range(40):
            if not waiting:
                break
            try:
                expansion = self.graph.expand(waiting.pop())
            except Dead:
                continue
            found += [node for node in expansion.plain if node not in found]
            waiting += [branch for choice in expansion.choices for branch in choice]
        return found

    def _refused(self, goal: Goal, path: Path) -> Iterator[Break]:
        """Yield what a `not` refuses, otherwise as the place asks."""
        try:
            expansion = self.graph.expand(goal)
        except Dead:
            return
        for node in expansion.residual:
            if "not" in node.schema:
                yield Break(path, self._drawer((self.graph.child(node, node.schema["not"]), *expansion.plain)))

    def _drawer(self, goal: Goal) -> Callable[[Draw], Any]:
        def make(draw: Draw) -> Any:
            try:
                return Drawer(self.graph, draw).value(goal)
            except (Dead, Exhausted):
                return draw(free_json())

        return make

    def _wrong_types(self, nodes: list[Node], path: Path) -> Iterator[Break]:
        if not any(key in node.schema for node in nodes for key in ("type", "enum", "const")):
            return
        others = self.graph.recall_of(_others, tuple(nodes))
        if others:
            yield Break(path, lambda draw: copied(draw(st.sampled_from(others))))

    def _object(self, value: dict[str, Any], nodes: list[Node], path: Path, depth: int) -> Iterator[Break]:
        required = {name for node in nodes for name in node.get("required") or ()}
        counted = any(key in node.schema for node in nodes for key in _COUNTERS)
        yield from (Break((*path, name), None) for name, _ in self._some(value) if counted or name in required)
        if any(node.get(key) not in (None, True) for node in nodes for key in _CLOSERS):
            for name in _unused(value):
                yield Break((*path, name), lambda draw: draw(free_json()))
        for name, inner in self._some(value):
            yield from self._at(inner, self.graph.property_goal(nodes, name), (*path, name), depth + 1)
        for name in dict.fromkeys(name for node in nodes for name in node.get("properties") or {}):
            if name not in value:
                yield from self._missing(nodes, path, name)
        for pattern in (pattern for node in nodes for pattern in known_patterns(node)):
            yield from self._missing(nodes, path, str(self.draw(matching(pattern))))
        yield from self._near_names(nodes, path)

    def _near_names(self, nodes: list[Node], path: Path) -> Iterator[Break]:
        """Yield members whose names nearly match, with values that would be good under a name that does."""
        for node in nodes:
            asked = dict(node.get("patternProperties") or {})
            naming = node.get("propertyNames")
            if isinstance(naming, dict) and isinstance(naming.get("pattern"), str):
                asked.setdefault(naming["pattern"], node.schema.get("additionalProperties", True))
            for pattern, schema in asked.items():
                near = near_misses(pattern)
                if near:
                    name = self.draw(st.sampled_from(near))[1]
                    yield Break((*path, name), self._drawer((self.graph.child(node, schema),)))

    def _some(self, value: dict[str, Any]) -> list[tuple[str, Any]]:
        """Return the members; of very many only some, other ones each time."""
        members = [*value.items()]
        if len(members) <= _MOST_MEMBERS:
            return members
        first = self.draw(integers(0, len(members) - _MOST_MEMBERS))
        return members[first : first + _MOST_MEMBERS]

    def _missing(self, nodes: list[Node], path: Path, name: str) -> Iterator[Break]:
        """Yield breaks that add an absent optional property with a value it must not have."""
        goal = self.graph.property_goal(nodes, name)
        inner = self._nodes(goal)
        if goal and not inner:  # no value is allowed
            yield Break((*path, name), lambda draw: draw(free_json()))
        yield from self._wrong_types(inner, (*path, name))
        for node in inner:
            yield from _near_misses(node, (*path, name))

    def _array(self, value: list[Any], nodes: list[Node], path: Path, depth: int) -> Iterator[Break]:
        for index, inner in enumerate(value[:5]):
            yield from self._at(inner, self.graph.item_goal(nodes, index), (*path, index), depth + 1)
        if value and any(node.get("uniqueItems") for node in nodes):
            yield Break((*path, len(value)), _just(value[0]))
            yield from (Break((*path, 0), _just(other)) for other in value[1:2])
        if any("contains" in node.schema for node in nodes):
            yield from (Break((*path, index), None) for index in range(min(len(value), 5)))
            yield from (Break((*path, len(value)), _just(inner)) for inner in value[:5])
        closed = self._nodes(self.graph.item_goal(nodes, len(value)))
        yield from self._wrong_types(closed, (*path, len(value)))
        if any(node.get(key) is False for node in nodes for key in ("items", "additionalItems", "unevaluatedItems")):
            yield Break((*path, len(value)), lambda draw: draw(free_json()))


def _others(graph: SchemaGraph, nodes: Goal) -> list[Any]:
    """Return a value of each type that none of the nodes allows."""
    typed = [graph.made(n, "type only", {"type": n.schema["type"]}) for n in nodes if "type" in n.schema]
    return [other for other in _OTHER_TYPES if not any(graph.is_valid(other, node) for node in typed)]


def _just(value: Any) -> Callable[[Draw], Any]:
    return lambda _: copied(value)


def _unused(value: dict[str, Any]) -> list[str]:
    """Return names that the object does not have: a plain one, an empty one, an odd one, a long one."""
    return [name for name in ("unexpected", "", "Un expected!", "x" * 100) if name not in value]


def _near_misses(node: Node, path: Path) -> Iterator[Break]:
    """Yield values that are close to a listed one, or unlike the pattern or format."""
    members = [node.schema["const"]] if "const" in node.schema else list(node.get("enum") or ())
    for member in members[:6]:
        if isinstance(member, str):
            yield from (Break(path, _just(near)) for near in (member + " ", member.swapcase(), member[:-1]))
        elif isinstance(member, (int, float)) and not isinstance(member, bool):
            yield Break(path, _just(member + 1))
    if "pattern" in node.schema or "format" in node.schema:
        yield Break(path, lambda draw: draw(text(0, 20)))
        yield Break(path, _just("not this"))
    if (bad := BAD.get(str(node.get("format")))) is not None:
        yield Break(path, lambda draw: draw(st.sampled_from(bad)))


def _bounds(value: Any, node: Node, path: Path) -> Iterator[Break]:
    """Yield values just outside, and further outside, the bounds of numbers and lengths."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _number_bounds(node, path)
        yield from _off_multiples(value, node, path)
    if isinstance(value, str):
        yield from _length_bounds(value, node, path)
    if isinstance(value, list) and len(value) < 1000:
        yield from _count_bounds(value, node, path)


def _number_bounds(node: Node, path: Path) -> Iterator[Break]:
    for keyword, sign in (("minimum", -1), ("exclusiveMinimum", -1), ("maximum", 1), ("exclusiveMaximum", 1)):
        bound = node.get(keyword)
        if isinstance(bound, (int, float)) and not isinstance(bound, bool):
            yield Break(path, _beyond(bound, sign))
            if node.get("type") != "integer" and abs(bound) < _LARGEST:
                yield Break(path, _just_beyond(bound, sign))
            yield Break(path, _just(bound if keyword.startswith("exclusive") else bound + sign))
    if node.get("type") == "integer":
        yield Break(path, lambda draw: draw(integers(-50, 50)) + 0.5)


def _off_multiples(value: float, node: Node, path: Path) -> Iterator[Break]:
    """Yield numbers beside a multiple, on the side where the bounds leave room; whole ones beside a whole one."""
    step, highs = node.get("multipleOf"), (node.get("maximum"), node.get("exclusiveMaximum"))
    if not isinstance(step, (int, float)) or step <= 0 or abs(value) > _LARGEST:
        return
    sign = -1 if any(high is not None and value + step > high for high in highs) else 1
    if isinstance(step, int) and step > 1:
        yield Break(path, lambda draw: value + sign * draw(integers(1, step - 1)))
    yield Break(path, lambda draw: value + sign * step * draw(st.sampled_from((0.5, 0.25, 0.1))))


def _beyond(bound: float, sign: int) -> Callable[[Draw], Any]:
    return lambda draw: bound + sign * draw(integers(1, 1000))


def _just_beyond(bound: float, sign: int) -> Callable[[Draw], Any]:
    return lambda draw: bound + sign * draw(st.sampled_from(HAIRS))


def _length_bounds(value: str, node: Node, path: Path) -> Iterator[Break]:
    longest, shortest = node.get("maxLength"), node.get("minLength")
    if longest is not None and longest < 100_000:
        yield Break(path, _just((value or "a") + (value[-1:] or "a") * (int(longest) + 1 - len(value or "a"))))
    if shortest:
        yield Break(path, _just(value[: int(shortest) - 1]))


def _count_bounds(value: list[Any], node: Node, path: Path) -> Iterator[Break]:
    most, least = node.get("maxItems"), node.get("minItems")
    if most is not None and most < 10_000 and value:
        yield Break(path, _just((value * (int(most) + 1))[: int(most) + 1]))
    if least:
        yield Break(path, _just(value[: int(least) - 1]))
