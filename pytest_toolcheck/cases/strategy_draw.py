"""Drawing one valid value: the schema is read while drawing, so only what is drawn is ever unfolded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from ..json_copy import copied
from .schema import MOST_NEEDED
from .strategy_known import known_arrays, known_texts
from .strategy_leaves import Draw, draw_number, draw_string, free_json
from .strategy_negate import TYPES
from .strategy_nodes import Dead, Exhausted, Goal, Node, SchemaGraph

SOFT_DEPTH = 4
"""From here on optional properties are left out and arrays are as short as may be."""
HARD_DEPTH = 24
LARGE = 100
"""So many places drawn make a value large: it is finished as if the depth were reached."""
_FEW = 2
_MOST_LAID = 40
"""So many schemas of one value are laid together where a branch may lead back to where it stands."""
DEAD_ENDS = 30
"""Branches that may be found impossible while one value is drawn, before the attempt is given up."""

_NUMERIC = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
_HINTS = (
    ("object", {"properties", "required", "patternProperties", "additionalProperties", "propertyNames",
                "minProperties", "maxProperties", "dependentRequired", "dependencies", "unevaluatedProperties"}),
    ("array", {"items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems", "additionalItems",
               "unevaluatedItems"}),
    ("string", {"minLength", "maxLength", "pattern", "format", "contentEncoding"}),
    ("number", _NUMERIC),
)  # fmt: skip


def same_json(value: Any) -> str:
    """Return a key that is equal for values that JSON Schema calls equal: 1 and 1.0, but not 1 and true."""

    def plain(part: Any) -> Any:
        if isinstance(part, float) and part.is_integer():
            return int(part)
        if isinstance(part, dict):
            return {key: plain(inner) for key, inner in part.items()}
        return [plain(inner) for inner in part] if isinstance(part, list) else part

    return json.dumps(plain(value), sort_keys=True)


class Drawer:
    """Draws one value of a schema with the `draw` of a composite strategy."""

    def __init__(self, graph: SchemaGraph, draw: Draw) -> None:
        self.graph = graph
        self.draw = draw
        self.dead_ends = 0
        self.drawn = 0
        self.times = 1
        """How often what is drawn next will be repeated, for the arrays that must be long."""
        self.within = 1
        """How many elements one by one must be drawn of the arrays around."""

    def is_large(self, depth: int) -> bool:
        """Say whether the value is deep or large enough to be brought to its end."""
        return depth >= SOFT_DEPTH or self.drawn > LARGE

    def value(self, goal: Goal, depth: int = 0) -> Any:
        """Draw a value that satisfies the goal. Raises Dead where none can be found."""
        if depth > HARD_DEPTH:
            raise Dead("too deep")
        self.drawn += 1
        expansion = self.graph.expand(goal)
        if expansion.choices:
            return self._choose(expansion.choices, expansion.plain, expansion.residual, depth)
        return self._checked(expansion.plain, expansion.residual, depth)

    def _choose(self, choices: list[list[Goal]], plain: list[Node], residual: list[Node], depth: int) -> Any:
        """Settle the first open choice, then what is left; an impossible alternative gives way to the next."""
        if len(plain) > _MOST_LAID and self.graph.leads_back:
            raise Dead("the branch leads back to itself")
        first, rest = choices[0], choices[1:]
        for index in self._order(len(first)):
            try:
                more = self.graph.expand(first[index])
                open_choices = rest + more.choices
                nodes, checks = plain + more.plain, residual + more.residual
                if open_choices:
                    return self._choose(open_choices, nodes, checks, depth)
                return self._checked(nodes, checks, depth)
            except Dead:
                self.count_dead_end()
        raise Dead("no branch can be satisfied")

    def _order(self, count: int) -> list[int]:
        start = self.draw(st.integers(0, count - 1)) if count > 1 else 0
        return [(start + step) % count for step in range(count)]

    def count_dead_end(self) -> None:
        """Note an impossible branch; too many end the attempt."""
        self.dead_ends += 1
        if self.dead_ends > DEAD_ENDS:
            raise Exhausted("too many dead ends")

    def _checked(self, plain: list[Node], residual: list[Node], depth: int) -> Any:
        for _ in range(4):
            value = self._plain(plain, depth)
            if all(self.graph.is_valid(value, node) for node in residual):
                return value
            self.count_dead_end()
        raise Dead("what must not hold kept holding")

    def _plain(self, nodes: list[Node], depth: int) -> Any:
        if any("const" in node.schema or "enum" in node.schema for node in nodes):
            return self._listed(nodes)
        kinds = self._kinds(nodes)
        for index in self._order(len(kinds)):
            try:
                return self._of_kind(kinds[index], nodes, depth)
            except Dead:
                self.count_dead_end()
        raise Dead("no type is left")

    def _listed(self, nodes: list[Node]) -> Any:
        members = next(
            [node.schema["const"]] if "const" in node.schema else node.schema["enum"]
            for node in nodes
            if "const" in node.schema or "enum" in node.schema
        )
        allowed = [member for member in members if all(self.graph.is_valid(member, node) for node in nodes)]
        if not allowed:
            raise Dead("no listed value is allowed")
        return self.draw(st.sampled_from(allowed))

    def _kinds(self, nodes: list[Node]) -> list[str]:
        kinds = list(TYPES)
        for node in nodes:
            named = node.get("type")
            if named is not None:
                allowed = {named} if isinstance(named, str) else set(named)
                if "number" in allowed:
                    allowed = allowed | {"integer"}
                kinds = [kind for kind in kinds if kind in allowed]
        if "number" in kinds and "integer" in kinds:
            kinds.remove("integer")
        if not kinds:
            raise Dead("no type is left")
        return _hinted(kinds, nodes) + kinds if len(kinds) > 2 else kinds

    def _of_kind(self, kind: str, nodes: list[Node], depth: int) -> Any:
        if kind == "null":
            return None
        if kind == "boolean":
            return self.draw(st.booleans())
        drawers: dict[str, Callable[[], Any]] = {
            "integer": lambda: draw_number(self.draw, nodes, self._fits(nodes), whole=True),
            "number": lambda: draw_number(self.draw, nodes, self._fits(nodes), whole=False),
            "string": lambda: self._or_known(
                lambda: draw_string(self.draw, nodes, self._fits(nodes), self.graph.checker), known_texts, nodes
            ),
            "array": lambda: self._or_known(lambda: self._array(nodes, depth), known_arrays, nodes),
            "object": lambda: self._object(nodes, depth),
        }
        return drawers[kind]()

    def _or_known(
        self, drawn: Callable[[], Any], known: Callable[[SchemaGraph, Goal], list[Any]], nodes: list[Node]
    ) -> Any:
        """Draw, and where nothing comes of it, take one of the values that are known to fit."""
        try:
            return drawn()
        except Dead:
            options = self.graph.recall_of(known, tuple(nodes))
            if not options:
                raise
            return copied(self.draw(st.sampled_from(options)))

    def _fits(self, nodes: list[Node]) -> Callable[[Any], bool]:
        return lambda value: all(self.graph.is_valid(value, node) for node in nodes)

    def _array(self, nodes: list[Node], depth: int) -> list[Any]:
        low = max([int(node.get("minItems") or 0) for node in nodes], default=0)
        high = min([int(node.schema["maxItems"]) for node in nodes if "maxItems" in node.schema], default=None or 10**9)
        wanted = self._contained(nodes)
        low = max(low, len(wanted))
        if low > high:
            raise Dead("minItems is above maxItems")
        unique = any(node.get("uniqueItems") for node in nodes)
        is_tuple = any(node.get("prefixItems") or isinstance(node.get("items"), list) for node in nodes)
        is_uniform = not (unique or wanted or is_tuple)
        if low > LARGE and (not is_uniform or low * self.times > MOST_NEEDED):
            raise Dead("so many elements are not drawn one by one")
        if is_uniform and (low > LARGE or (low > LARGE // 10 and low * self.within > LARGE)):
            return self._of_many(nodes, low, depth)
        items = self._elements(nodes, low, high, depth, wanted=wanted, seen=set() if unique else None)
        return self._repeated(items, high, depth) if is_uniform else items

    def _of_many(self, nodes: list[Node], least: int, depth: int) -> list[Any]:
        """Draw a few elements and repeat them until there are as many as there must be."""
        before, few = self.times, LARGE // 10 if self.drawn <= LARGE else _FEW
        self.times *= least // few
        try:
            items = self._elements(nodes, few, least, depth, wanted=[], seen=None)
        finally:
            self.times = before
        return [copied(items[at % len(items)]) for at in range(least)]

    def _elements(
        self, nodes: list[Node], low: int, high: int, depth: int, *, wanted: list[Goal], seen: set[str] | None
    ) -> list[Any]:
        items: list[Any] = []
        before, self.within = self.within, self.within * max(low, 1)
        try:
            self._extend(items, nodes, low, high, depth, wanted, seen)
        finally:
            self.within = before
        if len(items) < low:
            raise Dead("too few elements can be made")
        return items

    def _extend(
        self, items: list[Any], nodes: list[Node], low: int, high: int, depth: int, wanted: list[Goal],
        seen: set[str] | None,
    ) -> None:  # fmt: skip
        while len(items) < high and (len(items) < low or self._goes_on(nodes, len(items), depth)):
            extra = wanted[len(items)] if len(items) < len(wanted) else ()
            if not self._append(items, (*self.graph.item_goal(nodes, len(items)), *extra), seen, depth):
                break

    def _repeated(self, items: list[Any], high: int, depth: int) -> list[Any]:
        """Now and then make the array a long one, of the elements that it has."""
        longest = min(high, len(items) + 100)
        if not items or depth > 1 or longest <= len(items) or self.draw(st.integers(0, 7)) < 7:
            return items
        length = self.draw(st.integers(len(items), longest))
        return [copied(items[at % len(items)]) for at in range(length)]

    def _goes_on(self, nodes: list[Node], length: int, depth: int) -> bool:
        if self.is_large(depth):
            return False
        prefix = max((len(node.get("prefixItems") or ()) for node in nodes), default=0)
        return bool(self.draw(st.integers(0, 9 if length < prefix else 3)))

    def _contained(self, nodes: list[Node]) -> list[Goal]:
        """Return, for each of the first elements, what `contains` asks of it."""
        wanted: list[Goal] = []
        for node in nodes:
            if "contains" in node.schema:
                goal = (self.graph.child(node, node.schema["contains"]),)
                wanted += [goal] * min(int(node.schema.get("minContains", 1)), MOST_NEEDED + 1)
        return wanted

    def _append(self, items: list[Any], goal: Goal, seen: set[str] | None, depth: int) -> bool:
        for _ in range(1 if seen is None else 12):
            try:
                value = self.value(goal, depth + 1) if goal else self.draw(free_json())
            except Dead:
                self.count_dead_end()
                return False
            if seen is None or same_json(value) not in seen:
                items.append(value)
                if seen is not None:
                    seen.add(same_json(value))
                return True
        return False

    def _object(self, nodes: list[Node], depth: int) -> dict[str, Any]:
        from .strategy_objects import draw_object

        return draw_object(self, nodes, depth)


def _hinted(kinds: Sequence[str], nodes: list[Node]) -> list[str]:
    """Return the kinds that the keywords at hand speak of, so that they come up more often than the rest."""
    keywords: set[str] = set().union(*(node.schema.keys() for node in nodes)) if nodes else set()
    return [kind for kind, hints in _HINTS for _ in range(4) if kind in kinds and not hints.isdisjoint(keywords)]
