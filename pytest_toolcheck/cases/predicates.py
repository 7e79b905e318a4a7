"""Schemas compiled to closures that answer exactly as `jsonschema` does, some fifty times faster.

Keywords that are not hot (`multipleOf`, `uniqueItems`, `contains`, `unevaluated*`, …) are handed to `jsonschema`'s own
functions. References are resolved once, with `referencing`, for each dynamic scope in which they are met. A draft
older than 6 is not compiled (`usable` is False), nor is a part that names another draft: there `jsonschema` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

from ..lean_jsonschema import fast_iri_check, jsonschema
from .explosive import searcher

Predicate = Callable[[Any], bool]

_COMPILED_DRAFTS = (
    jsonschema.Draft202012Validator,
    jsonschema.Draft201909Validator,
    jsonschema.Draft7Validator,
    jsonschema.Draft6Validator,
)
_DYNAMIC = ("$dynamicRef", "$recursiveRef")


class Scope:
    """One schema in its place while it is compiled: what a keyword's builder may ask for."""

    def __init__(self, predicates: Predicates, schema: Mapping[str, Any], resolver: Any) -> None:
        self.schema, self.resolver = schema, resolver
        self._predicates = predicates
        self.format_checker = predicates.validator.format_checker

    def compile(self, schema: Any) -> Predicate:
        """Return the predicate of a schema that stands inside this one."""
        return self._predicates.compile(schema, self._predicates.enter(self.resolver, schema))

    def knows(self, keyword: str) -> bool:
        """Whether the draft has the keyword."""
        return keyword in self._predicates.validator.VALIDATORS

    def follow(self, reference: str) -> Predicate:
        """Return the predicate of what a reference refers to; resolved when first needed, as `jsonschema` does."""
        made: list[Predicate] = []

        def holds(value: Any) -> bool:
            if not made:
                resolved = self.resolver.lookup(reference)
                made.append(self._predicates.compile(resolved.contents, resolved.resolver))
            return made[0](value)

        return holds

    def as_jsonschema(self, keyword: str, value: Any) -> Predicate:
        """Return a predicate that asks `jsonschema`'s own function for the keyword."""
        rule, schema = self._predicates.validator.VALIDATORS[keyword], self.schema
        # `_resolver` is what jsonschema's own `descend` passes on; there is no public way to validate a sub-schema.
        validator = self._predicates.validator.evolve(schema=schema, _resolver=self.resolver)
        return lambda instance: next(iter(rule(validator, value, instance, schema) or ()), None) is None


class Predicates:
    """Compile schemas of one document; each once a dynamic scope."""

    def __init__(self, draft: Any, validator: Any, specification: Any) -> None:
        self.validator, self.specification = validator, specification
        self._draft = draft
        self._done: dict[Any, Predicate] = {}
        self._alive: list[Any] = []
        self._is_dynamic = _has_key(validator.schema, _DYNAMIC) or _leaves_document(validator.schema)
        self.has_references = _has_key(validator.schema, ("$ref", *_DYNAMIC))
        self.usable = draft in _COMPILED_DRAFTS

    def enter(self, resolver: Any, schema: Any) -> Any:
        """Return the resolver for what stands inside `schema`, which stands inside the resolver's resource."""
        if not isinstance(schema, dict) or "$id" not in schema:
            return resolver
        return resolver.in_subresource(self.specification.create_resource(schema))

    def compile(self, schema: Any, resolver: Any) -> Predicate:
        """Return the predicate of a schema. Raises what a malformed schema makes Python raise."""
        if schema is True or schema is False:
            return _always if schema else _never
        key = (id(schema), _scope_key(resolver)) if self._is_dynamic else id(schema)
        done = self._done.get(key)
        if done is None:
            self._alive.append(schema)
            self._done[key] = lambda value: self._done[key](value)
            done = self._done[key] = self._build(schema, resolver)
        return done

    def _build(self, schema: Mapping[str, Any], resolver: Any) -> Predicate:
        dialect = schema.get("$schema")
        if dialect is not None and _draft_named(dialect, self._draft) is not self._draft:
            return cast(Predicate, self.validator.evolve(schema=schema, _resolver=resolver).is_valid)
        scope = Scope(self, schema, resolver)
        if "$ref" in schema and self._draft in (jsonschema.Draft7Validator, jsonschema.Draft6Validator):
            return scope.follow(schema["$ref"])
        return _all([part for keyword, value in schema.items() for part in self._keyword(scope, keyword, value)])

    def _keyword(self, scope: Scope, keyword: str, value: Any) -> list[Predicate]:
        if not scope.knows(keyword) or keyword in _COVERED_ELSEWHERE:
            return []
        build = _BUILDERS.get(keyword)
        made = None if build is None else build(scope, value, scope.schema)
        return [scope.as_jsonschema(keyword, value) if made is None else made]


