"""Conversions from JSON to objects: those with members, models, what is written as a text, and one of several."""

from __future__ import annotations

import functools
import inspect
import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ._conversion_kinds import ArgumentError, Convert, Read, Spot, converted, shown
from ._hints import Shape, json_types, members_of
from .base import MODEL_RULE


class Members:
    """A dataclass or named tuple made of its members, without looking at them: Python does not, either."""

    def __init__(self, hint: Any, owner: Callable[..., Any], read: Read) -> None:
        self._hint, self._owner, self._read = hint, owner, read

    @functools.cached_property
    def _converters(self) -> dict[str, Convert | None]:
        try:
            hints = members_of(self._hint)
        except (NameError, TypeError, AttributeError):  # hints that cannot be resolved here
            hints = {}
        names = inspect.signature(self._owner).parameters
        return {name: self._read(hints[name]) if name in hints else None for name in names}

    @functools.cached_property
    def _required(self) -> list[str]:
        parameters = inspect.signature(self._owner).parameters.values()
        return [each.name for each in parameters if each.default is each.empty]

    def of_object(self, value: Any, spot: Spot) -> Any:
        """Make it of a JSON object."""
        if not isinstance(value, dict):
            raise spot.error(f"{shown(value)} is no object, of which {self._name} could be made", mistyped=True)
        unknown = [name for name in value if name not in self._converters and (self._is_closed or name in self._unset)]
        if unknown:
            raise spot.error(f"{self._name} takes no member {unknown[0]!r}")
        return self._owner(**self._members({n: v for n, v in value.items() if n in self._converters}, spot))

    def of_list(self, value: Any, spot: Spot) -> Any:
        """Make it of a JSON array."""
        if not isinstance(value, list):
            raise spot.error(f"{shown(value)} is no list, of which {self._name} could be made", mistyped=True)
        if len(value) > len(self._converters):
            raise spot.error(f"{self._name} has {len(self._converters)} members, found {len(value)}")
        return self._owner(**self._members(dict(zip(self._converters, value, strict=False)), spot, by_number=True))

    def _members(self, given: dict[str, Any], spot: Spot, *, by_number: bool = False) -> dict[str, Any]:
        if missing := [name for name in self._required if name not in given]:
            raise spot.error(f"{self._name} needs a member {missing[0]!r}")
        places = [spot.inside(number if by_number else name) for number, name in enumerate(given)]
        return {
            name: converted(self._converters[name], value, place)
            for (name, value), place in zip(given.items(), places, strict=True)
        }

    @property
    def _name(self) -> str:
        return getattr(self._owner, "__name__", repr(self._owner))

    @property
    def _unset(self) -> Mapping[str, Any]:
        """The members that only the class itself sets, and those that callers give."""
        return getattr(self._owner, "__dataclass_fields__", {})

    @property
    def _is_closed(self) -> bool:
        config = getattr(self._owner, "__pydantic_config__", None) or {}
        return bool(config.get("extra") == "forbid")


class Leaf:
    """What JSON writes as a text or a number: a date, a UUID, a Decimal, a path."""

    def __init__(self, hint: Any, adapter: TypeAdapter[Any]) -> None:
        self._hint, self._adapter, self._shape = hint, adapter, Shape(hint)

    def __call__(self, value: Any, spot: Spot) -> Any:
        fits = self._shape.accepts(value)
        made = self._made(value, spot, mistyped=not fits and not isinstance(value, str))
        if not fits:
            spot.leeway.append(spot.pointer)
        return made

    def _made(self, value: Any, spot: Spot, *, mistyped: bool) -> Any:
        name = getattr(self._hint, "__name__", str(self._hint))
        if mistyped:
            raise spot.error(f"{shown(value)} cannot be read as {name}", mistyped=True)
        if isinstance(self._hint, type) and issubclass(self._hint, pathlib.PurePath):
            return self._hint(value)
        try:
            return self._adapter.validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            said = error.errors(include_url=False, include_input=False)[0]["msg"]
            raise spot.error(f"{shown(value)} cannot be read as {name}: {said}") from None

    def of_key(self, text: str, spot: Spot) -> Any:
        """Make a key of an object, which JSON always writes as a text."""
        try:
            return next(iter(TypeAdapter(dict[self._hint, Any]).validate_json(json.dumps({text: None}), strict=True)))  # type: ignore[name-defined]
        except ValidationError:
            name = getattr(self._hint, "__name__", str(self._hint))
            raise spot.error(f"the key {shown(text)} cannot be read as {name}") from None


class Model:
    """A pydantic model, which checks itself: what it refuses, the tool refuses."""

    def __init__(self, hint: Any, adapter: TypeAdapter[Any]) -> None:
        self._adapter, self._shape = adapter, Shape(hint)

    def __call__(self, value: Any, spot: Spot) -> Any:
        try:
            made = self._adapter.validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            if not self._shape.accepts(value):
                raise self._refusal(error, spot) from None
            return self._as_it_reads_itself(value, spot)
        spot.leeway.append(f"{spot.pointer}/")
        return made

    def _as_it_reads_itself(self, value: Any, spot: Spot) -> Any:
        """What the schema accepts (1.0 for an integer) the model may read less strictly."""
        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            raise self._refusal(error, spot) from None

    def _refusal(self, error: ValidationError, spot: Spot) -> ArgumentError:
        first = error.errors(include_url=False)[0]
        about_members = first["type"] in ("value_error", "assertion_error") and isinstance(first["input"], dict)
        for step in first["loc"]:
            spot = spot.inside(step)
        return spot.error(first["msg"], by_model=MODEL_RULE if about_members else "ValidationError")


class Union:
    """One of several hints: the first whose schema accepts the value, or else of which a value can be made."""

    def __init__(self, hints: Sequence[Any], read: Read) -> None:
        self._hints = hints
        self._converters = [read(hint) for hint in hints]
        plain = (hint for hint, converter in zip(hints, self._converters, strict=True) if converter is None)
        self._plain_types = tuple({kind for hint in plain for kind in json_types(hint)})

    @functools.cached_property
    def _shapes(self) -> list[Shape]:
        return [Shape(hint) for hint in self._hints]

    def __call__(self, value: Any, spot: Spot) -> Any:
        fitting = [pair for pair in zip(self._shapes, self._converters, strict=True) if pair[0].accepts(value)]
        fitting.sort(key=lambda pair: -pair[0].names(value))
        if fitting:
            return self._first([converter for _, converter in fitting], value, spot)
        try:
            return self._first([each for each in self._converters if each is not None], value, spot)
        except ArgumentError as error:
            if error.mistyped and isinstance(value, self._plain_types):
                return value
            raise

    def _first(self, converters: Sequence[Convert | None], value: Any, spot: Spot) -> Any:
        errors: list[Exception] = []
        for converter in converters:
            tried = Spot(spot.pointer, [])
            try:
                made = converted(converter, value, tried)
            except Exception as error:
                errors.append(error)
            else:
                spot.leeway.extend(tried.leeway)
                return made
        raise min(errors, key=_telling)


def _telling(error: Exception) -> int:
    """What the user's own class said first, then what came closest."""
    if not isinstance(error, ArgumentError):
        return 0
    return 1 if error.by_model else 2 + error.mistyped
