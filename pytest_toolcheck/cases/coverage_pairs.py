"""Which pairs of the parameters' partitions met in one valid input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .coverage_goals import Test, kind_of
from .coverage_reach import is_impossible
from .coverage_tally import PairTally
from .strategy_nodes import Dead, Goal, Node, SchemaGraph


class PairCoverage:
    """Which pairs of partitions of two top-level parameters met in one valid input.

    Each partition has a number. A schema that ties its parameters together with branches has no pairs here: which of
    them can meet is not known.
    """

    def __init__(self, graph: SchemaGraph) -> None:
        self._tests: list[list[tuple[int, Test]]] = []
        self.parameters: list[tuple[str, list[str]]] = []
        number = 0
        for name, parts in _parameters(graph):
            self._tests.append([(number + at, test) for at, (_, test) in enumerate(parts)])
            self.parameters.append((name, [text for text, _ in parts]))
            number += len(parts)
        self.tally = PairTally(self.parameters)

    def record(self, value: Any) -> list[int]:
        """Note a valid input; return the numbers of its partitions where a pair of them is new, else nothing."""
        if not isinstance(value, dict) or not self.tally.total:
            return []
        names = (name for name, _ in self.parameters)
        parts = [
            n for name, tests in zip(names, self._tests, strict=True) for n in _first(tests, value.get(name, _ABSENT))
        ]
        return parts if self.tally.add(parts) else []


class _Absent:
    """Stands for a parameter that is not there."""


_ABSENT = _Absent()


def _first(tests: list[tuple[int, Test]], value: Any) -> Iterator[int]:
    for number, test in tests:
        if test(value):
            yield number
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
        goal = graph.property_goal(expansion.plain, name)
        try:
            inner = graph.expand(goal)
        except Dead:
            continue
        yield (
            name,
            parts + [(text, test) for text, test, needs in _partitions(inner.plain) if _is_open(graph, goal, needs)],
        )


_Partition = tuple[str, Test, dict[str, Any]]


def _is_open(graph: SchemaGraph, goal: Goal, needs: dict[str, Any]) -> bool:
    """Whether the parameter can be in the partition at all."""
    return not is_impossible(graph, (*goal, graph.made(graph.root, f"partition {needs!r}", needs)))


def _partitions(nodes: list[Node]) -> list[_Partition]:
    """Return the partitions of one parameter: members, true and false, the ends of a range, empty and not."""
    schema: dict[str, Any] = {key: value for node in nodes for key, value in node.schema.items()}
    if "enum" in schema and len(schema["enum"]) <= 12:
        return [_at(repr(member), member) for member in schema["enum"]]
    if schema.get("type") == "boolean":
        return [
            ("true", lambda value: value is True, {"const": True}),
            ("false", lambda value: value is False, {"const": False}),
        ]
    ends = [(word, schema[word]) for word in ("minimum", "maximum") if word in schema] if "type" in schema else []
    if ends and schema["type"] in ("integer", "number") and "multipleOf" not in schema:
        parts = [_at(f"at {word}", end) for word, end in ends]
        if schema.get("minimum") == schema.get("maximum"):
            return parts[:1]
        inside = {f"exclusive{word.capitalize()}": end for word, end in ends}
        return [*parts, ("inside", lambda value: value is not _ABSENT, {"type": schema["type"], **inside})]
    return [("present", lambda value: value is not _ABSENT, {})]


def _at(text: str, member: Any) -> _Partition:
    return text, _is_member(member), {"const": member}


def _is_member(member: Any) -> Test:
    kind = kind_of(member)
    return lambda value: value is not _ABSENT and kind_of(value) == kind and bool(value == member)
