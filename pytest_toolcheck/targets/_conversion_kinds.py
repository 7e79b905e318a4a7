"""Conversions from JSON: the places and errors of all of them, containers, and enums."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ._jsonlike import to_json_like


class ArgumentError(ValueError):
    """An argument of which no value of the type that the function asks for can be made."""

    def __init__(self, message: str, *, mistyped: bool = False, by_model: str | None = None) -> None:
        super().__init__(message)
        self.mistyped = mistyped
        """It is of another JSON type than those that are read."""
        self.by_model = by_model
        """The kind of error with which the user's own model refused it: that is the tool's word."""


@dataclasses.dataclass(frozen=True, slots=True)
class Spot:
    """A place in the arguments; `leeway` collects where a type holds what its schema forbids."""

    pointer: str
    leeway: list[str]

    def inside(self, step: str | int) -> Spot:
        """Return the place one step further in."""
        return Spot(f"{self.pointer}/{str(step).replace('~', '~0').replace('/', '~1')}", self.leeway)

    def error(self, what: str, *, mistyped: bool = False, by_model: str | None = None) -> ArgumentError:
        """Return the error that names this place."""
        return ArgumentError(f"{self.pointer.removeprefix('/')}: {what}", mistyped=mistyped, by_model=by_model)


Convert = Callable[[Any, Spot], Any]
Read = Callable[[Any], "Convert | None"]
"""Returns the converter of a hint, None where values are handed over as they are."""


def shown(value: Any, *, most: int = 80) -> str:
    """Write a value for a message, cut where it has more characters than `most`."""
    from ..checks.base import as_json, shorten  # brings all checks along: nothing for a process that only calls

    return shorten(as_json(value), most)


def converted(converter: Convert | None, value: Any, spot: Spot) -> Any:
    """Return the value as the converter makes it, or as it is."""
    return value if converter is None else converter(value, spot)


def listed(item: Convert) -> Convert:
    """Convert the items of a list."""

    def convert(value: Any, spot: Spot) -> Any:
        return [item(each, spot.inside(number)) for number, each in enumerate(_is(list, value, spot, "list"))]

    return convert


def mapped(key: Convert | None, item: Convert | None) -> Convert:
    """Convert the keys and values of an object."""

    def convert(value: Any, spot: Spot) -> Any:
        given = _is(dict, value, spot, "object")
        inside = {name: converted(item, each, spot.inside(name)) for name, each in given.items()}
        return inside if key is None else {key(name, spot.inside(name)): each for name, each in inside.items()}

    return convert


def typed_dict(members: Callable[[], Mapping[str, Convert | None]]) -> Convert:
    """Convert the members of an object that have names; others stay as they are."""

    def convert(value: Any, spot: Spot) -> Any:
        given = _is(dict, value, spot, "object")
        return {name: converted(members().get(name), each, spot.inside(name)) for name, each in given.items()}

    return convert


def _is(kind: type, value: Any, spot: Spot, name: str) -> Any:
    if not isinstance(value, kind):
        raise spot.error(f"{shown(value)} is no {name}", mistyped=True)
    return value


def tupled(first: Sequence[Convert | None], rest: Convert | None, make: Callable[[list[Any]], Any]) -> Convert:
    """Make a tuple of a list of any length."""

    def convert(value: Any, spot: Spot) -> Any:
        items = enumerate(_is(list, value, spot, "list, of which a tuple could be made"))
        return make([converted(first[n] if n < len(first) else rest, each, spot.inside(n)) for n, each in items])

    return convert


def gathered(make: Callable[[list[Any]], Any], item: Convert | None) -> Convert:
    """Make a set of a list of any length, unless it would lose items."""

    def convert(value: Any, spot: Spot) -> Any:
        given = _is(list, value, spot, "list, of which a set could be made")
        items = [converted(item, each, spot.inside(number)) for number, each in enumerate(given)]
        try:
            made = make(items)
        except TypeError as error:
            raise spot.error(f"of {shown(value)} no set can be made: {error}") from None
        if len(made) != len(items):
            raise spot.error(f"of {shown(value)} no set can be made without loss: items are equal")
        return made

    return convert


def one_of(members: Mapping[str, Any], otherwise: Callable[[Any, Spot], Any]) -> Convert:
    """Return the member of an enum (or of a Literal) that JSON writes so; 1 and true are two values."""

    def convert(value: Any, spot: Spot) -> Any:
        found = members.get(key_of(value), members)
        return otherwise(value, spot) if found is members else found

    return convert


def enum_of(hint: type[enum.Enum]) -> Convert:
    """Return the member with this value; an enum that looks for further ones itself is asked."""

    def otherwise(value: Any, spot: Spot) -> Any:
        if getattr(hint._missing_, "__func__", None) is enum.Enum._missing_.__func__:  # type: ignore[attr-defined]
            names = shown([to_json_like(member) for member in hint], most=120)
            raise spot.error(f"{shown(value)} is none of {hint.__name__}: {names}")
        try:
            made = hint(value)
        except ValueError as error:
            raise spot.error(str(error)) from None
        spot.leeway.append(spot.pointer)
        return made

    return one_of({key_of(to_json_like(member)): member for member in hint}, otherwise)


def key_of(value: Any) -> str:
    """Write a value so that equal JSON is equal text: 1.0 is 1, and true is not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=repr)
