"""What the kinds do to bytes and to values: cut, changed, made long."""

from __future__ import annotations

import random
from typing import Any

from ..units import parse_share
from .kinds import ADDED, Action


def kept(length: int, amount: int | str) -> int:
    """Return how many of `length` are left by `truncate(amount)`: fewer than all, wherever there are any."""
    wanted = int(length * parse_share(amount)) if isinstance(amount, str) else amount
    return max(0, min(wanted, length - 1))


def corrupted(data: bytes, action: Action) -> bytes:
    """Change as many bytes as `corrupt` says, at places and to values that its seed chooses; never a line feed."""
    changed = bytearray(data)
    generator = random.Random(action["seed"])
    places = [index for index, byte in enumerate(data) if byte != 10]
    for index in generator.sample(places, min(action["bytes"], len(places))):
        changed[index] = generator.choice([byte for byte in range(32, 127) if byte != data[index]])
    return bytes(changed)


def altered(action: Action, value: Any) -> Any:
    """Return what `truncate`, `corrupt` or `oversize` makes of the result of a call, or a plugin's kind; others leave it alone."""
    match action.kind:
        case "truncate":
            return _cut(value, action["keep"])
        case "corrupt":
            return _spoiled(value, random.Random(action["seed"]), [action["bytes"]])
        case "oversize":
            return _lengthened(value, action["size"])
    added = ADDED.get(action.kind)
    return value if added is None or added.after is None else added.after(value, **dict(action.arguments))


def _cut(value: Any, amount: int | str) -> Any:
    if isinstance(value, str | bytes | list | tuple):
        return value[: kept(len(value), amount)]
    if isinstance(value, dict):
        return dict(list(value.items())[: kept(len(value), amount)])
    return None


def _spoiled(value: Any, generator: random.Random, left: list[int]) -> Any:
    """Change the first `left[0]` values in it: letters of texts, signs of numbers."""
    if isinstance(value, dict):
        return {key: _spoiled(item, generator, left) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_spoiled(item, generator, left) for item in value])
    if left[0] <= 0:
        return value
    left[0] -= 1
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int | float):
        return -value - 1
    if isinstance(value, bytes):
        return value[:-1] + bytes([(value[-1] if value else 0) ^ 1])
    if isinstance(value, str):
        place = generator.randrange(len(value) or 1)
        return value[:place] + "\N{REPLACEMENT CHARACTER}" + value[place + 1 :]
    return None


def _lengthened(value: Any, size: int) -> Any:
    if isinstance(value, bytes):
        return value + b"x" * size
    if isinstance(value, list | tuple):
        return type(value)([*value, "x" * size])
    if isinstance(value, dict):
        return {**value, "oversize": "x" * size}
    return (value if isinstance(value, str) else "") + "x" * size
