"""Whether schemas that are to hold together plainly cannot: seen from what they ask for and refuse, not by trying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from .identity import identity
from .schema import Conjunction, Document

Listed = tuple[str, frozenset[str], bool]
"""A member's name, some values, and whether it is to have one of them; else none."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What a schema asks for and what it refuses: names of properties, and ids of schemas; values of properties."""

    asks: frozenset[Any]
    refuses: frozenset[Any]
    listed: tuple[Listed, ...]

    def joined(self, other: Demands) -> Demands:
        """Return what both ask for and refuse."""
        if self is NOTHING or other is NOTHING:
            return other if self is NOTHING else self
        return Demands(self.asks | other.asks, self.refuses | other.refuses, self.listed + other.listed)


NOTHING = Demands(frozenset(), frozenset(), ())


def demands_of(document: Document, row: Conjunction) -> Demands:
    """Return what all parts together ask for and refuse."""
    every = (_demands(document, node.schema) for node in row if isinstance(node.schema, dict))
    return reduce(Demands.joined, every, NOTHING)


def are_at_odds(first: Demands, second: Demands) -> bool:
    """Whether either refuses what either asks for: a schema, a name that is required, all values a member may have."""
    both = first.joined(second)
    return not both.asks.isdisjoint(both.refuses) or (bool(both.listed) and _has_no_value(both.listed, both.asks))


def _has_no_value(listed: tuple[Listed, ...], asked: frozenset[Any]) -> bool:
    """Whether a member that is asked for has no value left."""
    left: dict[str, frozenset[str]] = {}
    for name, values, is_wanted in sorted(listed, key=lambda item: not item[2]):
        if is_wanted:
            left[name] = left.get(name, values) & values
        elif name in left:
            left[name] -= values
    return any(not values and name in asked for name, values in left.items())


def _demands(document: Document, schema: dict[str, Any]) -> Demands:
    key = ("demands", id(schema))
    known: Demands | None = document.memo.get(key)
    if known is None:
        other = schema.get("not")
        names = _names_in(other) if isinstance(other, dict) and len(other) == 1 else ()
        refused = {id(other), *names} if len(names) == 1 else {id(other)}
        asks = frozenset((id(schema), *_names_in(schema)))
        known = Demands(asks, frozenset(refused if "not" in schema else ()), tuple(_listed(schema)))
        document.memo[key] = known
        document.kept.append(schema)
    return known


def _names_in(schema: dict[str, Any]) -> Sequence[str]:
    names = schema.get("required", ())
    return names if isinstance(names, (list, tuple)) else ()


def _listed(schema: dict[str, Any]) -> Iterator[Listed]:
    properties = schema.get("properties")
    for name, part in properties.items() if isinstance(properties, dict) else ():
        if part is False:
            yield name, frozenset(), True
        elif isinstance(part, dict):
            yield from ((name, values, True) for values in _values(part))
            yield from ((name, values, False) for values in _values(part.get("not")) if len(part["not"]) == 1)


def _values(part: Any) -> Iterator[frozenset[str]]:
    """Yield the values that `const` and `enum` list, where these are no lists and objects; 1 and 1.0 are one."""
    if not isinstance(part, dict):
        return
    for members in ([part["const"]] if "const" in part else None, part.get("enum")):
        if isinstance(members, list) and not any(isinstance(member, (list, dict)) for member in members):
            yield frozenset(map(_text, members))


def _text(value: Any) -> str:
    return identity(int(value) if isinstance(value, float) and value.is_integer() else value)
