"""A JSON Schema as something to walk: its draft, its references, its sub-schemas as nodes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jsonschema
import jsonschema.validators
from jsonschema_specifications import REGISTRY
from referencing import Registry, Specification
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, specification_with

from ..spec.model import JSONSchema
from .predicates import Predicate, Predicates

DEFAULT_DRAFT = jsonschema.Draft202012Validator
ALL_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A (sub-)schema together with the resolver that its references are relative to."""

    schema: Any
    resolver: Any

    def keywords(self) -> Mapping[str, Any]:
        """Return the schema's keywords; none for `true`, an unsatisfiable `not` for `false`."""
        if isinstance(self.schema, Mapping):
            return self.schema
        return {} if self.schema else {"not": {}}

    def child(self, schema: Any) -> Node:
        """Return `schema`, which stands inside this one, as a node."""
        if isinstance(schema, Mapping) and "$id" in schema:
            return Node(schema, _enter(self.resolver, schema))
        return Node(schema, self.resolver)


Conjunction = tuple[Node, ...]
"""Schemas that all hold for one value."""


def _enter(resolver: Any, schema: Mapping[str, Any]) -> Any:
    try:
        specification = specification_with(str(schema.get("$schema", "")), default=DRAFT202012)
        return resolver.in_subresource(specification.create_resource(schema))
    except Exception:
        return resolver


def draft_of(schema: Any, *, default: Any = DEFAULT_DRAFT) -> Any:
    """Return the `jsonschema` validator class for the schema's `$schema`, or `default` where it names none we know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return jsonschema.validators.validator_for(schema, default=default)
        except Exception:
            return default


class Document:
    """One root schema: resolves references, decides validity of values for it and for every node in it."""

    def __init__(self, schema: JSONSchema, *, registry: Any = None, default_draft: Any = DEFAULT_DRAFT) -> None:
        self.schema = schema
        self.draft = draft_of(schema, default=default_draft)
        self.registry: Any = REGISTRY if registry is None else registry
        self.validator: Any = self.draft(schema, registry=self.registry, format_checker=self.draft.FORMAT_CHECKER)
        self.memo: dict[Any, Any] = {}
        """What was worked out for a conjunction, by the ids of its schemas, which `kept` keeps alive."""
        self.kept: list[Any] = []
        self._predicates = Predicates(self.draft, self.validator, schema)

    @cached_property
    def root(self) -> Node:
        """The root schema as a node."""
        return Node(self.schema, self._root_resolver())

    def _root_resolver(self) -> Any:
        dialect = self.draft.META_SCHEMA.get("$schema", "")
        specification: Specification[Any] = specification_with(dialect, default=DRAFT202012)
        resource = specification.create_resource(self.schema)
        registry: Registry[Any] = self.registry.with_resource(resource.id() or "", resource)
        return registry.resolver_with_root(resource)

    @property
    def is_exact_and_fast(self) -> bool:
        """Whether validity is decided by compiled predicates rather than by walking the schema with `jsonschema`."""
        return self._predicates.usable

    @cached_property
    def accepts(self) -> Predicate:
        """The predicate that says whether the schema accepts a value. May raise what `jsonschema` raises."""
        return self._predicates.compile(self.schema) if self._predicates.usable else self.validator.is_valid

    def holds(self, conjunction: Conjunction, value: Any) -> bool:
        """Return whether every schema of the conjunction accepts `value`; False where that cannot be decided."""
        try:
            return all(self._node_accepts(node, value) for node in conjunction)
        except (RecursionError, ValueError, TypeError, ArithmeticError, Unresolvable):
            return False

    def _node_accepts(self, node: Node, value: Any) -> bool:
        if self._predicates.usable:
            return self._predicates.compile(node.schema)(value)
        # `_resolver` is what jsonschema's own `descend` passes on; there is no public way to validate a sub-schema.
        return bool(self.validator.evolve(schema=node.schema, _resolver=node.resolver).is_valid(value))

    def targets(self, node: Node) -> Iterator[Node]:
        """Yield what the node's `$ref`, `$dynamicRef` and `$recursiveRef` refer to; nothing for a broken reference."""
        schema = node.schema
        if not isinstance(schema, Mapping):
            return
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            reference = schema.get(keyword)
            if isinstance(reference, str):
                yield from self._lookup(node, keyword, reference)

    def _lookup(self, node: Node, keyword: str, reference: str) -> Iterator[Node]:
        try:
            if keyword == "$recursiveRef":
                yield self.root
                return
            resolved = node.resolver.lookup(reference)
        except Exception:
            return
        yield Node(resolved.contents, resolved.resolver)
