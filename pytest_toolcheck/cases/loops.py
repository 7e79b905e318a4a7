"""Schemas that refer to themselves for one and the same value: validating with them would never end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .schema import Document, Node

_IN_PLACE = ("not", "if", "then", "else")
_IN_PLACE_LISTS_AND_MAPS = ("allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies")
_REFERRED_TO = frozenset(("$defs", "definitions"))
_MOST_WAYS = 300
"""So many ways lead from a schema through others, for the same value: among ten that all refer to each other, millions do."""


def has_loop(document: Document) -> bool:
    """Return whether some reference leads back to where it stands without going into a part of the value.

    What nothing refers to is not looked at: no value is ever validated by it.
    """
    done: set[int] = set()
    return any(_comes_back(document, node, (), done) for node in _reached(document))


def _reached(document: Document) -> Iterator[Node]:
    """Yield the schemas that values are validated by, each once; and what only looks like one."""
    seen: set[int] = set()
    waiting = [document.root]
    while waiting:
        node = waiting.pop()
        if isinstance(node.schema, dict) and id(node.schema) not in seen:
            seen.add(id(node.schema))
            yield node
            waiting.extend(_inner(node))
            waiting.extend(document.targets(node))


def is_tangled(document: Document) -> bool:
    """Return whether more ways than can be gone lead from some schema through others for one and the same value."""
    return any(_ways(document, node, (), _MOST_WAYS) < 0 for node in _reached(document))


def _ways(document: Document, node: Node, path: tuple[int, ...], left: int) -> int:
    """Return how many more ways may be gone after those from this node; less than none for too many."""
    key = id(node.schema)
    if key in path or not isinstance(node.schema, dict):
        return left - 1
    for step in _same_value(document, node):
        if left < 0:
            break
        left = _ways(document, step, (*path, key), left - 1)
    return left


def is_on_loop(document: Document, node: Node) -> bool:
    """Return whether this schema refers to itself, for one and the same value."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        for step in _same_value(document, waiting.pop()):
            if step.schema is node.schema:
                return True
            if isinstance(step.schema, dict) and id(step.schema) not in seen:
                seen.add(id(step.schema))
                waiting.append(step)
    return False


def _comes_back(document: Document, node: Node, path: tuple[int, ...], done: set[int]) -> bool:
    key = id(node.schema)
    if key in path:
        return True
    if key in done or not isinstance(node.schema, dict):
        return False
    found = any(_comes_back(document, step, (*path, key), done) for step in _same_value(document, node))
    done.add(key)
    return found


def _same_value(document: Document, node: Node) -> Iterator[Node]:
    """Yield the schemas that apply to the same value as the node."""
    yield from document.targets(node)
    words = node.schema
    for keyword in _IN_PLACE:
        if keyword in words:
            yield node.child(words[keyword])
    for keyword in _IN_PLACE_LISTS_AND_MAPS:
        if keyword in words:
            yield from map(node.child, _listed(words[keyword]))


def _inner(node: Node) -> Iterator[Node]:
    """Yield all that stands inside the node and could be a schema, one or two levels down."""
    for keyword, value in node.schema.items():
        if keyword in _REFERRED_TO:
            continue
        if isinstance(value, dict):
            yield node.child(value)
        yield from (node.child(item) for item in _listed(value) if isinstance(item, dict))


def _listed(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def is_recursive(document: Document) -> bool:
    """Say whether a reference leads to a schema that holds it, so that valid values may be of any depth."""
    done, open_now = set[int](), set[int]()

    def leads_back(node: Node) -> bool:
        mark = id(node.schema)
        if mark in open_now:
            return True
        if mark in done or not isinstance(node.schema, (dict, list)):
            return False
        open_now.add(mark)
        parts = node.schema.values() if isinstance(node.schema, dict) else node.schema
        found = any(map(leads_back, document.targets(node))) or any(leads_back(node.child(part)) for part in parts)
        open_now.discard(mark)
        done.add(mark)
        return found

    return document.refers and leads_back(document.root)
