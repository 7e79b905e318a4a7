"""Places of a schema, and what holds at one place once references, `allOf` and chosen branches are laid together.

A `Node` is one subschema with the resolver that its references need. A *goal* is a tuple of nodes that one value must
satisfy at once: `allOf` and `$ref` lengthen the goal, `anyOf`, `oneOf`, `if`, `dependentSchemas` and `not` become
choices between longer goals. So nothing is merged textually, and each `additionalProperties` keeps its own scope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from jsonschema_specifications import REGISTRY
from referencing import Registry
from referencing import exceptions as referencing_errors
from referencing.jsonschema import specification_with

from ..lean_jsonschema import Validator, validator_for
from .schema import Document
from .schema import Node as DocumentNode
from .shapes import is_found
from .strategy_negate import negations

DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"
IN_PLACE = frozenset(
    {"$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "if", "not", "dependentSchemas"}
)


class Dead(Exception):
    """No value can satisfy the goal at hand; the drawer takes another branch."""


class Exhausted(Exception):
    """So many branches were found impossible that the attempt is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One subschema and the resolver for its references."""

    schema: Any
    resolver: Any

    def get(self, keyword: str) -> Any:
        """Return the keyword's value, None where it is not there."""
        return self.schema.get(keyword) if isinstance(self.schema, dict) else None


Goal = tuple[Node, ...]


@dataclass(slots=True)
class Expansion:
    """A goal laid flat: `plain` nodes without in-place applicators, `choices` still open, `residual` to be checked."""

    plain: list[Node] = field(default_factory=list)
    choices: list[list[Goal]] = field(default_factory=list)
    residual: list[Node] = field(default_factory=list)