def _draft_named(dialect: Any, default: Any) -> Any:
    return jsonschema.validators.validator_for({"$schema": str(dialect).rstrip("#")}, default=default)


def _scope_key(resolver: Any) -> tuple[str, ...]:
    """Return the resources on the way here, outermost first, each once: all that a dynamic reference depends on."""
    return tuple(dict.fromkeys(reversed([uri for uri, _ in resolver.dynamic_scope()])))


def _has_key(schema: Any, names: tuple[str, ...]) -> bool:
    if isinstance(schema, dict):
        return any(name in schema for name in names) or any(_has_key(value, names) for value in schema.values())
    return isinstance(schema, list) and any(_has_key(item, names) for item in schema)


def _leaves_document(schema: Any) -> bool:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            return True
        return any(_leaves_document(value) for value in schema.values())
    return isinstance(schema, list) and any(_leaves_document(item) for item in schema)


def _always(_value: Any) -> bool:
    return True


def _never(_value: Any) -> bool:
    return False


def _all(parts: list[Predicate]) -> Predicate:
    if not parts:
        return _always
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda value: first(value) and second(value)
    frozen = tuple(parts)

    def every(value: Any) -> bool:
        for part in frozen:  # noqa: SIM110 - a generator expression costs three times as much here
            if not part(value):
                return False
        return True

    return every


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: Mapping[str, Predicate] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: (
        (isinstance(value, int) and value is not True and value is not False)
        or (isinstance(value, float) and value.is_integer())
    ),
    "boolean": lambda value: value is True or value is False,
    "null": lambda value: value is None,
}


def _type(_: Scope, value: Any, __: Any) -> Predicate | None:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name in _TYPES for name in names):
        return None
    tests = [_TYPES[name] for name in names]
    return tests[0] if len(tests) == 1 else lambda instance: any(test(instance) for test in tests)


def _bound(holds: Callable[[Any, Any], bool]) -> Any:
    return lambda _, limit, __: lambda value: not _is_number(value) or holds(value, limit)


def _count(kind: type[str | list[Any] | dict[str, Any]], holds: Callable[[int, int], bool]) -> Any:
    return lambda _, limit, __: lambda value: not isinstance(value, kind) or holds(len(value), limit)


def _pattern(_: Scope, pattern: str, __: Any) -> Predicate:
    return lambda value: not isinstance(value, str) or searcher(pattern)(value) is not None


@lru_cache(maxsize=4096)
def _conforms(checker: Any, value: str, name: str) -> bool:
    return bool(checker.conforms(value, name))


def _format(scope: Scope, name: str, __: Any) -> Predicate:
    checker = scope.format_checker
    fast = fast_iri_check(checker, name) if checker is not None and isinstance(name, str) else None
    if fast is not None:
        return lambda value: not isinstance(value, str) or fast.fullmatch(value) is not None
    return lambda value: not isinstance(value, str) or _conforms(checker, value, name)


def _properties(scope: Scope, value: Mapping[str, Any], __: Any) -> Predicate:
    tests = {name: scope.compile(schema) for name, schema in value.items()}

    def holds(instance: Any) -> bool:
        if isinstance(instance, dict):
            for name, item in instance.items():
                test = tests.get(name)
                if test is not None and not test(item):
                    return False
        return True

    return holds


