"""Schemas compiled to closures that answer exactly as `jsonschema` does, some fifty times faster.

Keywords that are not hot (`multipleOf`, …) are handed to `jsonschema`'s own
functions. References are resolved once, with `referencing`, for each dynamic scope in which they are met. A draft
older than 6 is not compiled (`usable` is False, or a part that names it): there `jsonschema` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from referencing.jsonschema import specification_with

from ..lean_jsonschema import jsonschema
from .elementary import Predicate, Steps, always, never
from .joints import Joints
from .keywords import BUILDERS, COVERED_ELSEWHERE
from .same_value import ASK_OF_PARTS, Guards

_COMPILED_DRAFTS = (
    jsonschema.Draft202012Validator,
    jsonschema.Draft201909Validator,
    jsonschema.Draft7Validator,
    jsonschema.Draft6Validator,
)
_DYNAMIC = ("$dynamicRef", "$recursiveRef")
_REFERENCES = ("$ref", *_DYNAMIC)
_JOINED = frozenset(("allOf", "$ref", "$dynamicRef"))


class Scope:
    """One schema in its place while it is compiled: what a keyword's builder may ask for."""

    def __init__(self, predicates: Predicates, schema: Any, resolver: Any) -> None:
        self.schema: Any = schema
        self.resolver = resolver
        self._predicates = predicates
        self.format_checker = predicates.validator.format_checker
        self.steps = predicates.steps

    def compile(self, schema: Any) -> Predicate:
        """Return the predicate of a schema that stands inside this one."""
        return self._predicates.compile(schema, self._predicates.enter(self.resolver, schema))

    def compile_here(self, schema: Any) -> Predicate:
        """As `compile`, with references that are relative to this schema although the inner one has an `$id`."""
        return self._predicates.compile(schema, self.resolver)

    def beside(self, schema: Any) -> Scope:
        """Return the scope of another schema in this one's place."""
        return Scope(self._predicates, schema, self.resolver)

    def behind(self, reference: str) -> Scope:
        """Return the scope of what a reference refers to."""
        resolved = self.resolver.lookup(reference)
        return Scope(self._predicates, resolved.contents, resolved.resolver)

    @property
    def guards(self) -> Guards | None:
        """What watches over schemas that refer to themselves for the same value; None where none does."""
        return self._predicates.guards

    @property
    def key(self) -> Any:
        """What tells this schema in this place from others."""
        return self._predicates.key_of(self.schema, self.resolver)

    @property
    def is_latest(self) -> bool:
        """Whether the draft is 2020-12."""
        return self._predicates.draft is jsonschema.Draft202012Validator

    def knows(self, keyword: str) -> bool:
        """Whether the draft has the keyword."""
        return keyword in self._predicates.validator.VALIDATORS

    def follow(self, reference: str) -> Predicate:
        """Return the predicate of what a reference refers to; resolved when first needed, as `jsonschema` does."""
        target: Predicate | None = None
        missing: Exception | None = None

        def resolved() -> Predicate:
            nonlocal target, missing
            if missing is not None:  # that it is nowhere is found by looking through all of the document
                raise missing.with_traceback(None)
            if target is None:
                try:
                    found = self.resolver.lookup(reference)
                except Exception as error:
                    missing = error
                    raise
                target = self._predicates.compile(found.contents, found.resolver)
            return target

        asked: Predicate | None = None

        def holds(value: Any) -> bool:
            nonlocal asked
            if asked is None:
                asked = self._predicates.joints.flattened(resolved())
            return asked(value)

        self._predicates.joints.stand_for(holds, resolved)
        return holds

    def direct(self, predicate: Predicate) -> Predicate:
        """Return what a predicate stands for, without the calls on the way there."""
        return self._predicates.joints.direct(predicate)

    def joined(self, parts: list[Predicate]) -> Predicate:
        """As `all_of`, of parts that are laid flat when first needed: what they share is asked once."""
        return self._predicates.joints.joined(parts)

    def of_members(self, tests: dict[str, Predicate], holds: Predicate) -> Predicate:
        """Note that `holds` asks each of the tests of the member of that name."""
        return self._predicates.joints.of_members(tests, holds)

    def as_jsonschema(self, keyword: str, value: Any) -> Predicate:
        """Return a predicate that asks `jsonschema`'s own function for the keyword."""
        if self._predicates.guards is not None and keyword in ASK_OF_PARTS:
            raise RecursionError(f"{keyword} may refer to itself without end")
        rule, schema = self._predicates.validator.VALIDATORS[keyword], self.schema
        # `_resolver` is what jsonschema's own `descend` passes on; there is no public way to validate a sub-schema.
        validator = self._predicates.validator.evolve(schema=schema, _resolver=self.resolver)
        return lambda instance: next(iter(rule(validator, value, instance, schema) or ()), None) is None


