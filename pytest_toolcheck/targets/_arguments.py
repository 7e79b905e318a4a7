"""Hand JSON arguments to a Python function: as they are, save where a hint asks for what JSON has not.

A parameter that is hinted with plain JSON types (str, int, float, bool, None, list, dict, TypedDict, Literal) gets the
raw value, neither checked nor coerced: a test must see what the function itself does with it. A dataclass, a model, an
enum, a date, UUID, Path, Decimal, bytes, a set or a tuple cannot be written in JSON; such a hint's value is held
against the hint's schema and made by pydantic, and what either refuses is a refusal of the call.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import inspect
import pathlib
import typing
import uuid
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import typing_extensions
from pydantic import BaseModel, PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema

from ..lean_jsonschema import jsonschema
from ._signatures import hints_of, signature_of

_FOREIGN = (
    BaseModel,
    enum.Enum,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    uuid.UUID,
    pathlib.PurePath,
    decimal.Decimal,
    bytes,
    set,
    frozenset,
    tuple,
)


class ArgumentError(ValueError):
    """An argument from which the type that the function asks for cannot be made."""


class _Converter:
    """Makes the value that one hint asks for out of JSON, and of nothing that the hint's schema does not accept."""

    def __init__(self, adapter: TypeAdapter[Any]) -> None:
        self._adapter = adapter
        schema = adapter.json_schema(mode="validation")
        self._validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())

    def __call__(self, name: str, value: Any) -> Any:
        """Return the converted value. Raises ArgumentError naming the parameter."""
        wrong = next(self._validator.iter_errors(value), None)
        if wrong is not None:
            raise ArgumentError(f"{name}: {wrong.message}")
        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            raise ArgumentError(f"{name}: {error}") from None


class Binding:
    """How one function takes its arguments; made once a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        signature = signature_of(function)
        parameters = signature.parameters if signature else {}
        hints = hints_of(function)
        self._positional = tuple(p.name for p in parameters.values() if p.kind is p.POSITIONAL_ONLY)
        self._optional = {name for name, p in parameters.items() if p.default is None}
        self._converters = {
            name: converter
            for name, p in parameters.items()
            if p.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
            and needs_conversion(hints.get(name))
            and (converter := _converter(hints[name])) is not None
        }

    def arguments(self, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return what to call the function with. Raises ArgumentError where a conversion is refused."""
        values = {name: self._converted(name, value) for name, value in given.items()} if self._converters else given
        first: list[Any] = []
        for name in self._positional:
            if name not in values:
                break
            first.append(values[name])
        return first, {name: value for name, value in values.items() if name not in self._positional[: len(first)]}

    def _converted(self, name: str, value: Any) -> Any:
        converter = self._converters.get(name)
        if converter is None or (value is None and name in self._optional):
            return value
        return converter(name, value)


def needs_conversion(hint: Any) -> bool:
    """Whether values of `hint` cannot be written in JSON, at any depth of the hint."""
    if isinstance(hint, type) and typing.get_origin(hint) is None:
        if typing_extensions.is_typeddict(hint):
            return any(map(needs_conversion, typing_extensions.get_type_hints(hint).values()))
        return issubclass(hint, _FOREIGN) or dataclasses.is_dataclass(hint)
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return any(isinstance(item, enum.Enum) for item in inside)
    if origin is typing.Annotated:
        return needs_conversion(inside[0])
    if hasattr(hint, "__value__"):  # `type Alias = …` of Python 3.12
        return needs_conversion(hint.__value__)
    if isinstance(origin, type) and needs_conversion(origin):
        return True
    return any(map(needs_conversion, inside))


def _converter(hint: Any) -> _Converter | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Converter(TypeAdapter(hint))
    except (PydanticUserError, PydanticInvalidForJsonSchema, TypeError, NameError):
        return None
