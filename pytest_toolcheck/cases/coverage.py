"""Schema coverage: what of a tool's input schema was exercised, as valid and as invalid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..spec.model import JSONSchema
from .coverage_goals import Goal, Test, goals_of, has_member
from .coverage_pairs import PairCoverage
from .coverage_reach import is_impossible
from .coverage_tally import CoverageReport, CoverageTally
from .model import Label
from .shapes import is_found
from .strategy_nodes import Dead, Node, SchemaGraph
from .strategy_nodes import Goal as Context

_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Met:
    """What one input met for the first time: numbers of goals, and of partitions that make a new pair."""

    goals: list[int]
    parts: list[int]


@dataclass(slots=True, eq=False)
class _Place:
    """One subschema: its open goals by label, and where values go on from here."""

    node: Node
    context: Context
    """All that holds for the value here. Of a place that is reached on several ways, what holds on each."""
    is_input: bool
    """Whether the value here is the whole input."""
    goals: list[Goal] = field(default_factory=list)
    open: dict[bool, list[tuple[int, Goal]]] = field(default_factory=lambda: {True: [], False: []})
    beside: list[_Place] = field(default_factory=list)
    """Places that speak of the same value: what a reference points at, the parts of `allOf`."""
    branches: list[tuple[Test, _Place]] = field(default_factory=list)
    conditions: list[tuple[Test, _Place]] = field(default_factory=list)
    """As `branches`; whether they hold is known of an invalid value as well: `then`, `else`, `dependentSchemas`."""
    properties: dict[str, _Place] = field(default_factory=dict)
    patterns: list[tuple[str, _Place]] = field(default_factory=list)
    others: _Place | None = None
    prefix: list[_Place] = field(default_factory=list)
    items: _Place | None = None

    def next(self) -> list[_Place]:
        """Return the places that can be reached from here."""
        single = [place for place in (self.others, self.items) if place is not None]
        named = [place for _, place in (*self.branches, *self.conditions, *self.patterns)]
        return [*self.beside, *named, *self.properties.values(), *self.prefix, *single]

    def forget_context(self) -> None:
        """Keep only what holds on every way to here: the subschema itself. Goes on to what lies behind."""
        if self.context == (self.node,) and not self.is_input:
            return
        self.context, self.is_input = (self.node,), False
        for place in self.next():
            place.forget_context()


class SchemaCoverage:
    """Counts which goals of one schema the inputs of a run have met.

    Goals: each type, bound (at it and just outside), enum member, branch, presence and absence, and keyword kept and
    broken, at every place; and pairs of the top-level parameters' partitions in valid inputs. A goal that certainly no
    input can meet is none; with `objects_only` an input always is an object, as the arguments of a tool are.
    """

    def __init__(self, schema: JSONSchema, *, objects_only: bool = False) -> None:
        self._graph = SchemaGraph(schema)
        root = self._graph.root
        self._only = (self._graph.made(root, "arguments", {"type": "object"}),) if objects_only else ()
        self._places: dict[int, _Place] = {}
        self._root = self._place(root, "", (root, *self._only), is_input=True)
        self._texts = self._number_goals()
        self._pairs = PairCoverage(self._graph)
        self._tally = CoverageTally(self._texts, self._pairs.parameters)

    def record(self, value: Any, label: Label) -> Met:
        """Note one input that was sent, with its computed label; return what it was the first to meet."""
        goals: list[int] = []
        self._visit(self._root, value, goals, label == "valid", 0)
        met = Met(goals, self._pairs.record(value) if label == "valid" else [])
        self._tally.add(met.goals, met.parts)
        return met

    def outline(self) -> dict[str, Any]:
        """Return the names of all goals and partitions, from which a `CoverageTally` can be made."""
        return {"goals": self._texts, "parameters": [[name, parts] for name, parts in self._pairs.parameters]}

    def report(self) -> CoverageReport:
        """Return what was exercised so far."""
        return self._tally.report()

    def as_attrs(self) -> dict[str, Any]:
        """Return the report as the attributes of an event."""
        return self.report().as_attrs()

    def _number_goals(self) -> list[str]:
        """Leave out what cannot be met, and what two places have in common; number the rest."""
        texts: dict[str, None] = {}
        for place in self._places.values():
            for goal in place.goals:
                text = f"{goal.text} ({'valid' if goal.is_valid else 'invalid'})"
                if text not in texts and not self._is_out_of_reach(place, goal):
                    place.open[goal.is_valid].append((len(texts), goal))
                    texts[text] = None
        return list(texts)

    def _is_out_of_reach(self, place: _Place, goal: Goal) -> bool:
        context = place.context if goal.is_valid else self._only if place.is_input else ()
        needs = goal.needs
        if isinstance(needs, tuple):
            context = (*context, *needs)
        elif needs is not None:
            context = (*context, self._graph.made(place.node, f"{goal.text} {goal.is_valid}", dict(needs)))
        return bool(context) and is_impossible(self._graph, context)

    def _visit(self, place: _Place, value: Any, found: list[int], valid: bool, depth: int) -> None:
        if place.open[valid]:
            met = [number for number, goal in place.open[valid] if goal.test(value)]
            if met:
                found += met
                place.open[valid] = [(number, goal) for number, goal in place.open[valid] if number not in met]
        if depth > _DEEPEST:
            return
        for beside in place.beside:
            self._visit(beside, value, found, valid, depth + 1)
        for holds, branch in place.branches:
            if not valid or holds(value):
                self._visit(branch, value, found, valid, depth + 1)
        for holds, branch in place.conditions:
            if holds(value):
                self._visit(branch, value, found, valid, depth + 1)
        if isinstance(value, dict):
            self._visit_members(place, value, found, valid, depth)
        elif isinstance(value, list):
            self._visit_items(place, value, found, valid, depth)

    def _visit_members(self, place: _Place, value: dict[str, Any], found: list[int], valid: bool, depth: int) -> None:
        for name, inner in value.items():
            named = [place.properties[name]] if name in place.properties else []
            named += [next_place for pattern, next_place in place.patterns if is_found(pattern, name)]
            for next_place in named or ([place.others] if place.others else []):
                self._visit(next_place, inner, found, valid, depth + 1)

    def _visit_items(self, place: _Place, value: list[Any], found: list[int], valid: bool, depth: int) -> None:
        for index, inner in enumerate(value[:100]):
            next_place = place.prefix[index] if index < len(place.prefix) else place.items
            if next_place is not None:
                self._visit(next_place, inner, found, valid, depth + 1)

    def _place(self, node: Node, pointer: str, context: Context, *, is_input: bool = False) -> _Place:
        schema = node.schema
        if isinstance(schema, dict) and id(schema) in self._places:
            place = self._places[id(schema)]
            place.forget_context()
            return place
        place = _Place(node, context, is_input)
        if not isinstance(schema, dict):
            return place
        self._places[id(schema)] = place
        place.goals += goals_of(self._graph, node, pointer or "(input)")
        self._connect(place, pointer)
        if place.context != context:  # it was reached again from behind itself
            place.context = ()
            place.forget_context()
        return place

    def _connect(self, place: _Place, pointer: str) -> None:
        node, graph = place.node, self._graph
        schema = node.schema
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(schema.get(keyword), str):
                place.beside += self._followed(place, keyword, pointer)
        place.beside += [self._beside(place, graph.child(node, part), pointer) for part in schema.get("allOf") or ()]
        for keyword in ("anyOf", "oneOf"):
            for index, part in enumerate(schema.get(keyword) or ()):
                self._branch(place, graph.child(node, part), pointer, f"{keyword}/{index}")
        self._conditional(place, pointer)
        for keyword in ("dependentSchemas", "dependencies"):
            for name, part in (schema.get(keyword) or {}).items():
                beside = self._beside(place, graph.child(node, part), f"{pointer}<{keyword}/{name}>")
                place.conditions.append((has_member(name), beside))
        for name, part in (schema.get("properties") or {}).items():
            inner = graph.child(node, part)
            place.properties[name] = self._place(inner, f"{pointer}/{name}", (inner, *self._of_property(place, name)))
        for pattern, part in (schema.get("patternProperties") or {}).items():
            inner = graph.child(node, part)
            place.patterns.append((pattern, self._place(inner, f"{pointer}/~{pattern}", (inner,))))
        if isinstance(schema.get("additionalProperties"), dict):
            inner = graph.child(node, schema["additionalProperties"])
            place.others = self._place(inner, f"{pointer}/*", (inner,))
        self._connect_items(place, pointer)

    def _of_property(self, place: _Place, name: str) -> Context:
        try:
            return self._graph.property_goal(self._graph.expand(place.context).plain, name)
        except Dead:
            return (self._graph.child(place.node, False),)

    def _connect_items(self, place: _Place, pointer: str) -> None:
        schema = place.node.schema
        items = schema.get("items")
        prefix = items if isinstance(items, list) else schema.get("prefixItems") or []
        rest = schema.get("additionalItems") if isinstance(items, list) else items
        place.prefix = [self._item(place, part, at, f"{pointer}/{at}") for at, part in enumerate(prefix)]
        if isinstance(rest, dict):
            place.items = self._item(place, rest, len(prefix), f"{pointer}/[]")

    def _item(self, place: _Place, part: Any, index: int, pointer: str) -> _Place:
        inner = self._graph.child(place.node, part)
        is_beyond = place.node.schema.get("maxItems", index + 1) <= index
        context = (inner, self._graph.child(place.node, False)) if is_beyond else (inner,)
        return self._place(inner, pointer, context)

    def _beside(self, place: _Place, node: Node, pointer: str) -> _Place:
        return self._place(node, pointer, (node, *place.context), is_input=place.is_input)

    def _followed(self, place: _Place, keyword: str, pointer: str) -> list[_Place]:
        try:
            return [self._beside(place, self._graph.follow(place.node, keyword), pointer)]
        except Dead:
            return []

    def _branch(self, place: _Place, part: Node, pointer: str, name: str) -> None:
        holds = _holds(self._graph, part)
        place.goals.append(Goal(f"{pointer or '(input)'}: {name}", True, holds, (part,)))
        place.branches.append((holds, self._beside(place, part, f"{pointer}<{name}>")))

    def _conditional(self, place: _Place, pointer: str) -> None:
        schema, graph = place.node.schema, self._graph
        if "if" not in schema or not ("then" in schema or "else" in schema):
            return
        condition = graph.child(place.node, schema["if"])
        holds = _holds(graph, condition)
        unless = graph.made(place.node, "unless", {"not": schema["if"]})
        for keyword, test, met in (("then", holds, condition), ("else", lambda value: not holds(value), unless)):
            part = graph.child(place.node, schema.get(keyword, True))
            place.goals.append(Goal(f"{pointer or '(input)'}: {keyword}", True, test, (met, part)))
            place.conditions.append((test, self._beside(place, part, f"{pointer}<{keyword}>")))


def _holds(graph: SchemaGraph, node: Node) -> Test:
    return lambda value: graph.is_valid(value, node)
