"""Make what a hint asks for out of JSON: one converter a hint, None for a hint whose values JSON can write.

A converter changes the kind of a value and judges nothing else: lengths, bounds and patterns are the tool's to check.
A model checks itself, as its author wrote it. What cannot be made at all (a UUID of "abc") is an ArgumentError.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import functools
import typing
from collections.abc import Mapping
from typing import Any

import typing_extensions
from pydantic import BaseModel, EmailStr
from pydantic.dataclasses import is_pydantic_dataclass

from ._conversion_kinds import (
    ArgumentError,
    Convert,
    Spot,
    converted,
    enum_of,
    gathered,
    key_of,
    listed,
    mapped,
    one_of,
    tupled,
    typed_dict,
)
from ._conversion_objects import Leaf, Members, Model, Union
from ._hints import adapter_of, bare, is_union, members_of, stripped
from ._jsonlike import to_json_like

__all__ = ["ArgumentError", "Convert", "Spot", "converter_of"]

_PLAIN = frozenset({str, int, float, bool, type(None), None, object, Any, list, dict, EmailStr})
"""JSON's own types; a pydantic e-mail address is a text."""
_LISTS = frozenset(
    {
        list,
        collections.abc.Sequence,
        collections.abc.MutableSequence,
        collections.abc.Collection,
        collections.abc.Iterable,
        collections.abc.Iterator,
    }
)
_MAPPINGS = frozenset({dict, collections.abc.Mapping, collections.abc.MutableMapping})
_SETS: Mapping[Any, Any] = {
    set: set,
    frozenset: frozenset,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
}


_being_read: list[Any] = []
"""TypedDicts whose members are being looked at."""


def converter_of(hint: Any) -> Convert | None:
    """Return what makes values of `hint` out of JSON; None where they are handed over as they are."""
    try:
        return _made(hint) if _being_read else _kept(hint)  # what is not yet known of a type is not kept
    except TypeError:  # not hashable: a bound in it is not
        return _made(hint)


@functools.lru_cache(maxsize=512)
def _kept(hint: Any) -> Convert | None:
    return _made(hint)


def _made(hint: Any) -> Convert | None:
    plain = stripped(hint)
    if isinstance(plain, (str, typing.ForwardRef, typing.TypeVar)) or plain in _PLAIN:
        return None
    if hasattr(plain, "__value__"):  # `type Alias = …` of Python 3.12, which may hold itself
        return _later(plain)
    if is_union(plain):
        return _union(typing.get_args(plain))
    origin, inside = typing.get_origin(plain), typing.get_args(plain)
    if origin is typing.Literal:
        return _literal(inside)
    owner = origin or plain
    if owner in _LISTS:
        item = converter_of(inside[0]) if inside else None
        return None if item is None else listed(item)
    if owner in _MAPPINGS:
        return _mapping(inside)
    if typing_extensions.is_typeddict(owner):
        return _typed_dict(plain)
    return _collection(owner, inside) or _object(plain, owner) or _leaf(hint)


def _later(alias: Any) -> Convert:
    @functools.cache
    def behind() -> Convert | None:
        return converter_of(alias.__value__)

    return lambda value, spot: converted(behind(), value, spot)


def _union(hints: tuple[Any, ...]) -> Convert | None:
    return Union(hints, converter_of) if any(converter_of(each) is not None for each in hints) else None


def _literal(values: tuple[Any, ...]) -> Convert | None:
    members = {key_of(to_json_like(each)): each for each in values}
    if not any(isinstance(each, enum.Enum) for each in values):
        return None
    has_plain = not all(isinstance(each, enum.Enum) for each in values)

    def otherwise(value: Any, spot: Spot) -> Any:
        if has_plain:
            return value
        raise spot.error(f"{value!r} is none of {', '.join(members)}")

    return one_of(members, otherwise)


def _mapping(inside: tuple[Any, ...]) -> Convert | None:
    key, item = (_key(inside[0]), converter_of(inside[1])) if len(inside) == 2 else (None, None)
    return None if key is None and item is None else mapped(key, item)


def _collection(origin: Any, inside: tuple[Any, ...]) -> Convert | None:
    if origin in _SETS:
        return gathered(_SETS[origin], converter_of(inside[0]) if inside else None)
    if origin is tuple:
        return _tuple(inside)
    return None


def _typed_dict(hint: Any) -> Convert | None:
    """Read the members; one that leads back to the type itself asks for nothing more than it does."""
    if hint in _being_read:
        return None
    _being_read.append(hint)
    try:
        hints = members_of(hint)
        if not any(converter_of(member) for member in hints.values()):
            return None
    except (NameError, TypeError, AttributeError):  # hints that cannot be resolved here
        return None
    finally:
        _being_read.remove(hint)

    @functools.cache
    def members() -> dict[str, Convert | None]:
        return {name: converter_of(member) for name, member in hints.items()}

    return typed_dict(members)


def _key(hint: Any) -> Convert | None:
    plain = bare(hint)
    if plain in (str, Any) or typing.get_origin(plain) is typing.Literal or isinstance(plain, typing.TypeVar):
        return None
    adapter = adapter_of(plain)
    return None if adapter is None else Leaf(plain, adapter).of_key


def _tuple(inside: tuple[Any, ...]) -> Convert:
    if len(inside) == 2 and inside[1] is ...:
        return tupled((), converter_of(inside[0]), tuple)
    return tupled([converter_of(each) for each in inside], None, tuple)


def _object(hint: Any, origin: Any) -> Convert | None:
    if not isinstance(origin, type):
        return None
    if issubclass(origin, BaseModel) or is_pydantic_dataclass(origin):
        adapter = adapter_of(hint)
        return None if adapter is None else Model(hint, adapter)
    if issubclass(origin, enum.Enum):
        return enum_of(origin)
    if dataclasses.is_dataclass(origin):
        return Members(hint, origin, converter_of).of_object
    if issubclass(origin, tuple) and hasattr(origin, "_fields"):
        return Members(hint, origin, converter_of).of_list
    return None


def _leaf(hint: Any) -> Convert | None:
    """Read as pydantic does, bounds left out; of a class that only what stands beside it tells how to read, with them."""
    found = ((form, adapter_of(form)) for form in (bare(hint), hint))
    return next((Leaf(form, adapter) for form, adapter in found if adapter is not None), None)
