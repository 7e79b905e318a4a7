"""A JSON Schema as something to walk: its draft, its references, its sub-schemas as nodes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, cast

from jsonschema_specifications import REGISTRY
from referencing.jsonschema import DRAFT202012, specification_with

from ..lean_jsonschema import formats_of_schemas, jsonschema
from ..spec.model import JSONSchema
from .addresses import strict
from .elementary import MOST_STEPS, Predicate
from .heard import heard
from .loops import has_loop, is_recursive, is_tangled
from .predicates import Predicates
from .same_value import Guards, decided

_MOST_TRIED, _MOST_TRIED_OF_RECURSIVE = 2000, 1000
MOST_NEEDED, MOST_EQUAL = 20_000, 1_000_000
"""So many items are made where a schema asks for that many; of equal ones, in the one input that then is."""
_UNSATISFIABLE: Mapping[str, Any] = {"not": {}}
DEFAULT_DRAFT = jsonschema.Draft202012Validator
ALL_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A (sub-)schema together with the resolver that its references are relative to."""

    schema: Any
    resolver: Any
    specification: Any

    def keywords(self) -> Mapping[str, Any]:
        """Return the schema's keywords; none for `true`, an unsatisfiable `not` for `false`."""
        if isinstance(self.schema, dict):
            return self.schema
        return {} if self.schema else _UNSATISFIABLE

    def child(self, schema: Any) -> Node:
        """Return `schema`, which stands inside this one, as a node."""
        if isinstance(schema, dict) and "$id" in schema:
            return Node(schema, self._inside(schema), self.specification)
        return Node(schema, self.resolver, self.specification)

    def _inside(self, schema: Mapping[str, Any]) -> Any:
        try:
            return self.resolver.in_subresource(self.specification.create_resource(schema))
        except Exception:  # an `$id` that is no URI
            return self.resolver


Conjunction = tuple[Node, ...]
"""Schemas that all hold for one value."""


def decisive(conjunction: Conjunction) -> Conjunction:
    """Return the nodes without those that stand under `allOf` of another: these need not be asked again."""
    implied = {id(schema) for node in conjunction for schema in node.keywords().get("allOf", ())}
    return tuple(node for node in conjunction if id(node.schema) not in implied) if implied else conjunction


def draft_of(schema: Any, *, default: Any = DEFAULT_DRAFT) -> Any:
    """Return the `jsonschema` validator class for the schema's `$schema`, or `default` where it names none we know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return jsonschema.validators.validator_for(schema, default=default)
        except Exception:
            return default


def flaw_of(schema: Any, draft: Any) -> jsonschema.SchemaError | None:
    """Return what makes this no schema by the draft's own; None where it is one."""
    if (text := repr(schema)) and ("inf" in text or "nan" in text) and (path := _endless_number(schema)) is not None:
        return jsonschema.SchemaError("a number that is not finite, which JSON has not", path=path)
    if _is_schema(draft, schema):  # `jsonschema` takes a hundred times as long
        return None
    try:
        draft.check_schema(schema, format_checker=formats_of_schemas(draft))
    except jsonschema.SchemaError as error:
        return error
    return None


def _endless_number(part: Any) -> list[str | int] | None:
    """Return where infinity stands, or what is no number: Python reads `1e400` so; None where there is none."""
    if isinstance(part, float):
        return None if math.isfinite(part) else []
    parts = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for step, inner in parts:
        if (path := _endless_number(inner)) is not None:
            return [step, *path]
    return None


def _is_schema(draft: Any, schema: Any) -> bool:
    try:
        return _accepts_schemas(draft)(schema)
    except Exception:  # left to `jsonschema`
        return False


@lru_cache(maxsize=8)
def _accepts_schemas(draft: Any) -> Predicate:
    return Document(draft.META_SCHEMA, default_draft=draft, formats=formats_of_schemas(draft)).accepts


def _undecided(_value: Any) -> bool:
    raise RecursionError("the schema refers to itself without end")


