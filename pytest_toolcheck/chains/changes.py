"""What an update of a chain's thing can be asked to change: a parameter that the reader shows, and a new value for it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..behaviour.fresh_values import makers_for, new_value
from ..checks.violation import is_valid
from .values import changeable, is_own, shown

MOST_CHANGES = 4


class Change(NamedTuple):
    """A parameter, its new value, and the arguments that ask for it."""

    name: str
    value: Any
    arguments: dict[str, Any]
    is_choice: bool
    """Whether other parameters may follow it: what is done has another status."""


def changes(
    update: Any,
    create: Any,
    before: Any,
    offered: Mapping[str, Any],
    about: Mapping[str, Any],
    *,
    to_nothing: bool = False,
) -> Iterator[Change]:
    """Yield parameters with a new value and the arguments that change it; `update` and `create` are the tools' schemas.

    Texts and numbers come first: a choice or a switch may depend on what it is. `to_nothing`: the new value is `false`
    or 0, which a program easily takes for "not given".
    """
    schema: Mapping[str, Any] = update if isinstance(update, Mapping) else {}
    found = [(name, inner, outer) for name, inner, outer in changeable(schema, create) if name not in about]
    for name, inner, outer in sorted(found, key=lambda each: _is_choice(each[1])):
        old = shown(before, name, offered.get(name))
        new = _nothing(old, inner) if to_nothing else _new_value(old, inner)
        if new is None or (not to_nothing and not is_own(old, offered.get(name))):
            continue
        known = {
            other: shown(before, other, offered.get(other))
            for other in schema.get("required", ())
            if other not in (name, outer) and other not in about
        }
        arguments = {**known, **about, **({outer: {name: new}} if outer is not None else {name: new})}
        if is_valid(dict(schema), arguments):
            yield Change(name, new, arguments, _is_choice(inner))


def _is_choice(part: Mapping[str, Any]) -> bool:
    return bool(_members(part)) or any(each.get("type") == "boolean" for each in _parts(part))


def _members(part: Mapping[str, Any]) -> list[Any]:
    """Return the members of an enumeration, also of one that may be left null."""
    return next((members for each in _parts(part) if isinstance(members := each.get("enum"), list)), [])


def _nothing(old: Any, part: Mapping[str, Any]) -> Any:
    """Return `false` or 0 for another value of the kind; None where that is the default, and so may mean to leave it."""
    if not isinstance(old, int) or not old or _members(part):
        return None
    empty = False if isinstance(old, bool) else 0
    return None if "default" in part and part["default"] == empty else empty


def _parts(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]


def _new_value(old: Any, part: Mapping[str, Any]) -> Any:
    if members := _members(part):
        return next((member for member in members if member != old), None) if old in members else None
    if isinstance(old, bool):
        return not old
    if isinstance(old, int):
        return old + 1
    if not isinstance(old, str):
        return None
    form = next((each for each in _parts(part) if {"format", "pattern"} & {*each}), None)
    if form is None:
        return f"changed {old}"
    chance = random.Random(old)
    made = (new_value(maker, form, old, chance) for maker in makers_for(form, old))
    return next((value for value in made if value is not None), None)