class SchemaGraph:
    """Finds the nodes of one schema document and lays goals flat."""

    def __init__(self, schema: Any, *, registry: Registry[Any] | None = None, check_formats: bool = True) -> None:
        cls = validator_for(schema, default=validator_for({"$schema": DRAFT_2020}))
        self.registry: Registry[Any] = REGISTRY if registry is None else REGISTRY.combine(registry)
        checker = cls.FORMAT_CHECKER if check_formats else None
        self.validator: Validator = cls(schema, registry=self.registry, format_checker=checker)
        self.checker = checker
        dialect = str(cls.META_SCHEMA.get("$schema") or cls.META_SCHEMA.get("$id") or DRAFT_2020)
        self.specification = specification_with(dialect)
        self.ignores_ref_siblings = any(mark in dialect for mark in ("draft-07", "draft-06", "draft-04", "draft-03"))
        resource = self.specification.create_resource(schema)
        base = resource.id() or ""
        self.is_dynamic = "$dynamicRef" in repr(schema) or "$recursiveRef" in repr(schema)
        self.root = Node(schema, self.registry.with_resource(base, resource).resolver(base))
        self.document = Document(schema, registry=self.registry) if check_formats else None
        self._nodes: dict[tuple[int, int], Node] = {}
        self._references: dict[tuple[int, str], Node] = {}
        self._synthetic: dict[tuple[int, str], Any] = {}
        self._expansions: dict[tuple[int, ...], tuple[Goal, Expansion]] = {}
        self._known: dict[Any, list[Any]] = {}
        self._kept: list[Goal] = []

    @cached_property
    def apart(self) -> Document | None:
        """The document once more, whose effort no drawing adds to; none where formats are not checked, or no end is met."""
        if self.document is None or self.leads_back:
            return None
        return Document(self.document.schema, registry=self.registry)

    @cached_property
    def leads_back(self) -> bool:
        """Whether some schema refers to itself for one and the same value."""
        return self.document is not None and self.document.is_endless

    def child(self, node: Node, schema: Any) -> Node:
        """Return the node of a subschema of `node`."""
        resolver = node.resolver
        if isinstance(schema, dict) and ("$id" in schema or "id" in schema):
            resolver = resolver.in_subresource(self.specification.create_resource(schema))
        key = (id(schema), id(resolver) if self.is_dynamic else 0)
        if isinstance(schema, bool):
            return Node(schema, resolver)
        return self._nodes.setdefault(key, Node(schema, resolver))

    def follow(self, node: Node, keyword: str) -> Node:
        """Return what a reference points at. Raises Dead where it points at nothing."""
        key = (id(node), keyword)
        if key not in self._references:
            try:
                found = node.resolver.lookup(node.schema[keyword])
            except (referencing_errors.Unresolvable, referencing_errors.NoSuchResource) as error:
                raise Dead(f"{keyword} {node.schema[keyword]!r} cannot be resolved") from error
            self._references[key] = self._target(found.contents, found.resolver)
        return self._references[key]

    def _target(self, schema: Any, resolver: Any) -> Node:
        if self.is_dynamic or isinstance(schema, bool):
            return Node(schema, resolver)
        return self._nodes.setdefault((id(schema), 0), Node(schema, resolver))

    def made(self, node: Node, purpose: str, schema: Any) -> Node:
        """Return a node for a schema made up beside `node`: the same object each time, so that memories work."""
        kept = self._synthetic.setdefault((id(node), purpose), (schema, node))
        return self.child(node, kept[0])

    def is_valid(self, value: Any, node: Node) -> bool:
        """Say whether a value satisfies one node."""
        if isinstance(node.schema, bool):
            return node.schema
        if self.document is not None:
            return self.document.holds((DocumentNode(node.schema, node.resolver, self.specification),), value)
        # The public API validates whole documents; a place inside one needs the resolver that `evolve` takes privately.
        return bool(self.validator.evolve(schema=node.schema, _resolver=node.resolver).is_valid(value))

    def accepts(self, value: Any) -> bool:
        """Say whether the whole schema accepts a value; not, where that cannot be decided."""
        return self._verdict(value) is True

    def refuses(self, value: Any) -> bool:
        """Say whether the whole schema refuses a value; not, where that cannot be decided."""
        return self._verdict(value) is False

    def _verdict(self, value: Any) -> bool | None:
        try:
            if self.document is None:
                return bool(self.validator.is_valid(value))
            is_valid = bool(self.document.accepts(value))
            return None if self.document.is_disputed(value, is_valid=is_valid) else is_valid
        except Exception:  # references to nothing, expressions that Python does not know
            return None

    def recall(self, known: Callable[[SchemaGraph], list[Any]]) -> list[Any]:
        """Return what is known of the whole schema, worked out once."""
        if known not in self._known:
            self._known[known] = known(self)
        return self._known[known]

    def recall_of(self, known: Callable[[SchemaGraph, Goal], list[Any]], goal: Goal) -> list[Any]:
        """Return what is known of a goal, worked out once."""
        key = (known, *map(id, goal))
        if key not in self._known:
            self._known[key] = known(self, goal)
            self._kept.append(goal)
        return self._known[key]

    def expand(self, goal: Goal) -> Expansion:
        """Lay a goal flat. Raises Dead where it holds `false` or a reference that cannot be resolved."""
        key = tuple(map(id, goal))
        if key not in self._expansions:
            expansion = Expansion()
            seen: set[int] = set()
            for node in goal:
                self._lay(node, expansion, seen)
            self._expansions[key] = (goal, expansion)
        return self._expansions[key][1]

    def _lay(self, node: Node, into: Expansion, seen: set[int]) -> None:
        if node.schema is True or id(node.schema) in seen:
            return
        if not isinstance(node.schema, dict):
            raise Dead("the schema is false")
        seen.add(id(node.schema))
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(node.get(keyword), str):
                self._lay(self.follow(node, keyword), into, seen)
                if keyword == "$ref" and self.ignores_ref_siblings:
                    return
        for branch in _list(node.get("allOf")):
            self._lay(self.child(node, branch), into, seen)
        self._lay_choices(node, into)
        if IN_PLACE.isdisjoint(node.schema):
            into.plain.append(node)
        else:
            plain = {key: value for key, value in node.schema.items() if key not in IN_PLACE}
            into.plain.append(self.made(node, "plain", plain))

    def _lay_choices(self, node: Node, into: Expansion) -> None:
        if _list(node.get("anyOf")):
            into.choices.append([(self.child(node, branch),) for branch in node.schema["anyOf"]])
        if _list(node.get("oneOf")):
            into.choices.append(self._one_of(node))
            into.residual.append(self.made(node, "oneOf only", {"oneOf": node.schema["oneOf"]}))
        if "if" in node.schema and ("then" in node.schema or "else" in node.schema):
            into.choices.append(self._conditional(node))
        for name, schema in _schemas(node.get("dependentSchemas") or node.get("dependencies")):
            into.choices.append(self._dependent(node, name, schema))
        if "not" in node.schema:
            into.residual.append(self.made(node, "not only", {"not": node.schema["not"]}))
            alternatives = self._negated(node, "not", node.schema["not"])
            if alternatives is not None:
                into.choices.append(alternatives)

    def _one_of(self, node: Node) -> list[Goal]:
        goals: list[Goal] = []
        branches = node.schema["oneOf"]
        for index, branch in enumerate(branches):
            others = {"allOf": [{"not": other} for at, other in enumerate(branches) if at != index]}
            small = len(branches) <= 4
            alone = (self.made(node, f"oneOf {index} alone", others),) if small and len(branches) > 1 else ()
            goals.append((self.child(node, branch), *alone))
        return goals

    def _conditional(self, node: Node) -> list[Goal]:
        condition, then, other = node.schema["if"], node.schema.get("then", True), node.schema.get("else", True)
        unless = self.made(node, "unless", {"not": condition})
        return [(self.child(node, condition), self.child(node, then)), (unless, self.child(node, other))]

    def _dependent(self, node: Node, name: str, schema: Any) -> list[Goal]:
        absent = self.made(node, f"absent {name}", {"properties": {name: False}})
        present = self.made(node, f"present {name}", {"required": [name], "type": "object"})
        return [(absent,), (present, self.child(node, schema))]

    def _negated(self, node: Node, purpose: str, schema: Any) -> list[Goal] | None:
        inner, seen = self.child(node, schema), set[int]()
        while isinstance(inner.get("$ref"), str) and len(inner.schema) == 1:
            if id(inner.schema) in seen:  # it refers to nothing but itself
                return None
            seen.add(id(inner.schema))
            inner = self.follow(inner, "$ref")
        found = negations(inner.schema)
        if found is None:
            return None
        return [(self.made(inner, f"{purpose} {index}", part),) for index, part in enumerate(found)]

    def property_goal(self, nodes: Sequence[Node], name: str) -> Goal:
        """Return what the value of property `name` must satisfy, each node's own scope respected."""
        goal: list[Node] = []
        evaluated = False
        for node in nodes:
            own = self._own_property(node, name)
            evaluated = evaluated or bool(own)
            goal += own
        if not evaluated:
            goal += [
                self.child(n, n.schema["unevaluatedProperties"]) for n in nodes if "unevaluatedProperties" in n.schema
            ]
        return tuple(goal)

    def _own_property(self, node: Node, name: str) -> list[Node]:
        own = [self.child(node, node.schema["properties"][name])] if name in (node.get("properties") or {}) else []
        for pattern, schema in (node.get("patternProperties") or {}).items():
            if is_found(pattern, name):
                own.append(self.child(node, schema))
        if not own and "additionalProperties" in node.schema:
            own.append(self.child(node, node.schema["additionalProperties"]))
        return own

    def item_goal(self, nodes: Sequence[Node], index: int) -> Goal:
        """Return what the element at `index` must satisfy (old drafts' lists of `items` too)."""
        goal: list[Node] = []
        evaluated = False
        for node in nodes:
            own = self._own_item(node, index)
            evaluated = evaluated or own is not None
            goal += [own] if own is not None else []
        if not evaluated:
            goal += [self.child(n, n.schema["unevaluatedItems"]) for n in nodes if "unevaluatedItems" in n.schema]
        return tuple(goal)

    def _own_item(self, node: Node, index: int) -> Node | None:
        items = node.get("items")
        prefix = items if isinstance(items, list) else _list(node.get("prefixItems"))
        rest = node.get("additionalItems") if isinstance(items, list) else items
        if index < len(prefix):
            return self.child(node, prefix[index])
        return None if rest is None else self.child(node, rest)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _schemas(value: Any) -> list[tuple[str, Any]]:
    """Return the entries that are schemas (draft 7's `dependencies` also holds lists of names)."""
    return [(name, schema) for name, schema in (value or {}).items() if not isinstance(schema, list)]
