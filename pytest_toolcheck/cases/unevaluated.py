"""`unevaluatedProperties` and `unevaluatedItems` of 2020-12 as closures: which names and places the other keywords spoke of.

What counts as spoken of follows `jsonschema` to the letter, its resolvers included: the answers must be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .explosive import searcher

if TYPE_CHECKING:
    from .elementary import Predicate
    from .predicates import Scope

Finder = Callable[[Any], set[Any]]
"""From an object to the names, or from an array to the places, that some keyword of a schema spoke of."""


def unevaluated_properties(scope: Scope, value: Any, _: Any) -> Predicate | None:
    """Return the predicate of `unevaluatedProperties`; None for a draft that has its own idea of it."""
    if not scope.is_latest:
        return None
    test, spoken_of = scope.compile(value), _Finders(_of_names).finder(scope)

    def holds(instance: Any) -> bool:
        if not isinstance(instance, dict):
            return True
        known = spoken_of(instance)
        for name, item in instance.items():  # noqa: SIM110 - a generator expression costs three times as much
            if name not in known and not test(item):
                return False
        return True

    return holds


def unevaluated_items(scope: Scope, _: Any, __: Any) -> Predicate | None:
    """Return the predicate of `unevaluatedItems`; its own schema is one of the keywords that speak of items."""
    if not scope.is_latest:
        return None
    spoken_of = _Finders(_of_places).finder(scope)
    return lambda instance: not isinstance(instance, list) or spoken_of(instance).issuperset(range(len(instance)))


class _Finders:
    """The finders of one keyword: each schema once a dynamic scope."""

    def __init__(self, parts: Callable[[_Finders, Scope], Iterator[Finder]]) -> None:
        self._parts = parts
        self._done: dict[Any, Finder] = {}

    def finder(self, scope: Scope) -> Finder:
        if isinstance(scope.schema, bool):
            return lambda _: set()
        key = scope.key
        if key not in self._done:
            self._done[key] = lambda instance: self._done[key](instance)
            parts = [*self._references(scope), *self._parts(self, scope), *self._branches(scope)]
            found = _all_found(parts)
            self._done[key] = found if scope.guards is None else _asked_once(found)
        return self._done[key]

    def inside(self, scope: Scope, schema: Any) -> Finder:
        return self.finder(scope.beside(schema))

    def where(self, holds: Predicate, found: Finder, otherwise: Finder | None = None) -> Finder:
        other = otherwise or (lambda _: set())
        return lambda instance: found(instance) if holds(instance) else other(instance)

    def _references(self, scope: Scope) -> Iterator[Finder]:
        for keyword in ("$ref", "$dynamicRef"):
            if keyword in scope.schema:
                yield self._followed(scope, scope.schema[keyword])

    def _followed(self, scope: Scope, reference: str) -> Finder:
        made: list[Finder] = []

        def found(instance: Any) -> set[Any]:
            if not made:
                made.append(self.finder(scope.behind(reference)))
            return made[0](instance)

        return found

    def _branches(self, scope: Scope) -> Iterator[Finder]:
        words = scope.schema
        for keyword in ("allOf", "oneOf", "anyOf"):
            for schema in words.get(keyword, ()):
                yield self.where(scope.compile(schema), self.inside(scope, schema))
        if "if" in words:
            condition, met = scope.compile_here(words["if"]), self.inside(scope, words["if"])
            then, other = (self.inside(scope, words.get(keyword, True)) for keyword in ("then", "else"))
            yield self.where(condition, lambda instance: met(instance) | then(instance), other)


def _all_found(parts: list[Finder]) -> Finder:
    """Return the finder of what any of the parts speaks of."""
    if len(parts) == 1:
        return parts[0]

    def found(instance: Any) -> set[Any]:
        spoken_of: set[Any] = set()
        for part in parts:
            spoken_of.update(part(instance))
        return spoken_of

    return found


def _asked_once(finder: Finder) -> Finder:
    """Return the finder of a schema that may lead back to itself for the same value: nothing further is found there."""
    open_now: set[int] = set()

    def found(instance: Any) -> set[Any]:
        key = id(instance)
        if key in open_now:
            return set()
        open_now.add(key)
        try:
            return finder(instance)
        finally:
            open_now.discard(key)

    return found


def _of_names(finders: _Finders, scope: Scope) -> Iterator[Finder]:
    words = scope.schema
    if isinstance(words.get("properties"), dict):
        named = words["properties"].keys()
        yield lambda instance: named & instance.keys()
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if words.get(keyword) is not None:
            yield _names_of(scope.compile(words[keyword]))
    if "patternProperties" in words:
        patterns = tuple(words["patternProperties"])
        yield lambda instance: {name for name in instance if any(searcher(text)(name) for text in patterns)}
    for name, schema in words.get("dependentSchemas", {}).items():
        yield finders.where(_has(name), finders.inside(scope, schema))


def _has(name: str) -> Predicate:
    return lambda instance: name in instance


def _names_of(test: Predicate) -> Finder:
    return lambda instance: {name for name, item in instance.items() if test(item)}


def _of_places(_: _Finders, scope: Scope) -> Iterator[Finder]:
    words = scope.schema
    if "items" in words:
        yield lambda instance: set(range(len(instance)))
    if "prefixItems" in words:
        length = len(words["prefixItems"])
        yield lambda _: set(range(length))
    for keyword in ("contains", "unevaluatedItems"):
        if keyword in words:
            yield _places_of(scope.compile_here(words[keyword]))


def _places_of(test: Predicate) -> Finder:
    return lambda instance: {place for place, item in enumerate(instance) if test(item)}
