"""`from_schema`: a Hypothesis strategy for the valid, or the invalid, inputs of a JSON Schema."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any, Literal

from hypothesis import HealthCheck, Phase, Verbosity, assume, find, reject, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from referencing import Registry

from .strategy_draw import Drawer
from .strategy_leaves import Draw, free_json
from .strategy_mutate import Mutator
from .strategy_nodes import Dead, SchemaGraph

__all__ = ["from_schema"]


def from_schema(
    schema: dict[str, Any] | bool,
    *,
    label: Literal["valid", "invalid"] = "valid",
    format_checker: bool = True,
    registry: Registry[Any] | None = None,
) -> st.SearchStrategy[Any]:
    """Return a strategy for inputs that `schema` accepts (`label="valid"`) or refuses (`"invalid"`).

    JSON Schema 2020-12, or the draft that `$schema` names. Every drawn value has been validated with `jsonschema`,
    formats included where `format_checker` is true. Invalid values are valid ones with one thing broken, where the
    schema has a valid value. `registry` holds the documents that references to other files point at; nothing is
    fetched. A schema of which no such value is found gives `st.nothing()`.
    """
    return from_graph(SchemaGraph(schema, registry=registry, check_formats=format_checker), label)


def from_graph(graph: SchemaGraph, label: Literal["valid", "invalid"]) -> st.SearchStrategy[Any]:
    """Return the strategy of a schema that has been read already."""
    strategy = _valid(graph) if label == "valid" else _invalid(graph)
    return strategy if yields(strategy) else st.nothing()


def _valid(graph: SchemaGraph) -> st.SearchStrategy[Any]:
    return st.composite(_draw_valid)(graph)


def _draw_valid(draw: Draw, graph: SchemaGraph) -> Any:
    try:
        value = Drawer(graph, draw).value((graph.root,))
    except Dead:
        reject()
    assume(graph.accepts(value))
    return value


def _invalid(graph: SchemaGraph) -> st.SearchStrategy[Any]:
    base = _valid(graph)
    return broken_values(graph, base if yields(base) else None)


def broken_values(
    graph: SchemaGraph, base: st.SearchStrategy[Any] | None, *, objects_only: bool = False
) -> st.SearchStrategy[Any]:
    """Return a strategy for invalid values: those of `base` with one thing broken, or any JSON values without it.

    `objects_only` leaves out what is no JSON object: a call's arguments always are one.
    """
    return st.composite(_draw_invalid)(graph, base, objects_only)


def _draw_invalid(draw: Draw, graph: SchemaGraph, base: st.SearchStrategy[Any] | None, objects_only: bool) -> Any:
    value = draw(free_json()) if base is None else Mutator(graph, draw, within=objects_only).broken(draw(base))
    assume(isinstance(value, dict) or not objects_only)
    assume(not graph.accepts(value))
    return value


_PROBE = settings(
    max_examples=3,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
)


_ATTEMPTS = 30
_GIVEN_UP = object()


def yields(strategy: st.SearchStrategy[Any]) -> bool:
    """Say whether a few attempts give one value; the draws are the same every time."""
    if strategy.is_empty:
        return False
    attempts = count(1)

    @st.composite
    def attempt(draw: Draw) -> Any:
        return draw(strategy) if next(attempts) <= _ATTEMPTS else _GIVEN_UP

    try:
        found = find(attempt(), lambda _: True, settings=_PROBE, random=Random(0))
    except HypothesisException:
        return False
    return found is not _GIVEN_UP
