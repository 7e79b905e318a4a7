"""Predicates that need no schema around them: all and any of several, types, bounds, counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Predicate = Callable[[Any], bool]


_classes_asked: dict[Predicate, tuple[type, ...]] = {}
"""Of predicates that only ask for a value's Python class: for which."""


MOST_STEPS = 30_000


class TooManyStepsError(Exception):
    """A value was not looked at to its end: parts that hold each other ask twice as often at each level."""


class Steps:
    """Counts how many objects and arrays were gone into while one value is looked at."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def end(self) -> None:
        """Raise where there were too many."""
        if self.count > MOST_STEPS:
            raise TooManyStepsError(f"more than {MOST_STEPS} steps")


def classes_asked(predicate: Predicate) -> tuple[type, ...] | None:
    """Return the classes that a predicate asks for where it asks for nothing else."""
    return _classes_asked.get(predicate)


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
        return _of_classes(classes, parts[1:])
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


def _of_classes(classes: tuple[type, ...], parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        rest = parts[0]
        return lambda value: isinstance(value, classes) and rest(value)
    if len(parts) == 2:
        first, second = parts
        return lambda value: isinstance(value, classes) and first(value) and second(value)
    frozen = tuple(parts)

    def every(value: Any) -> bool:
        if not isinstance(value, classes):
            return False
        for part in frozen:  # noqa: SIM110 - as above
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


TYPES: Mapping[str, Predicate] = {
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


@lru_cache(maxsize=256)
def of_types(names: tuple[str, ...]) -> Predicate:
    """Return the same predicate for the same types: of a value that several schemas ask, it is asked once."""
    if all(name in _CLASSES for name in names):
        classes = tuple(_CLASSES[name] for name in names)
        is_one: Predicate = lambda value: isinstance(value, classes)  # noqa: E731
        _classes_asked[is_one] = classes
        return is_one
    return any_of([TYPES[name] for name in names])


# The comparisons are spelled out, as a function for each would be called for each value.
_NUMBER = (int, float)


def minimum(_: Any, limit: Any, __: Any) -> Predicate:
    """Accept what is no number, and numbers that are not less."""
    return lambda value: not isinstance(value, _NUMBER) or isinstance(value, bool) or value >= limit


def maximum(_: Any, limit: Any, __: Any) -> Predicate:
    """Accept what is no number, and numbers that are not more."""
    return lambda value: not isinstance(value, _NUMBER) or isinstance(value, bool) or value <= limit


def above(_: Any, limit: Any, __: Any) -> Predicate:
    """Accept what is no number, and numbers that are more."""
    return lambda value: not isinstance(value, _NUMBER) or isinstance(value, bool) or value > limit


def below(_: Any, limit: Any, __: Any) -> Predicate:
    """Accept what is no number, and numbers that are less."""
    return lambda value: not isinstance(value, _NUMBER) or isinstance(value, bool) or value < limit


def at_least(kind: type[str | list[Any] | dict[str, Any]]) -> Any:
    """Return the builder of predicates that such a value is long enough."""
    return lambda _, limit, __: lambda value: not isinstance(value, kind) or len(value) >= limit


def at_most(kind: type[str | list[Any] | dict[str, Any]]) -> Any:
    """Return the builder of predicates that such a value is short enough."""
    return lambda _, limit, __: lambda value: not isinstance(value, kind) or len(value) <= limit


def multiple_of(scope: Any, value: Any, _: Any) -> Predicate:
    """Accept what is no number, and multiples; what is no whole number is for `jsonschema` to judge."""
    exactly: Predicate = scope.as_jsonschema("multipleOf", value)
    if type(value) is not int or not value:
        return exactly
    return lambda instance: not instance % value if type(instance) is int else exactly(instance)


def names_asked(asked: Mapping[str, frozenset[str]]) -> Predicate:
    """Accept what is no object, and objects that have with each member those that it asks for."""

    def holds(instance: Any) -> bool:
        if isinstance(instance, dict):
            names = instance.keys()
            for name in instance:
                if name in asked and not asked[name] <= names:
                    return False
        return True

    return holds
