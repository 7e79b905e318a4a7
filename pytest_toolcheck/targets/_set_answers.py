"""Sets where a function's own hint promises lists: `json.dumps` refuses a set, and its order is another in each process."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

_SCALARS = (str, int, float, bool, type(None), None)


def is_set_for_list(function: Callable[..., Any], value: Any) -> bool:
    """Whether an answer is a set, or an object with sets in it, and the hint speaks of lists and plain values only."""
    if not any(isinstance(part, set | frozenset) for part in _outermost(value)):
        return False
    try:
        hint = get_type_hints(inspect.unwrap(function), include_extras=True).get("return", Any)
    except Exception:  # a hint that cannot be resolved promises nothing
        return False
    return _is_plain(hint)


def _outermost(value: Any) -> Iterator[Any]:
    yield value
    yield from value.values() if isinstance(value, dict) else ()


def _is_plain(hint: Any) -> bool:
    if hint in _SCALARS or hint is list:
        return True
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _is_plain(args[0])
    if origin is Literal:
        return True
    return origin in (list, dict, Union, types.UnionType) and all(map(_is_plain, args))
