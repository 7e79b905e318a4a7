"""One function a keyword: from the keyword's value to a closure that answers exactly as `jsonschema` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..lean_jsonschema import fast_iri_check
from .explosive import searcher
from .identity import are_distinct
from .unevaluated import unevaluated_items, unevaluated_properties

if TYPE_CHECKING:
    from .predicates import Scope

Predicate = Callable[[Any], bool]


_classes_asked: dict[Predicate, tuple[type, ...]] = {}
"""Of predicates that only ask for a value's Python class: for which."""


def always(_value: Any) -> bool:
    """Accept any value."""
    return True


def never(_value: Any) -> bool:
    """Accept no value."""
    return False


def all_of(parts: list[Predicate]) -> Predicate:
    """Return the predicate that all parts accept the value."""
    if len(parts) < 2:
        return parts[0] if parts else always
    if (classes := _classes_asked.get(parts[0])) is not None:  # the commonest first question, without a call of its own
        rest = all_of(parts[1:])
        return lambda value: isinstance(value, classes) and rest(value)
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


def any_of(parts: list[Predicate]) -> Predicate:
    """Return the predicate that at least one of the parts accepts the value."""
    if len(parts) == 1:
        return parts[0]
    frozen = tuple(parts)

    def some(value: Any) -> bool:
        for part in frozen:  # noqa: SIM110 - as above
            if part(value):
                return True
        return False

    return some


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


_CLASSES: Mapping[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
"""Types of which one question to Python is enough, however many they are."""


def _type(_: Scope, value: Any, __: Any) -> Predicate | None:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name in _TYPES for name in names):
        return None
    return _of_types(tuple(names))


@lru_cache(maxsize=256)
def _of_types(names: tuple[str, ...]) -> Predicate:
    """Return the same predicate for the same types: of a value that several schemas ask, it is asked once."""
    if all(name in _CLASSES for name in names):
        classes = tuple(_CLASSES[name] for name in names)
        is_one: Predicate = lambda value: isinstance(value, classes)  # noqa: E731
        _classes_asked[is_one] = classes
        return is_one
    return any_of([_TYPES[name] for name in names])


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


def _const(_: Scope, wanted: Any, __: Any) -> Predicate | None:
    """Of texts only: what other values are equal is for `jsonschema` to say."""
    return (lambda value: value == wanted) if isinstance(wanted, str) else None


def _enum(_: Scope, members: Any, __: Any) -> Predicate | None:
    if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
        return None
    wanted = frozenset(members)
    return lambda value: isinstance(value, str) and value in wanted


def _properties(scope: Scope, value: Mapping[str, Any], __: Any) -> Predicate:
    tests = {name: scope.compile(schema) for name, schema in value.items()}
    return scope.of_members(tests, asked_of_members(tests))


def asked_of_members(tests: Mapping[str, Predicate]) -> Predicate:
    """Return the predicate that members which are there pass the tests of their names."""
    if len(tests) == 1:
        [(only, test)] = tests.items()
        return lambda instance: not isinstance(instance, dict) or only not in instance or test(instance[only])

    def holds(instance: Any) -> bool:
        if isinstance(instance, dict):
            for name in tests if len(tests) < len(instance) else instance:
                if name in tests and name in instance and not tests[name](instance[name]):
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
        return _prefix(scope, value, schema) if not scope.is_latest else None
    test = scope.compile(value)
    skipped = len(schema.get("prefixItems", ())) if scope.knows("prefixItems") else 0

    def holds(instance: Any) -> bool:
        if isinstance(instance, list):
            last: Any = holds
            for item in instance[skipped:]:
                if item is not last and not test(item):  # long arrays are made of one item many times
                    return False
                last = item
        return True

    return holds


def _prefix(scope: Scope, value: list[Any], __: Any) -> Predicate:
    tests = [scope.compile(schema) for schema in value]
    return lambda instance: (
        not isinstance(instance, list) or all(test(item) for test, item in zip(tests, instance, strict=False))
    )


def _additional_items(scope: Scope, value: Any, schema: Mapping[str, Any]) -> Predicate | None:
    listed = schema.get("items", {})
    if not isinstance(listed, list):
        return always if isinstance(listed, dict) else None
    test, skipped = scope.compile(value), len(listed)
    return lambda instance: not isinstance(instance, list) or all(map(test, instance[skipped:]))


def _all_of(scope: Scope, value: list[Any], __: Any) -> Predicate:
    return scope.joined([scope.compile(schema) for schema in value])


def _any_of(scope: Scope, value: list[Any], __: Any) -> Predicate:
    return any_of([scope.compile(schema) for schema in value])


def _one_of(scope: Scope, value: list[Any], __: Any) -> Predicate:
    tests = [scope.compile(schema) for schema in value]
    return lambda instance: sum(test(instance) for test in tests) == 1


def _contains(scope: Scope, value: Any, schema: Mapping[str, Any]) -> Predicate | None:
    if not scope.is_latest:
        return None
    test, least, most = scope.compile_here(value), schema.get("minContains", 1), schema.get("maxContains")

    def holds(instance: Any) -> bool:
        if not isinstance(instance, list):
            return True
        count = sum(map(test, instance))
        return bool(least <= count and (most is None or count <= most))

    return holds


def _dependent(scope: Scope, value: Mapping[str, Any], schema: Mapping[str, Any]) -> Predicate:
    """`dependentSchemas`, `dependentRequired`, and `dependencies`, which is either."""
    if all(isinstance(other, list) for other in value.values()):
        return _dependent_names({name: frozenset(other) for name, other in value.items()})
    tests = [
        (name, _required(scope, other, schema) if isinstance(other, list) else scope.compile(other))
        for name, other in value.items()
    ]
    return lambda instance: (
        not isinstance(instance, dict) or all(test(instance) for name, test in tests if name in instance)
    )


def _dependent_names(asked: Mapping[str, frozenset[str]]) -> Predicate:
    def holds(instance: Any) -> bool:
        if isinstance(instance, dict):
            names = instance.keys()
            for name in instance:
                if name in asked and not asked[name] <= names:
                    return False
        return True

    return holds


def _not(scope: Scope, value: Any, __: Any) -> Predicate:
    test = scope.compile(value)
    return lambda instance: not test(instance)


def _if(scope: Scope, value: Any, schema: Mapping[str, Any]) -> Predicate:
    condition = scope.compile(value)
    then, other = scope.compile(schema.get("then", True)), scope.compile(schema.get("else", True))
    if other is always:
        return lambda instance: not condition(instance) or then(instance)
    return lambda instance: then(instance) if condition(instance) else other(instance)


COVERED_ELSEWHERE = frozenset({"then", "else", "minContains", "maxContains"})


def _reference(scope: Scope, value: str, _: Any) -> Predicate:
    return scope.follow(value)


def _unique(scope: Scope, value: Any, _schema: Any) -> Predicate | None:
    if value is not True:
        return None
    exactly = scope.as_jsonschema("uniqueItems", value)  # of objects it compares each with each
    return lambda items: not isinstance(items, list) or are_distinct(items) or exactly(items)


BUILDERS: Mapping[str, Any] = {
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
    "const": _const,
    "enum": _enum,
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
    "contains": _contains,
    "uniqueItems": _unique,
    "dependentSchemas": _dependent,
    "dependentRequired": _dependent,
    "dependencies": _dependent,
    "additionalItems": _additional_items,
    "unevaluatedProperties": unevaluated_properties,
    "unevaluatedItems": unevaluated_items,
}
