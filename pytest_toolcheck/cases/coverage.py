"""Schema coverage: what of a tool's input schema was exercised, as valid and as invalid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from ..spec.model import JSONSchema
from .coverage_goals import Goal, Test, goals_of, kind_of
from .model import Label
from .strategy_nodes import Dead, Node, SchemaGraph

MOST_LISTED = 50
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """How much of a schema was exercised: `covered` of `total` goals; `missing` names the others."""

    percent: float
    covered: int
    total: int
    missing: list[str]

    def as_attrs(self) -> dict[str, Any]:
        """Return the report as the attributes of an event."""
        listed = self.missing[:MOST_LISTED]
        return {
            "coverage_percent": round(self.percent, 1),
            "covered": self.covered,
            "total": self.total,
            "missing": listed,
            "missing_unlisted": len(self.missing) - len(listed),
        }


@dataclass(slots=True, eq=False)
class _Place:
    """One subschema: its open goals by label, and where values go on from here."""

    open: dict[bool, list[Goal]] = field(default_factory=lambda: {True: [], False: []})
    beside: list[_Place] = field(default_factory=list)
    """Places that speak of the same value: what a reference points at, the parts of `allOf`."""
    branches: list[tuple[Test, _Place]] = field(default_factory=list)
    properties: dict[str, _Place] = field(default_factory=dict)
    others: _Place | None = None
    prefix: list[_Place] = field(default_factory=list)
    items: _Place | None = None


class SchemaCoverage:
    """Counts which goals of one schema the inputs of a run have met.

    Goals: each type, bound (at it and just outside), enum member, branch, presence and absence, and keyword kept and
    broken, at every place; and pairs of the top-level parameters' partitions in valid inputs.
    """

    def __init__(self, schema: JSONSchema) -> None:
        self._graph = SchemaGraph(schema)
        self._places: dict[int, _Place] = {}
        self._goals: dict[str, Goal] = {}
        self._covered = 0
        self._root = self._place(self._graph.root, "")
        self._pairs = PairCoverage(self._graph)

    def record(self, value: Any, label: Label) -> None:
        """Note one input that was sent, with its computed label."""
        self._visit(self._root, value, label == "valid", 0)
        if label == "valid":
            self._pairs.record(value)

    def report(self) -> CoverageReport:
        """Return what was exercised so far."""
        still_open = [goal for place in self._distinct() for label in (True, False) for goal in place.open[label]]
        missing = [f"{goal.text} ({'valid' if goal.is_valid else 'invalid'})" for goal in still_open]
        total = len(self._goals) + self._pairs.total
        covered = self._covered + self._pairs.covered()
        missing += self._pairs.missing()
        return CoverageReport(100.0 * covered / total if total else 100.0, covered, total, missing)

    def as_attrs(self) -> dict[str, Any]:
        """Return the report as the attributes of an event."""
        return self.report().as_attrs()

    def _distinct(self) -> list[_Place]:
        return list(self._places.values())

    def _visit(self, place: _Place, value: Any, valid: bool, depth: int) -> None:
        goals = place.open[valid]
        if goals:
            met = [goal for goal in goals if goal.test(value)]
            if met:
                self._covered += len(met)
                place.open[valid] = [goal for goal in goals if goal not in met]
        if depth > _DEEPEST:
            return
        for beside in place.beside:
            self._visit(beside, value, valid, depth + 1)
        for holds, branch in place.branches:
            if not valid or holds(value):
                self._visit(branch, value, valid, depth + 1)
        if isinstance(value, dict):
            self._visit_members(place, value, valid, depth)
        elif isinstance(value, list):
            self._visit_items(place, value, valid, depth)

    def _visit_members(self, place: _Place, value: dict[str, Any], valid: bool, depth: int) -> None:
        for name, inner in value.items():
            next_place = place.properties.get(name, place.others)
            if next_place is not None:
                self._visit(next_place, inner, valid, depth + 1)

    def _visit_items(self, place: _Place, value: list[Any], valid: bool, depth: int) -> None:
        for index, inner in enumerate(value[:100]):
            next_place = place.prefix[index] if index < len(place.prefix) else place.items
            if next_place is not None:
                self._visit(next_place, inner, valid, depth + 1)

    def _place(self, node: Node, pointer: str) -> _Place:
        schema = node.schema
        if id(schema) in self._places and isinstance(schema, dict):
            return self._places[id(schema)]
        place = _Place()
        if not isinstance(schema, dict):
            return place
        self._places[id(schema)] = place
        for goal in goals_of(self._graph, node, pointer or "(input)"):
            self._add(place, goal)
        self._connect(place, node, pointer)
        return place

    def _add(self, place: _Place, goal: Goal) -> None:
        key = f"{goal.text} {goal.is_valid}"
        if key not in self._goals:
            self._goals[key] = goal
            place.open[goal.is_valid].append(goal)

    def _connect(self, place: _Place, node: Node, pointer: str) -> None:
        schema, graph = node.schema, self._graph
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(schema.get(keyword), str):
                place.beside += self._followed(node, keyword, pointer)
        place.beside += [self._place(graph.child(node, part), pointer) for part in schema.get("allOf") or ()]
        for keyword in ("anyOf", "oneOf"):
            for index, part in enumerate(schema.get(keyword) or ()):
                self._branch(place, graph.child(node, part), pointer, f"{keyword}/{index}")
        self._conditional(place, node, pointer)
        for name, part in (schema.get("properties") or {}).items():
            place.properties[name] = self._place(graph.child(node, part), f"{pointer}/{name}")
        if isinstance(schema.get("additionalProperties"), dict):
            place.others = self._place(graph.child(node, schema["additionalProperties"]), f"{pointer}/*")
        self._connect_items(place, node, pointer)

    def _connect_items(self, place: _Place, node: Node, pointer: str) -> None:
        items = node.schema.get("items")
        prefix = items if isinstance(items, list) else node.schema.get("prefixItems") or []
        rest = node.schema.get("additionalItems") if isinstance(items, list) else items
        place.prefix = [self._place(self._graph.child(node, part), f"{pointer}/{at}") for at, part in enumerate(prefix)]
        if isinstance(rest, dict):
            place.items = self._place(self._graph.child(node, rest), f"{pointer}/[]")

    def _followed(self, node: Node, keyword: str, pointer: str) -> list[_Place]:
        try:
            return [self._place(self._graph.follow(node, keyword), pointer)]
        except Dead:
            return []

    def _branch(self, place: _Place, part: Node, pointer: str, name: str) -> None:
        holds = _holds(self._graph, part)
        if part.schema is not False:
            self._add(place, Goal(f"{pointer or '(input)'}: {name}", True, holds))
        place.branches.append((holds, self._place(part, pointer)))

    def _conditional(self, place: _Place, node: Node, pointer: str) -> None:
        if "if" not in node.schema or not ("then" in node.schema or "else" in node.schema):
            return
        holds = _holds(self._graph, self._graph.child(node, node.schema["if"]))
        for keyword, test in (("then", holds), ("else", lambda value: not holds(value))):
            part = node.schema.get(keyword, True)
            if part is not False and node.schema["if"] is not (keyword == "else"):
                self._add(place, Goal(f"{pointer or '(input)'}: {keyword}", True, test))
            place.branches.append((test, self._place(self._graph.child(node, part), pointer)))


def _holds(graph: SchemaGraph, node: Node) -> Test:
    return lambda value: graph.is_valid(value, node)


class PairCoverage:
    """Which pairs of partitions of two top-level parameters met in one valid input.

    Each partition has a bit; `seen[b]` holds the bits that stood beside b. A schema that ties its parameters together
    with branches has no pairs here: which of them can meet is not known.
    """

    def __init__(self, graph: SchemaGraph) -> None:
        self.partitions: list[tuple[str, str, Test]] = []
        self.groups: list[tuple[str, list[tuple[int, str, Test]]]] = []
        bit = 0
        for name, parts in _parameters(graph):
            self.groups.append((name, [(bit + at, text, test) for at, (text, test) in enumerate(parts)]))
            bit += len(parts)
        self.seen = [0] * bit
        sizes = [len(parts) for _, parts in self.groups]
        self.total = sum(a * b for a, b in combinations(sizes, 2))

    def record(self, value: Any) -> None:
        """Note a valid input."""
        if not isinstance(value, dict) or not self.total:
            return
        bits = [bit for name, parts in self.groups for bit in _first(parts, value.get(name, _ABSENT))]
        row = sum(1 << bit for bit in bits)
        for bit in bits:
            self.seen[bit] |= row

    def covered(self) -> int:
        """Return the number of pairs seen."""
        return (sum(mask.bit_count() for mask in self.seen) - sum(mask != 0 for mask in self.seen)) // 2

    def missing(self) -> list[str]:
        """Return the pairs not seen."""
        found = []
        for (name, parts), (other, others) in combinations(self.groups, 2):
            for bit, text, _ in parts:
                found += [f"pair {name} {text}, {other} {t}" for b, t, _ in others if not self.seen[bit] >> b & 1]
        return found


class _Absent:
    """Stands for a parameter that is not there."""


_ABSENT = _Absent()


def _first(parts: list[tuple[int, str, Test]], value: Any) -> Iterator[int]:
    for bit, _, test in parts:
        if test(value):
            yield bit
            return


def _parameters(graph: SchemaGraph) -> Iterator[tuple[str, list[tuple[str, Test]]]]:
    try:
        expansion = graph.expand((graph.root,))
    except Dead:
        return
    ties = ("dependentRequired", "dependencies", "minProperties", "maxProperties", "unevaluatedProperties")
    if expansion.choices or expansion.residual or any(key in n.schema for n in expansion.plain for key in ties):
        return
    required = {name for node in expansion.plain for name in node.get("required") or ()}
    for name in dict.fromkeys(name for node in expansion.plain for name in node.get("properties") or {}):
        parts = [] if name in required else [("absent", lambda value: value is _ABSENT)]
        try:
            inner = graph.expand(graph.property_goal(expansion.plain, name))
        except Dead:
            continue
        yield name, parts + _partitions(inner.plain)


def _partitions(nodes: list[Node]) -> list[tuple[str, Test]]:
    """Return the partitions of one parameter: members, true and false, the ends of a range, empty and not."""
    schema: dict[str, Any] = {key: value for node in nodes for key, value in node.schema.items()}
    if "enum" in schema and len(schema["enum"]) <= 12:
        return [(repr(member), _is_member(member)) for member in schema["enum"]]
    if schema.get("type") == "boolean":
        return [("true", lambda value: value is True), ("false", lambda value: value is False)]
    ends = [(word, schema[word]) for word in ("minimum", "maximum") if word in schema] if "type" in schema else []
    if ends and schema["type"] in ("integer", "number") and "multipleOf" not in schema:
        parts = [(f"at {word}", _is_member(end)) for word, end in dict(ends).items()]
        if schema.get("minimum") == schema.get("maximum"):
            return parts[:1]
        return [*parts, ("inside", lambda value: value is not _ABSENT)]
    return [("present", lambda value: value is not _ABSENT)]


def _is_member(member: Any) -> Test:
    kind = kind_of(member)
    return lambda value: value is not _ABSENT and kind_of(value) == kind and bool(value == member)
