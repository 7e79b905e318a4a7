"""`typing.TypedDict` before Python 3.12: pydantic wants the one of typing_extensions, so that is what it gets."""

from __future__ import annotations

import functools
import operator
import sys
import types
import typing
from typing import Any

import typing_extensions

_BEING_MADE: dict[Any, Any] = {}
"""What one that holds itself, through others or not, refers to: the very class that is made of it."""


def readable_by_pydantic(hint: Any) -> Any:
    """Return the hint with every `typing.TypedDict` in it, at any depth, rebuilt where this Python needs that."""
    return hint if sys.version_info >= (3, 12) else _rebuilt(hint)


def _rebuilt(hint: Any) -> Any:
    if typing_extensions.is_typeddict(hint):
        return _BEING_MADE[hint] if hint in _BEING_MADE else _again(hint)
    inside = typing.get_args(hint)
    if not inside or typing.get_origin(hint) is typing.Literal:
        return hint
    made = tuple(map(_rebuilt, inside))
    if all(new is old for new, old in zip(made, inside, strict=True)):
        return hint
    return with_arguments(hint, made)


def with_arguments(hint: Any, arguments: tuple[Any, ...]) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return functools.reduce(operator.or_, arguments)
    if typing.get_origin(hint) is typing.Annotated:
        return typing.Annotated[arguments]
    return hint.copy_with(arguments) if hasattr(hint, "copy_with") else typing.get_origin(hint)[arguments]


@functools.lru_cache(maxsize=256)
def _again(hint: Any) -> Any:
    members = typing_extensions.get_type_hints(hint, include_extras=True)
    made = _BEING_MADE[hint] = typing_extensions.TypedDict(hint.__name__, {})  # type: ignore[operator]
    try:
        marked = {name: _marked(_rebuilt(member), name, hint) for name, member in members.items()}
    finally:
        del _BEING_MADE[hint]
    whole = typing_extensions.TypedDict(hint.__name__, marked)  # type: ignore[misc]
    for name in ("__annotations__", "__required_keys__", "__optional_keys__", "__total__"):
        setattr(made, name, getattr(whole, name))
    made.__doc__, made.__module__ = hint.__doc__, hint.__module__
    return made


def _marked(member: Any, name: str, hint: Any) -> Any:
    """Say of each member whether it is required: written as text, the class itself may not have understood it."""
    if typing.get_origin(member) in (typing.Required, typing.NotRequired):
        return member
    return member if name in hint.__required_keys__ else typing_extensions.NotRequired[member]
