"""Turn what a Python tool returns into JSON-like data; what is not JSON stays as it is, for the check to see."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Mapping, Set
from typing import Any

_ATOMS = (str, int, float, bool, type(None))
_TEXTUAL = (uuid.UUID, pathlib.PurePath, decimal.Decimal)
_DATED = (datetime.datetime, datetime.date, datetime.time)


def to_json_like(value: Any) -> Any:
    """Convert dataclasses, models, enums, dates and collections; keep NaN, bytes, cycles and unknown objects."""
    try:
        return _convert(value, frozenset())
    except RecursionError:
        return value


def _convert(value: Any, above: frozenset[int]) -> Any:
    if type(value) in _ATOMS:
        return value
    if id(value) in above:
        return value
    inside = above | {id(value)}
    plain = _plain(value)
    if isinstance(plain, Mapping):
        return _mapping(plain, inside)
    if isinstance(plain, (list, tuple, Set)):
        return [_convert(item, inside) for item in plain]
    return plain


def _mapping(value: Mapping[Any, Any], inside: frozenset[int]) -> Any:
    if not all(isinstance(key, (str, int, float, enum.Enum, type(None))) for key in value):
        return value
    return {_key(key): _convert(item, inside) for key, item in value.items()}


def _key(key: Any) -> str:
    """Spell a key as `json.dumps` does."""
    plain = key.value if isinstance(key, enum.Enum) else key
    if isinstance(plain, bool) or plain is None:
        return {True: "true", False: "false", None: "null"}[plain]
    return str(plain)


def _plain(value: Any) -> Any:
    """Take one layer of Python off: an object becomes a mapping, a date a string."""
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, _DATED):
        return value.isoformat()
    if isinstance(value, decimal.Decimal) and not value.is_finite():
        return float("nan") if value.is_nan() else float(value)  # no JSON either
    if isinstance(value, _TEXTUAL):
        return str(value)
    return _foreign(value)


def _foreign(value: Any) -> Any:
    dump = getattr(type(value), "model_dump", None)
    if dump is not None and hasattr(type(value), "model_fields"):
        return dump(value, mode="json", by_alias=True)
    if hasattr(type(value), "__struct_fields__"):
        return {name: getattr(value, name) for name in type(value).__struct_fields__}
    if isinstance(value, datetime.timedelta):
        import pydantic_core

        return pydantic_core.to_jsonable_python(value)
    return value