def _required(_: Scope, value: list[str], __: Any) -> Predicate:
    names = frozenset(value)
    return lambda instance: not isinstance(instance, dict) or names <= instance.keys()


def _additional(scope: Scope, value: Any, schema: Mapping[str, Any]) -> Predicate:
    test, known = scope.compile(value), schema.get("properties", {})
    patterns = "|".join(schema.get("patternProperties", {}))

    def holds(instance: Any) -> bool:
        if isinstance(instance, dict):
            for name, item in instance.items():
                if name not in known and not (patterns and searcher(patterns)(name)) and not test(item):
                    return False
        return True

    return holds


def _pattern_properties(scope: Scope, value: Mapping[str, Any], __: Any) -> Predicate:
    tests = [(pattern, scope.compile(schema)) for pattern, schema in value.items()]
    return lambda instance: (
        not isinstance(instance, dict)
        or all(test(item) for name, item in instance.items() for text, test in tests if searcher(text)(name))
    )


def _names(scope: Scope, value: Any, __: Any) -> Predicate:
    test = scope.compile(value)
    return lambda instance: not isinstance(instance, dict) or all(map(test, instance))


def _items(scope: Scope, value: Any, schema: Mapping[str, Any]) -> Predicate | None:
    if isinstance(value, list):
        return None
    test = scope.compile(value)
    skipped = len(schema.get("prefixItems", ())) if scope.knows("prefixItems") else 0
    return lambda instance: not isinstance(instance, list) or all(test(item) for item in instance[skipped:])


def _prefix(scope: Scope, value: list[Any], __: Any) -> Predicate:
    tests = [scope.compile(schema) for schema in value]
    return lambda instance: (
        not isinstance(instance, list) or all(test(item) for test, item in zip(tests, instance, strict=False))
    )


def _all_of(scope: Scope, value: list[Any], __: Any) -> Predicate:
    return _all([scope.compile(schema) for schema in value])


def _any_of(scope: Scope, value: list[Any], __: Any) -> Predicate:
    tests = [scope.compile(schema) for schema in value]
    return lambda instance: any(test(instance) for test in tests)


def _one_of(scope: Scope, value: list[Any], __: Any) -> Predicate:
    tests = [scope.compile(schema) for schema in value]
    return lambda instance: sum(test(instance) for test in tests) == 1


def _not(scope: Scope, value: Any, __: Any) -> Predicate:
    test = scope.compile(value)
    return lambda instance: not test(instance)


def _if(scope: Scope, value: Any, schema: Mapping[str, Any]) -> Predicate:
    condition = scope.compile(value)
    then, other = scope.compile(schema.get("then", True)), scope.compile(schema.get("else", True))
    return lambda instance: then(instance) if condition(instance) else other(instance)


_COVERED_ELSEWHERE = frozenset({"then", "else", "minContains", "maxContains"})


def _reference(scope: Scope, value: str, _: Any) -> Predicate:
    return scope.follow(value)


_BUILDERS: Mapping[str, Any] = {
    "$ref": _reference,
    "$dynamicRef": _reference,
    "type": _type,
    "minimum": _bound(lambda value, limit: value >= limit),
    "maximum": _bound(lambda value, limit: value <= limit),
    "exclusiveMinimum": _bound(lambda value, limit: value > limit),
    "exclusiveMaximum": _bound(lambda value, limit: value < limit),
    "minLength": _count(str, lambda value, limit: value >= limit),
    "maxLength": _count(str, lambda value, limit: value <= limit),
    "minItems": _count(list, lambda value, limit: value >= limit),
    "maxItems": _count(list, lambda value, limit: value <= limit),
    "minProperties": _count(dict, lambda value, limit: value >= limit),
    "maxProperties": _count(dict, lambda value, limit: value <= limit),
    "pattern": _pattern,
    "format": _format,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "patternProperties": _pattern_properties,
    "propertyNames": _names,
    "items": _items,
    "prefixItems": _prefix,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
}
