"""One function a keyword: from the keyword's value to a closure that answers exactly as `jsonschema` does.

Each closure counts its own steps, in the same three lines: a call for that would cost more than the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from ..lean_jsonschema import fast_check
from .elementary import (
    MOST_STEPS,
    TYPES,
    Predicate,
    Steps,
    above,
    always,
    any_of,
    at_least,
    at_most,
    below,
    maximum,
    minimum,
    multiple_of,
    names_asked,
    of_types,
)
from .explosive import searcher
from .identity import are_distinct
from .unevaluated import unevaluated_items, unevaluated_properties

if TYPE_CHECKING:
    from .predicates import Scope


def _type(_: Scope, value: Any, __: Any) -> Predicate | None:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name in TYPES for name in names):
        return None
    return of_types(tuple(names))


def _pattern(_: Scope, pattern: str, __: Any) -> Predicate:
    return lambda value: not isinstance(value, str) or searcher(pattern)(value) is not None


@lru_cache(maxsize=4096)
def _conforms(checker: Any, value: str, name: str) -> bool:
    return bool(checker.conforms(value, name))


def _format(scope: Scope, name: str, __: Any) -> Predicate:
    checker = scope.format_checker
    fast = fast_check(checker, name) if checker is not None and isinstance(name, str) else None
    if fast is not None:
        return lambda value: not isinstance(value, str) or bool(fast(value))
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
    return scope.of_members(tests, asked_of_members(tests, scope.direct, scope.steps))


_UNCHANGING = frozenset((str, int, float, bool, type(None)))


def asked_of_members(
    tests: Mapping[str, Predicate],
    direct: Callable[[Predicate], Predicate],
    steps: Steps,
    classes: tuple[type, ...] = (object,),
) -> Predicate:
    """Return the predicate that members which are there pass the tests of their names.

    `direct` returns what a test stands for; asked when a member is first met, as then all that it refers to is there.
    `classes` are those of the values that pass at all: `dict`, or what it is derived from, and others.
    """
    tests = {name: test for name, test in tests.items() if test is not always}
    count = len(tests)
    asked: dict[str, Predicate] = {}
    passed: dict[str, Any] = {}
    """Members that passed last: most inputs differ from those before in one member."""

    def first_asked(name: str) -> Predicate:
        return asked.setdefault(name, direct(tests[name]))

    if count == 1 and classes == (object,):
        [only] = tests

        def only_one(instance: Any) -> bool:
            if not isinstance(instance, dict) or only not in instance:
                return True
            steps.count += 1
            if steps.count > MOST_STEPS:
                steps.end()
            return (asked.get(only) or first_asked(only))(instance[only])

        return only_one

    def holds(instance: Any) -> bool:
        if isinstance(instance, dict):
            steps.count += 1
            if steps.count > MOST_STEPS:
                steps.end()
            few = count < len(instance)
            for name, value in [(n, instance[n]) for n in tests if n in instance] if few else instance.items():
                if value is passed.get(name, passed) or name not in tests:
                    continue
                test = asked.get(name) or first_asked(name)
                if not test(value):
                    return False
                if type(value) in _UNCHANGING:
                    passed[name] = value
            return True
        return isinstance(instance, classes)

    return holds


def _required(_: Scope, value: list[str], __: Any) -> Predicate:
    names = frozenset(value)
    return lambda instance: not isinstance(instance, dict) or names <= instance.keys()


def _additional(scope: Scope, value: Any, schema: Mapping[str, Any]) -> Predicate:
    test, known = scope.compile(value), schema.get("properties", {})
    patterns = "|".join(schema.get("patternProperties", {}))
    asked: Predicate | None = None
    steps = scope.steps

    def holds(instance: Any) -> bool:
        nonlocal asked
        if isinstance(instance, dict):
            steps.count += 1
            if steps.count > MOST_STEPS:
                steps.end()
            for name, item in instance.items():
                if name in known or (patterns and searcher(patterns)(name)):
                    continue
                if asked is None:
                    asked = scope.direct(test)
                if not asked(item):
                    return False
        return True

    return holds


def _pattern_properties(scope: Scope, value: Mapping[str, Any], __: Any) -> Predicate:
    tests = [(pattern, scope.compile(schema)) for pattern, schema in value.items()]
    steps = scope.steps

    def holds(instance: Any) -> bool:
        if not isinstance(instance, dict) or not instance:
            return True
        steps.count += 1
        if steps.count > MOST_STEPS:
            steps.end()
        for text, test in tests:
            search = searcher(text)
            for name, item in instance.items():
                if search(name) and not test(item):
                    return False
        return True

    return holds


def _names(scope: Scope, value: Any, __: Any) -> Predicate:
    test = scope.compile(value)
    return lambda instance: not isinstance(instance, dict) or all(map(test, instance))


def _items(scope: Scope, value: Any, schema: Mapping[str, Any]) -> Predicate | None:
    if isinstance(value, list):
        return _prefix(scope, value, schema) if not scope.is_latest else None
    test, asked = scope.compile(value), cast("Predicate | None", None)
    skipped = len(schema.get("prefixItems", ())) if scope.knows("prefixItems") else 0
    steps = scope.steps

    def holds(instance: Any) -> bool:
        nonlocal asked
        if isinstance(instance, list):
            steps.count += 1
            if steps.count > MOST_STEPS:
                steps.end()
            last: Any = holds
            for item in instance[skipped:]:
                if item is last:  # long arrays are made of one item many times
                    continue
                if asked is None:
                    asked = scope.direct(test)
                if not asked(item):
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
    tests = tuple(scope.compile(schema) for schema in value)

    def one(instance: Any) -> bool:
        count = 0
        for test in tests:  # all of them: an expression that cannot be compiled is an error behind the second too
            if test(instance):
                count += 1
        return count == 1

    return one


def _contains(scope: Scope, value: Any, schema: Mapping[str, Any]) -> Predicate | None:
    if not scope.is_latest:
        return None
    test, least, most = scope.compile_here(value), schema.get("minContains", 1), schema.get("maxContains")
    steps = scope.steps

    def holds(instance: Any) -> bool:
        if not isinstance(instance, list):
            return True
        steps.count += 1
        if steps.count > MOST_STEPS:
            steps.end()
        count = sum(map(test, instance))
        return bool(least <= count and (most is None or count <= most))

    return holds


def _dependent(scope: Scope, value: Mapping[str, Any], schema: Mapping[str, Any]) -> Predicate:
    """`dependentSchemas`, `dependentRequired`, and `dependencies`, which is either."""
    if all(isinstance(other, list) for other in value.values()):
        return names_asked({name: frozenset(other) for name, other in value.items()})
    tests = [
        (name, _required(scope, other, schema) if isinstance(other, list) else scope.compile(other))
        for name, other in value.items()
    ]
    return lambda instance: (
        not isinstance(instance, dict) or all(test(instance) for name, test in tests if name in instance)
    )


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
    "minimum": minimum,
    "maximum": maximum,
    "exclusiveMinimum": above,
    "exclusiveMaximum": below,
    "multipleOf": multiple_of,
    "minLength": at_least(str),
    "maxLength": at_most(str),
    "minItems": at_least(list),
    "maxItems": at_most(list),
    "minProperties": at_least(dict),
    "maxProperties": at_most(dict),
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