class Predicates:
    """Compile schemas of one document; each once a dynamic scope."""

    def __init__(
        self,
        draft: Any,
        validator: Any,
        specification: Any,
        *,
        steps: Steps | None = None,
        guards: Guards | None = None,
    ) -> None:
        self.validator, self.specification = validator, specification
        self.draft, self.guards = draft, guards
        self._done: dict[Any, Predicate] = {}
        self._scopes: dict[int, tuple[Any, tuple[str, ...]]] = {}
        """What tells a resolver from others, by its id; with the resolver, which keeps the id its own."""
        self.steps = Steps() if steps is None else steps
        """How far one value was looked into; begun anew with each."""
        self.joints = Joints(self.steps)
        self._alive: list[Any] = []
        self._of_draft: dict[Any, Predicates] = {draft: self}
        references = _references(validator.schema)
        self._is_dynamic = any(key in _DYNAMIC or _leaves_document(reference) for key, reference in references)
        self.has_references = bool(references)
        self.usable = draft in _COMPILED_DRAFTS

    def enter(self, resolver: Any, schema: Any) -> Any:
        """Return the resolver for what stands inside `schema`, which stands inside the resolver's resource."""
        if not isinstance(schema, dict) or "$id" not in schema:
            return resolver
        return resolver.in_subresource(self.specification.create_resource(schema))

    def compile(self, schema: Any, resolver: Any) -> Predicate:
        """Return the predicate of a schema. Raises what a malformed schema makes Python raise."""
        if schema is True or schema is False:
            return always if schema else never
        key = self.key_of(schema, resolver)
        done = self._done.get(key)
        if done is None:
            self._alive.append(schema)
            self._done[key] = lambda value: self._done[key](value)
            made = self._build(schema, resolver)
            done = self._done[key] = made if self.guards is None else self.guards.guarded(made)
        return done

    def asked(self, schema: Any, resolver: Any) -> Predicate:
        """As `compile`, without the calls on the way to what a reference refers to, where that is there."""
        made = self.compile(schema, resolver)
        try:
            return self.joints.direct(made)
        except Exception:  # a reference that leads nowhere says so when it is asked
            return made

    def key_of(self, schema: Any, resolver: Any) -> Any:
        """Return what a predicate is remembered by."""
        return (id(schema), self._scope_of(resolver)) if self._is_dynamic else id(schema)

    def _scope_of(self, resolver: Any) -> tuple[str, ...]:
        known = self._scopes.get(id(resolver))
        if known is None:
            known = self._scopes[id(resolver)] = (resolver, _scope_key(resolver))
        return known[1]

    def _build(self, schema: Mapping[str, Any], resolver: Any) -> Predicate:
        dialect = schema.get("$schema")
        if dialect is not None and (draft := _draft_named(dialect, self.draft)) is not self.draft:
            return self._in_another_draft(draft, schema, resolver)
        scope = Scope(self, schema, resolver)
        if "$ref" in schema and self.draft in (jsonschema.Draft7Validator, jsonschema.Draft6Validator):
            return scope.follow(schema["$ref"])
        parts = [part for keyword, value in schema.items() for part in self._keyword(scope, keyword, value)]
        return self.joints.joined(parts) if not _JOINED.isdisjoint(schema) else self.joints.listed(parts)

    def _in_another_draft(self, draft: Any, schema: Mapping[str, Any], resolver: Any) -> Predicate:
        validator = self.validator.evolve(schema=schema, _resolver=resolver)
        if draft not in _COMPILED_DRAFTS and self.guards is not None:
            raise RecursionError("the schema may refer to itself without end")
        if draft not in _COMPILED_DRAFTS:
            return cast(Predicate, validator.is_valid)
        if (other := self._of_draft.get(draft)) is None:
            specification = specification_with(draft.META_SCHEMA["$schema"], default=self.specification)
            other = Predicates(draft, validator, specification, steps=self.steps, guards=self.guards)
            self._of_draft[draft] = other
            other._of_draft, other._is_dynamic = self._of_draft, True
        return other.compile(schema, resolver)

    def _keyword(self, scope: Scope, keyword: str, value: Any) -> list[Predicate]:
        if not scope.knows(keyword) or keyword in COVERED_ELSEWHERE:
            return []
        build = BUILDERS.get(keyword)
        made = None if build is None else build(scope, value, scope.schema)
        return [scope.as_jsonschema(keyword, value) if made is None else made]


def _draft_named(dialect: Any, default: Any) -> Any:
    return jsonschema.validators.validator_for({"$schema": str(dialect).rstrip("#")}, default=default)


def _scope_key(resolver: Any) -> tuple[str, ...]:
    """Return the resources on the way here, outermost first, each once: all that a dynamic reference depends on."""
    return tuple(dict.fromkeys(reversed([uri for uri, _ in resolver.dynamic_scope()])))


def _references(schema: Any) -> list[tuple[str, Any]]:
    """Return what stands anywhere under a keyword for references, and that keyword."""
    found: list[tuple[str, Any]] = []

    def look(part: Any) -> None:
        if isinstance(part, dict):
            found.extend([(key, part[key]) for key in _REFERENCES if key in part])
            part = part.values()
        for inner in part:
            if isinstance(inner, (dict, list)):
                look(inner)

    look([schema])
    return found


def _leaves_document(reference: Any) -> bool:
    return isinstance(reference, str) and not reference.startswith("#")
