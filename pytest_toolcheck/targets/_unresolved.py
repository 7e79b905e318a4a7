"""Type hints that name what is not there: imported for type checkers only, or mistyped."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import typing_extensions

from ._hints import stripped

_MISSING = (NameError, AttributeError, SyntaxError, TypeError)


def resolved_one_by_one(function: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the hints of a function that can be resolved, and why the others cannot: one does not spoil the rest."""
    found: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name, hint in getattr(function, "__annotations__", {}).items():
        try:
            found[name] = _resolved(function, name, hint)
        except Exception as error:
            failed[name] = str(error)
    return found, failed


def _resolved(function: Any, name: str, hint: Any) -> Any:
    alone = type("_Alone", (), {"__annotations__": {name: hint}, "__module__": function.__module__})
    return typing_extensions.get_type_hints(alone, globalns=function.__globals__, include_extras=True)[name]


def within(hints: Mapping[str, Any]) -> Iterator[str]:
    """Yield which member of a class that a parameter's hint names has a hint that cannot be resolved, and why."""
    for name, hint in hints.items():
        if name != "return":
            yield from (f"{name}: {told}" for told in _in_hint(hint, set()))


def _in_hint(hint: Any, seen: set[int]) -> Iterator[str]:
    plain = stripped(hint)
    owner = typing.get_origin(plain) or plain
    if id(owner) in seen and isinstance(owner, type):
        return
    seen.add(id(owner))
    for inside in typing.get_args(plain):
        yield from _in_hint(inside, seen)
    if not _has_members(owner):
        return
    members, failed = resolved_members(owner)
    yield from (f"{owner.__name__}.{member}: {why}" for member, why in failed.items())
    for member in members.values():
        yield from _in_hint(member, seen)


def _has_members(owner: Any) -> bool:
    return (
        dataclasses.is_dataclass(owner)
        or typing_extensions.is_typeddict(owner)
        or hasattr(owner, "_field_defaults")
        or hasattr(owner, "__pydantic_fields__")
    )


def resolved_members(owner: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the hints of a class's members, and why those that cannot be resolved cannot."""
    try:
        return typing_extensions.get_type_hints(owner, include_extras=True), {}
    except _MISSING as error:
        return {}, _which(owner, str(error))


def _which(owner: Any, reason: str) -> dict[str, str]:
    """Return the members whose own hint is what fails; all in one where none does alone."""
    failed = {}
    for name, hint in getattr(owner, "__annotations__", {}).items():
        alone = type(owner.__name__, (), {"__annotations__": {name: hint}, "__module__": owner.__module__})
        try:
            typing_extensions.get_type_hints(alone, include_extras=True)
        except _MISSING as error:
            failed[name] = str(error)
    return failed or {"?": reason}
