"""What two answers share, when each says back the value in which its call differs from the other: `{"amount": 3, "unit": "km"}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .leaves import MISSING, Leaves, differing, same

_KIND: Final = "(outcome)"


def shared_answer(one: Mapping[str, Any], answer: Leaves, other: Mapping[str, Any], others: Leaves) -> Leaves | None:
    """Return the leaves that two calls are both answered, but for echoes of what the calls differ in.

    None where they are answered otherwise, or where nothing but echoes is left to compare.
    """
    names = [name for name in {*one, *other} if not same(one.get(name, MISSING), other.get(name, MISSING))]
    unlike = differing([answer, others])
    if not unlike:
        return answer
    if not all(_is_echo(pointer, values, one, other, names) for pointer, values in unlike.items()):
        return None
    shared = {pointer: value for pointer, value in answer.items() if pointer not in unlike}
    return shared if any(pointer != _KIND and not pointer.endswith("#") for pointer in shared) else None


def _is_echo(
    pointer: str, values: list[Any], one: Mapping[str, Any], other: Mapping[str, Any], names: list[str]
) -> bool:
    """Whether both values are those that were given; of a parameter that one call leaves out, under its own name."""
    for name in names:
        was_given = [same(value, each[name]) for value, each in zip(values, (one, other), strict=True) if name in each]
        is_named = len(was_given) == len(values) or pointer.rpartition("/")[2] == name
        if is_named and all(was_given) and MISSING not in values:
            return True
    return False