class Document:
    """One root schema: resolves references, decides validity of values for it and for every node in it."""

    def __init__(
        self, schema: JSONSchema, *, registry: Any = None, default_draft: Any = DEFAULT_DRAFT, formats: Any = None
    ) -> None:
        self._given = schema
        self.draft = draft_of(schema, default=default_draft)
        self.schema = heard(schema, self.draft)
        self.registry: Any = REGISTRY if registry is None else registry
        formats = self._formats = self.draft.FORMAT_CHECKER if formats is None else formats
        self.validator: Any = self.draft(self.schema, registry=self.registry, format_checker=formats)
        self.memo: dict[Any, Any] = {}
        """What was worked out for a conjunction, by the ids of its schemas, which `kept` keeps alive."""
        self.kept: list[Any] = []
        self._derived: dict[tuple[Any, ...], Any] = {}
        self.most_equal = MOST_NEEDED
        """So many items an array may have, all the same one, if it must."""
        self.effort = 0
        """How many values were tried so far; counted, not timed, so that the cases stay the same on every machine."""
        dialect = self.draft.META_SCHEMA.get("$schema", "")
        self._specification: Any = specification_with(dialect, default=DRAFT202012)
        self._predicates = Predicates(self.draft, self.validator, self._specification)
        self._tests: dict[tuple[int, int], Predicate] = {}
        """By the ids of a node's schema and resolver, which `kept` keeps alive."""

    @cached_property
    def root(self) -> Node:
        """The root schema as a node."""
        resource = self._specification.create_resource(self.schema)
        return Node(self.schema, self.registry.resolver_with_root(resource), self._specification)

    @cached_property
    def accepts(self) -> Predicate:
        """The predicate that says whether the schema accepts a value. May raise what `jsonschema` raises."""
        test, steps = self._accepts, self._predicates.steps
        if not self._predicates.usable:
            return test

        def accepts(value: Any) -> bool:
            steps.count = 0  # each value has all its steps left
            return test(value)

        return accepts

    def is_disputed(self, value: Any, *, is_valid: bool) -> bool:
        """Whether a label hangs on `jsonschema` taking every text with an `@` for an e-mail address: no tool owes that."""
        try:
            return self._strictly is not None and bool(self._strictly(value)) is not is_valid
        except Exception:  # as for `accepts`
            return True

    @property
    def has_stricter_formats(self) -> bool:
        """Whether any label may be disputed."""
        return self._strictly is not None

    @cached_property
    def _strictly(self) -> Predicate | None:
        """As `accepts`, by stricter formats; None where there is none."""
        formats = strict(self._formats) if "email" in repr(self.schema) else None
        if formats is None:
            return None
        return Document(self._given, registry=self.registry, default_draft=self.draft, formats=formats).accepts

    @cached_property
    def _accepts(self) -> Predicate:
        """As `accepts`, going on with the steps that are counted."""
        if self.is_endless:
            return self._decided(self.root)
        if self._predicates.usable:
            try:
                return self._predicates.asked(self.schema, self.root.resolver)
            except Exception:
                self._predicates.usable = False
        return cast(Predicate, self.validator.is_valid)

    @property
    def refers(self) -> bool:
        """Whether there is a reference in the schema."""
        return self._predicates.has_references

    @cached_property
    def is_recursive(self) -> bool:
        """Whether a value may hold a value of the same schema, and so on."""
        try:
            return is_recursive(self)
        except RecursionError:
            return True

    @cached_property
    def is_endless(self) -> bool:
        """Whether validation may never end; `jsonschema` then exhausts the stack, which can end the process.

        Values whose validity does not hang on the reference that comes back are labelled all the same (`same_value.py`).
        """
        return self._predicates.has_references and has_loop(self)

    @cached_property
    def is_tangled(self) -> bool:
        """Whether there are too many ways to come back for any of them to be gone: no value is labelled."""
        return self.is_endless and is_tangled(self)

    @cached_property
    def flaw(self) -> jsonschema.SchemaError | None:
        """What makes the schema no schema by its draft's own; None where it is one."""
        return flaw_of(self._given, self.draft)

    @property
    def is_weary(self) -> bool:
        """Whether so many values were tried that no further ones should be built."""
        return self.effort > (_MOST_TRIED_OF_RECURSIVE if self.is_recursive else _MOST_TRIED)

    def lavish(self) -> Document:
        """Return the document as one whose arrays may be as long as can be had at all, for a single value."""
        other = Document(self._given, registry=self.registry, default_draft=self.draft)
        other.most_equal = MOST_EQUAL
        return other

    def rest(self) -> None:
        """Leave half of the tries to what comes last, unless the schema holds itself."""
        if not self.is_recursive:
            self.effort = min(self.effort, _MOST_TRIED // 2)

    def holds(self, conjunction: Conjunction, value: Any, *, spent: int = 0) -> bool:
        """Return whether every schema of the conjunction accepts `value`; False where that cannot be decided.

        `spent`: so many of the steps that may be taken are not left.
        """
        self.effort += 1
        known, self._predicates.steps.count = self._tests, spent
        try:
            for node in conjunction:
                test = known.get((id(node.schema), id(node.resolver))) or self._known_predicate(node)
                if not test(value):
                    return False
        except Exception:  # format checkers, patterns and references raise whatever they like
            return False
        return True

    def steps(self, conjunction: Conjunction, value: Any, *, most: int = MOST_STEPS) -> int:
        """Return how many objects and arrays are gone into to judge the value; more than `most` for too many."""
        spent = MOST_STEPS - most  # as if so many had been taken already
        self.holds(conjunction, value, spent=spent)
        return self._predicates.steps.count - spent

    def _known_predicate(self, node: Node) -> Predicate:
        test = self._predicate(node)
        self.kept.append(node)
        self._tests[id(node.schema), id(node.resolver)] = test
        return test

    def _predicate(self, node: Node) -> Predicate:
        if node.schema is self.schema:
            return self._accepts
        if self.is_endless:
            return self._decided(node)
        if self._predicates.usable:
            return self._predicates.asked(node.schema, node.resolver)
        # `_resolver` is what jsonschema's own `descend` passes on; there is no public way to validate a sub-schema.
        return cast(Predicate, self.validator.evolve(schema=node.schema, _resolver=node.resolver).is_valid)

    def _decided(self, node: Node) -> Predicate:
        """Return the predicate of a node of a document in which schemas refer to themselves for the same value."""
        try:
            return decided(*[made.asked(node.schema, node.resolver) for made in self._assuming])
        except Exception:  # what only `jsonschema` knows to judge: it would never end
            return _undecided

    @cached_property
    def _assuming(self) -> list[Predicates]:
        """The compiled schemas twice: that what a value is asked while it is being asked is refused, and is accepted."""
        if not self._predicates.usable or self.is_tangled:
            raise RecursionError("the schema refers to itself without end")
        steps = self._predicates.steps
        return [
            Predicates(
                self.draft, self.validator, self._specification, steps=steps, guards=Guards(steps, assumed=assumed)
            )
            for assumed in (False, True)
        ]

    def derived(self, *key: Any, schema: Any) -> Any:
        """Return a schema made from parts of the document: the same object for the same key, so that memos know it."""
        return self._derived.setdefault(key, schema)

    def targets(self, node: Node) -> Iterator[Node]:
        """Yield what the node's `$ref`, `$dynamicRef` and `$recursiveRef` refer to; nothing for a broken reference."""
        schema = node.schema
        if not isinstance(schema, dict):
            return
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            reference = schema.get(keyword)
            if isinstance(reference, str):
                key = ("target", keyword, reference, id(node.resolver))
                if key not in self.memo:
                    self.kept.append(node)
                    self.memo[key] = self._lookup(node, keyword, reference)
                yield from self.memo[key]

    def _lookup(self, node: Node, keyword: str, reference: str) -> list[Node]:
        try:
            if keyword == "$recursiveRef":
                return [self.root]
            resolved = node.resolver.lookup(reference)
        except Exception:
            return []
        return [Node(resolved.contents, resolved.resolver, node.specification)]
