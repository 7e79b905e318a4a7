"""When two JSON values are the same, and how a value is named in an id."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from json import encoder
from typing import Any

_UNSAFE = re.compile(r"[^\w .,:;+*/%<>!?@#$&(){}'-]", re.ASCII)
_LONGEST = 48
_PLAIN = json.JSONEncoder(sort_keys=True)


def _writer() -> Callable[[Any, int], Iterable[str]]:
    """Return what writes JSON with sorted keys: CPython's own, made once, as making it for each value costs as much again."""
    make: Any = getattr(encoder, "c_make_encoder", None)
    if make is None:
        return lambda value, _: _PLAIN.encode(value)
    written: Callable[[Any, int], Iterable[str]] = make(
        None, _PLAIN.default, encoder.encode_basestring_ascii, None, ": ", ", ", True, False, True
    )
    return written


_CHUNKS, _TEXT = _writer(), encoder.encode_basestring_ascii


def identity(value: Any) -> str:
    """Return the JSON text that equal values share; 1, 1.0 and true are three values. Raises for what is not JSON."""
    if type(value) is str:
        return _TEXT(value)
    return repr(value) if type(value) is int else "".join(_CHUNKS(value, 0))


def equality(value: Any) -> Any:
    """Return a key that equal values share, as 1 and 1.0 do; true is none of these."""
    return repr(_numbers_alike(value)) if isinstance(value, (list, dict, bool)) else ("", value)


def _numbers_alike(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((name, _numbers_alike(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return [_numbers_alike(inner) for inner in value]
    return float(value) if type(value) is int and abs(value) < 2**53 else value


def are_distinct(values: list[Any]) -> bool:
    """Say whether it is plain that no two are equal; what is equal to Python only (1 and True) is not plain."""
    try:
        return len(set(values)) == len(values)
    except TypeError:  # of objects and lists, which cannot be hashed
        pass
    try:
        return len({_hashable(value) for value in values}) == len(values)
    except (TypeError, RecursionError):
        return False


def _hashable(value: Any) -> Any:
    """Return what equal values share; some that differ may share it too."""
    if isinstance(value, dict):
        return frozenset((name, _hashable(member)) for name, member in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def is_sendable(value: Any, text: str, *, lone_surrogates: bool = False) -> bool:
    """Whether the value, whose JSON text is `text`, is strict JSON: finite, and in UTF-8 without lone surrogates."""
    # a single sign is looked for in a tenth of the time, and most texts have none of the three
    if (
        ("\\" not in text or "\\ud" not in text)
        and ("N" not in text or "NaN" not in text)
        and ("I" not in text or "Infinity" not in text)
    ):
        return True
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False)
        written.encode(errors="surrogatepass" if lone_surrogates else "strict")
    except (ValueError, TypeError):
        return False
    return True


@lru_cache(maxsize=4096)
def readable(text: str, *, longest: int = _LONGEST) -> str:
    """Return `text` fit for an id: one line, ASCII, neither `=` nor `::` nor brackets, long texts cut with a hash.

    Remembered: most of what is done to one parameter is done to all.
    """
    clean = _UNSAFE.sub("_", text).replace("::", ":_").strip()
    if len(clean) <= longest:
        return clean
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{clean[: longest - 9]}~{digest}"


def describe(value: Any) -> str:
    """Return a short name of a value for a detail: its JSON text, strings without quotes."""
    if isinstance(value, str):
        return value if value and value.isprintable() else identity(value)
    return identity(value)


def pointer_of(path: tuple[str | int, ...]) -> str:
    """Return the JSON Pointer of a path."""
    return "".join(["/" + str(step).replace("~", "~0").replace("/", "~1") for step in path])
