"""Make any Python value into one that JSON can hold, and say what had to be changed.

`is_plain` and `collect_texts` say quickly that nothing has to be done, which is the usual case; `make_safe` does it.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

MAX_DEPTH = 64
MAX_NODES = 100_000
MAX_REPR = 400
SMALLEST_INT = -(2**63)
LARGEST_INT = 2**64 - 1

_MAX_PLAIN_CONTAINERS = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed to make a value safe: `path` is a JSON Pointer into the event, `what` one word or two."""

    path: str
    what: str


def is_plain(value: dict[str, Any]) -> bool:
    """Whether JSON holds the value exactly as it is: only str keys, finite floats, ints of 64 bits, no other objects.

    Strings are not looked at: a lone surrogate shows when encoding. A cycle ends at the limit on containers.
    """
    return collect_texts(value, [], but=frozenset())


def collect_texts(value: dict[str, Any], texts: list[str], *, but: Set[str]) -> bool:
    """Add all keys and strings in the value that are not in `but` to `texts`; return `is_plain(value)`."""
    open_containers: list[Any] = [value]
    for container in open_containers:
        if type(container) is dict:
            for key in container:
                if type(key) is not str:
                    return False
                if key not in but:
                    texts.append(key)
            container = container.values()
        for item in container:
            kind = type(item)
            if kind is str:
                if item not in but:
                    texts.append(item)
            elif kind is bool or item is None:
                continue
            elif kind is int:
                if not SMALLEST_INT <= item <= LARGEST_INT:
                    return False
            elif kind is float:
                if not isfinite(item):
                    return False
            elif kind is dict or kind is list or kind is tuple:
                open_containers.append(item)
                if len(open_containers) > _MAX_PLAIN_CONTAINERS:
                    return False
            else:
                return False
    return True


def make_safe(value: Any, *, path: str = "") -> tuple[Any, list[Change]]:
    """Return the value as str, int, float, bool, None, list and dict only, and the changes that lost something.

    Tuples, mappings, paths, dates, UUIDs and enums have a customary JSON form and are no change.
    """
    maker = _Maker()
    return maker.make(value, path, 0), maker.changes


@dataclass(slots=True)
class _Maker:
    changes: list[Change] = field(default_factory=list)
    nodes: int = 0
    above: set[int] = field(default_factory=set)

    def make(self, value: Any, path: str, depth: int) -> Any:
        self.nodes += 1
        kind = type(value)
        if kind is str:
            return self.text(value, path)
        if value is None or kind is bool:
            return value
        for matches, convert in _CONVERSIONS:
            if matches(value):
                return convert(self, value, path, depth)
        return self.changed(path, "object", describe(value))

    def is_full(self, path: str) -> bool:
        """Whether the rest of the container at `path` is left out."""
        if self.nodes >= MAX_NODES:
            self.changed(path, "too many values", None)
        return self.nodes >= MAX_NODES

    def changed(self, path: str, what: str, replacement: Any) -> Any:
        self.changes.append(Change(path, what))
        return replacement

    def text(self, value: str, path: str) -> str:
        value = str.__str__(value) if type(value) is not str else value
        try:
            value.encode()
        except UnicodeEncodeError:
            safe = "".join(c if not "\ud800" <= c <= "\udfff" else f"\\u{ord(c):04x}" for c in value)
            self.changed(path, "lone surrogate", None)
            return safe
        return value

    def integer(self, value: int, path: str, _depth: int) -> Any:
        value = int(value)
        if SMALLEST_INT <= value <= LARGEST_INT:
            return value
        try:
            digits = str(value)
        except ValueError:  # more digits than sys.set_int_max_str_digits allows
            digits = hex(value)
        return self.changed(path, "huge integer", digits)

    def number(self, value: float, path: str, _depth: int) -> Any:
        value = float(value)
        if isfinite(value):
            return value
        return self.changed(path, repr(value), repr(value))

    def binary(self, value: Any, path: str, _depth: int) -> Any:
        return self.changed(path, "bytes", bytes(value).decode("utf-8", errors="backslashreplace"))

    def mapping(self, value: Mapping[Any, Any], path: str, depth: int) -> Any:
        if (refused := self.refused(value, path, depth)) is not None:
            return refused
        self.above.add(id(value))
        safe: dict[str, Any] = {}
        for key, item in list(value.items()):
            if self.is_full(path):
                break
            name = self.key(key, path)
            while name in safe:
                name += "'"
            safe[name] = self.make(item, f"{path}/{escape(name)}", depth + 1)
        self.above.discard(id(value))
        return safe

    def key(self, key: Any, path: str) -> str:
        if type(key) is str:
            return self.text(key, path)
        name = key if isinstance(key, str) else describe(key)
        return self.changed(path, "key", None) or self.text(name, path)

    def sequence(self, value: Any, path: str, depth: int) -> Any:
        if (refused := self.refused(value, path, depth)) is not None:
            return refused
        self.above.add(id(value))
        safe: list[Any] = []
        for i, item in enumerate(list(value)):
            if self.is_full(path):
                break
            safe.append(self.make(item, f"{path}/{i}", depth + 1))
        self.above.discard(id(value))
        return safe

    def unordered(self, value: Any, path: str, depth: int) -> Any:
        self.changed(path, "set", None)
        return self.sequence(sorted(value, key=describe), path, depth)

    def refused(self, value: Any, path: str, depth: int) -> str | None:
        if id(value) in self.above:
            return str(self.changed(path, "cycle", "[cycle]"))
        if depth >= MAX_DEPTH:
            return str(self.changed(path, "too deep", f"[too deep: {type(value).__name__}]"))
        return None


def describe(value: Any) -> str:
    """Return `repr(value)`, cut, or the name of its type where that fails in any way."""
    try:
        text = repr(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # pytest's own outcomes are no Exception, and a repr may raise anything
        return f"<{type(value).__name__}: repr failed with {type(error).__name__}>"
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= MAX_REPR else text[:MAX_REPR] + "…"


def escape(name: str) -> str:
    """Return a key as a part of a JSON Pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: issubclass(type(value), kinds)


def _enum(maker: _Maker, value: Any, path: str, depth: int) -> Any:
    return maker.make(value.value, path, depth)


_CONVERSIONS: tuple[tuple[Callable[[Any], bool], Callable[[_Maker, Any, str, int], Any]], ...] = (
    (_is(enum.Enum), _enum),
    (_is(str), lambda maker, value, path, _depth: maker.text(value, path)),
    (_is(int), _Maker.integer),
    (_is(float), _Maker.number),
    (_is(dict), _Maker.mapping),
    (_is(list, tuple), _Maker.sequence),
    (_is(bytes, bytearray, memoryview), _Maker.binary),
    (_is(set, frozenset), _Maker.unordered),
    (_is(Mapping), _Maker.mapping),
    (_is(datetime.date, datetime.time), lambda _maker, value, _path, _depth: value.isoformat()),
    (
        _is(pathlib.PurePath, uuid.UUID, decimal.Decimal),
        lambda maker, value, path, _depth: maker.text(str(value), path),
    ),
)
