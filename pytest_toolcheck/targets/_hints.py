"""Look into type hints: what stands behind aliases and bounds, and what pydantic makes of it."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import typing_extensions
from pydantic import PydanticUserError, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import JsonSchemaMode

from ._typed_dicts import with_arguments

_WRAPPERS = (
    typing.Annotated,
    typing.Final,
    typing.ClassVar,
    typing_extensions.Required,
    typing_extensions.NotRequired,
    typing_extensions.ReadOnly,
    typing.Required,
    typing.NotRequired,
)
_NO_SCHEMA = (PydanticUserError, PydanticInvalidForJsonSchema, TypeError, AttributeError, NameError, ImportError)
"""What pydantic raises of a hint that no schema can say, or only with a package that is not there."""

_PLAIN = (str, int, float, bool, type(None))


def stripped(hint: Any) -> Any:
    """Return the hint without what only adds to it: bounds, `NewType`, `Required`, a bound type variable."""
    while True:
        if typing.get_origin(hint) in _WRAPPERS:
            hint = typing.get_args(hint)[0]
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif isinstance(hint, dataclasses.InitVar):
            hint = hint.type
        elif isinstance(hint, typing.TypeVar) and hint.__bound__ is not None:
            hint = hint.__bound__
        else:
            return hint


def bare(hint: Any) -> Any:
    """Return the hint without bounds at any depth."""
    hint = stripped(hint)
    inside = typing.get_args(hint)
    if not inside or typing.get_origin(hint) is typing.Literal:
        return hint
    made = tuple(map(bare, inside))
    return hint if made == inside else with_arguments(hint, made)


def is_union(hint: Any) -> bool:
    """Whether this is `A | B`, `Union[A, B]` or `Optional[A]`."""
    return isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union


def json_types(hint: Any) -> tuple[type, ...]:
    """Return the types of what JSON writes for a hint that needs no conversion; numbers and booleans are kin."""
    plain = stripped(hint)
    if plain in (Any, object) or isinstance(plain, typing.TypeVar):
        return (object,)
    if typing.get_origin(plain) is typing.Literal:
        return tuple({kind for value in typing.get_args(plain) for kind in json_types(type(value))})
    if plain in (int, float, bool):
        return (int, float)
    if plain in (None, type(None)):
        return ()
    owner = typing.get_origin(plain) or plain
    if isinstance(owner, type) and (issubclass(owner, Mapping) or typing_extensions.is_typeddict(owner)):
        return (dict,)
    return (str,) if owner is str else (list,)


def members_of(hint: Any) -> dict[str, Any]:
    """Return the hints of a class's members, those of `Box[int]` with `int` put in. Raises NameError and the like."""
    owner = typing.get_origin(hint) or hint
    found = typing_extensions.get_type_hints(owner, include_extras=True)
    given = dict(zip(getattr(owner, "__parameters__", ()), typing.get_args(hint), strict=False))
    return {name: _substituted(member, given) for name, member in found.items()}


def _substituted(hint: Any, given: Mapping[Any, Any]) -> Any:
    if isinstance(hint, typing.TypeVar):
        return given.get(hint, hint)
    open_ones = getattr(hint, "__parameters__", ()) if typing.get_origin(hint) is not None else ()
    return hint[tuple(given.get(each, each) for each in open_ones)] if open_ones else hint


def members_of_unpacked(hint: Any) -> dict[str, Any] | None:
    """Return the hints that `**rest: Unpack[Options]` names, None for any other hint."""
    if typing.get_origin(hint) not in (typing.Unpack, typing_extensions.Unpack):
        return None
    return {name: _unmarked(member) for name, member in members_of(typing.get_args(hint)[0]).items()}


def _unmarked(hint: Any) -> Any:
    marks = (typing_extensions.Required, typing_extensions.NotRequired, typing.Required, typing.NotRequired)
    return typing.get_args(hint)[0] if typing.get_origin(hint) in marks else hint


def required_of_unpacked(hint: Any) -> frozenset[str]:
    """Return the names that a caller must give to `**rest: Unpack[Options]`."""
    owner = typing.get_args(hint)[0]
    return frozenset(name for name, member in members_of(owner).items() if _is_required(name, member, owner))


def _is_required(name: str, member: Any, owner: Any) -> bool:
    """Whether a member has to be given: of a mark that was written as text the class itself may not know."""
    origin = typing.get_origin(member)
    if origin in (typing_extensions.Required, typing.Required):
        return True
    return name in owner.__required_keys__ and origin not in (typing_extensions.NotRequired, typing.NotRequired)


def adapter_of(hint: Any, mode: JsonSchemaMode = "validation") -> TypeAdapter[Any] | None:
    """Return what reads values of `hint`; None where pydantic cannot, or has no schema to say of it."""
    return _adapter_of_plain(hint) if any(hint is plain for plain in _PLAIN) else _adapter_of(hint, mode)


@functools.cache
def _adapter_of_plain(hint: Any) -> TypeAdapter[Any]:
    """Most parameters of most tools are of few types: one adapter of each does for all."""
    return TypeAdapter(hint)


def _adapter_of(hint: Any, mode: JsonSchemaMode) -> TypeAdapter[Any] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapter = TypeAdapter(hint)
            adapter.json_schema(mode=mode)
    except _NO_SCHEMA:
        return None
    return adapter


class Shape:
    """The schema of a hint, asked about values."""

    def __init__(self, hint: Any) -> None:
        self._adapter = adapter_of(hint)

    @functools.cached_property
    def schema(self) -> dict[str, Any]:
        """The schema; one that accepts nothing where the hint has none."""
        return {"not": {}} if self._adapter is None else self._adapter.json_schema(mode="validation")

    @functools.cached_property
    def accepts(self) -> Callable[[Any], bool]:
        """Whether the hint's own schema accepts a value; compiled: of unions in unions each asks about all that is inside."""
        from ..cases.schema import Document

        return Document(self.schema).accepts

    def names(self, value: Any) -> int:
        """Count the members of an object that the schema knows by name."""
        known = self.schema
        for _ in range(4):
            known = self.schema.get("$defs", {}).get(str(known.get("$ref", "")).rpartition("/")[2], known)
        return len(set(value) & set(known.get("properties", {}))) if isinstance(value, Mapping) else 0
