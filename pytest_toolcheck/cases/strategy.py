"""`from_schema`: a Hypothesis strategy for the valid, or the invalid, inputs of a JSON Schema."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any, Literal

from hypothesis import HealthCheck, Phase, Verbosity, find, reject, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from referencing import Registry

from ..json_copy import copied
from .own_constants import leave_ours_out
from .strategy_draw import Drawer
from .strategy_known import known_invalid, known_valid
from .strategy_leaves import Draw, free_json
from .strategy_mutate import Mutator
from .strategy_nodes import Dead, Exhausted, SchemaGraph

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
        if graph.accepts(value):
            return value
    except (Dead, Exhausted):
        pass
    except Exception as error:
        if not is_of_a_malformed_schema(graph, error):
            raise
    return _one_of(draw, graph.recall(known_valid))


def is_of_a_malformed_schema(graph: SchemaGraph, error: Exception) -> bool:
    """Whether drawing failed as the schema is none: a list where a number has to stand."""
    return not isinstance(error, HypothesisException) and graph.document is not None and graph.document.flaw is not None


def _one_of(draw: Draw, known: list[Any]) -> Any:
    """Draw one of the values; without any the attempt counts for nothing."""
    return copied(draw(st.sampled_from(known))) if known else reject()


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
    if base is not None and draw(st.integers(0, _ONE_IN_KNOWN)) == _ONE_IN_KNOWN:  # keywords that no change here breaks
        known = _known_invalid(graph, objects_only)
        if known:
            return _one_of(draw, known)
    try:
        value = draw(free_json()) if base is None else Mutator(graph, draw, within=objects_only).broken(draw(base))
    except Exception as error:
        if not is_of_a_malformed_schema(graph, error):
            raise
        value = None if objects_only else draw(free_json())
    if (isinstance(value, dict) or not objects_only) and graph.refuses(value):
        return value
    return _one_of(draw, _known_invalid(graph, objects_only))


def _known_invalid(graph: SchemaGraph, objects_only: bool) -> list[Any]:
    known = graph.recall(known_invalid)
    return [value for value in known if isinstance(value, dict)] if objects_only else known


_ONE_IN_KNOWN = 5
_PROBE = settings(
    max_examples=3,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
)


_ATTEMPTS = 30


def yields(strategy: st.SearchStrategy[Any]) -> bool:
    """Say whether a few attempts give one value; the draws are the same every time."""
    if strategy.is_empty:
        return False
    attempts = count(1)

    @st.composite
    def attempt(draw: Draw) -> bool:
        if next(attempts) > _ATTEMPTS:
            return False
        draw(strategy)  # not returned: Hypothesis writes down what it finds, and warns where that is long
        return True

    leave_ours_out()
    try:
        return find(attempt(), lambda _: True, settings=_PROBE, random=Random(0))
    except HypothesisException:
        return False
