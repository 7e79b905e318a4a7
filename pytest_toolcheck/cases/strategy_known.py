"""What drawing falls back to: values that were made without chance, for schemas that chance rarely meets."""

from __future__ import annotations

from itertools import islice
from typing import Any

from .plan import cases_of
from .schema import Conjunction
from .schema import Node as DocumentNode
from .strategy_nodes import Goal, SchemaGraph
from .valid import further, samples

_MOST = 100
_MORE = 40


def known_valid(graph: SchemaGraph) -> list[Any]:
    """Return a few valid inputs; none where formats are not checked, as all else that is known checks them."""
    document = graph.apart
    return [] if document is None else samples(document, (document.root,))


def known_invalid(graph: SchemaGraph) -> list[Any]:
    """Return invalid inputs, each wrong in one thing."""
    document = graph.apart
    cases = () if document is None else cases_of(document)
    return [*islice((case.input for case in cases if case.label == "invalid"), _MOST)]


def known_texts(graph: SchemaGraph, goal: Goal) -> list[str]:
    """Return texts that satisfy all nodes of the goal."""
    if graph.apart is None:
        return []
    document, conjunction = graph.apart, _conjunction(graph, goal)
    more = (option for number in range(_MORE) for option in further(document, conjunction, number, depth=1))
    fitting = (option for option in more if isinstance(option, str) and document.holds(conjunction, option))
    found = [*samples(document, conjunction), *islice(fitting, _MORE)]
    return list(dict.fromkeys(text for text in found if isinstance(text, str)))


def known_arrays(graph: SchemaGraph, goal: Goal) -> list[list[Any]]:
    """Return arrays that satisfy all nodes of the goal."""
    found = [] if graph.apart is None else samples(graph.apart, _conjunction(graph, goal))
    return [value for value in found if isinstance(value, list)]


def _conjunction(graph: SchemaGraph, goal: Goal) -> Conjunction:
    """Return the goal as the document knows it."""
    return tuple(DocumentNode(node.schema, node.resolver, graph.specification) for node in goal)
