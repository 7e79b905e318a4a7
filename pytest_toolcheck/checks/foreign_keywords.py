"""Bounds that no caller sees: pydantic writes `Field(ge=1)` of a union as `ge`, which is no keyword of JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_MEANT: Final[Mapping[str, str]] = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "min_length": "minLength",
    "max_length": "maxLength",
}
_MAPS: Final = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"))
_VALUES: Final = frozenset(("const", "enum", "default", "examples", "example"))
_DEEPEST: Final = 20


def foreign_keywords(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str, str]]:
    """Yield JSON Pointer, keyword and what it should be called."""
    if len(path) > _DEEPEST:
        return
    if isinstance(schema, list):
        for at, item in enumerate(schema):
            yield from foreign_keywords(item, (*path, str(at)))
    if not isinstance(schema, dict):
        return
    for key, part in schema.items():
        if key in _MEANT and isinstance(part, int | float):
            yield "/" + "/".join(path), key, _MEANT[key]
        elif key in _MAPS and isinstance(part, dict):
            for name, inner in part.items():
                yield from foreign_keywords(inner, (*path, key, name.replace("~", "~0").replace("/", "~1")))
        elif key not in _VALUES:
            yield from foreign_keywords(part, (*path, key))
